"""Uses the page of the local system in a real browser, from an empty folder to a store's week.

    python3 tests/contract/local_page.py target/debug/local data/*.csv [--axe axe.min.js] [--screenshots FOLDER]
        [--chromium /usr/bin/chromium]

Needs a Python with playwright. Starts the system on free ports without data, drops the given files on its page, makes a
report, opens the report and a store's week in it. Then it asks for a month and for reports that are refused, loads a
file with rejected rows, uses the page by keyboard alone, and loads the sample into another empty system. Any message in
the console is wrong. With --axe, the path of axe-core's axe.min.js, it also looks for barriers for people with
disabilities. The script leaves no processes and, besides screenshots, no files.
"""

import argparse
import base64
import contextlib
import gzip
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from playwright.sync_api import expect, sync_playwright

# In milliseconds: a load or a report may take this long. Steps wait for what they need, not for a time.
PATIENCE = 60_000

# What the Tab key reaches up to the button that makes a report, apart from links.
FOCUSED = ["files", "loads-scroll", "as-of", "period", "method", "max-hold", "ask-button"]

DROP = """async ([names, contents]) => {
    const files = new DataTransfer();
    names.forEach((name, place) => {
        const bytes = Uint8Array.from(atob(contents[place]), digit => digit.charCodeAt(0));
        files.items.add(new File([bytes], name));
    });
    const area = document.querySelector('#drop');
    for (const name of ['dragenter', 'dragover', 'drop']) {
        area.dispatchEvent(new DragEvent(name, {bubbles: true, cancelable: true, dataTransfer: files}));
    }
}"""


@contextlib.contextmanager
def system(binary, folder):
    """Runs a system without data. Gives the address of its page."""
    empty = folder / "empty"
    empty.mkdir(parents=True)
    command = [binary, "serve", "--port", "0", "--s3-port", "0", "--data-dir", folder / "data", "--load", empty]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        for line in process.stdout:
            if line.startswith("API on "):
                # Keeps reading, so that the system never blocks on a full pipe.
                threading.Thread(target=process.stdout.read, daemon=True).start()
                yield line.split()[2]
                break
        else:
            raise SystemExit("the system did not start")
    finally:
        process.terminate()
        process.wait(30)


class Check:
    """A page in a browser. Records what is wrong."""

    def __init__(self, browser, arguments):
        self.browser, self.arguments = browser, arguments
        self.wrong = []
        # How many calls the system refused. The browser itself writes a message for each.
        self.refused = 0

    def expect(self, what, found, expected=True):
        if found != expected:
            self.wrong.append(f"{what}: found {found!r}, expected {expected!r}"[:600])
            print(f"  WRONG {self.wrong[-1]}", flush=True)

    def open(self, address, **options):
        context = self.browser.new_context(**{"viewport": {"width": 1400, "height": 1000}, **options})
        context.set_default_timeout(PATIENCE)
        origin = address.rstrip("/")

        def watch(page):
            page.on("console", self.message)
            page.on("pageerror", lambda error: self.expect("error", str(error), None))

        context.on("page", watch)
        page = context.new_page()
        # Besides links that are followed, such as those to files of a report.
        page.on("request", lambda request: self.expect(
            f"request to {request.url}",
            request.is_navigation_request() or request.url.startswith((origin, "data:"))))
        page.goto(address)
        return page

    def message(self, message):
        if message.text.startswith("Failed to load resource: the server responded with a status of 4"):
            self.refused += 1
        else:
            self.expect("console", message.text, None)

    def screenshot(self, page, name):
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.expect(f"wider than the window, {name}", width <= 0)
        if self.arguments.screenshots:
            page.screenshot(path=self.arguments.screenshots / f"{name}.png", full_page=True)

    def looks(self, address, name):
        """Looks at the page in both colour schemes and in a narrow window."""
        for scheme in ["light", "dark", "narrow"]:
            options = {"viewport": {"width": 390, "height": 800}} if scheme == "narrow" else {"color_scheme": scheme}
            page = self.open(address, bypass_csp=True, **options)
            expect(page.locator("#lead")).not_to_have_text("Looking for what is loaded.", timeout=PATIENCE)
            self.screenshot(page, f"{name}-{scheme}")
            if self.arguments.axe:
                page.add_script_tag(content=pathlib.Path(self.arguments.axe).read_text())
                found = page.evaluate("axe.run(document).then(result => result.violations)")
                self.expect(f"barriers, {name}, {scheme}", [
                    (one["id"], one["nodes"][0]["html"][:200]) for one in found], [])
            page.context.close()

    def rows(self, page, table):
        """Returns the cells of each row of a list, and the text below it."""
        return page.evaluate("""table => [...document.querySelector(table).tBodies].map(body => [
            ...[...body.rows[0].cells].map(cell => cell.innerText.trim()), body.rows[1]?.innerText ?? ''])""", table)

    def drop(self, page, files):
        contents = [base64.b64encode(content).decode() for content in files.values()]
        page.evaluate(DROP, [list(files), contents])

    def until_loaded(self, page, count, said="All files are loaded"):
        expect(page.locator("#loads tbody")).to_have_count(count, timeout=PATIENCE)
        expect(page.locator("#load-said")).to_have_text(said, timeout=PATIENCE)

    # The steps.

    def empty(self, page):
        expect(page.locator("#headline")).to_have_text("No polls are loaded yet.")
        expect(page.locator("#sample")).to_be_visible()
        expect(page.locator("#loaded")).to_be_hidden()
        page.click("#ask-button")
        expect(page.locator("#ask-error")).to_contain_text("load a file of polls first")
        print("  an empty system says what to do first, and why there is no report", flush=True)

    def loading(self, page, files):
        contents = {path.name: path.read_bytes() for path in files}
        self.drop(page, contents)
        self.until_loaded(page, len(contents))
        rows = {row[0]: row for row in self.rows(page, "#loads")}
        self.expect("names of the files", set(rows), set(contents))
        for name, content in contents.items():
            _, state, _, _, rows_read, loaded, duplicate, rejected, more = rows[name]
            number = lambda cell: int(cell.replace(",", ""))
            self.expect(f"{name}: rows", number(rows_read), content.count(b"\n") - 1)
            self.expect(f"{name}: sum", number(rows_read), number(loaded) + number(duplicate) + number(rejected))
            self.expect(f"{name}: state", state.startswith("Complete in "))
        expect(page.locator("#headline")).to_contain_text("polls are loaded.")
        expect(page.locator("#facts")).to_contain_text("2023-01-25 18:13")
        print(f"  {len(contents)} dropped files are loaded, with their counts", flush=True)

    def report(self, page):
        page.click("#ask-button")
        link = page.locator("#asked a")
        link.wait_for()
        expect(page.locator("#asked")).to_contain_text("The report is complete: 300 stores.")
        with page.context.expect_page() as opened:
            link.click()
        report = opened.value
        report.wait_for_selector("#stores tbody tr a")
        self.expect("title of the report", report.title().startswith("Store uptime, week to"))
        report.click("#stores tbody tr a >> nth=0")
        report.wait_for_selector(".store-week")
        if self.arguments.screenshots:
            report.screenshot(path=self.arguments.screenshots / "store.png")
        report.close()
        print("  from the page to the report and a store's week", flush=True)

    def files(self, page):
        expect(page.locator("#report-list tbody")).to_have_count(1)
        page.click("#report-list summary")
        page.locator("#report-list .files a").first.wait_for()
        names = page.locator("#report-list .files a").all_inner_texts()
        self.expect("files", names, ["report.csv", "stores.csv", "outages.csv", "report.html", "report.json"])
        with page.expect_download() as download:
            page.click("#report-list .files a >> nth=0")
        csv = pathlib.Path(download.value.path()).read_text()
        self.expect("rows of report.csv", len(csv.splitlines()), 301)
        page.click("#report-list summary")
        print("  each file of the report, and report.csv downloaded", flush=True)

    def other_reports(self, page):
        page.fill("#as-of", "yesterday")
        page.click("#ask-button")
        expect(page.locator("#ask-error")).to_contain_text("as_of")
        expect(page.locator("#as-of")).to_be_focused()
        expect(page.locator("#as-of")).to_have_attribute("aria-invalid", "true")
        page.fill("#as-of", "2023-01-24 12:00 UTC")
        page.select_option("#method", "poll_count")
        page.click("#ask-button")
        expect(page.locator("#asked")).to_contain_text("no page to look at", timeout=PATIENCE)
        expect(page.locator("#report-list tbody")).to_have_count(2)
        self.expect("links to pages", page.locator("#report-list tbody >> nth=0 >> a").count(), 0)
        row = self.rows(page, "#report-list")[0]
        self.expect("the newest report", row[1:4], ["2023-01-24 12:00", "poll_count", "Complete"])
        page.fill("#as-of", "")
        page.select_option("#method", "")
        page.fill("#max-hold", "0")
        page.click("#ask-button")
        expect(page.locator("#ask-error")).to_contain_text("max_hold_minutes")
        page.fill("#max-hold", "90")
        page.click("#ask-button")
        page.locator("#asked a").wait_for()
        expect(page.locator("#report-list tbody")).to_have_count(3)
        self.expect("the newest report", self.rows(page, "#report-list")[0][2], "time_weighted, at most 90 min")
        page.fill("#max-hold", "")
        print("  as of, method and longest time, and what is refused in the words of the problem", flush=True)

    def period(self, page):
        before = page.locator("#report-list tbody").count()
        page.fill("#period", "January")
        page.click("#ask-button")
        expect(page.locator("#ask-error")).to_contain_text("a month (2026-10)")
        page.fill("#period", "2023-01")
        page.click("#ask-button")
        page.locator("#asked a").wait_for()
        expect(page.locator("#report-list tbody")).to_have_count(before + 1)
        self.expect("the newest report", self.rows(page, "#report-list")[0][2], "time_weighted, 2023-01")
        page.fill("#period", "")
        print("  a month, and a period that is refused with the accepted forms", flush=True)

    def rejects(self, page, loaded):
        bad = "store_id,timestamp_utc,status\n" + "".join(
            f"a,2023-01-23 10:{minute}:00 UTC,{'closed' if minute > 13 else 'active'}\n" for minute in range(10, 20))
        name = "bad <b>polls & é#%.csv.gz"
        self.drop(page, {name: gzip.compress(bad.encode()), "notes.csv": b"a,b\n1,2\n"})
        self.until_loaded(page, loaded + 2, "Nothing is being loaded. 2 files failed")
        rows = {row[0]: row for row in self.rows(page, "#loads")}
        self.expect("counts", rows[name][4:8], ["10", "4", "0", "6"])
        self.expect("state", rows[name][1].startswith("Failed"))
        for text in ["6 of 10 rows", "4 good rows of it are loaded.", "line 6, column status", "and 1 more"]:
            self.expect(f"{text!r} is below", text in rows[name][8])
        self.expect("a file that is refused as a whole", "header" in rows["notes.csv"][8])
        with page.expect_download() as download:
            page.click("text=Download rejected_rows.csv")
        csv = pathlib.Path(download.value.path()).read_text()
        self.expect("rejected_rows.csv", csv, bad.splitlines(True)[0] + "".join(bad.splitlines(True)[5:]))
        print("  rejected rows with their reasons, and rejected_rows.csv", flush=True)

    def many(self, page):
        listed = page.locator("#loads tbody").count()
        row = lambda number: f"store_id,timestamp_utc,status\na,2023-01-2{number % 4} 0{number}:00:00 UTC,active\n"
        self.drop(page, {f"more {number}.csv": row(number).encode() for number in range(10 - listed + 2)})
        expect(page.locator("#all-loads")).to_have_text("Show all 12 files", timeout=PATIENCE)
        self.until_loaded(page, 10, "Nothing is being loaded. 2 files failed")
        page.click("#all-loads")
        self.until_loaded(page, 12, "Nothing is being loaded. 2 files failed")
        expect(page.locator("#all-loads")).to_be_hidden()
        print("  the ten newest loads, and all", flush=True)

    def keyboard(self, page):
        focused = lambda: page.evaluate("document.activeElement.id || document.activeElement.textContent")
        page.reload()
        page.wait_for_selector("#report-list tbody a")
        seen = []
        for _ in range(40):
            page.keyboard.press("Tab")
            seen.append(focused())
            visible = page.evaluate("""() => {
                const box = document.activeElement.getBoundingClientRect();
                return box.width > 0 && box.bottom > 0 && box.top < innerHeight;
            }""")
            self.expect(f"the focus is seen at {seen[-1]}", visible)
            if seen[-1] == "ask-button":
                break
        order = [name for name in seen if name in FOCUSED]
        self.expect("Tab order", order, FOCUSED)
        self.expect("Tab begins with", seen[0], "Skip to the content")
        before = page.locator("#report-list tbody").count()
        page.keyboard.press("Enter")
        page.locator("#asked a").wait_for()
        expect(page.locator("#report-list tbody")).to_have_count(before + 1)
        page.focus("#report-list summary")
        page.keyboard.press("Enter")
        page.locator("#report-list .files a").first.wait_for()
        print("  keyboard", flush=True)

    def sample(self, page):
        page.locator("#sample").wait_for()
        page.focus("#sample")
        page.keyboard.press("Enter")
        self.until_loaded(page, 4)
        page.click("#ask-button")
        page.locator("#asked a").wait_for()
        expect(page.locator("#asked")).to_contain_text("300 stores")
        print("  the sample", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("local", type=lambda path: pathlib.Path(path).absolute(), help="the built command line")
    parser.add_argument("files", nargs="+", type=pathlib.Path, help="the source files of 300 stores")
    parser.add_argument("--axe", help="the path of axe.min.js")
    parser.add_argument("--screenshots", type=pathlib.Path, help="where to save screenshots")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the program of the browser")
    arguments = parser.parse_args()
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        # As root, Chromium does not start with its sandbox. It opens only the pages that are checked.
        browser = playwright.chromium.launch(executable_path=arguments.chromium, chromium_sandbox=False)
        print(f"Chromium {browser.version}")
        check = Check(browser, arguments)
        expect.set_options(timeout=PATIENCE)
        with system(arguments.local, pathlib.Path(folder, "own")) as address:
            check.looks(address, "empty")
            page = check.open(address)
            check.empty(page)
            check.loading(page, arguments.files)
            check.report(page)
            check.files(page)
            check.other_reports(page)
            check.period(page)
            check.rejects(page, len(arguments.files))
            check.many(page)
            check.expect("refused calls", check.refused, 4)
            check.keyboard(page)
            check.looks(address, "full")
            page.context.close()
        with system(arguments.local, pathlib.Path(folder, "sample")) as address:
            page = check.open(address)
            check.sample(page)
            page.context.close()
        browser.close()
    print(f"{len(check.wrong)} wrong, in {time.monotonic() - started:.0f} s")
    sys.exit(1 if check.wrong else 0)


if __name__ == "__main__":
    main()

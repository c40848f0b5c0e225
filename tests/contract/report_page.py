"""Checks report.html in a real browser against the CSV files of the same report.

    python3 tests/contract/report_page.py --make "target/debug/local report --out-dir {out} {files}" data/*.csv
        [--made FOLDER] [--axe axe.min.js] [--screenshots FOLDER] [--chromium /usr/bin/chromium]

Needs a Python with playwright. Makes a report of the given files and one of hostile store ids, or takes the files of a
report that is already made (report.html, stores.csv, outages.csv). Every figure of every store must be that of
stores.csv: in the data of the page, which this script decodes by itself, and in the rows that the page shows. The given
files also make reports about a day and about a month, so they should have polls of January 2023. With
--axe, the path of axe-core's axe.min.js, it also looks for barriers for people with disabilities. Timings are printed
and never checked. The script leaves no processes and, besides screenshots, no files.
"""

import argparse
import csv
import datetime
import json
import math
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.parse

from playwright.sync_api import sync_playwright

HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "\u202eright to left\u202c \u200f\u05d0\u05d1",
    "&lt;b&gt;\\u003c\\",
    "=1+1",
    "@SUM(A1)",
    "<!--<script>",
    "é" * 64,
    "a b/c?d#e%20%",
]
COLUMNS = ["store", "zone", "open", "up", "down", "least", "most", "range", "outages", "longest", "newest"]
NEVER = "–"
# A page shows all of 20,000 stores. Of more it shows the 5,000 with the most downtime.
MANY = 20_001
SHOWN_OF_MANY = 5_000
# Reports of the given files are also about these: a day that is drawn in full, and a month with a bar for each date.
PERIODS = ["2023-01-24", "2023-01"]


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def plain_id(cell):
    """Returns the id that stands in a cell. Cells that would be formulas have a quote mark in front."""
    return cell[1:] if re.match(r"'[=+\-@\t\r]", cell) else cell


def hundredths(cell):
    """Returns a figure with two decimals as a whole number, None for an empty cell."""
    return int(cell.replace(".", "")) if cell else None


def tenths(value):
    """Returns hundredths as the page shows them: with one decimal, rounded half up."""
    return f"{(value + 5) // 10 / 10:,.1f}"


def rounded_minutes(span):
    """Returns a time as the page shows it in minutes: hundredths of minutes rounded, then whole minutes rounded."""
    hundredths_of_minutes = (span // datetime.timedelta(microseconds=1) + 300_000) // 600_000
    return (hundredths_of_minutes + 50) // 100


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Data:
    """The data blocks of a page, decoded as `lib/uptime/src/output/page/data.rs` describes them."""

    def __init__(self, html):
        found = re.findall(r'<script type="application/json" id="data-(\w+)">(.*?)</script>', html, re.S)
        self.blocks = {name: json.loads(text) for name, text in found}
        self.about = self.blocks["about"]
        self.ids = self.blocks["ids"]
        self.digits = {digit: value for value, digit in enumerate(self.about["digits"])}
        figures = self.blocks["figures"].split(" ")
        self.figures = {}
        for (name, width, is_optional), text in zip(self.about["fields"], figures, strict=True):
            numbers = self.numbers(text, width)
            assert len(numbers) == len(self.ids), name
            self.figures[name] = [number - 1 if number else None for number in numbers] if is_optional else numbers

    def numbers(self, text, width):
        base = len(self.digits)
        values = [self.digits[digit] for digit in text]
        powers = [base ** (width - 1 - place) for place in range(width)]
        parts = [values[at : at + width] for at in range(0, len(values), width)]
        return [sum(value * power for value, power in zip(part, powers, strict=True)) for part in parts]

    def outages(self, counts):
        """Returns each store's outages: start, end and the active polls around them in minutes, and figures."""
        texts = zip(self.blocks["outages"].split(" "), self.about["outageDigits"], strict=True)
        columns = [self.numbers(text, digits) for text, digits in texts]
        rows = iter(zip(*columns, strict=True))
        for count in counts:
            outages = []
            for _ in range(min(count or 0, self.about["mostOutages"])):
                start, length, before, after, down, least, most, polls, silent = next(rows)
                end = start + length
                outages.append({
                    "start": start, "end": end, "before": start - (before - 1) if before else None,
                    "after": end + after - 1 if after else None, "down": down, "least": least, "most": most,
                    "polls": polls, "silent": silent - 1 if silent else None})
            yield outages


class Check:
    """One report in a browser. Records what is wrong."""

    def __init__(self, name, folder, browser, arguments):
        self.name, self.folder, self.browser, self.arguments = name, folder, browser, arguments
        self.wrong = []
        self.stores = read_csv(folder / "stores.csv")
        for row in self.stores:
            row["store_id"] = plain_id(row["store_id"])
        self.of_id = {row["store_id"]: row for row in self.stores}
        self.address = (folder / "report.html").absolute().as_uri()
        self.html = (folder / "report.html").read_text(encoding="utf-8")
        self.data = Data(self.html)
        # A report is about the last hour, day and week, or about a period: then its figures name no window.
        self.is_period = "scheduled_hours" in self.stores[0]
        self.window = "" if self.is_period else "_last_week"
        self.outages = "outages" + self.window
        self.is_long = self.data.about["isLong"]

    def hours(self, row, name):
        """Returns a time of the week or of the period, in hundredths of hours."""
        return hundredths(row[f"{name}{self.window}_hours"])

    def share(self, row, name):
        return row[f"{name}{self.window}_percent"]

    def data_outages(self):
        return self.data.outages(self.data.figures[self.outages])

    def expect(self, what, found, expected):
        if found == expected:
            return
        self.wrong.append(f"{self.name}: {what}: found {found!r}, expected {expected!r}"[:600])
        if len(self.wrong) <= 20:
            print(f"  WRONG {self.wrong[-1]}", flush=True)

    def open(self, address="", **options):
        """Opens the page. Any message in the console and any request besides the page itself is wrong."""
        context = self.browser.new_context(**{"viewport": {"width": 1400, "height": 1000}, **options})
        page = context.new_page()
        page.on("console", lambda message: self.expect("console", message.text, None))
        page.on("pageerror", lambda error: self.expect("error", str(error), None))
        page.on("dialog", lambda dialog: (self.expect("dialog", dialog.message, None), dialog.dismiss()))
        page.on("request", lambda request: self.expect("request", request.url.split("#")[0], self.address))
        page.goto(self.address + address)
        return page

    # The data against the CSV files.

    def data_equals_csv(self):
        data, figures = self.data, self.data.figures
        self.expect("ids", data.ids, [row["store_id"] for row in self.stores])
        shared = [name for name, _, _ in data.about["fields"] if name in self.stores[0]]
        own = {"store_id", "time_zone", "time_zone_given", "hours_given", "last_poll_at", "last_status"}
        self.expect("columns", set(shared) | own, set(self.stores[0]))
        as_of = instant(json.loads((self.folder / "report.json").read_text())["as_of"])
        for place, row in enumerate(self.stores):
            for name in shared:
                cell = row[name]
                expected = (int(cell) if cell else None) if name == self.outages else hundredths(cell)
                self.expect(f"{row['store_id']} {name}", figures[name][place], expected)
            flags = figures["flags"][place]
            self.expect("time_zone", data.about["zones"][figures["zone"][place]]["name"], row["time_zone"])
            self.expect("time_zone_given", flags & 1 == 0, row["time_zone_given"] == "yes")
            self.expect("hours_given", flags & 2 == 0, row["hours_given"] == "yes")
            self.expect("last_status", flags & 4 != 0, row["last_status"] == "active")
            newest = row["last_poll_at"]
            age = rounded_minutes(as_of - instant(newest)) if newest else None
            if not self.is_period:
                self.expect("age of the newest poll", figures["newest_poll_age_minutes"][place], age)
            self.expect("newest poll", figures["newest_poll_at"][place], self.minute(newest))
            row["age"], row["newest"], row["down_at_end"] = age, self.minute(newest), flags & 8 != 0
        print(f"  every figure of {len(self.stores)} stores: {len(shared) + 5} each", flush=True)
        self.outages_equal_csv()

    def minute(self, text):
        """Returns the minute of an instant as the page counts them, None if there is none."""
        return math.floor(instant(text).timestamp() / 60) - self.data.about["origin"] if text else None

    def outages_equal_csv(self):
        minute, most = self.minute, self.data.about["mostOutages"]
        rows_of = {}
        for row in read_csv(self.folder / "outages.csv"):
            rows_of.setdefault(plain_id(row["store_id"]), []).append(row)
        count = 0
        for store, outages in zip(self.data.ids, self.data_outages(), strict=True):
            rows = rows_of.pop(store, [])
            # Of a long period, the page lists the longest outages.
            rows = sorted(sorted(rows, key=lambda row: -float(row["downtime_minutes"]))[:most], key=rows.index)
            self.expect(f"outages of {store}", len(outages), len(rows))
            for outage, row in zip(outages, rows):
                count += 1
                if row["started_at"]:
                    self.expect("start", outage["start"], minute(row["started_at"]))
                if row["ended_at"]:
                    self.expect("end", outage["end"], minute(row["ended_at"]))
                self.expect("active before", outage["before"], minute(row["last_active_before"]))
                self.expect("active after", outage["after"], minute(row["first_active_after"]))
                self.expect("polls", outage["polls"], int(row["inactive_polls"]))
                for name, column in [("down", ""), ("least", "_least"), ("most", "_most")]:
                    # The CSV has rounded minutes, the page rounded hours. So they can be one apart.
                    hours = float(row[f"downtime{column}_minutes"]) / 60
                    self.expect(f"{name} of an outage", abs(outage[name] / 10 - hours) < 0.0552, True)
        self.expect("outages left over", list(rows_of), [])
        print(f"  every figure of {count} outages", flush=True)

    # What the page shows.

    def shown(self, row):
        """Returns the cells that the page has to show for a row of stores.csv, without the drawn range."""
        figure = lambda name: self.hours(row, name)
        assumed = lambda is_given: "" if is_given == "yes" else "assumed "
        age = row["age"]
        words = NEVER
        if age is not None:
            shown = f"{age} min old" if age < 120 else f"{age // 60} h old" if age < 2880 else f"{age // 1440} d old"
            if self.is_period:
                # The rules of this machine can be older than those of the report.
                zone = self.data.about["zones"][self.data.figures["zone"][self.data.ids.index(row["store_id"])]]
                offset = [minutes for start, minutes in zone["offsets"] if start <= row["newest"]][-1]
                at = instant(row["last_poll_at"]) + datetime.timedelta(minutes=offset)
                shown = f"{at.day} {at:%b %H:%M}"
            words = f"{'up' if row['last_status'] == 'active' else 'down'}, {shown}"
        place = self.data.ids.index(row["store_id"])
        longest = self.data.figures["longest_outage_tenths_of_hours"][place]
        downtime = lambda name: tenths(figure(name)) if row["last_status"] else NEVER
        return [
            row["store_id"], assumed(row["time_zone_given"]) + row["time_zone"].split("/")[-1].replace("_", " "),
            assumed(row["hours_given"]) + tenths(figure("scheduled")), self.share(row, "uptime") or NEVER,
            downtime("downtime"), downtime("downtime_least"), downtime("downtime_most"), "",
            row[self.outages] or NEVER, NEVER if longest is None else f"{longest / 10:,.1f}", words]

    def rows(self, page):
        return page.evaluate("""() => [...document.querySelectorAll('#stores > tbody > tr:not(.week-row)')].map(
            row => [...row.cells].map(cell => cell.textContent))""")

    def all_rows(self, page):
        """Returns the rows of all pages of the table."""
        rows = self.rows(page)
        while page.evaluate("""() => {
                const next = document.querySelector('#stores-pages button:last-child');
                if (!next || next.disabled) return false;
                next.click();
                return true;
            }"""):
            rows += self.rows(page)
        return rows

    def by_downtime(self):
        return sorted(
            self.stores, key=lambda row: (row["last_status"] == "", -self.hours(row, "downtime")))

    def table(self):
        page = self.open()
        timing = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        print(f"  usable after {timing:.0f} ms", flush=True)
        expected = [self.shown(row) for row in self.by_downtime()]
        found = self.all_rows(page)
        self.expect("number of rows", len(found), len(expected))
        for row, wanted in zip(found, expected):
            self.expect("row", row, wanted)
        print(f"  rows of {len(found)} stores, on pages of 100", flush=True)
        self.sorting(page)
        self.filters(page)
        self.searching(page)
        page.context.close()

    def sorting(self, page):
        downtime = lambda name: lambda row: self.hours(row, name) if row["last_status"] else None
        keys = {
            "open": lambda row: self.hours(row, "scheduled"), "up": lambda row: hundredths(self.share(row, "uptime")),
            "down": downtime("downtime"), "least": downtime("downtime_least"), "most": downtime("downtime_most"),
            "outages": lambda row: int(row[self.outages]) if row[self.outages] else None,
            "longest": lambda row: float(row[f"longest_outage{self.window}_minutes"] or 0) or None,
            "newest": lambda row: row["newest"],
            "zone": lambda row: row["time_zone"].split("/")[-1].replace("_", " "), "store": lambda row: 0}
        for name, key in keys.items():
            found = []
            for _ in range(2):
                took = page.evaluate("""name => {
                    const start = performance.now();
                    document.querySelector(`th[data-column=${name}] button`).click();
                    document.body.offsetHeight;
                    return performance.now() - start;
                }""", name)
                direction = page.get_attribute(f"th[data-column={name}]", "aria-sort")
                found.append(direction)
                rows = self.rows(page)
                values = [key(self.of_id[row[0]]) for row in rows]
                known = [value for value in values if value is not None]
                self.expect(f"empty last by {name}, {direction}", values[: len(known)], known)
                of_all = [value for value in map(key, self.stores) if value is not None]
                self.expect(f"known first by {name}, {direction}", len(known), min(len(rows), len(of_all)))
                values = known
                # The page knows the longest outage in tenths of hours.
                values = [round(value / 6) for value in values] if name == "longest" else values
                wanted = sorted(values, reverse=direction == "descending")
                # Two stores with equal tenths of hours can differ by one after this rounding.
                is_near = name == "longest" and all(abs(a - b) <= 1 for a, b in zip(values, wanted))
                is_sorted = values == wanted or is_near
                self.expect(f"sorted by {name}, {direction}", is_sorted, True)
                best = (max if direction == "descending" else min)(of_all, default=None)
                self.expect(f"first by {name}, {direction}", key(self.of_id[rows[0][0]]), best)
                if name == "store":
                    ids = [row["store_id"] for row in self.stores]
                    expected = (ids[::-1] if direction == "descending" else ids)[:100]
                    self.expect("order of the ids", [row[0] for row in rows], expected)
                print(f"  sorted by {name}, {direction}: {took:.0f} ms", flush=True)
            self.expect(f"directions of {name}", sorted(found), ["ascending", "descending"])

    def filters(self, page):
        rules = {
            "outage": lambda row: int(row[self.outages] or 0) > 0,
            "end": lambda row: row["down_at_end"],
            "never": lambda row: row["last_status"] == "",
            "coverage": lambda row: float(self.share(row, "coverage") or 100) < 50,
            "hours": lambda row: row["hours_given"] == "no",
            "zone": lambda row: row["time_zone_given"] == "no",
            "all": lambda row: True}
        if not self.data_has_end(page):
            del rules["end"]
        for name, rule in rules.items():
            page.check(f"[name=show][value={name}]", force=True)
            expected = {row["store_id"] for row in self.stores if rule(row)}
            label = page.inner_text(f"label:has([value={name}])")
            self.expect(f"number in the filter {name}", f"({len(expected):,})" in label, True)
            if expected:
                self.expect(f"stores of the filter {name}", {row[0] for row in self.all_rows(page)}, expected)
            else:
                words = page.inner_text("#stores-none")
                self.expect(f"words of the empty filter {name}", "No store is like that" in words, True)
        print(f"  {len(rules)} filters", flush=True)

    def data_has_end(self, page):
        """Returns whether the report ends at its instant for some store. A period can be over before."""
        has_end = page.locator("#down").count() > 0
        self.expect("a filter about the end", page.locator("[name=show][value=end]").count() > 0, has_end)
        return has_end

    def searching(self, page):
        texts = [self.stores[0]["store_id"], self.stores[-1]["store_id"][:4].upper(), "york", "America/Los_A"]
        for text in texts:
            page.fill("#stores-search", text)
            wanted = text.strip().lower()
            expected = {
                row["store_id"] for row in self.stores
                if wanted in row["store_id"].lower() or wanted in row["time_zone"].lower()
                or wanted in row["time_zone"].split("/")[-1].replace("_", " ").lower()}
            found = {row[0] for row in self.all_rows(page)} if expected else set()
            self.expect(f"found for {text!r}", found, expected)
        page.fill("#stores-search", "no such <b>store</b>")
        words = page.inner_text("#stores-none").split(". ")[0]
        self.expect("nothing found", words, "No store matches ‘no such <b>store</b>’")
        page.click("#stores-none button")
        self.expect("all shown again", len(self.rows(page)), min(100, len(self.stores)))
        print("  search", flush=True)

    # Opening a store.

    def sample(self):
        """Returns stores of all kinds: the worst, one of each filter, the first and the last."""
        kinds = [
            lambda row: row["last_status"] == "",
            lambda row: row["down_at_end"],
            lambda row: row[self.outages] == "0",
            lambda row: row["hours_given"] == "no",
            lambda row: row["time_zone_given"] == "no",
            lambda row: row.get("scheduled_last_hour_minutes", row.get("scheduled_hours")) == "0.00",
            lambda row: int(row[self.outages] or 0) > 5,
        ]
        found = [self.by_downtime()[0], self.stores[0], self.stores[-1]]
        for kind in kinds:
            found += [row for row in self.stores if kind(row)][:2]
        return {row["store_id"]: row for row in found}.values()

    def opening(self):
        outages = {store: found for store, found in zip(self.data.ids, self.data_outages(), strict=True)}
        sample = self.sample()
        for row in sample:
            store = row["store_id"]
            page = self.open("#store=" + urllib.parse.quote(store, safe=""))
            self.expect("opened by its address", page.inner_text(".store-week h3"), f"Store {store}")
            self.expect("focus", page.evaluate("document.activeElement.textContent"), store)
            self.expect("expanded", page.get_attribute("tr:has(+ .week-row) a", "aria-expanded"), "true")
            week = page.inner_text(".store-week")
            figure = lambda name, window: tenths(hundredths(row[f"{name}{window}_hours"]))
            for window in [""] if self.is_period else ["_last_week", "_last_day"]:
                words = f"{figure('scheduled', window)} h open:"
                if row["last_status"] and row[f"scheduled{window}_hours"] != "0.00":
                    words += f" {figure('uptime', window)} up, {figure('downtime', window)} down"
                    bounds = f"(at least {figure('downtime_least', window)}, at most {figure('downtime_most', window)})"
                    self.expect(f"{store}: bounds, {window}", bounds in week, True)
                elif row[f"scheduled{window}_hours"] == "0.00":
                    words = "closed"
                self.expect(f"{store}: sum, {window}", words in week, True)
            if self.is_long:
                self.calendar(page, row)
            else:
                most = 9 if not self.is_period else self.data.about["mostHours"] // 24
                self.expect(f"{store}: dates", page.locator(".date:not(.axis)").count() <= most, True)
            self.expect(f"{store}: outages", page.locator(".outage-table [data-outage]").count(), len(outages[store]))
            for found, outage in zip(page.locator(".outage-table [data-outage]").all_inner_texts(), outages[store]):
                cells = found.split("\t")
                shown = [f"{outage[name] / 10:.1f}" for name in ["down", "least", "most"]] + [str(outage["polls"])]
                self.expect(f"{store}: figures of an outage", cells[3:7], shown)
                zone = self.data.about["zones"][self.data.figures["zone"][self.data.ids.index(store)]]
                self.expect(f"{store}: began before", "(began before the" in cells[1], outage["start"] < zone["time"][0])
            if self.is_long:
                page.context.close()
                continue
            page.click(".store-week button:has-text('polls as text')")
            text = page.inner_text(".store-week pre")
            down = len(re.findall("  down  ", text))
            polls_down = sum(outage["polls"] for outage in outages[store])
            self.expect(f"{store}: polls down in the text", down >= polls_down, True)
            page.context.close()
        print(f"  {len(sample)} stores opened by their addresses", flush=True)

    def calendar(self, page, row):
        """Checks the dates of a long period: their sums, and that arrows lead from one to the next."""
        store, cells = row["store_id"], page.locator(".calendar td[aria-label]")
        words = [cells.nth(place).get_attribute("aria-label") for place in range(cells.count())]
        most = self.data.about["mostHours"] // 24
        self.expect(f"{store}: dates", 0 < len(words) <= most, True)
        down = sum(float(found[1]) for found in (re.search(r" up, ([\d.]+) down", text) for text in words) if found)
        # Each date is rounded to tenths of hours.
        is_near = abs(down - self.hours(row, "downtime") / 100) <= 0.05 * len(words) + 0.005
        self.expect(f"{store}: the dates add up", is_near, True)
        page.locator(".calendar [tabindex='0']").focus()
        for key, place in [("ArrowRight", 1), ("ArrowLeft", 0)]:
            page.keyboard.press(key)
            focused = page.evaluate("document.activeElement.ariaLabel")
            # The first week of the period can have one date only.
            if key == "ArrowLeft" or page.locator(".calendar tbody tr:first-child td[aria-label]").count() > 1:
                self.expect(f"{store}: {key} in the calendar", focused, words[place])
        self.expect(f"{store}: words below the calendar", page.inner_text(".reading"), words[0])

    def keyboard(self):
        page = self.open()
        focused = lambda: page.evaluate("document.activeElement.textContent")
        page.focus("#stores-search")
        page.keyboard.press("Tab")
        self.expect("Tab leads to the filters", page.evaluate("document.activeElement.name"), "show")
        page.keyboard.press("Tab")
        self.expect("Tab leads to the heads", focused(), "Store")
        page.keyboard.press("Enter")
        self.expect("Enter sorts", page.get_attribute("th[data-column=store]", "aria-sort"), "ascending")
        for _ in range(10):
            page.keyboard.press("Tab")
        first, second = [row["store_id"] for row in self.stores[:2]]
        self.expect("Tab leads to the rows", focused(), first)
        page.keyboard.press("Enter")
        page.wait_for_selector(".week-row")
        self.expect("Enter opens and keeps the focus", focused(), first)
        named = "store=" + urllib.parse.quote(first, safe="!'()*")
        self.expect("the address names the store", page.url.split("#")[1], named)
        expected = ["Copy link"] + ["Show polls as text"] * (not self.is_long) + ["Close"]
        buttons = []
        for _ in expected:
            page.keyboard.press("Tab")
            buttons.append(focused())
        self.expect("Tab leads into the week", buttons, expected)
        page.keyboard.press("Escape")
        self.expect("Esc closes", page.locator(".week-row").count(), 0)
        self.expect("Esc leads back to the row", focused(), first)
        page.keyboard.press("Tab")
        self.expect("Tab leads to the next row", focused(), second)
        page.keyboard.press("Enter")
        page.wait_for_selector(".week-row")
        page.click("tr:has(+ .week-row) a")
        self.expect("a second click closes", page.locator(".week-row").count(), 0)
        page.evaluate("location.hash = '#store=no%20such'")
        page.wait_for_function("document.querySelector('#stores-count').textContent.includes('no such')")
        page.context.close()
        print("  keyboard", flush=True)

    def addressing(self):
        """Checks that the address names the store that is open, and no other one."""
        page = self.open()
        first, second = [row["store_id"] for row in self.stores[:2]]
        link = lambda store: "#store=" + urllib.parse.quote(store, safe="!'()*")
        row = lambda store: page.locator("#stores > tbody > tr:not(.week-row)").nth(
            [found[0] for found in self.rows(page)].index(store))

        def shows(what, store):
            hash_is = "wanted => location.hash === wanted && document.querySelectorAll('.week-row').length === 1"
            try:
                page.wait_for_function(hash_is, arg=link(store), timeout=5000)
            except Exception:
                pass
            self.expect(f"address, {what}", page.evaluate("location.hash"), link(store))
            self.expect(f"open, {what}", page.locator(".store-week h3").all_inner_texts(), [f"Store {store}"])
            self.expect(f"row, {what}", page.locator("tr:has(+ .week-row) th").inner_text().strip(), store)

        def shows_none(what):
            self.expect(f"nothing open, {what}", page.locator(".week-row").count(), 0)
            self.expect(f"address without a store, {what}", "#store=" in page.url, False)

        page.click("th[data-column=store] button")
        row(first).locator("td.outages").click()
        shows("a click on a row", first)
        worst = page.locator(".worst a").first
        store = worst.evaluate("link => new URLSearchParams(link.hash.slice(1)).get('store')")
        if store in (first, second):
            page.evaluate("hash => { location.hash = hash; }", link(second))
        else:
            worst.click()
            page.wait_for_function("id => document.querySelector('.store-week .id')?.textContent === id", arg=store)
            hash_of = "new URLSearchParams(location.hash.slice(1)).get('store')"
            self.expect("address, a link above the table", page.evaluate(hash_of), store)
            page.evaluate("hash => { location.hash = hash; }", link(second))
        shows("an address given by hand", second)
        page.go_back()
        page.wait_for_function("id => document.querySelector('.store-week .id')?.textContent !== id", arg=second)
        page.go_forward()
        shows("forward", second)
        page.reload()
        shows("reload", second)
        page.click("th[data-column=store] button")
        page.check("[name=show][value=all]", force=True)
        page.fill("#stores-search", second)
        shows("sorted and searched", second)
        page.fill("#stores-search", "no such store")
        shows_none("after a search that leaves it out")
        page.fill("#stores-search", first)
        if page.locator("#stores > tbody > tr").count() == 1:
            page.press("#stores-search", "Enter")
            shows("Enter in the search", first)
            dots = page.locator(".day circle title")
            if dots.count():
                has_both = re.match(r"\w{3} \d+ \w{3} \d+:\d\d, (up|down) \(", dots.first.text_content()) is not None
                self.expect("a dot has the time and status of its poll", has_both, True)
            page.click(".store-week .close")
            shows_none("after Close")
        page.evaluate("location.hash = '#store=no%20such'")
        page.wait_for_function("document.activeElement.id === 'stores-count'")
        self.expect("words about an unknown store", "no such" in page.inner_text("#stores-count"), True)
        page.context.close()
        print("  the address names the open store", flush=True)

    def copying(self):
        page = self.open(self.worst(), permissions=["clipboard-read", "clipboard-write"])
        page.click(".store-week .copy")
        page.wait_for_function("document.querySelector('.store-week .status').textContent !== ''")
        self.expect("words after copying", page.inner_text(".store-week .status"), "Copied")
        self.expect("copied link", page.evaluate("navigator.clipboard.readText()"), self.address + self.worst())
        page.context.close()
        print("  copied the link of a store", flush=True)

    def heat_map(self):
        page = self.open()
        focused = "document.activeElement"
        cells = page.evaluate("[...document.querySelectorAll('#heat-map [aria-label]')].map(cell => cell.ariaLabel)")
        stops = page.locator("#heat-map [tabindex='0']")
        if not cells:
            return
        last = page.inner_text("#heat-map tbody tr:last-child th")
        rows = page.locator("#heat-map tbody tr").count()
        if rows > 1:
            self.expect("last row of the heat map", last, "All dates" if self.is_period else "All week")
        stops.focus()
        for key, place in [("ArrowRight", 1), ("ArrowLeft", 0), ("ArrowLeft", 0), ("End", None), ("Home", 0)]:
            page.keyboard.press(key)
            if place is not None:
                self.expect(f"heat map, {key}", page.evaluate(focused + ".ariaLabel"), cells[place])
        here = f"[{focused}.parentNode.rowIndex, {focused}.cellIndex]"
        start = page.evaluate(here)
        page.keyboard.press("ArrowDown")
        below = page.evaluate(here)
        page.keyboard.press("ArrowUp")
        self.expect("heat map, ArrowDown leads to the next row", below[0], start[0] + (rows > 1))
        self.expect("heat map, ArrowUp leads back to the row", page.evaluate(here)[0], start[0])
        self.expect("stops of the heat map", stops.count(), 1)
        reading = page.inner_text("#heat-reading")
        self.expect("words below the heat map", reading, page.evaluate(focused + ".ariaLabel"))
        page.context.close()
        print(f"  heat map: {len(cells)} cells by arrow keys", flush=True)

    def left_out(self):
        """Checks the page of a report that has too many stores to show them all."""
        print(f"{self.name}: {len(self.stores)} stores, {len(self.html.encode()):,} bytes", flush=True)
        expected = [row["store_id"] for row in self.by_downtime()[:SHOWN_OF_MANY]]
        self.expect("stores of the page", self.data.ids, sorted(expected))
        page = self.open()
        self.expect("number of rows", len(self.all_rows(page)), SHOWN_OF_MANY)
        words = f"Here are the {SHOWN_OF_MANY:,} of {MANY:,} stores with the most downtime; stores.csv has all."
        self.expect("words about the others", page.inner_text("#stores-left-out"), words)
        missing = self.by_downtime()[-1]["store_id"]
        page.fill("#stores-search", missing)
        words = f"No store matches ‘{missing}’. stores.csv has all stores. Show all {SHOWN_OF_MANY:,}"
        self.expect("search of a store that is not there", page.inner_text("#stores-none"), words)
        page.evaluate("id => { location.hash = '#store=' + id; }", missing)
        words = f"No store ‘{missing}’ in this page. stores.csv has all stores."
        page.wait_for_function("words => document.querySelector('#stores-count').textContent === words", arg=words)
        page.context.close()
        print(f"  {SHOWN_OF_MANY:,} stores shown", flush=True)
        return self.wrong

    def without_javascript(self):
        page = self.open(java_script_enabled=False)
        rows = page.locator("#stores > tbody > tr")
        self.expect("rows without JavaScript", rows.count(), min(100, len(self.stores)))
        for text, row in zip(rows.all_inner_texts(), self.by_downtime()):
            cells = [cell.strip() for cell in text.split("\t")]
            # Of stores with the same rounded downtime, another one may come first.
            self.expect("downtime without JavaScript", cells[4], self.shown(row)[4])
            self.expect("row without JavaScript", cells, self.shown(self.of_id[cells[0]]))
        self.expect("controls without JavaScript", page.is_visible("#stores-controls"), False)
        page.context.close()

    def barriers(self):
        for scheme in ["light", "dark"]:
            page = self.open(self.worst(), color_scheme=scheme, bypass_csp=True)
            page.add_script_tag(content=pathlib.Path(self.arguments.axe).read_text())
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)")
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            self.expect(f"barriers, {scheme}", [(one["id"], one["nodes"][0]["html"][:200]) for one in serious], [])
            names = ", ".join(one["id"] for one in found) or "none"
            print(f"  axe-core, {scheme}: {len(serious)} serious; all findings: {names}", flush=True)
            page.context.close()

    def worst(self):
        return "#store=" + urllib.parse.quote(self.by_downtime()[0]["store_id"], safe="")

    def printing(self):
        page = self.open(self.worst(), color_scheme="dark")
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
        self.expect("printed pages", 2 <= pages <= 20, True)
        print(f"  printed: {pages} pages, {len(pdf):,} bytes", flush=True)
        if self.arguments.screenshots:
            (self.arguments.screenshots / f"{self.name}.pdf").write_bytes(pdf)
        page.context.close()

    def screenshots(self):
        for name, options in {
            "light": {}, "dark": {"color_scheme": "dark"}, "narrow": {"viewport": {"width": 390, "height": 800}},
        }.items():
            page = self.open(self.worst(), **options)
            page.wait_for_selector(".store-week")
            width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.expect(f"wider than the window, {name}", width <= 0, True)
            if self.arguments.screenshots:
                page.screenshot(path=self.arguments.screenshots / f"{self.name}-{name}.png", full_page=True)
            page.context.close()

    def all(self):
        print(f"{self.name}: {len(self.stores)} stores, {len(self.html.encode()):,} bytes", flush=True)
        self.data_equals_csv()
        self.table()
        self.opening()
        self.keyboard()
        self.addressing()
        self.copying()
        self.heat_map()
        self.without_javascript()
        if self.arguments.axe:
            self.barriers()
        self.printing()
        self.screenshots()
        return self.wrong


def hostile_files(folder):
    """Writes source files in which every store id is hostile. Each store was down for some hours."""
    polls, hours, zones = folder / "polls.csv", folder / "hours.csv", folder / "zones.csv"
    with open(polls, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["store_id", "status", "timestamp_utc"])
        for store in HOSTILE:
            for hour in range(60):
                status = "inactive" if hour in (7, 8, 58, 59) else "active"
                rows.writerow([store, status, f"2023-01-{23 + hour // 24} {hour % 24:02}:14:00 UTC"])
    with open(hours, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["store_id", "day", "start_time_local", "end_time_local"])
        rows.writerows([HOSTILE[0], day, "00:00:00", "23:59:59"] for day in range(7))
    with open(zones, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["store_id", "timezone_str"])
        rows.writerows([store, "America/New_York"] for store in HOSTILE[1:])
    return [hours, zones, polls]


def many_files(folder):
    """Writes a source file of more stores than a page shows. As many as it shows were down."""
    polls = folder / "many.csv"
    with open(polls, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["store_id", "status", "timestamp_utc"])
        for store in range(MANY):
            status = "inactive" if store % 4 == 1 else "active"
            rows.writerow([f"store-{store:05}", status, "2023-01-25 10:14:00 UTC"])
            rows.writerow([f"store-{store:05}", "active", "2023-01-25 11:14:00 UTC"])
    return [polls]


def made(template, folder, files, *options):
    """Makes a report by the given command and returns its folder."""
    folder.mkdir(exist_ok=True)
    words = []
    for word in shlex.split(template):
        words += [str(file) for file in files] if word == "{files}" else [word.replace("{out}", str(folder))]
    subprocess.run([*words, *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="source files of a report")
    parser.add_argument("--make", help="the command that makes a report, with {out} and {files}")
    parser.add_argument("--made", action="append", default=[], type=pathlib.Path, help="the folder of a report")
    parser.add_argument("--axe", help="the path of axe.min.js")
    parser.add_argument("--screenshots", type=pathlib.Path, help="where to save screenshots")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the program of the browser")
    arguments = parser.parse_args()
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    wrong = []
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        temporary = pathlib.Path(temporary)
        folders = {folder.name: folder for folder in arguments.made}
        if arguments.make:
            folders["hostile"] = made(arguments.make, temporary / "hostile", hostile_files(temporary))
            many = made(arguments.make, temporary / "many", many_files(temporary))
            if arguments.files:
                folders["given"] = made(arguments.make, temporary / "given", arguments.files)
                for period in PERIODS:
                    options = ["--period", period]
                    folders[period] = made(arguments.make, temporary / period, arguments.files, *options)
        if not folders:
            parser.error("nothing to check: give --make or --made")
        # As root, Chromium does not start with its sandbox. It opens only the pages that are checked.
        browser = playwright.chromium.launch(executable_path=arguments.chromium, chromium_sandbox=False)
        print(f"Chromium {browser.version}")
        for name, folder in folders.items():
            wrong += Check(name, folder, browser, arguments).all()
        if arguments.make:
            wrong += Check("many", many, browser, arguments).left_out()
        browser.close()
    print(f"{len(wrong)} wrong, in {time.monotonic() - started:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

"""Attacks the running local system from web pages of other sites, in a real browser.

    python3 tests/contract/other_pages.py target/debug/local [--chromium /usr/bin/chromium]

Needs a Python with playwright. Starts the system on free ports with three polls, and a web server beside it.
Three kinds of pages attack: a page on another port of 127.0.0.1, a page of another host name, and a page whose
host name was changed to point at 127.0.0.1 (DNS rebinding). They try everything that a page can send to each of
the four ports, and to the routes of the local page: forms, fetch, tags, frames, windows, beacons, sockets. Whatever
can be signed is signed with the system's secret, as if the page knew it. The pages must not create or read anything. Signed calls with curl count
what was created. Afterwards two good uses must work: a page of the API's own origin requests a report, and a
person follows a link to the report from another site. The script leaves no processes and no files.

The check also fails if an attack sent no request to one of its target ports, so it cannot pass by doing nothing.
"""

import argparse
import base64
import contextlib
import datetime
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from playwright.sync_api import Error, sync_playwright

SECONDS_TO_END = 5
# A report takes much less, unless the machine is busy.
SECONDS_TO_REPORT = 60
# Older systems all used this secret. Newer ones generate their own.
PUBLISHED = "local-secret"
OTHER_SITE = "evil.example"
# The routes of the local page, on the port of the API.
PAGE_PATHS = ["/", "/local/incoming/attack.csv", "/local/sample", "/local/loads", "/local/reports"]
# The separator after each response of curl.
END = "\n-- end --\n"

COMMON = """
const ended = promise => Promise.race([promise, new Promise(done => setTimeout(done, 1500))]);
const loaded = element => ended(new Promise(done => { element.onload = element.onerror = done; }));
const refused = text => text === '' || text.startsWith('refused: ');
const frame = () => {
    const made = document.createElement('iframe');
    made.name = 'frame' + Math.random();
    document.body.append(made);
    return made;
};
const seen = element => {
    try {
        const text = element.contentDocument.body.innerText.trim();
        return refused(text) ? [] : [text];
    } catch { return []; }
};
const sent = async (address, options) => {
    try {
        const answer = await ended(fetch(address, options));
        const text = answer && answer.type !== 'opaque' ? await answer.text() : '';
        return refused(text) ? [] : [`${answer.status} ${text}`];
    } catch { return []; }
};
const all = async promises => (await Promise.all(promises)).flat();
const form = async (address, method, enctype, fields) => {
    const target = frame(), made = document.createElement('form');
    Object.assign(made, {action: address, method, enctype, target: target.name});
    for (const [name, value] of Object.entries(fields)) {
        const field = document.createElement(name === 'file' ? 'input' : 'textarea');
        field.name = name;
        if (name === 'file') {
            const files = new DataTransfer();
            files.items.add(new File([value], 'form.csv'));
            field.type = 'file';
            field.files = files.files;
        } else field.value = value;
        made.append(field);
    }
    document.body.append(made);
    const answered = loaded(target);
    made.submit();
    await answered;
    return seen(target);
};
"""

# Each attack is a JavaScript expression over the targets {port: URL}, signed addresses and the fields of a
# signed form. It returns what the page could read.
ATTACKS = {
    "a form by GET": "all(Object.values(targets).map(a => form(a, 'get', '', {})))",
    "a form by POST": "all(Object.values(targets).map(a => form(a, 'post', '', {method: 'poll_count'})))",
    "a form as plain text": """all(Object.values(targets).map(
        a => form(a, 'post', 'text/plain', {'{"a": "': '"}'})))""",
    "a form with a file": """all([
        ...Object.values(targets).map(a => form(a, 'post', 'multipart/form-data', {a: 'b'})),
        form(new URL('/data', targets.s3 ?? Object.values(targets)[0]), 'post', 'multipart/form-data', policy)])""",
    "fetch": """all(Object.values(targets).flatMap(a => [
        sent(a), sent(a, {method: 'POST'}), sent(a, {method: 'POST', body: new URLSearchParams({a: 'b'})})]))""",
    "fetch without CORS": """all(Object.values(targets).flatMap(a => [
        sent(a, {mode: 'no-cors'}), sent(a, {mode: 'no-cors', method: 'POST', body: '{}'})]))""",
    "fetch with headers": """all(Object.values(targets).flatMap(a => ['ListTables', 'PutItem'].flatMap(call => [
        sent(a, {method: 'POST', body: bodies[call], headers: headers('DynamoDB_20120810.' + call, 'dynamodb')}),
        sent(a, {method: 'POST', body: bodies.SendMessage, headers: headers('AmazonSQS.SendMessage', 'sqs')})])))""",
    "the page's own calls": """all(Object.values(targets).flatMap(a => ['PUT', 'POST'].map(method => sent(
        a, {method, body: 'store_id,status,timestamp_utc\\n', headers: {'X-Local-Page': '1'}}))))""",
    "signed addresses": """all([
        ...signed.put.map(a => sent(a, {method: 'PUT', body: 'store_id'})),
        ...signed.get.flatMap(a => [sent(a), sent(a, {mode: 'no-cors'})])])""",
    "tags": """all(Object.values(targets).concat(signed.get).flatMap(a => [
        ['img', 'src'], ['script', 'src'], ['link', 'href'], ['object', 'data'], ['video', 'src']].map(
        async ([tag, attribute]) => {
            const made = document.createElement(tag);
            made.rel = 'stylesheet';
            made[attribute] = a;
            document.body.append(made);
            await loaded(made);
            return [];
        })))""",
    "frames": """all(Object.values(targets).concat(signed.get).flatMap(a => [
        async () => { const made = frame(); made.src = a; await loaded(made); return seen(made); },
        async () => {
            const made = frame();
            made.contentWindow.location = a;
            await loaded(made);
            return seen(made);
        }].map(run => run())))""",
    "windows": """all(Object.values(targets).map(async a => {
        const made = window.open(a);
        await new Promise(done => setTimeout(done, 700));
        let text = '';
        try { text = made.document.body.innerText.trim(); } catch {}
        made.close();
        return refused(text) ? [] : [text];
    }))""",
    "beacons": """(async () => {
        for (const a of Object.values(targets)) {
            navigator.sendBeacon(a, '{}');
            navigator.sendBeacon(a, new URLSearchParams({a: 'b'}));
        }
        return [];
    })()""",
    "event streams": """all(Object.values(targets).map(async a => {
        const made = new EventSource(a);
        await ended(new Promise(done => { made.onopen = made.onerror = done; }));
        const opened = made.readyState === 1;
        made.close();
        return opened ? ['a stream'] : [];
    }))""",
    "sockets": """all(Object.values(targets).map(async a => {
        const made = new WebSocket(a.replace('http', 'ws'));
        const opened = await ended(new Promise(done => {
            made.onopen = () => done(true);
            made.onerror = made.onclose = () => done(false);
        }));
        made.close();
        return opened ? ['a socket'] : [];
    }))""",
}

ASK = """async () => {
    const answer = await fetch('/trigger_report', {method: 'POST'});
    return [answer.status, await answer.json()];
}"""
SHOW_LINK = """link => {
    document.body.innerHTML = '<a>report</a>';
    document.querySelector('a').href = link;
}"""


def curl(*calls):
    """Makes all calls. Each is a list of curl's arguments. Returns their responses."""
    after_each = ["-w", END, "--next"]
    command = ["curl"] + [argument for call in calls for argument in ["-sS", *call, *after_each]][:-1]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return run.stdout.split(END)[:-1]


def counted(answer):
    """Returns the number of items, messages or objects in a response."""
    if answer.startswith("<"):
        assert "</ListBucketResult>" in answer, answer
        return answer.count("<Key>")
    answer = json.loads(answer)
    return answer["Count"] if "Count" in answer else int(answer["Attributes"]["ApproximateNumberOfMessages"])


class System:
    """A running system with three polls."""

    def __init__(self, binary, folder):
        self.data = folder / "data"
        source = folder / "source"
        source.mkdir()
        polls = "".join(f"{store},active,2023-01-23 10:14:00 UTC\n" for store in "abc")
        (source / "polls.csv").write_text("store_id,status,timestamp_utc\n" + polls)
        command = [binary, "serve", "--port", "0", "--s3-port", "0", "--data-dir", self.data, "--load", source]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ports = {}

    def wait(self):
        """Waits until the system has made its first report. Finds out which ports it listens on."""
        for line in self.process.stdout:
            if " on http://127.0.0.1:" in line:
                self.ports[line.split()[0].lower()] = int(line.rsplit(":", 1)[1])
            if line.startswith("report of "):
                break
        else:
            raise SystemExit("the system did not start")
        # Keeps reading, so that the system never blocks on a full pipe.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        secret = self.data / "secret"
        self.secret = secret.read_text().strip() if secret.exists() else PUBLISHED
        for port in self.listening() - set(self.ports.values()):
            # Only DynamoDB supports this call.
            [answer] = curl(self.call(port, "dynamodb", "DynamoDB_20120810.ListTables", {}))
            self.ports["dynamodb" if "TableNames" in answer else "sqs"] = port
        assert set(self.ports) == {"api", "s3", "dynamodb", "sqs"}, self.ports

    def listening(self):
        """Returns the ports that the process listens on, as listed by Linux."""
        links = pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()
        mine = {os.readlink(link) for link in links}
        rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in mine}

    def call(self, port, service, target, body):
        """Returns curl's arguments for a signed call of DynamoDB or SQS."""
        headers = ["-H", "Content-Type: application/x-amz-json-1.0", "-H", f"X-Amz-Target: {target}"]
        return [*self.signed(service), *headers, "-d", json.dumps(body), f"http://127.0.0.1:{port}/"]

    def signed(self, service):
        return ["--aws-sigv4", f"aws:amz:us-east-1:{service}", "--user", f"local:{self.secret}"]

    def state(self):
        """Returns the number of items, objects and messages: everything that a page could create."""
        ports, calls = self.ports, {}
        for table in ["data", "reports"]:
            body = {"TableName": table, "Select": "COUNT"}
            calls[f"items of {table}"] = self.call(ports["dynamodb"], "dynamodb", "DynamoDB_20120810.Scan", body)
        for queue in ["loads", "loads-dead", "reports", "reports-dead"]:
            body = {"QueueUrl": f"http://x/000000000000/{queue}", "AttributeNames": ["All"]}
            calls[f"messages of {queue}"] = self.call(ports["sqs"], "sqs", "AmazonSQS.GetQueueAttributes", body)
        for bucket in ["data", "reports"]:
            unsigned = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
            address = f"http://127.0.0.1:{ports['s3']}/{bucket}?list-type=2"
            calls[f"objects of {bucket}"] = [*self.signed("s3"), *unsigned, address]
        return {name: counted(answer) for name, answer in zip(calls, curl(*calls.values()))}

    def settled_state(self):
        """Returns the state once it no longer changes. By then, a requested report is complete."""
        state, until = self.state(), time.monotonic() + SECONDS_TO_END
        while time.monotonic() < until:
            time.sleep(0.1)
            if state == (state := self.state()):
                break
        return state

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()


def signature(secret, day, text):
    key = b"AWS4" + secret.encode()
    for part in [day, "us-east-1", "s3", "aws4_request"]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def instant():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def post_policy(secret):
    """Returns the fields of a signed form that uploads a file."""
    now = instant()
    credential = f"local/{now[:8]}/us-east-1/s3/aws4_request"
    fields = {"key": "incoming/form.csv", "x-amz-credential": credential, "x-amz-date": now}
    fields["x-amz-algorithm"] = "AWS4-HMAC-SHA256"
    conditions = [{"bucket": "data"}, *({name: value} for name, value in fields.items())]
    policy = {"expiration": "2099-01-01T00:00:00Z", "conditions": conditions}
    fields["policy"] = base64.b64encode(json.dumps(policy).encode()).decode()
    fields["x-amz-signature"] = signature(secret, now[:8], fields["policy"])
    # S3 needs the file as the last field.
    return fields | {"file": "store_id,status,timestamp_utc\n"}


def presigned(secret, method, host, path, query=None):
    """Returns a signed S3 address."""
    now = instant()
    query = dict(query or {}) | {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"local/{now[:8]}/us-east-1/s3/aws4_request",
        "X-Amz-Date": now,
        "X-Amz-Expires": "900",
        "X-Amz-SignedHeaders": "host",
    }
    text = urllib.parse.urlencode(sorted(query.items()), quote_via=urllib.parse.quote, safe="-_.~")
    call = f"{method}\n{path}\n{text}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(call.encode()).hexdigest()
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    signed = signature(secret, now[:8], f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}")
    return f"http://{host}{path}?{text}&X-Amz-Signature={signed}"


def script(attack, host, ports, secret):
    """Returns the JavaScript of an attack against these ports of a host."""
    paths = {"api": "/trigger_report"}
    targets = {name: f"http://{host}:{port}{paths.get(name, '/')}" for name, port in ports.items()}
    if "api" in ports:
        targets |= {path: f"http://{host}:{ports['api']}{path}" for path in PAGE_PATHS}
    signed = {"put": [], "get": []}
    if "s3" in ports:
        s3 = f"{host}:{ports['s3']}"
        signed["put"].append(presigned(secret, "PUT", s3, "/data/incoming/put.csv"))
        signed["get"].append(presigned(secret, "GET", s3, "/data", {"list-type": "2"}))
    bodies = {
        "ListTables": "{}",
        "PutItem": json.dumps({"TableName": "reports", "Item": {"report_id": {"S": "attack"}}}),
        "SendMessage": json.dumps({"QueueUrl": "http://x/0/reports-dead", "MessageBody": "attack"}),
    }
    day = instant()[:8]
    values = {"targets": targets, "signed": signed, "policy": post_policy(secret), "bodies": bodies}
    given = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    headers = f"""const headers = (target, service) => ({{
        'X-Amz-Target': target, 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Date': '{instant()}',
        Authorization: `AWS4-HMAC-SHA256 Credential=local/{day}/us-east-1/${{service}}/aws4_request, ` +
            'SignedHeaders=host;x-amz-date;x-amz-target, Signature=00'}});\n"""
    return f"async () => {{ {COMMON} {given} {headers} return {attack}; }}"


class Attacker:
    """Attacks with a browser and a web server. Records the attacks that succeeded."""

    def __init__(self, browser, system, own_port):
        self.browser = browser
        self.system = system
        self.own_port = own_port
        self.broken = []
        self.state = system.settled_state()

    def attacks(self, what, page_address, host, ports, is_rebound):
        # A browser context of its own, so that leftovers of one group of attacks do not disturb the next.
        context = self.browser.new_context()
        page = context.new_page()
        asked, unanswered = set(), set()
        context.on("request", lambda request: asked.add(urllib.parse.urlsplit(request.url).port))
        context.on("request", lambda request: unanswered.add(request))
        context.on("requestfinished", lambda request: unanswered.discard(request))
        context.on("requestfailed", lambda request: unanswered.discard(request))
        page.on("websocket", lambda socket: asked.add(urllib.parse.urlsplit(socket.url).port))
        if is_rebound:
            # The attacker's machine served this page, before its host name was changed to 127.0.0.1.
            page.route(page_address, lambda route: route.fulfill(content_type="text/html", body="<body>"))
        for name, attack in ATTACKS.items():
            if name == "signed addresses" and "s3" not in ports:
                continue
            page.goto(page_address)
            asked.clear()
            unanswered.clear()
            try:
                read = page.evaluate(script(attack, host, ports, self.system.secret))
            except Error as error:
                read = [f"the attack itself failed: {error}"]
            meant = {ports["s3"]} if name == "signed addresses" else set(ports.values())
            until = time.monotonic() + SECONDS_TO_END
            # Beacons are sent with a delay.
            while (meant - asked or unanswered) and time.monotonic() < until:
                page.wait_for_timeout(20)
            self.judge(f"{what}: {name}", read, sorted(meant - asked))
        context.close()

    def judge(self, what, read, unasked):
        before, self.state = self.state, self.system.settled_state()
        made = [f"{name} {before[name]} -> {now}" for name, now in self.state.items() if before[name] != now]
        found = [f"made {change}" for change in made]
        found += sorted({f"read {text[:60]!r}" for text in read})
        found += [f"NOT TRIED on port {port}" for port in unasked]
        print(f"  {what}: {'; '.join(found) if found else 'nothing'}", flush=True)
        if found:
            self.broken.append(what)

    def all_attacks(self):
        ports = self.system.ports
        other_port = f"http://127.0.0.1:{self.own_port}/"
        self.attacks("another port", other_port, "127.0.0.1", ports, False)
        other_name = f"http://{OTHER_SITE}:{self.own_port}/"
        self.attacks("another site", other_name, "127.0.0.1", ports, False)
        for name, port in ports.items():
            address = f"http://{OTHER_SITE}:{port}/attack"
            self.attacks(f"rebinding to {name}", address, OTHER_SITE, {name: port}, True)

    def good_ones(self):
        """Checks good uses, which must still work."""
        api = self.system.ports["api"]
        for host in ["127.0.0.1", "localhost"]:
            page = self.browser.new_page()
            address = f"http://{host}:{api}/page"
            page.route(address, lambda route: route.fulfill(content_type="text/html", body="<body>"))
            page.goto(address)
            own = page.evaluate("fetch('/').then(answer => answer.text())")
            self.expect(f"a page of http://{host} gets the local page", "<title>Store uptime" in own, own)
            status, triggered = page.evaluate(ASK)
            self.expect(f"a page of http://{host} requests a report", status == 202, status)
            follow = f"fetch('/get_report/{triggered.get('report_id')}').then(answer => answer.json())"
            until = time.monotonic() + SECONDS_TO_REPORT
            while (report := page.evaluate(follow)).get("status") == "Running" and time.monotonic() < until:
                page.wait_for_timeout(50)
            self.expect(f"a page of http://{host} gets the report's status", report.get("status") == "Complete", report)
            page.close()
        page = self.browser.new_page()
        page.goto(f"http://{OTHER_SITE}:{self.own_port}/")
        page.evaluate(SHOW_LINK, report["report_url"])
        with page.expect_download() as download:
            page.click("a")
        csv = pathlib.Path(download.value.path()).read_text()
        self.expect("a link from another site to a report works", csv.startswith("store_id,"), csv)

    def expect(self, what, is_so, found):
        print(f"  {what}: {'yes' if is_so else f'NO: {found}'}", flush=True)
        if not is_so:
            self.broken.append(what)


class EmptyPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<body>")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def attacked(arguments, folder):
    flags = [
        f"--host-resolver-rules=MAP {OTHER_SITE} 127.0.0.1",
        # Disables a guard that only Chromium has, so that the attacks are as strong as in other browsers.
        "--disable-features=LocalNetworkAccessChecks",
    ]
    system = System(arguments.local, folder)
    try:
        system.wait()
        with web_server() as own_port, sync_playwright() as playwright:
            chromium = playwright.chromium
            # As root, Chromium does not start with its sandbox. It opens only the pages of this script.
            browser = chromium.launch(executable_path=arguments.chromium, args=flags, chromium_sandbox=False)
            attacker = Attacker(browser, system, own_port)
            print(f"Chromium {browser.version}, pages of other sites:")
            attacker.all_attacks()
            print("good uses, which must still work:")
            attacker.good_ones()
            browser.close()
            return attacker.broken
    finally:
        system.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("local", type=lambda path: pathlib.Path(path).absolute(), help="the built command line")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the program of the browser")
    arguments = parser.parse_args()
    # Like Ctrl-C, so that the system is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        broken = attacked(arguments, pathlib.Path(folder))
    seconds = time.monotonic() - started
    if broken:
        print(f"{len(broken)} BROKEN, in {seconds:.0f} s:", *broken, sep="\n  ")
    else:
        print(f"no page of another site created or read anything, in {seconds:.0f} s")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()

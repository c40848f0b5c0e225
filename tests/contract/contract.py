"""Checks the running local system against its contract, lib/http_api/openapi.yaml, with schemathesis.

    python3 tests/contract/contract.py target/debug/local .../bin/schemathesis [--cases 20] [--seed 1]

Starts the system on free ports without data and calls it. Then loads three polls, and calls it as a caller
that accepts JSON, as one that accepts CSV, as a browser, and with an idempotency key that belongs to another
request. In each of these passes, schemathesis generates good and bad requests, follows the documented links,
and checks the responses: no 5xx; no status, header or body that is not documented; no bad request accepted;
no good request refused. The check also fails if a common response never occurred, so it cannot pass without
sending requests. It leaves no processes and no files.
"""

import argparse
import collections
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CONTRACT = HERE.parent.parent / "lib" / "http_api" / "openapi.yaml"
SECONDS_TO_START = 60
SECONDS_TO_STOP = 20
SECONDS_A_PASS = 300

POLLS = """store_id,status,timestamp_utc
a,active,2023-01-23 10:14:00.000000 UTC
a,inactive,2023-01-23 11:15:00.000000 UTC
b,active,2023-01-23 11:45:00.000000 UTC
"""

KEY = "taken"

# The statuses that must occur.
EXPECTED = {
    "GET /trigger_report": {202, 400, 409, 422},
    "POST /trigger_report": {202, 400, 409, 422},
    "GET /get_report": {200, 303, 400, 404, 406},
    "POST /get_report": {200, 303, 400, 404, 406},
    "GET /get_report/{report_id}": {200, 303, 400, 404, 406},
}


class System:
    """A running system. Its output is read all the time, so that it never blocks on a full pipe."""

    def __init__(self, binary, folder):
        self.binary = binary
        (folder / "empty").mkdir()
        ports = ["--port", "0", "--s3-port", "0"]
        self.data = ["--data-dir", folder / "data"]
        folders = [*self.data, "--load", folder / "empty"]
        command = [binary, "serve", *ports, *folders]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.addresses = {}
        self.api_is_open = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            if printed := re.fullmatch(r"(S3|API) on (http://\S+)\n", line):
                self.addresses[printed[1]] = printed[2]
            if "API" in self.addresses:
                self.api_is_open.set()

    def wait(self):
        if not self.api_is_open.wait(SECONDS_TO_START):
            raise SystemExit(f"the API did not start within {SECONDS_TO_START} s")

    def load(self, file):
        port = self.addresses["S3"].rsplit(":", 1)[1]
        command = [self.binary, "load", "--s3-port", port, *self.data, file]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()


def complete_report(api):
    """Requests a report with the key. Returns its id once it is Complete."""
    request = urllib.request.Request(f"{api}/trigger_report", headers={"Idempotency-Key": KEY})
    with urllib.request.urlopen(request) as answer:
        report_id = re.search(r'"report_id":"([^"]+)"', answer.read().decode())[1]
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{api}/get_report/{report_id}") as answer:
            if '"Complete"' in answer.read().decode():
                return report_id
        time.sleep(0.1)
    raise SystemExit(f"no report was complete within {SECONDS_TO_START} s")


class Judge:
    """Runs schemathesis in a temporary folder."""

    def __init__(self, arguments, folder, api):
        self.arguments = arguments
        self.folder = folder
        self.api = api
        self.answers = folder / "answers"

    def judges(self, what, options, report_id=None):
        print(f"-- {what}", flush=True)
        environment = os.environ | {
            "PYTHONPATH": str(HERE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SCHEMATHESIS_HOOKS": "contract_hooks",
            "CONTRACT_ANSWERS": str(self.answers),
            "CONTRACT_REPORT_ID": report_id or "",
        }
        fixed = ["--url", self.api, "--generation-database", "none", "--no-color", "--warnings", "off"]
        cases = ["--seed", str(self.arguments.seed), "--max-examples", str(self.arguments.cases)]
        command = [self.arguments.schemathesis, "run", CONTRACT, *fixed, *cases, *options]
        run = subprocess.run(command, env=environment, cwd=self.folder, timeout=SECONDS_A_PASS)
        return run.returncode == 0

    def seen(self):
        seen = collections.defaultdict(collections.Counter)
        for line in self.answers.read_text().splitlines():
            call, status = line.rsplit(" ", 1)
            seen[call][int(status)] += 1
        return seen


def judged(arguments, folder):
    system = System(arguments.local, folder)
    try:
        system.wait()
        api = system.addresses["API"]
        judge = Judge(arguments, folder, api)
        triggers = ["--include-path", "/trigger_report"]
        kept = judge.judges("without data", ["--phases", "examples", *triggers])
        (folder / "polls.csv").write_text(POLLS)
        system.load(folder / "polls.csv")
        report_id = complete_report(api)
        kept &= judge.judges("a caller that accepts JSON", [], report_id)
        # A Running report has no CSV yet, and a key belongs to one request. So some good requests are
        # refused, and rightly.
        checks = ["--exclude-checks", "positive_data_acceptance"]
        csv = ["--header", "Accept: text/csv", "--phases", "examples,stateful", *checks]
        kept &= judge.judges("a caller that accepts CSV", csv, report_id)
        page = ["--header", "Accept: text/html,*/*;q=0.8", "--phases", "examples,stateful"]
        kept &= judge.judges("a browser", page, report_id)
        reused = ["--header", f"Idempotency-Key: {KEY}", "--phases", "examples", *triggers, *checks]
        kept &= judge.judges("a caller that reuses a key", reused)
        return kept, judge.seen()
    finally:
        system.stop()


def absolute(path):
    return pathlib.Path(path).absolute()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("local", type=absolute, help="the built command line")
    parser.add_argument("schemathesis", type=absolute, help="the program schemathesis")
    parser.add_argument("--cases", type=int, default=20, help="the number of requests per call and phase")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    # Like Ctrl-C, so that the system is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        kept, seen = judged(arguments, pathlib.Path(folder))
    print("\nanswers by call and status:")
    for call, statuses in sorted(seen.items()):
        print(f"  {call}:", ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items())))
        if missing := EXPECTED.get(call, set()) - set(statuses):
            print(f"  never seen: {sorted(missing)}")
            kept = False
    if set(EXPECTED) - set(seen):
        kept = False
    total = sum(sum(statuses.values()) for statuses in seen.values())
    verdict = "keeps" if kept else "BREAKS"
    print(f"the system {verdict} its contract: {total} answers in {time.monotonic() - started:.0f} s")
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()

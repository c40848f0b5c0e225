"""Runs a story against a deployed stack, from source files to a report, and checks the stack's promises.

    python3 tests/deployed/story.py target/release/local --stack store-uptime
    python3 tests/deployed/story.py target/release/local --api-url URL --data-bucket NAME

Needs a Python with boto3, such as SAM CLI's. Credentials, region and endpoint come from the environment and
profiles. The stack must hold no data except this story's. The story leaves its data there and can be run
again. Without --stack, the chapters about queues need --report-queue and --load-queue. Do not use the stack
for anything else during the run: for a while the report queue's visibility time-out is one second.
"""

import argparse
import csv
import json
import pathlib
import signal
import subprocess
import sys
import time
import uuid

from stack import Broken, Stack, fetch, wait_for

SECONDS_TO_LOAD = 120
SECONDS_TO_REPORT = 120
# On AWS a queue's new attributes may take a minute to apply, and five deliveries take some time.
SECONDS_TO_GIVE_UP = 300
SECONDS_TO_DRAIN = 120

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
GOOD_ROWS_OF_BAD_FILE = 28
BAD_ROWS = [b"x,active,2023-13-01 00:00:00 UTC\n", b"x,asleep,2023-01-21 09:01:15 UTC\n"]


def check(what, actual, expected):
    if actual != expected:
        raise Broken(f"{what}: got {actual!r}; {expected!r} is promised")


class Story:
    def __init__(self, stack, data, expected):
        self.stack = stack
        self.files = {path.name: path.read_bytes() for path in sorted(data.glob("*.csv"))}
        self.expected = expected
        self.run = f"story-{uuid.uuid4().hex[:8]}"
        self.first_loads = {}
        self.events = {}

    def chapters(self):
        yield self.an_unsigned_call_is_refused_unless_anybody_may_call
        yield self.the_source_files_are_loaded
        yield self.a_report_equals_that_of_local_report
        yield self.every_route_leads_to_its_function
        yield self.one_idempotency_key_gives_one_report
        yield self.a_malformed_id_is_400_and_an_unknown_one_404
        yield self.bad_rows_are_recorded_and_stop_no_good_row
        yield self.a_file_without_a_header_is_refused_whole
        yield self.the_same_file_again_changes_nothing
        yield self.the_later_of_two_uploads_of_one_key_counts
        if self.stack.load_queue:
            yield self.a_repeated_event_changes_nothing
        if self.stack.report_queue:
            yield self.a_poison_message_ends_in_the_dead_letter_queue
        yield self.the_report_is_still_the_same

    def an_unsigned_call_is_refused_unless_anybody_may_call(self):
        answer = self.stack.call(f"get_report/{UNKNOWN_ID}", signed=False)
        check("status", answer.status, 403 if self.stack.signs else 404)
        return f"{answer.status}"

    def the_source_files_are_loaded(self):
        for name, content in self.files.items():
            self.put(name, content)
        loads = []
        for name, content in self.files.items():
            manifest = self.first_loads[name] = self.manifest(name)
            check(f"{name}: status", manifest["status"], "Complete")
            check(f"{name}: rejected", manifest["rejected"], 0)
            check(f"{name}: rows", manifest["rows"], content.count(b"\n") - 1)
            check(f"{name}: accounted for", manifest["loaded"] + manifest["duplicate"], manifest["rows"])
            loads.append(f"{manifest['kind']} {manifest['rows']} rows in {manifest['duration_ms']} ms")
        return ", ".join(loads)

    def a_report_equals_that_of_local_report(self):
        accepted = self.stack.call("trigger_report")
        report = self.complete(accepted)
        check("Location", accepted.headers["location"], f"get_report/{report['report_id']}")
        self.check_csv(report)
        unsigned = fetch(report["report_url"].partition("?")[0])
        check("the CSV without its link's signature", unsigned.status, 403)
        return f"{report['stores']} stores, {len(self.expected)} bytes"

    def every_route_leads_to_its_function(self):
        fields = json.dumps({"report_id": UNKNOWN_ID}).encode()
        as_json = {"Content-Type": "application/json"}
        as_form = {"Content-Type": "application/x-www-form-urlencoded"}
        check("GET get_report", self.stack.call(f"get_report?report_id={UNKNOWN_ID}").status, 404)
        check("POST get_report", self.stack.call("get_report", "POST", as_json, fields).status, 404)
        form = self.stack.call("get_report", "POST", as_form, f"report_id={UNKNOWN_ID}".encode())
        check("POST get_report, a form", form.status, 404)
        posted = self.stack.call("trigger_report", "POST", as_json, b'{"method": "poll_count"}')
        report = self.complete(posted)
        check("method", report["method"], "poll_count")
        link = self.stack.call(f"get_report/{report['report_id']}", headers={"Accept": "text/csv"})
        check("Accept: text/csv", link.status, 303)
        check("the CSV's first column", fetch(link.headers["location"]).body[:9], b"store_id,")

    def one_idempotency_key_gives_one_report(self):
        key = {"Idempotency-Key": self.run}
        first, again = (self.stack.call("trigger_report", "POST", key) for _ in range(2))
        check("statuses", (first.status, again.status), (202, 202))
        check("report_id", again.json()["report_id"], first.json()["report_id"])
        other = self.stack.call("trigger_report?method=poll_count", "POST", key)
        check("with other parameters", other.status, 422)

    def a_malformed_id_is_400_and_an_unknown_one_404(self):
        malformed, unknown = (self.stack.call(f"get_report/{name}") for name in ("nonsense", UNKNOWN_ID))
        for answer, status in ((malformed, 400), (unknown, 404)):
            check("status", answer.status, status)
            check("Content-Type", answer.headers["content-type"], "application/problem+json")
            check("Cache-Control", answer.headers["cache-control"], "no-store")
        check("the parameter named", malformed.json()["parameter"], "report_id")

    def bad_rows_are_recorded_and_stop_no_good_row(self):
        header, *good = self.polls().splitlines(keepends=True)[: 1 + GOOD_ROWS_OF_BAD_FILE]
        manifest = self.loaded("bad.csv", b"".join([header, *good, *BAD_ROWS]))
        counts = {name: manifest[name] for name in ("status", "rows", "loaded", "rejected")}
        check("counts", counts, {"status": "Complete", "rows": 30, "loaded": 28, "rejected": 2})
        rejects = self.stack.read(f"{manifest['folder']}rejects.csv").decode().splitlines()
        codes = [row.split(",")[:3] for row in rejects[1:]]
        check("rejects.csv", codes, [["30", "timestamp_utc", "bad_timestamp"], ["31", "status", "bad_status"]])
        unaltered = self.stack.read(f"{manifest['folder']}rejected_rows.csv")
        check("rejected_rows.csv", unaltered, b"".join([header, *BAD_ROWS]))

    def a_file_without_a_header_is_refused_whole(self):
        manifest = self.loaded("no_header.csv", b"one,two\n1,2\n")
        check("status", (manifest["status"], manifest["rows"]), ("Failed", 0))
        check("error", manifest["error"]["code"], "no_usable_header")

    def the_same_file_again_changes_nothing(self):
        polls = self.polls_name()
        manifest = self.loaded(f"again/{polls}", self.files[polls])
        first = self.first_loads[polls]
        check("status", manifest["status"], "Complete")
        check("same_content_as", manifest.get("same_content_as"), first.get("same_content_as", first["folder"]))

    def the_later_of_two_uploads_of_one_key_counts(self):
        """Both uploads nearly always fall into one second, and S3 dates have whole seconds."""
        [hours] = [self.files[name] for name, manifest in self.first_loads.items() if manifest["kind"] == "business_hours"]
        rows = list(csv.DictReader(hours.decode().splitlines()))
        closed = [f"{store},0,00:00,00:01\n" for store in {row["store_id"] for row in rows}]
        older = "".join(["store_id,day,start_time_local,end_time_local\n", *closed]).encode()
        events = [self.stack.put(f"incoming/{self.run}/twice/hours.csv", content) for content in (older, hours)]
        wait_for("both loaded", SECONDS_TO_LOAD, lambda: len(self.ended_loads("twice/hours.csv")) == len(events))
        self.check_csv(self.complete(self.stack.call("trigger_report", "POST")))
        if self.stack.load_function:
            check("status", self.stack.load(events[0])["status"], "Complete")
            self.check_csv(self.complete(self.stack.call("trigger_report", "POST")))
        seconds = {manifest["file"]["uploaded_at"] for manifest in self.ended_loads("twice/hours.csv")}
        return f"in {len(seconds)} second{'s' * (len(seconds) > 1)}"

    def a_repeated_event_changes_nothing(self):
        """Sends the event of an object again, like S3 may. Only the queue shows that it was handled."""
        before = self.stack.objects(f"loads/{self.run}/")
        s3 = {"bucket": {"name": self.stack.data_bucket}, "object": self.events[self.polls_name()]}
        body = json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": s3}]})
        self.stack.sqs.send_message(QueueUrl=self.stack.load_queue, MessageBody=body)
        self.stack.wait_until_drained(self.stack.load_queue, SECONDS_TO_DRAIN)
        after = self.stack.objects(f"loads/{self.run}/")
        check("files of loads written", [key for key in after if after[key] != before.get(key)], [])

    def a_poison_message_ends_in_the_dead_letter_queue(self):
        queue, body = self.stack.report_queue, f"poison of {self.run}"
        dead_letters = self.stack.dead_letter_queue(queue)
        as_deployed = self.stack.attributes(queue, "VisibilityTimeout")
        self.stack.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
        try:
            self.stack.sqs.send_message(QueueUrl=queue, MessageBody=body)
            wait_for("given up", SECONDS_TO_GIVE_UP, lambda: self.stack.take(dead_letters, body))
        finally:
            self.stack.sqs.set_queue_attributes(QueueUrl=queue, Attributes=as_deployed)

    def the_report_is_still_the_same(self):
        self.check_csv(self.complete(self.stack.call("trigger_report", "POST")))

    def polls_name(self):
        [name] = [name for name, manifest in self.first_loads.items() if manifest["kind"] == "polls"]
        return name

    def polls(self):
        return self.files[self.polls_name()]

    def put(self, name, content):
        self.events[name] = self.stack.put(f"incoming/{self.run}/{name}", content)

    def loaded(self, name, content):
        self.put(name, content)
        return self.manifest(name)

    def manifest(self, name):
        """Waits until the only load of a file has ended. Returns its manifest."""

        def look():
            ended = self.ended_loads(name)
            check(f"{name}: loads at most", ended[1:], [])
            return ended[0] if ended else None

        return wait_for(f"{name} loaded", SECONDS_TO_LOAD, look)

    def ended_loads(self, name):
        """Returns the manifests of all loads of a key that have ended."""
        found = [key for key in self.stack.objects(f"loads/{self.run}/{name}/") if key.endswith("/manifest.json")]
        manifests = [json.loads(self.stack.read(key)) for key in found]
        return [manifest for manifest in manifests if manifest["status"] != "Running"]

    def complete(self, accepted):
        """Waits for an accepted report at the location in its response. Returns its status."""
        check("trigger_report", (accepted.status, accepted.json().get("status")), (202, "Running"))

        def look():
            report = self.stack.call(accepted.headers["location"]).json()
            return report if report["status"] != "Running" else None

        report = wait_for("a report", SECONDS_TO_REPORT, look)
        check("report", report["status"], "Complete")
        return report

    def check_csv(self, report):
        csv = fetch(report["report_url"])
        check("the link's status", csv.status, 200)
        if csv.body != self.expected:
            raise Broken(f"report.csv of {report['report_id']} is not what `local report` makes of the files")


def run_chapters(story):
    """Runs the chapters. Returns their number, and whether all promises were kept."""
    for number, chapter in enumerate(story.chapters(), 1):
        name, started = chapter.__name__.replace("_", " "), time.monotonic()
        try:
            detail = chapter()
        except Exception as error:
            print(f"BROKEN {time.monotonic() - started:6.1f} s  {name}\n       {type(error).__name__}: {error}", flush=True)
            return number, False
        print(f"kept   {time.monotonic() - started:6.1f} s  {name}" + (f": {detail}" if detail else ""), flush=True)
    return number, True


def expected_report(local, data):
    """Returns the report of `local report`. There is one file of each kind, so file order does not matter."""
    files = sorted(data.glob("*.csv"))
    made = subprocess.run([local, "report", *files], capture_output=True, timeout=SECONDS_TO_REPORT)
    if made.returncode:
        raise SystemExit(f"`local report` failed ({made.returncode}): {made.stderr.decode().strip()}")
    return made.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("local", type=pathlib.Path, help="the built command line; it makes the report to compare with")
    parser.add_argument("--stack", help="the name of the stack")
    parser.add_argument("--api-url", help="its output ApiUrl")
    parser.add_argument("--data-bucket", help="its output DataBucketName")
    parser.add_argument("--report-queue", help="the URL of its ReportQueue")
    parser.add_argument("--load-queue", help="the URL of its LoadQueue")
    parser.add_argument("--unsigned", action="store_true", help="the stack accepts calls without a signature")
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("data"), help="the folder of the source files")
    given = parser.parse_args()
    if not given.stack and not (given.api_url and given.data_bucket):
        parser.error("no stack is given; give --stack, or --api-url and --data-bucket")

    # Like Ctrl-C, so that the queue's time-out is restored on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    stack = Stack(given.stack, given.api_url, given.data_bucket, given.report_queue, given.load_queue, not given.unsigned)
    story = Story(stack, given.data, expected_report(given.local.absolute(), given.data))
    chapters, kept = run_chapters(story)
    for queue, chapter in ((stack.load_queue, "a repeated event"), (stack.report_queue, "a poison message")):
        if not queue:
            print(f"not run: {chapter}; it needs the URL of a queue")
    print(f"{chapters - (not kept)} promises kept, {int(not kept)} broken, in {time.monotonic() - started:.0f} s")
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()

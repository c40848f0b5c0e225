"""Runs each built function against a small Lambda Runtime API. Checks that it is the right one, and that it calls AWS where
AWS_ENDPOINT_URL says.

    python3 tests/deployed/bootstraps.py .aws-sam/build        # after `sam build`, for this machine's processor
    python3 tests/deployed/bootstraps.py target/release        # after `cargo build --release`

The functions are those of template.yaml. Most events sent here need no AWS call; the SDK's endpoint is then a closed port.
"""

import http.server
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import threading

SECONDS_ALLOWED = 30

SETTINGS = {
    "DATA_TABLE": "data",
    "REPORT_TABLE": "reports",
    "DATA_BUCKET": "store-uptime-data-123456789012-us-east-2",  # As in the stored events.
    "REPORT_BUCKET": "report-bucket",
    "REPORT_QUEUE_URL": "http://127.0.0.1:1/queue",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_LAMBDA_FUNCTION_NAME": "check",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
}

TESTS = pathlib.Path(__file__).resolve().parent.parent
EVENTS = TESTS / "events"
# A function's name in the template, and its package. This script runs without a YAML parser.
FUNCTION = r"^  (\w+):\n    Type: AWS::Serverless::Function\n(?:    .*\n|\n)*?      CodeUri: functions/(\w+)$"


def functions():
    """Returns the name of each function in template.yaml by its package. Exits unless CHECKS has exactly these."""
    template = (TESTS.parent / "template.yaml").read_text()
    found = {package: name for name, package in re.findall(FUNCTION, template, re.M)}
    if len(found) != template.count("Type: AWS::Serverless::Function"):
        raise SystemExit(f"template.yaml has more functions than {sorted(found)}; each needs `CodeUri: functions/<package>`")
    if found.keys() != CHECKS.keys():
        raise SystemExit(f"template.yaml has the functions {sorted(found)}, but CHECKS in {__file__} has {sorted(CHECKS)}")
    return found


def stored(name):
    return json.loads((EVENTS / f"{name}.json").read_text())


def api_event(name, query):
    """Returns the stored event of an API function, with these query parameters and without a body."""
    event = stored(name)
    event["queryStringParameters"] = query
    event["multiValueQueryStringParameters"] = {key: [value] for key, value in query.items()}
    event["httpMethod"] = "GET"
    event["requestContext"]["httpMethod"] = "GET"
    event["body"] = None
    return event


def s3_test_event():
    """Returns what S3 sends when a notification is set up. It asks neither for a load nor for a report."""
    return stored("load_data_test_event")


def is_problem(answer, parameter):
    return answer["statusCode"] == 400 and parameter in answer["body"]


# function -> (event, check that only this function's response passes)
CHECKS = {
    "trigger_report": (
        lambda: api_event("trigger_report", {"max_hold_minutes": "none"}),
        lambda answer: is_problem(answer, "max_hold_minutes"),
    ),
    "get_report": (
        lambda: api_event("get_report", {"report_id": "none"}),
        lambda answer: is_problem(answer, "report_id"),
    ),
    "compute_report": (s3_test_event, lambda answer: len(answer["batchItemFailures"]) == 1),
    "load_data": (s3_test_event, lambda answer: answer["batchItemFailures"] == []),
}


# function -> an event for which it must call AWS
CALLING = {
    "trigger_report": "trigger_report",
    "get_report": "get_report",
    "compute_report": "compute_report",
    "load_data": "load_data_direct",
}


class Aws(http.server.BaseHTTPRequestHandler):
    """An AWS that counts its calls and refuses each in a way that an SDK does not retry."""

    def refuse(self):
        self.server.calls += 1
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"__type": "AccessDeniedException"}'
        self.send_response(403)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = refuse

    def log_message(self, *_):
        pass


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    """Serves one event to one function: GET .../next returns it, POST .../response accepts the response."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.event is None:
            threading.Event().wait(SECONDS_ALLOWED)  # Like Lambda: no response before there is an event.
            return
        body, self.server.event = json.dumps(self.server.event).encode(), None
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
        self.send_header(
            "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:check"
        )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self.read_chunks()
        self.server.answers.put((self.path, body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def read_chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_):
        pass


class RuntimeServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Ignores connections that are reset: a function is killed once it has answered."""
        if not isinstance(sys.exc_info()[1], ConnectionResetError):
            super().handle_error(request, client_address)


def answer_of(binary, event):
    path, body = invoked(binary, event, SETTINGS)
    if not path.endswith("/response"):
        raise SystemExit(f"{binary} failed: {path}: {body.decode(errors='replace')}")
    return json.loads(body)


def calls_where_the_environment_says(function, binary):
    """Returns whether the function calls the address in AWS_ENDPOINT_URL, which emulators set."""
    server = RuntimeServer(("127.0.0.1", 0), Aws)
    server.calls = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        invoked(binary, stored(CALLING[function]), SETTINGS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"})
    finally:
        server.shutdown()
    return server.calls > 0


def invoked(binary, event, settings):
    """Runs a function for one event. Returns the path and the body of what it reports."""
    server = RuntimeServer(("127.0.0.1", 0), RuntimeApi)
    server.event, server.answers = event, queue.Queue()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = settings | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"}
    process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL)
    try:
        return server.answers.get(timeout=SECONDS_ALLOWED)
    finally:
        process.kill()
        process.wait()
        server.shutdown()


def built(folder):
    """Returns the binary of each function by its package. They are where `sam build`, `cargo lambda` or `cargo` puts them."""
    binaries = {}
    for package, name in functions().items():
        places = (folder / name / "bootstrap", folder / package / "bootstrap", folder / package)
        binaries[package] = next((place for place in places if place.is_file()), None)
        if not binaries[package]:
            raise SystemExit(f"{folder} contains no build of {package}")
    return binaries


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = pathlib.Path(sys.argv[1]).resolve()
    wrong = 0
    for function, binary in built(folder).items():
        event, is_right = CHECKS[function]
        answer = answer_of(binary, event())
        right, calls = is_right(answer), calls_where_the_environment_says(function, binary)
        wrong += not (right and calls)
        size = os.path.getsize(binary) / 1e6
        print(f"{function}: {'answers' if right else f'WRONG ANSWER {answer}'} ({size:.1f} MB), "
              f"{'obeys' if calls else 'DOES NOT OBEY'} AWS_ENDPOINT_URL")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()

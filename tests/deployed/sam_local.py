"""Runs the built functions in containers by `sam local`, against the local system, and checks what they answer.

    python3 tests/deployed/sam_local.py target/debug/local .aws-sam/build        # after `sam build`, for this machine's processor
    python3 tests/deployed/sam_local.py target/debug/local target/debug          # after `cargo build --workspace`

Invokes each function with each of its events in tests/events by `sam local invoke`. Then it starts `sam local
start-api`, and gets a report from it as a client would. Installs SAM CLI from PyPI, outside the checkout, and podman
from Debian's packages if it is missing and the user may do that. No image is downloaded: one is made from files of this
machine. However the script ends, it leaves no processes, containers or temporary files. Needs Linux.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from bootstraps import EVENTS, built, functions
from cloud import ARCHITECTURE, REGION, ROOT, SAM, SAM_PACKAGES, free_port, installed, run, started, step

SECONDS_TO_INSTALL = 300
SECONDS_TO_START = 120
SECONDS_TO_CALL = 60
SECONDS_TO_INVOKE = 120
SECONDS_TO_REPORT = 120

# What `sam local` calls the image of the runtime that template.yaml names.
IMAGE = f"public.ecr.aws/lambda/provided:al2023-rapid-{ARCHITECTURE}"
CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
# The exit code if containers do not run here.
NO_CONTAINERS = 75
CONTAINERS_CONF = """[containers]
default_ulimits = ["nofile=20000:20000", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
"""
STORAGE_CONF = """[storage]
driver = "vfs"
graphroot = "{folder}/images"
runroot = "{folder}/containers"
"""
ANYBODY = "Authorization=NONE_ANYBODY_MAY_READ_ANY_REPORT"

STORED_ID = "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b"
STORED_BUCKET = "store-uptime-data-123456789012-us-east-2"
STORED_KEY = "incoming/store hours (1).csv"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
HOURS = "store_id,day,start_time_local,end_time_local\n8,1,00:00,23:59\n"


def is_accepted(answer):
    return answer["statusCode"] == 202


def is_complete(answer):
    return answer["statusCode"] == 200 and json.loads(answer["body"])["status"] == "Complete"


def is_redirect(answer):
    return answer["statusCode"] == 303


def has_no_failure(answer):
    return answer == {"batchItemFailures": []}


def is_loaded(answer):
    return answer["status"] == "Complete" and answer["rows"] == 1


# event -> (package of its function, check of the answer). The report that events name is Complete.
EXPECTED = {
    "trigger_report": ("trigger_report", is_accepted),
    "trigger_report_json": ("trigger_report", is_accepted),
    "trigger_report_form": ("trigger_report", is_accepted),
    "scheduled_report": ("trigger_report", is_accepted),
    "scheduled_month": ("trigger_report", is_accepted),
    "get_report": ("get_report", is_complete),
    "get_report_form": ("get_report", is_complete),
    "get_report_query": ("get_report", is_complete),
    "get_report_by_id": ("get_report", is_complete),
    "get_report_csv": ("get_report", is_redirect),
    "get_report_html": ("get_report", is_redirect),
    "compute_report": ("compute_report", has_no_failure),
    "load_data": ("load_data", has_no_failure),
    "load_data_direct": ("load_data", is_loaded),
    "load_data_test_event": ("load_data", has_no_failure),
}


class StaysHere(urllib.request.HTTPRedirectHandler):
    """Returns redirects as responses."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), StaysHere)


def fetch(url, method="GET", headers=None, body=None):
    """Returns the status, the headers and the body of the response."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        answer = OPENER.open(request, timeout=SECONDS_TO_CALL)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        return answer.status, answer.headers, answer.read()


def check(what, actual, expected):
    if actual != expected:
        raise SystemExit(f"{what}: got {actual!r}; {expected!r} is right")


def install_podman():
    """Installs what is missing of podman, its runtime and the shell of the image."""
    if all(map(shutil.which, ("podman", "runc", "busybox"))):
        return
    packages = ["podman", "runc", "busybox-static"]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    run(["apt-get", "update"], SECONDS_TO_INSTALL, **quiet)
    run(["apt-get", "install", "--yes", "--no-install-recommends", *packages], SECONDS_TO_INSTALL, **quiet)


def libraries(binaries):
    """Returns the shared libraries that the functions need, and their loader, by the paths where they look for them."""
    found = set()
    for binary in binaries:
        linked = run(["ldd", binary], SECONDS_TO_CALL, stdout=subprocess.PIPE)
        found |= set(re.findall(r"(/\S+) \(0x", linked))
    return sorted(found)


def with_containers(action):
    """Does what only podman and its network can do. If that fails, nothing was checked, which is no fault of the functions."""
    try:
        return action()
    except (SystemExit, subprocess.SubprocessError, OSError) as reason:
        print(f"NOT CHECKED: sam local. Containers do not run on this machine: {reason}")
        sys.exit(NO_CONTAINERS)


class Podman:
    """Podman with images, containers and settings of its own in a folder."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "containers.conf").write_text(CONTAINERS_CONF)
        (folder / "storage.conf").write_text(STORAGE_CONF.format(folder=folder))
        self.socket = f"unix://{folder}/podman.sock"
        self.environment = os.environ | {
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        }

    def run(self, *arguments):
        output = run(["podman", *arguments], SECONDS_TO_CALL, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return output.strip()

    def make_image(self, binaries):
        """Makes an image with which `sam local` can run the functions: a shell, their libraries, and SAM CLI's emulator of Lambda."""
        archive = self.folder / "image.tar"
        [emulator] = SAM.glob(f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{ARCHITECTURE}")
        files = {name: pathlib.Path(name) for name in libraries(binaries)}
        files |= {"/bin/busybox": pathlib.Path(shutil.which("busybox")), "/var/rapid/aws-lambda-rie": emulator}
        if CERTIFICATES.exists():
            files[str(CERTIFICATES)] = CERTIFICATES
        with tarfile.open(archive, "w") as image:
            for name, source in files.items():
                entry = image.gettarinfo(source.resolve(), name.lstrip("/"))
                entry.mode = 0o755
                with source.open("rb") as content:
                    image.addfile(entry, content)
            shell = tarfile.TarInfo("bin/sh")
            shell.type, shell.linkname = tarfile.SYMTYPE, "busybox"
            image.addfile(shell)
            for name in ("tmp", "var/task"):
                folder = tarfile.TarInfo(name)
                folder.type, folder.mode = tarfile.DIRTYPE, 0o777
                image.addfile(folder)
        changes = ("--change", "WORKDIR /var/task", "--change", "ENV LAMBDA_TASK_ROOT=/var/task")
        self.run("import", *changes, str(archive), IMAGE)
        archive.unlink()

    @contextlib.contextmanager
    def network(self):
        """Returns the address at which containers reach this machine. It exists only while a container runs."""
        name = self.run("run", "--detach", IMAGE, "/bin/busybox", "sleep", "100000")
        try:
            yield self.run("inspect", "--format", "{{.NetworkSettings.Gateway}}", name)
        finally:
            self.run("rm", "--all", "--force", "--time", "0")

    @contextlib.contextmanager
    def service(self):
        command = ["podman", "system", "service", "--time=0", self.socket]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with started(command, env=self.environment, **quiet) as process:
            wait_for("podman's service", process, lambda: (self.folder / "podman.sock").exists())
            yield


def wait_for(what, process, is_there):
    until = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < until:
        if is_there():
            return
        time.sleep(0.1)
    raise SystemExit(f"{what} did not start")


class System:
    """The local system, which also listens where containers reach it."""

    def __init__(self, program, folder, data, address):
        self.program, self.data, self.address = program, data, address
        self.data_dir, self.settings, self.log = folder / "local-data", folder / "env.json", folder / "local.log"
        self.api, self.s3_port = None, free_port()

    @contextlib.contextmanager
    def running(self):
        ports = {"--port": free_port(), "--s3-port": self.s3_port, "--dynamodb-port": free_port(), "--sqs-port": free_port()}
        options = [str(part) for option in ports.items() for part in option]
        options += ["--data-dir", self.data_dir, "--load", self.data, "--listen", self.address, "--sam-env", self.settings]
        with self.log.open("w") as log, started([self.program, "serve", *options], stdout=log, stderr=log) as process:
            wait_for("the local system", process, lambda: "Ctrl-C stops the system" in self.log.read_text())
            self.api = f"http://127.0.0.1:{ports['--port']}"
            check("warnings about --listen", self.log.read_text().count(f"also listen on {self.address}"), 1)
            yield

    def secret(self):
        return (self.data_dir / "secret").read_text().strip()

    def load(self, file):
        """Loads a file, and returns the key of its object."""
        options = ["--s3-port", str(self.s3_port), "--data-dir", self.data_dir]
        printed = run([self.program, "load", file, *options], SECONDS_TO_CALL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return json.loads(printed)["file"]["key"]

    def complete_report(self, api, location, headers=None):
        """Waits until a report is Complete, and returns its status."""
        until = time.monotonic() + SECONDS_TO_REPORT
        while time.monotonic() < until:
            status, headers_of_answer, body = fetch(f"{api}/{location}", headers=headers)
            check(location, status, 200)
            document = json.loads(body)
            if document["status"] != "Running":
                check(location, document["status"], "Complete")
                return document
            time.sleep(int(headers_of_answer["Retry-After"]))
        raise SystemExit(f"{location} is still Running after {SECONDS_TO_REPORT} s")


class SamLocal:
    """`sam local` with the built functions, in an environment in which it reaches no AWS account."""

    def __init__(self, folder, binaries, podman, system):
        self.folder, self.template = folder, folder / "template.yaml"
        template = (ROOT / "template.yaml").read_text()
        for package, name in functions().items():
            (folder / name).mkdir()
            shutil.copy2(binaries[package], folder / name / "bootstrap")
            template = template.replace(f"CodeUri: functions/{package}\n", f"CodeUri: {name}\n")
        self.template.write_text(template)
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.environment = mine | {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": system.secret(),
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "DOCKER_HOST": podman.socket,
            "SAM_CLI_TELEMETRY": "0",
        }
        self.options = ["--template", self.template, "--env-vars", system.settings, "--skip-pull-image"]
        self.options += ["--parameter-overrides", f"Architecture={ARCHITECTURE}", ANYBODY]

    def invoke(self, function, event):
        file = self.folder / "event.json"
        file.write_text(json.dumps(event))
        command = [SAM / "bin" / "sam", "local", "invoke", function, "--event", file, *self.options]
        with (self.folder / "invoke.log").open("w") as log:
            try:
                answer = run(command, SECONDS_TO_INVOKE, env=self.environment, stdout=subprocess.PIPE, stderr=log, cwd=self.folder)
                return json.loads(answer)
            except (SystemExit, json.JSONDecodeError) as failure:
                raise SystemExit(f"{function}: {failure}\n{(self.folder / 'invoke.log').read_text()}") from None

    @contextlib.contextmanager
    def api(self):
        port, log = free_port(), self.folder / "api.log"
        command = [SAM / "bin" / "sam", "local", "start-api", "--port", str(port), "--warm-containers", "LAZY", *self.options]
        with log.open("w") as output, started(command, env=self.environment, stdout=output, stderr=output, cwd=self.folder) as process:
            try:
                wait_for("sam local start-api", process, lambda: f"Running on http://127.0.0.1:{port}" in log.read_text())
                yield f"http://127.0.0.1:{port}"
            except SystemExit:
                print(log.read_text())
                raise
            finally:
                # So it stops its containers; the signal at the end would leave them.
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(SECONDS_TO_CALL)


def event_for(name, report_id, key):
    """Returns a stored event that names this report and this object, which exist here."""
    event = json.loads((EVENTS / f"{name}.json").read_text())
    if name == "load_data":
        body = json.loads(event["Records"][0]["body"])
        stored = body["Records"][0]["s3"]["object"]
        check("the stored key", urllib.parse.unquote_plus(stored["key"]), STORED_KEY)
        # Its version and ETag are those of another object.
        body["Records"][0]["s3"]["object"] = {"key": urllib.parse.quote_plus(key, safe="/"), "size": stored["size"]}
        event["Records"][0]["body"] = json.dumps(body)
    text = json.dumps(event).replace(STORED_ID, report_id).replace(STORED_BUCKET, "data").replace(STORED_KEY, key)
    return json.loads(text)


def invoke_each_event(sam, system):
    check("events in tests/events", sorted(path.stem for path in EVENTS.glob("*.json")), sorted(EXPECTED))
    hours = sam.folder / "store hours (1).csv"
    hours.write_text(HOURS)
    _, _, accepted = fetch(f"{system.api}/trigger_report")
    report_id = json.loads(accepted)["report_id"]
    system.complete_report(system.api, f"get_report/{report_id}")
    key = None
    for name, (package, is_right) in EXPECTED.items():
        if package == "load_data" and not key:
            key = system.load(hours)
        began = time.monotonic()
        answer = sam.invoke(functions()[package], event_for(name, report_id, key or STORED_KEY))
        if not is_right(answer):
            raise SystemExit(f"{name}: {functions()[package]} answered {answer}")
        shown = answer.get("statusCode") or json.dumps(answer)[:80]
        print(f"   sam local invoke {functions()[package]} with {name}.json: {shown} ({time.monotonic() - began:.1f} s)", flush=True)
        if package == "trigger_report":
            system.complete_report(system.api, f"get_report/{json.loads(answer['body'])['report_id']}")


def get_a_report(api, system, expected):
    """Gets a report through all five routes."""
    status, headers, body = fetch(f"{api}/trigger_report")
    check("GET /trigger_report", status, 202)
    document = system.complete_report(api, headers["Location"])
    report_id = json.loads(body)["report_id"]
    check("the link's CSV", fetch(document["report_url"])[2], expected)
    print(f"   GET /trigger_report: 202; GET /get_report/{{report_id}}: Complete, and its CSV is that of `local report` ({len(expected)} bytes)")
    status, headers, _ = fetch(f"{api}/get_report/{report_id}", headers={"Accept": "text/csv"})
    check("with Accept: text/csv", (status, fetch(headers["Location"])[2]), (303, expected))
    status, headers, _ = fetch(f"{api}/get_report/{report_id}", headers={"Accept": "text/html"})
    page = fetch(headers["Location"])
    check("with Accept: text/html", (status, page[0], page[1].get_content_type()), (303, 200, "text/html"))
    print("   the same with Accept: text/csv and text/html: 303 to the file")
    check("GET /get_report", fetch(f"{api}/get_report?report_id={report_id}")[0], 200)
    as_json, as_form = {"Content-Type": "application/json"}, {"Content-Type": "application/x-www-form-urlencoded"}
    named = json.dumps({"report_id": report_id}).encode()
    check("POST /get_report", fetch(f"{api}/get_report", "POST", as_json, named)[0], 200)
    check("POST /get_report, a form", fetch(f"{api}/get_report", "POST", as_form, f"report_id={report_id}".encode())[0], 200)
    check("an unknown id", fetch(f"{api}/get_report/{UNKNOWN_ID}")[0], 404)
    status, headers, _ = fetch(f"{api}/trigger_report", "POST", as_json, b'{"method": "poll_count"}')
    check("POST /trigger_report", status, 202)
    check("its method", system.complete_report(api, headers["Location"])["method"], "poll_count")
    print("   GET and POST /get_report: 200; POST /trigger_report: 202, then Complete; an unknown id: 404")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("local", type=pathlib.Path, help="the built command line")
    parser.add_argument("functions", type=pathlib.Path, help="the folder of the built functions, for this machine's processor")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "data", help="the folder of the source files")
    given = parser.parse_args()
    if platform.system() != "Linux":
        parser.error("this runs on Linux only: the image is made from files of this machine")
    if not given.local.is_file():
        parser.error(f"{given.local} does not exist: build it with `cargo build --package local`")
    given.data, binaries = given.data.absolute(), built(given.functions.resolve())

    # Like Ctrl-C, so that everything started here is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began = time.monotonic()
    step("installed", lambda: (installed(SAM, SAM_PACKAGES), with_containers(install_podman)))
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # A copy, because a build during the run would replace the file.
        program = pathlib.Path(shutil.copy2(given.local, folder / "local"))
        expected = run([program, "report", *sorted(given.data.glob("*.csv"))], SECONDS_TO_REPORT, stdout=subprocess.PIPE).encode()
        (folder / "podman").mkdir()
        (folder / "sam").mkdir()
        podman = Podman(folder / "podman")
        step("image made", lambda: with_containers(lambda: podman.make_image(binaries.values())))
        address = step("network started", lambda: with_containers(lambda: stack.enter_context(podman.network())))
        stack.enter_context(podman.service())
        system = System(program, folder, given.data, address)
        step("local system started", lambda: stack.enter_context(system.running()))
        sam = SamLocal(folder / "sam", binaries, podman, system)
        api = step("sam local start-api started", lambda: stack.enter_context(sam.api()))
        step("story passed", lambda: get_a_report(api, system, expected))
        step("each event invoked", lambda: invoke_each_event(sam, system))
    print(f"passed in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()

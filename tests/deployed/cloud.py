"""Deploys template.yaml to an AWS emulator on this machine, with both values of ApiLogRole, and runs story.py against it.

    python3 tests/deployed/cloud.py target/release/local             # also builds the functions
    python3 tests/deployed/cloud.py target/release/local --built     # uses the functions that `sam build` left in .aws-sam/build

Installs SAM CLI, cargo-lambda, zig and the emulator ministack from PyPI, outside the checkout. Needs
openssl. The emulator listens with TLS on loopback only, and checks the rights of every caller: each function
has the rights of its role, and story.py has those of tests/deployed/caller.py. No AWS account is used or
needed. However the script ends, it leaves no processes and no temporary files.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "store-uptime-ci"
# .ci/run uses the same names.
SAM = CACHE / "sam-1.170.0-lambda-1.9.2"
SAM_PACKAGES = ["aws-sam-cli==1.170.0", "cargo-lambda==1.9.2", "ziglang==0.17.1"]
EMULATOR = CACHE / "ministack-1.5.33"
EMULATOR_PACKAGES = ["ministack[full]==1.5.33"]

BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"

STACK = "store-uptime"
# A second stack, deployed as in an account whose APIs already have a log role.
LOG_ROLE_EXISTS = "log-role-exists"
ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
# The emulator does not support alarms on expressions.
PARAMETERS = [f"Architecture={ARCHITECTURE}", "Monitoring=off"]
REGION = "us-east-1"

SECONDS_TO_INSTALL = 600
SECONDS_TO_START = 60
SECONDS_TO_STOP = 20
SECONDS_TO_BUILD = 3600
SECONDS_TO_DEPLOY = 300
SECONDS_FOR_STORY = 1200
LINES_OF_LOG = 40

NOT_PROVEN = """This run does not prove: the signatures of API calls (ministack checks only who signed them and what the
signer may do; it verifies the signatures of calls to S3 and other services); API Gateway's own responses,
throttling, validation and TLS; Lambda's memory and time-outs; quotas and limits; deliveries that AWS repeats or
delays; logs, encryption, lifecycles, schedules, alarms and dashboard (Monitoring is off); the build for another
processor; speed, cost and load."""


def installed(environment, packages):
    """Creates a virtual environment with these packages, unless a finished one exists."""
    if not (environment / "installed").exists():
        venv.create(environment, clear=True, with_pip=True)
        run([environment / "bin" / "pip", "install", "--quiet", *packages], SECONDS_TO_INSTALL)
        (environment / "installed").touch()


def run(command, seconds, **options):
    """Runs a program to its end. If that takes too long, stops it and the processes that it started."""
    name = " ".join(pathlib.Path(part).name for part in command[:2])
    with started(command, **options) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise SystemExit(f"{name} did not finish within {seconds} s") from None
    if process.returncode:
        raise SystemExit(f"{name} failed ({process.returncode})\n{output or ''}{errors or ''}")
    return output


@contextlib.contextmanager
def started(command, **options):
    """Starts a process in a group of its own. At the end, stops the whole group."""
    process = subprocess.Popen(command, start_new_session=True, text=True, **options)
    try:
        yield process
    finally:
        # Children may outlive their parent, so the group gets the signal in any case.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_STOP)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Emulator:
    """The emulator's address, and an environment in which the AWS tools reach only the emulator."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.certificate = folder / "ministack-tls" / "server.crt"
        # The user's own AWS account, profile and endpoint must not be used.
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.environment = mine | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CA_BUNDLE": str(self.certificate),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SAM_CLI_TELEMETRY": "0",
        }

    def command(self):
        """Returns the command and its environment. The functions inherit the endpoint and the certificate from it."""
        about = {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "false",  # Otherwise it listens on all interfaces.
            "SSL_CERT_FILE": str(self.certificate),
            "STATE_DIR": str(self.folder / "state"),
            "TMPDIR": str(self.folder),
            "USE_SSL": "1",
        }
        return [EMULATOR / "bin" / "ministack"], self.environment | about

    def wait(self, process):
        until = time.monotonic() + SECONDS_TO_START
        while process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError):
                trust = ssl.create_default_context(cafile=self.certificate)
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5, context=trust).close()
                return
            time.sleep(0.1)
        raise SystemExit("the emulator did not start")

    def log(self):
        return self.folder / "log"

    def last_lines(self):
        return self.log().read_text().splitlines()[-LINES_OF_LOG:]


def step(name, action):
    began = time.monotonic()
    result = action()
    print(f"-- {name}: {time.monotonic() - began:.1f} s", flush=True)
    return result


def build(environment):
    tools = environment | {"PATH": f"{SAM / 'bin'}{os.pathsep}{environment['PATH']}"}
    command = [SAM / "bin" / "sam", "build", "--parameter-overrides", *PARAMETERS]
    run(command, SECONDS_TO_BUILD, cwd=ROOT, env=tools)


def deploy(emulator, stack, *parameters):
    """Deploys as samconfig.toml says. Returns the URL at which the emulator serves the API."""
    options = {"cwd": ROOT, "env": emulator.environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    sam = SAM / "bin" / "sam"
    command = [sam, "deploy", "--stack-name", stack, "--no-confirm-changeset", "--parameter-overrides", *PARAMETERS, *parameters]
    run(command, SECONDS_TO_DEPLOY, **options)
    listed = run([sam, "list", "stack-outputs", "--stack-name", stack, "--output", "json"], SECONDS_TO_DEPLOY, **options)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in json.loads(listed)}
    host, _, stage = outputs["ApiUrl"].removeprefix("https://").partition("/")
    return f"{emulator.url}/_aws/execute-api/{host.partition('.')[0]}/{stage}"


def deploy_where_a_log_role_exists(emulator):
    """Deploys a second stack with the other value of ApiLogRole. Its API must refuse a call without a signature."""
    call = urllib.request.Request(f"{deploy(emulator, LOG_ROLE_EXISTS, 'ApiLogRole=exists')}/trigger_report")
    trust = ssl.create_default_context(cafile=emulator.certificate)
    try:
        status = urllib.request.urlopen(call, timeout=SECONDS_TO_START, context=trust).status
    except urllib.error.HTTPError as refusal:
        status = refusal.code
    if status != 403:
        raise SystemExit(f"with ApiLogRole=exists a call without a signature got status {status}; 403 is right")


def run_story(emulator, api_url, given):
    python, environment = SAM / "bin" / "python", emulator.environment
    keys = run([python, HERE / "caller.py", STACK, api_url], SECONDS_TO_START, env=environment, stdout=subprocess.PIPE)
    command = [python, HERE / "story.py", given.local, "--stack", STACK, "--api-url", api_url, "--data", given.data]
    run(command, SECONDS_FOR_STORY, env=environment | json.loads(keys))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("local", type=pathlib.Path, help="the built command line")
    parser.add_argument("--built", action="store_true", help="use the functions that are in .aws-sam/build")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "data", help="the folder of the source files")
    given = parser.parse_args()
    given.local, given.data = given.local.absolute(), given.data.absolute()
    if not given.local.is_file():
        parser.error(f"{given.local} does not exist: build it with `cargo build --package local`")
    if given.built and not BUILT.is_file():
        parser.error(f"{BUILT} does not exist: leave out --built to build it")

    # Like Ctrl-C, so that everything started here is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    step("installed", lambda: (installed(SAM, SAM_PACKAGES), installed(EMULATOR, EMULATOR_PACKAGES)))
    with tempfile.TemporaryDirectory() as folder:
        # A copy, because a build during the run would replace the file.
        given.local = pathlib.Path(shutil.copy2(given.local, folder))
        emulator = Emulator(pathlib.Path(folder))
        if not given.built:
            step("built", lambda: build(emulator.environment))
        command, environment = emulator.command()
        with emulator.log().open("w") as log, started(command, env=environment, stdout=log, stderr=log) as process:
            try:
                step("emulator started", lambda: emulator.wait(process))
                api_url = step("deployed", lambda: deploy(emulator, STACK))
                step("deployed with ApiLogRole=exists", lambda: deploy_where_a_log_role_exists(emulator))
                step("story passed", lambda: run_story(emulator, api_url, given))
            except SystemExit:
                print("\n".join(["the emulator's last lines:", *emulator.last_lines()]))
                raise
    print(NOT_PROVEN)


if __name__ == "__main__":
    main()

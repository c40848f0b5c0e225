"""Compares the build of `local` without the service with the build of the whole system.

    python3 tests/contract/two_builds.py <local with the service> <local without it>

Runs the commands that only need files with both programs, each in an own folder with equal files. Exit code, stdout,
stderr and all written files must be equal, byte for byte. The commands that need the service must fail in the build
without it, with a line that names the build to use.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ["store_status.csv", "business_hours.csv", "timezones.csv", "special_days.csv"]
# A file of which too many rows are bad, and one that is no CSV.
BAD = {"bad.csv": b"store_id,timestamp_utc,status\n1,yesterday,active\n", "zip.csv": b"PK\x03\x04"}
FILES_ONLY = [
    ["report", *SOURCES],
    ["report", *SOURCES, "--out-dir", "all"],
    ["report", *SOURCES, "--out-dir", "counted", "--method", "poll_count"],
    ["report", *SOURCES, "--out-dir", "month", "--period", "2023-01"],
    ["report", *SOURCES, "--out", "held.csv", "--max-hold-minutes", "30", "--as-of", "2023-01-24T12:00:00Z"],
    ["report", *SOURCES, "bad.csv", "--out", "some.csv"],
    ["report", *SOURCES, "--out-dir", "bad.csv"],
    ["report", "bad.csv"],
    ["report", "zip.csv"],
    ["report", "missing.csv"],
    ["report", *SOURCES, "--as-of", "noon"],
    ["report"],
    ["report", "--help"],
    ["explain", "--store", "STORE", *SOURCES],
    ["explain", "--store", "unknown", *SOURCES],
    ["explain", "--help"],
    ["generate", "--stores", "20", "--days", "2", "--seed", "1", "--out", "sample"],
    ["generate", "--stores", "20", "--days", "2", "--seed", "1", "--out", "bad.csv"],
    ["generate", "--help"],
    ["--version"],
]
SERVICE = [[], ["serve"], ["serve", "--port", "4000"], ["load"], ["load", "bad.csv", "--s3-port", "1"]]


def run(program, arguments, folder):
    environment = os.environ | {"RUST_LOG": "trace"}
    command = [program, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)


def folder_of(parent, name):
    folder = pathlib.Path(parent, name)
    folder.mkdir()
    for source in SOURCES:
        shutil.copy(ROOT / "data" / source, folder)
    for bad, content in BAD.items():
        (folder / bad).write_bytes(content)
    return folder


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def check_equal(whole, small, parent):
    folders = [folder_of(parent, "whole"), folder_of(parent, "small")]
    store = (folders[0] / SOURCES[0]).read_text().splitlines()[1].split(",")[0]
    for arguments in FILES_ONLY:
        arguments = [argument.replace("STORE", store) for argument in arguments]
        of_whole, of_small = (
            run(program, arguments, folder) for program, folder in zip((whole, small), folders, strict=True)
        )
        for name in ("returncode", "stdout", "stderr"):
            expected, found = getattr(of_whole, name), getattr(of_small, name)
            assert found == expected, f"local {' '.join(arguments)}: {name} is {found!r}; the whole system has {expected!r}"
        assert files(folders[0]) == files(folders[1]), f"local {' '.join(arguments)}: the written files differ"
        print(f"  local {' '.join(arguments)}: exit code {of_whole.returncode}", flush=True)
    written = files(folders[0]).keys()
    assert {"all/report.html", "counted/report.json", "held.csv", "some.csv", "sample/store_status.csv"} <= written, written


def check_refused(small, parent):
    for arguments in SERVICE:
        refused = run(small, arguments, parent)
        words = refused.stderr.decode()
        command = arguments[0] if arguments else "serve"
        assert refused.returncode == 1 and refused.stdout == b"", refused
        assert words.startswith(f"local: this build has no service, so it cannot run {command};"), words
        assert words.endswith(f"cargo run --release -p local -- {command}\n") and words.count("\n") == 1, words
    for word in ("-h", "--help"):
        listed = run(small, [word], parent).stdout.decode()
        assert "  report " in listed and "  serve " not in listed and "  load " not in listed, listed


def main():
    whole, small = (pathlib.Path(path).resolve() for path in sys.argv[1:])
    with tempfile.TemporaryDirectory() as parent:
        check_equal(whole, small, parent)
        check_refused(small, parent)
    print(f"{len(FILES_ONLY)} commands have equal results in both builds; {len(SERVICE)} are refused without the service")


if __name__ == "__main__":
    main()

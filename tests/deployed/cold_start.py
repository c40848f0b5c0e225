"""Starts each built function against a small Lambda Runtime API and measures it until it requests its
first event.

    python3 tests/deployed/cold_start.py .aws-sam/build     # after `sam build`, for this machine's processor
    python3 tests/deployed/cold_start.py target/lambda      # the same binaries, with a bare runtime, built by
    cargo lambda build --release --package compute_report --example bare

Prints size, compressed size, and the medians of wall time and CPU since the spawn and of peak memory. Also
prints the connections opened and datagrams sent: the least of all runs, because the kernel counts those of
all processes. Fails if a function is too large, or if it uses the network for anything but the Runtime
API. Needs Linux.
"""

import gzip
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

from bootstraps import SECONDS_ALLOWED, SETTINGS, built

RUNS = 15
BYTES_ALLOWED = 10_000_000
# After this time, the function has sent its request and sleeps.
SECONDS_TO_SETTLE = 0.01


def kernel_count(protocol, name):
    """Returns a counter of the kernel, which counts since it started. Example: connections opened."""
    lines = pathlib.Path("/proc/net/snmp").read_text().splitlines()
    names, values = [line.split() for line in lines if line.startswith(f"{protocol}: ")]
    return int(values[names.index(name)])


def sent_by_all():
    return kernel_count("Tcp", "ActiveOpens"), kernel_count("Udp", "OutDatagrams")


def cpu_ms(process):
    """Returns the CPU time of all threads. `stat` is too coarse: it has whole hundredths of a second."""
    threads = pathlib.Path(f"/proc/{process.pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e6


def peak_mb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6


def first_request(listener):
    """Waits for a request and does not answer it, like Lambda before there is an event."""
    connection, _ = listener.accept()
    connection.settimeout(SECONDS_ALLOWED)
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            raise SystemExit("the connection to the Runtime API was closed")
        received += more
    return connection, received.splitlines()[0].decode()


def start(binary):
    """Starts a function once. Returns wall ms, CPU ms, peak MB, connections opened, datagrams sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS_ALLOWED)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        environment = SETTINGS | {"AWS_LAMBDA_RUNTIME_API": address}
        connections, datagrams = sent_by_all()
        spawned = time.perf_counter()
        process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL)
        try:
            connection, asked = first_request(listener)
            wall_ms = (time.perf_counter() - spawned) * 1e3
            if "/invocation/next " not in asked:
                raise SystemExit(f"{binary} sent {asked!r} first; a request for .../invocation/next is right")
            time.sleep(SECONDS_TO_SETTLE)
            opened, sent = sent_by_all()
            return wall_ms, cpu_ms(process), peak_mb(process), opened - connections, sent - datagrams
        finally:
            process.kill()  # Must be before `connection` is closed, which the function would log as an error.
            process.wait()


def measure(name, binary):
    """Prints one row. Yields its problems."""
    start(binary)  # Brings the file's pages into memory.
    wall, cpu, peak, connections, datagrams = zip(*(start(binary) for _ in range(RUNS)))
    size, packed = os.path.getsize(binary), len(gzip.compress(binary.read_bytes(), 6))
    print(
        f"{name:15} {size / 1e6:8.2f} {packed / 1e6:8.2f} {statistics.median(wall):8.1f}"
        f" {statistics.median(cpu):8.1f} {statistics.median(peak):8.1f}"
        f" {min(connections):11} {min(datagrams):9}"
    )
    if size > BYTES_ALLOWED:
        yield f"{name} has {size} bytes; at most {BYTES_ALLOWED} are accepted"
    if min(connections) > 1 or min(datagrams) > 0:
        yield f"{name} uses the network before its first event; only the Runtime API is accepted"


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = pathlib.Path(sys.argv[1]).resolve()
    print(f"{'':15} {'MB':>8} {'gzip MB':>8} {'wall ms':>8} {'CPU ms':>8} {'peak MB':>8} connections datagrams")
    wrong = [problem for name, binary in built(folder).items() for problem in measure(name, binary)]
    bare = folder / "bare" / "bootstrap"
    if bare.is_file():
        wrong += measure("bare runtime", bare)
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()

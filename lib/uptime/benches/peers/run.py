"""Compares `local report` with DuckDB, Polars and pandas on the same task: see README.md."""

import argparse
import csv
import hashlib
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
PEERS = ("duckdb", "polars", "pandas")
FILES = ("business_hours.csv", "store_status.csv", "timezones.csv")
TOLERANCE = 0.01
FLOAT_NOISE = 1e-9
SCALE_STORES = (14_000, 140_000)


@dataclass(frozen=True)
class Run:
    cpu: float
    wall: float
    peak_mib: float


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("data", nargs="?", type=Path, help=f"a folder with {', '.join(FILES)}")
    what.add_argument("--stores", type=int, metavar="N", help="make 8 days of data, seed 7")
    what.add_argument(
        "--scale", action="store_true", help="generate 14,000 and 140,000 stores; print exponents"
    )
    parser.add_argument("--runs", type=int, default=5, help="runs per program; medians are shown")
    parser.add_argument("--peers", default=",".join(PEERS), help="peers, separated by commas")
    parser.add_argument("--local", type=Path, default=ROOT / "target/release/local")
    parser.add_argument("--time-out", type=int, default=300, help="time-out of a run in seconds")
    parser.add_argument("--memory", type=int, default=20, help="the most memory of a run in GiB")
    given = parser.parse_args()
    given.peers = given.peers.split(",") if given.peers else []
    if unknown := set(given.peers) - set(PEERS):
        parser.error(f"unknown peer {', '.join(unknown)}: accepted are {', '.join(PEERS)}")
    if given.runs < 1:
        parser.error("--runs must be at least 1")
    if not given.local.is_file():
        parser.error(f"{given.local} is missing: run cargo build --release --locked -p local")
    return given


def peers_python() -> Path:
    """Returns the Python of an environment with the pinned versions; creates it if needed."""
    pinned = HERE / "requirements.txt"
    version = hashlib.sha256(pinned.read_bytes() + sys.version.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "store-uptime-peers" / version
    python = place / "bin/python"
    if not (place / "installed").exists():
        venv.create(place, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", pinned], check=True)
        (place / "installed").touch()
    return python


class TooLarge(Exception):
    """The program needs more time or memory than a run may take."""


def measure(command: list[str], given: argparse.Namespace) -> Run:
    """Measures a process and its children: user and system time, wall time, peak memory."""
    limits = [str(given.time_out), str(given.memory)]
    measuring = [sys.executable, "-IS", str(HERE / "measure.py"), *limits, *command]
    run = subprocess.run(measuring, capture_output=True, text=True, check=False)
    cpu, wall, peak_mib = (float(figure) for figure in run.stdout.split() or [0, 0, 0])
    if wall >= given.time_out:
        raise TooLarge(f"it takes more than {given.time_out} s")
    if peak_mib >= given.memory * 1024:
        raise TooLarge(f"it needs more than {given.memory} GiB of memory")
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {run.returncode}\n{run.stderr[-2000:]}")
    return Run(cpu, wall, peak_mib)


def read_report(path: Path) -> tuple[list[str], dict[str, list[float]]]:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    figures = {store: [float(figure) for figure in row] for store, *row in rows}
    if len(figures) != len(rows):
        sys.exit(f"{path}: a store has two rows")
    return header, figures


def check_equal(ours: Path, theirs: Path, peer: str) -> None:
    """Exits before anything is measured, unless every figure of every store agrees."""
    (header, rows), (their_header, their_rows) = read_report(ours), read_report(theirs)
    if header != their_header:
        sys.exit(f"{peer} is not timed: its header is {their_header}")
    if rows.keys() != their_rows.keys():
        only_in_one = len(rows.keys() ^ their_rows.keys())
        sys.exit(f"{peer} is not timed: {only_in_one} stores are in only one of the two reports")
    largest, places = 0.0, len(header) - 1
    for store, figures in rows.items():
        other = their_rows[store]
        if len(figures) != places or len(other) != places:
            sys.exit(f"{peer} is not timed: figures are missing for store {store}")
        difference = max(abs(a - b) for a, b in zip(figures, other, strict=True))
        if not difference <= TOLERANCE + FLOAT_NOISE:  # Not a number fails too.
            sys.exit(f"{peer} is not timed: {store}: ours {figures}, theirs {other}")
        largest = max(largest, difference)
    same = "same bytes" if ours.read_bytes() == theirs.read_bytes() else "bytes differ"
    print(f"- {peer}: {len(rows):,} rows equal, largest difference {largest:.4f}, {same}")


def compare(data: Path, given: argparse.Namespace, python: Path) -> dict[str, Run]:
    """Checks the peers, then runs all programs in turn, `--runs` times. Returns medians."""
    with tempfile.TemporaryDirectory() as out:
        report = {name: Path(out) / f"{name}.csv" for name in ("ours", *given.peers)}
        sources = [str(data / name) for name in FILES]
        commands = {"ours": [str(given.local), "report", *sources, "--out", str(report["ours"])]}
        for peer in given.peers:
            script = HERE / f"{peer}_report.py"
            commands[peer] = [str(python), str(script), str(data), str(report[peer])]

        print(f"\nChecked before timing, within {TOLERANCE} on every row and column:\n")
        measure(commands["ours"], given)
        for peer in given.peers:
            try:
                measure(commands[peer], given)
                check_equal(report["ours"], report[peer], peer)
            except TooLarge as reason:
                print(f"- {peer} is not timed: {reason}")
                del commands[peer]

        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for _ in range(given.runs):
            for name, command in commands.items():
                runs[name].append(measure(command, given))
    return {name: median(of_name) for name, of_name in runs.items()}


def median(runs: list[Run]) -> Run:
    return Run(*(
        statistics.median(getattr(run, field) for run in runs)
        for field in ("cpu", "wall", "peak_mib")
    ))


def print_table(data: Path, medians: dict[str, Run], given: argparse.Namespace) -> None:
    with (data / "store_status.csv").open("rb") as file:
        rows = sum(1 for _ in file) - 1
    size = sum((data / name).stat().st_size for name in FILES) / 1e6
    ours = medians["ours"]
    print(f"\n{rows:,} poll rows, {size:,.1f} MB; medians of {given.runs} runs in turn\n")
    print("| program | CPU s | CPU / ours | ns CPU per poll row | wall s | wall / ours "
          "| poll rows per second | peak MiB | peak / ours |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, run in medians.items():
        print(f"| {'`local report`' if name == 'ours' else name} "
              f"| {run.cpu:.3f} | {run.cpu / ours.cpu:.1f} | {run.cpu / rows * 1e9:,.0f} "
              f"| {run.wall:.3f} | {run.wall / ours.wall:.1f} | {rows / run.wall / 1e6:.2f} M "
              f"| {run.peak_mib:,.1f} | {run.peak_mib / ours.peak_mib:.1f} |")


def print_exponents(small: dict[str, Run], large: dict[str, Run]) -> None:
    times = SCALE_STORES[1] / SCALE_STORES[0]
    print(f"\n| program | CPU s, {SCALE_STORES[0]:,} to {SCALE_STORES[1]:,} stores | exponent |")
    print("|---|---|---|")
    for name in small.keys() & large.keys():
        exponent = math.log(large[name].cpu / small[name].cpu, times)
        label = "`local report`" if name == "ours" else name
        print(f"| {label} | {small[name].cpu:.3f} to {large[name].cpu:.3f} | {exponent:.2f} |")


def print_circumstances(python: Path) -> None:
    processor = platform.processor() or platform.machine()
    if (described := Path("/proc/cpuinfo")).exists():
        names = [line for line in described.read_text().splitlines() if "model name" in line]
        processor = names[0].partition(":")[2].strip() if names else processor
    pinned = ", ".join((HERE / "requirements.txt").read_text().split())
    version = subprocess.run(
        [python, "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    print(f"\nMachine: {processor}, {os.cpu_count()} cores, {platform.platform()}; load {load}")
    print(f"Versions: {version}, {pinned}")
    print(f"Command: python3 {' '.join(sys.argv)}", flush=True)


def generate(stores: int, place: Path, given: argparse.Namespace) -> Path:
    of_stores = ["--stores", str(stores), "--days", "8", "--seed", "7"]
    measure([str(given.local), "generate", *of_stores, "--out", str(place)], given)
    return place


def main() -> None:
    given = arguments()
    python = peers_python()
    print_circumstances(python)
    with tempfile.TemporaryDirectory() as place:
        if given.data:
            data = [given.data]
        else:
            sizes = SCALE_STORES if given.scale else (given.stores,)
            data = [generate(stores, Path(place) / str(stores), given) for stores in sizes]
        results = []
        for folder in data:
            results.append(compare(folder, given, python))
            print_table(folder, results[-1], given)
            sys.stdout.flush()
        if given.scale:
            print_exponents(*results)


if __name__ == "__main__":
    main()

"""Reads the CSV files of a report back with pandas and DuckDB, and checks them against each other.

    python3 tests/contract/report_files.py target/debug/local

Needs a Python with pandas and duckdb. Makes all files of two reports with `local report --out-dir`: of the sample
data, and of stores whose ids are hostile to CSV readers. Both readers must see the same ids as texts, numbers as
numbers, instants as instants, and empty cells as missing. The figures of the files must agree with each other, and
report.json must list each file with its length and SHA-256.
"""

import csv
import decimal
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import duckdb
import pandas

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = [ROOT / "data" / name for name in ("store_status.csv", "business_hours.csv", "timezones.csv", "special_days.csv")]
HOSTILE = ["=1+1", "+5", "-5", "@x", "a,b", 'a"b', "a;b", "'quoted'", "007", "1e5", "NULL", "nan", "true", "ü\u200f!", "x" * 128]
TEXTS = ["store_id", "time_zone", "time_zone_given", "hours_given", "last_status", "state"]


def main():
    local = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        check(made(local, SAMPLE, folder / "sample"), None)
        check(made(local, [hostile_polls(folder)], folder / "hostile"), HOSTILE)
    print("pandas and DuckDB read the files of both reports alike, and the files agree")


def made(local, sources, out):
    subprocess.run([local, "report", *sources, "--out-dir", out], check=True, stderr=subprocess.DEVNULL)
    return out


def hostile_polls(folder):
    """Each store is up at 10:00 and down from 11:00 on."""
    path = folder / "polls.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["store_id", "timestamp_utc", "status"])
        for store in HOSTILE:
            rows.writerow([store, "2023-01-23 10:00:00 UTC", "active"])
            rows.writerow([store, "2023-01-23 11:00:00 UTC", "inactive"])
            rows.writerow([store, "2023-01-23 12:00:00 UTC", "inactive"])
    return path


def guarded(store):
    return "'" + store if store.startswith(tuple("=+-@\t\r")) else store


def check(out, ids):
    report, stores, outages = (read(out / name) for name in ("report.csv", "stores.csv", "outages.csv"))
    if ids is not None:
        assert sorted(stores["store_id"]) == sorted(map(guarded, ids)), list(stores["store_id"])
    figures = list(report.columns)
    assert list(stores.columns)[: len(figures)] == figures
    assert report.equals(stores[figures]), "report.csv and stores.csv differ"
    down = outages.groupby("store_id")["downtime_minutes"].agg(["sum", "size"])
    by_store = stores.set_index("store_id").join(down)
    listed = by_store["size"].notna()
    assert listed.any(), "no outage was compared"
    assert (by_store.loc[listed, "size"] == by_store.loc[listed, "outages_last_week"]).all()
    # Each figure is rounded by itself, to half a hundredth of a minute or of an hour.
    gap = (by_store["sum"] / 60 - by_store["downtime_last_week_hours"])[listed].abs()
    assert (gap <= 0.0051 + by_store["size"][listed] * 0.0051 / 60).all(), gap.max()
    assert (by_store.loc[~listed, "downtime_last_week_hours"] == 0).all()
    check_summary(out, stores, outages)


def read(path):
    """Reads a file with both readers, compares them, and returns what pandas read."""
    text = path.read_text(encoding="utf-8")
    header = text.split("\n", 1)[0].split(",")
    texts = {name: str for name in header if name in TEXTS}
    by_pandas = pandas.read_csv(path, dtype=texts, keep_default_na=False, na_values={name: [""] for name in header})
    types = {name: "VARCHAR" for name in texts}
    by_duckdb = duckdb.read_csv(str(path), dtype=types).fetchall()
    with path.open(newline="", encoding="utf-8") as file:
        cells = list(csv.reader(file))[1:]
    assert len(cells) == len(by_pandas) == len(by_duckdb), (path.name, len(cells), len(by_pandas), len(by_duckdb))
    for place, name in enumerate(header):
        column = [row[place] for row in cells]
        for reader, values in (("pandas", list(by_pandas[name])), ("DuckDB", [row[place] for row in by_duckdb])):
            for cell, value in zip(column, values):
                assert is_same(name, cell, value), f"{path.name}: {reader} reads {name} {cell!r} as {value!r}"
    return by_pandas


def is_same(name, cell, value):
    missing = value is None or (isinstance(value, float) and value != value)
    if cell == "":
        return missing
    if missing:
        return False
    if name in TEXTS:
        return value == cell
    if name.endswith(("_at", "_local", "_before", "_after")):
        return pandas.Timestamp(value) == pandas.Timestamp(cell)
    return decimal.Decimal(str(value)) == decimal.Decimal(cell)


def check_summary(out, stores, outages):
    summary = json.loads((out / "report.json").read_text())
    assert (summary["stores"], summary["outages"]) == (len(stores), len(outages))
    assert summary["stores_with_default_hours"] == (stores["hours_given"] == "no").sum()
    assert summary["stores_with_default_zone"] == (stores["time_zone_given"] == "no").sum()
    assert summary["stores_without_counting_poll"] == stores["last_poll_at"].isna().sum()
    names = {"scheduled": "scheduled_last_week_hours", "uptime": "uptime_last_week_hours",
             "downtime": "downtime_last_week_hours", "unknown": "unknown_last_week_hours",
             "downtime_least": "downtime_least_last_week_hours", "downtime_most": "downtime_most_last_week_hours"}
    for total, column in names.items():
        gap = abs(summary["totals"]["last_week"][f"{total}_hours"] - stores[column].sum())
        assert gap <= 0.0051 * (len(stores) + 1), (total, gap)
    assert {file["name"] for file in summary["files"]} | {"report.json"} == {path.name for path in out.iterdir()}
    for file in summary["files"]:
        content = (out / file["name"]).read_bytes()
        assert (file["length"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest()), file["name"]


if __name__ == "__main__":
    main()

"""Writes report.csv by the rules of `time_weighted` with pandas: `pandas_report.py DIR OUT`.

One integer orders all rows: the number of the store, then the instant. Open time has its own
number line: `u` is how long the store has been open since the week began. For each window, uptime
is then a sum of positions on that line over the changes of status.
"""

import sys

import numpy as np
import pandas as pd

HOUR = 3_600_000_000
DAY = 24 * HOUR
STORE_BITS_FROM = 42


def read(directory: str, name: str, columns: list[str]) -> pd.DataFrame:
    return pd.read_csv(
        f"{directory}/{name}.csv",
        usecols=columns,
        dtype={"store_id": "string[pyarrow]"},
        engine="pyarrow",
        dtype_backend="pyarrow",
    )


def micros_of_day(text: pd.Series) -> np.ndarray:
    """Parses each distinct time of day once, because there are few."""
    codes, distinct = pd.factorize(text.astype("string[pyarrow]"))
    parts = [[int(part) for part in time.split(":")] for time in distinct]
    return np.array([(h * 3600 + m * 60 + s) * 1_000_000 for h, m, s in parts])[codes]


def instants(local: np.ndarray, zone: str) -> np.ndarray:
    """A local time that occurs twice means the first one; in a gap the offset before it is used."""

    def utc(clock: pd.DatetimeIndex) -> pd.DatetimeIndex:
        first = np.ones(len(clock), dtype=bool)
        return clock.tz_localize(zone, ambiguous=first, nonexistent="NaT")

    clock = pd.DatetimeIndex(local.astype("datetime64[us]"))
    exact = utc(clock)
    before = utc(clock - pd.Timedelta(days=1)) + pd.Timedelta(hours=24)
    return exact.where(exact.notna(), before).as_unit("us").asi8


def dated_schedules(hours: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """Returns the distinct rows of hours of each zone, as instants on all dates of the report."""
    dates = pd.DataFrame({"date": np.arange(14) + as_of // DAY - 11})
    dates["day"] = (dates["date"] + 3) % 7  # 1970-01-01 was a Thursday
    rows = hours[["zone", "day", "opens", "closes"]].drop_duplicates().merge(dates, on="day")
    lasts_to_midnight = rows["closes"] >= DAY - 60_000_000
    ends = np.select(
        [lasts_to_midnight, rows["closes"] <= rows["opens"]],
        [DAY, rows["closes"] + DAY],
        rows["closes"],
    )
    rows["a"] = rows["date"] * DAY + rows["opens"]
    rows["b"] = rows["date"] * DAY + ends
    for zone, places in rows.groupby("zone").indices.items():
        for column in ("a", "b"):
            local = rows[column].to_numpy()[places]
            rows.iloc[places, rows.columns.get_loc(column)] = instants(local, zone)
    return rows.loc[rows["b"] > rows["a"]].drop(columns="date")


def open_until(intervals: pd.DataFrame, instant: int, week: int) -> pd.Series:
    """Returns how much of [a, b), clipped to the week, is before an instant."""
    return (intervals["b"].clip(upper=instant) - intervals["a"].clip(lower=week)).clip(lower=0)


def open_intervals(hours: pd.DataFrame, stores: int, as_of: int) -> pd.DataFrame:
    """Returns open intervals in order, without overlaps, with the open time before each of them."""
    covered = hours.merge(dated_schedules(hours, as_of), on=["zone", "day", "opens", "closes"])
    start = key(covered["store"].to_numpy(), covered["a"].to_numpy(), as_of)
    covered = covered.iloc[np.argsort(start)][["store", "a", "b"]]
    latest_end = np.maximum.accumulate(
        key(covered["store"].to_numpy(), covered["b"].to_numpy(), as_of)
    )
    start = np.sort(start)
    apart = np.r_[True, start[1:] > latest_end[:-1]][: len(start)]
    island = covered.groupby(np.cumsum(apart))
    united = island.agg({"store": "first", "a": "min", "b": "max"})
    always = np.setdiff1d(np.arange(stores), hours["store"].unique())
    always = pd.DataFrame({"store": always, "a": as_of - 192 * HOUR, "b": as_of + 1})
    united = pd.concat([united, always]).sort_values(["store", "a"], ignore_index=True)
    length = open_until(united, as_of, as_of - 168 * HOUR)
    united["open_before"] = length.groupby(united["store"]).cumsum() - length
    return united


def key(store: np.ndarray, instant: np.ndarray, as_of: int) -> np.ndarray:
    return (store.astype(np.int64) << STORE_BITS_FROM) + (instant - (as_of - 16 * DAY))


def speaking_polls(polls: pd.DataFrame, intervals: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """Returns polls in order, one per instant: an inactive one if there is any."""
    keys = key(polls["store"].to_numpy(), polls["t"].to_numpy(), as_of) << 1
    keys = np.sort(keys | ~polls["active"].to_numpy())
    keys = keys[np.r_[keys[:-1] >> 1 != keys[1:] >> 1, True]]
    instant = keys >> 1
    starts = key(intervals["store"].to_numpy(), intervals["a"].to_numpy(), as_of)
    ends = key(intervals["store"].to_numpy(), intervals["b"].to_numpy(), as_of)
    interval = np.searchsorted(starts, instant, side="right") - 1
    speaks = (interval >= 0) & (instant < ends[interval])
    interval, keys = interval[speaks], keys[speaks]
    return pd.DataFrame(
        {
            "interval": interval,
            "store": keys >> (STORE_BITS_FROM + 1),
            "since_start": instant[speaks] - starts[interval],
            "active": keys & 1 == 0,
        }
    )


def uptimes(speaking: pd.DataFrame, intervals: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """Returns the open time and uptime that a poll speaks for, by store and window."""
    week = as_of - 168 * HOUR
    starts = {"hour": as_of - HOUR, "day": as_of - DAY, "week": week}
    marks = pd.DataFrame(
        {name: open_until(intervals, at, week) for name, at in (starts | {"whole": as_of}).items()}
    )
    marks = marks.groupby(intervals["store"]).sum()

    store, interval = speaking["store"].to_numpy(), speaking["interval"].to_numpy()
    active = speaking["active"].to_numpy()
    new_store = np.r_[True, store[1:] != store[:-1]][: len(store)]
    new_interval = np.r_[True, interval[1:] != interval[:-1]][: len(store)]
    was_active = np.r_[False, active[:-1]][: len(store)] & ~new_store
    last = np.r_[new_store[1:], True][: len(store)]
    changes = np.flatnonzero((active != was_active) | last)

    of_change = intervals.iloc[interval[changes]]
    start = of_change["a"].to_numpy()
    instant = start + speaking["since_start"].to_numpy()[changes]
    within = np.maximum(instant, week) - np.maximum(start, week)
    u = of_change["open_before"].to_numpy() + np.where(new_interval[changes], 0, within)
    u = np.where(new_store[changes], 0, u)
    step = was_active[changes].astype(np.int64) - active[changes]
    of_store = marks.loc[store[changes]]
    to_end = of_store["whole"].to_numpy() * (last & active)[changes]
    up = pd.DataFrame(
        {name: step * np.maximum(u, of_store[name].to_numpy()) + to_end for name in starts}
    )
    up = up.groupby(store[changes]).sum()
    known = marks.loc[up.index]
    scheduled = known[list(starts)].rsub(known["whole"], axis=0)
    return up.add_prefix("up_").join((scheduled - up).add_prefix("down_"))


def main() -> None:
    directory, out = sys.argv[1:]
    polls = read(directory, "store_status", ["store_id", "timestamp_utc", "status"])
    hours = read(
        directory, "business_hours", ["store_id", "day", "start_time_local", "end_time_local"]
    )
    zones = read(directory, "timezones", ["store_id", "timezone_str"])
    zones = zones.drop_duplicates("store_id", keep="last")

    at = polls["timestamp_utc"].str.removesuffix(" UTC").astype("timestamp[us][pyarrow]")
    polls["t"] = at.to_numpy(dtype="datetime64[us]").view(np.int64)
    as_of = int(polls["t"].max())
    polls = polls[polls["t"] >= as_of - 192 * HOUR]
    polls["active"] = (polls["status"].str.lower() == "active").to_numpy(dtype=bool)

    named = pd.concat([polls["store_id"], hours["store_id"], zones["store_id"]])
    codes, ids = pd.factorize(named, sort=True)
    polls["store"], hours["store"], zones["store"] = np.split(
        codes, np.cumsum([len(polls), len(hours)])
    )
    zone_of = pd.Series("America/Chicago", index=range(len(ids)), dtype="str")
    zone_of.loc[zones["store"].to_numpy()] = zones["timezone_str"].to_numpy()
    hours = pd.DataFrame(
        {
            "store": hours["store"].to_numpy(),
            "zone": zone_of.to_numpy()[hours["store"].to_numpy()],
            "day": hours["day"].to_numpy(dtype=np.int64),
            "opens": micros_of_day(hours["start_time_local"]),
            "closes": micros_of_day(hours["end_time_local"]),
        }
    )

    intervals = open_intervals(hours, len(ids), as_of)
    figures = uptimes(speaking_polls(polls, intervals, as_of), intervals, as_of)
    figures = figures.reindex(range(len(ids)), fill_value=0)
    report = pd.DataFrame({"store_id": ids})
    for name, label in {"up": "uptime", "down": "downtime"}.items():
        for window, unit, size in [("hour", "minutes", 60e6), ("day", "hours", 3600e6),
                                   ("week", "hours", 3600e6)]:
            report[f"{label}_last_{window}_{unit}"] = figures[f"{name}_{window}"] / size
    report.to_csv(out, index=False, float_format="%.2f", lineterminator="\n")


if __name__ == "__main__":
    main()

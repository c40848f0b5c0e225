"""Writes report.csv by the rules of `time_weighted` with Polars: `polars_report.py DIR OUT`.

One integer orders all rows: the number of the store, then the instant. Open time has its own
number line: `u` is how long the store has been open since the week began. For each window, uptime
is then a sum of positions on that line over the changes of status.
"""

import sys

import polars as pl

HOUR = 3_600_000_000
DAY = 24 * HOUR
STORE_BITS_FROM = 42

col = pl.col


def read(directory: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    text = pl.String
    polls = pl.scan_csv(
        f"{directory}/store_status.csv",
        schema_overrides={"store_id": text, "timestamp_utc": text, "status": text},
    ).select(
        "store_id",
        t=col("timestamp_utc")
        .str.strip_suffix(" UTC")
        .str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
        .cast(pl.Int64),
        active=col("status").str.to_lowercase() == "active",
    )
    hours = pl.scan_csv(
        f"{directory}/business_hours.csv",
        schema_overrides={"store_id": text, "start_time_local": text, "end_time_local": text},
    ).select(
        "store_id",
        "day",
        opens=micros_of_day("start_time_local"),
        closes=micros_of_day("end_time_local"),
    )
    zones = (
        pl.scan_csv(f"{directory}/timezones.csv", schema_overrides={"store_id": text})
        .unique("store_id", keep="last", maintain_order=True)
        .select("store_id", zone="timezone_str")
    )
    return tuple(pl.collect_all([polls, hours, zones], engine="streaming"))


def micros_of_day(column: str) -> pl.Expr:
    hour, minute, second = (col(column).str.slice(at, 2).cast(pl.Int64) for at in (0, 3, 6))
    return (hour * 3600 + minute * 60 + second) * 1_000_000


def instants(local: pl.Series, zone: str) -> pl.Series:
    """A local time that occurs twice means the first one; in a gap the offset before it is used."""

    def utc(clock: pl.Series) -> pl.Series:
        return clock.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").cast(
            pl.Int64
        )

    clock = local.cast(pl.Datetime("us"))
    exact = utc(clock)
    return exact.fill_null(utc(clock - pl.duration(days=1)) + DAY) if exact.has_nulls() else exact


def dated_schedules(hours: pl.DataFrame, as_of: int) -> pl.DataFrame:
    """Returns the distinct rows of hours of each zone, as instants on all dates of the report."""
    first = as_of // DAY - 11
    dates = pl.DataFrame({"date": pl.Series(range(first, first + 14), dtype=pl.Int64)})
    next_day = pl.when(col("closes") >= DAY - 60_000_000).then(DAY)
    next_day = next_day.when(col("closes") <= col("opens")).then(col("closes") + DAY)
    rows = (
        hours.select("zone", "day", "opens", "closes")
        .unique()
        .join(dates.with_columns(day=(col("date") + 3) % 7), on="day")  # 1970-01-01 was a Thursday
        .with_columns(
            a=col("date") * DAY + col("opens"),
            b=col("date") * DAY + next_day.otherwise(col("closes")),
        )
    )
    of_zones = [
        of_zone.with_columns(instants(of_zone["a"], zone), instants(of_zone["b"], zone))
        for (zone,), of_zone in rows.partition_by("zone", as_dict=True).items()
    ]
    return pl.concat([rows.clear(), *of_zones]).filter(col("b") > col("a")).drop("date")


def open_until(instant: int, week: int) -> pl.Expr:
    """Returns how much of [a, b), clipped to the week, is before an instant."""
    return (col("b").clip(upper_bound=instant) - col("a").clip(week)).clip(0)


def open_intervals(stores: pl.DataFrame, hours: pl.DataFrame, as_of: int) -> pl.DataFrame:
    week = as_of - 168 * HOUR
    hours = hours.join(stores, on="store_id")
    before = col("open").cum_sum().over("store") - col("open")
    always = stores.join(hours, on="store", how="anti").select(
        "store", a=pl.lit(as_of - 192 * HOUR), b=pl.lit(as_of + 1)
    )
    shift = as_of - 16 * DAY
    return (
        hours.lazy()
        .join(dated_schedules(hours, as_of).lazy(), on=["zone", "day", "opens", "closes"])
        .select("store", "a", "b")
        .sort("store", "a")
        .with_columns(
            island=(key("a", shift) > key("b", shift).cum_max().shift(1)).fill_null(True).cum_sum()
        )
        .group_by("island")
        .agg(col("store").first(), col("a").min(), col("b").max())
        .select("store", "a", "b")
        .pipe(lambda united: pl.concat([united, always.lazy()]))
        .sort("store", "a")
        .with_columns(open=open_until(as_of, week))
        .select("store", "a", "b", key=key("a", shift) * 2, open_before=before)
        .collect()
    )


def key(instant: str, shift: int) -> pl.Expr:
    return col("store") * 2**STORE_BITS_FROM + (col(instant) - shift)


def speaking_polls(polls: pl.LazyFrame, intervals: pl.DataFrame, as_of: int) -> pl.LazyFrame:
    """Returns polls in order, one per instant: an inactive one if there is any."""
    ordered = polls.select(
        key=key("t", as_of - 16 * DAY) * 2 + (~col("active")).cast(pl.Int64)
    ).sort("key")
    return (
        ordered.filter((col("key") // 2 != col("key").shift(-1) // 2).fill_null(True))
        .set_sorted("key")
        .join_asof(intervals.lazy().set_sorted("key"), on="key", coalesce=False)
        .with_columns(
            active=col("key") % 2 == 0,
            t=(col("key") // 2) % 2**STORE_BITS_FROM + (as_of - 16 * DAY),
            of=col("key") // 2 ** (STORE_BITS_FROM + 1),
        )
        .filter(col("of") == col("store"), col("t") < col("b"))
    )


def uptimes(speaking: pl.LazyFrame, intervals: pl.DataFrame, as_of: int) -> pl.LazyFrame:
    week = as_of - 168 * HOUR
    marks = intervals.lazy().group_by("store").agg(
        hour=open_until(as_of - HOUR, week).sum(),
        day=open_until(as_of - DAY, week).sum(),
        week=pl.lit(0, pl.Int64),
        whole=open_until(as_of, week).sum(),
    )
    first = (col("store") != col("store").shift(1)).fill_null(True)
    first_of_interval = first | (col("a") != col("a").shift(1))
    within = pl.when(first_of_interval).then(0).otherwise(col("t").clip(week) - col("a").clip(week))
    up = [
        ((col("step") * pl.max_horizontal("u", window)).sum() + col("up_to_end").any() * whole)
        .alias(f"up_{window}")
        for whole in [col("whole").first()]
        for window in ("hour", "day", "week")
    ]
    was_active = pl.when(first).then(False).otherwise(col("active").shift(1))
    last = (col("store") != col("store").shift(-1)).fill_null(True)
    changes = speaking.select(
        "store",
        u=pl.when(first).then(0).otherwise(col("open_before") + within),
        step=was_active.cast(pl.Int64) - col("active").cast(pl.Int64),
        up_to_end=last & col("active"),
        last=last,
    ).filter((col("step") != 0) | col("last"))
    return changes.join(marks, on="store").group_by("store").agg(
        *up, col("hour", "day", "week", "whole").first()
    )


def main() -> None:
    directory, out = sys.argv[1:]
    polls, hours, zones = read(directory)
    as_of = polls["t"].max()
    considered = polls.lazy().filter(col("t") >= as_of - 192 * HOUR)
    stores = (
        pl.concat([considered, hours.lazy(), zones.lazy()], how="diagonal")
        .select(col("store_id").unique())
        .sort("store_id")
        .with_row_index("store")
        .with_columns(col("store").cast(pl.Int64))
        .join(zones.lazy(), on="store_id", how="left", maintain_order="left")
        .with_columns(col("zone").fill_null("America/Chicago"))
        .collect()
    )
    intervals = open_intervals(stores, hours, as_of)
    of_stores = considered.join(stores.lazy().select("store_id", "store"), on="store_id")
    speaking = speaking_polls(of_stores, intervals, as_of)
    windows = {"hour": ("minutes", 60e6), "day": ("hours", 3600e6), "week": ("hours", 3600e6)}
    figures = {
        f"{name}_last_{window}_{unit}": (value(window) / size).fill_null(0.0)
        for name, value in {
            "uptime": lambda window: col(f"up_{window}"),
            "downtime": lambda window: col("whole") - col(window) - col(f"up_{window}"),
        }.items()
        for window, (unit, size) in windows.items()
    }
    (
        stores.lazy()
        .join(uptimes(speaking, intervals, as_of), on="store", how="left", maintain_order="left")
        .select("store_id", **figures)
        .collect()
        .write_csv(out, float_precision=2)
    )


if __name__ == "__main__":
    main()

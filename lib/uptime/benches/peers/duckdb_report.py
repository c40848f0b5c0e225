"""Writes report.csv by the rules of `time_weighted` with DuckDB: `duckdb_report.py DIR OUT`.

Open time has its own number line: `u` is how long the store has been open since the week began.
For each window, uptime is then a sum of positions on that line over the changes of status.
"""

import os
import sys

import duckdb

TABLES = """
CREATE MACRO us(hours) AS hours * 3_600_000_000;

CREATE TABLE poll AS
SELECT store_id, epoch_us(timestamp_utc) AS t, lower(status) = 'active' AS active
FROM read_csv('{dir}/store_status.csv', header = true, delim = ',', types = {{
    store_id: 'VARCHAR', timestamp_utc: 'TIMESTAMP', status: 'VARCHAR'}});

CREATE TABLE hours AS
SELECT store_id, day, start_time_local AS opens, end_time_local AS closes
FROM read_csv('{dir}/business_hours.csv', header = true, delim = ',', types = {{
    store_id: 'VARCHAR', day: 'TINYINT', start_time_local: 'TIME', end_time_local: 'TIME'}});

CREATE TABLE zone AS
SELECT store_id, arg_max(timezone_str, line) AS zone
FROM (SELECT *, row_number() OVER () AS line
      FROM read_csv('{dir}/timezones.csv', header = true, delim = ',', types = {{
          store_id: 'VARCHAR', timezone_str: 'VARCHAR'}}))
GROUP BY store_id;

SET VARIABLE as_of = (SELECT max(t) FROM poll);
SET VARIABLE week = getvariable('as_of') - us(168);

CREATE TABLE store AS
SELECT store_id, row_number() OVER ()::INTEGER AS store, coalesce(zone, 'America/Chicago') AS zone
FROM (SELECT store_id FROM poll WHERE t >= getvariable('as_of') - us(192)
      UNION SELECT store_id FROM hours
      UNION SELECT store_id FROM zone)
LEFT JOIN zone USING (store_id);
"""

# How much of [a, b), clipped to the week, is before an instant.
OPEN_UNTIL = """
CREATE MACRO open_until(a, b, instant) AS
    greatest(0, least(b, instant) - greatest(a, getvariable('week')));
"""

# A local time that occurs twice means the first one. In a gap, ICU already uses the offset
# before it.
OPEN_INTERVALS = """
CREATE MACRO with_offset_of_day_before(zone, local) AS
    timezone(zone, local - INTERVAL 1 DAY) + INTERVAL 1 DAY;
CREATE MACRO instant(zone, local) AS epoch_us(
    CASE WHEN timezone(zone, with_offset_of_day_before(zone, local)) = local
         THEN with_offset_of_day_before(zone, local)
         ELSE timezone(zone, local) END);

CREATE TABLE open AS
WITH schedule AS (
    SELECT DISTINCT zone, day, opens, closes FROM hours JOIN store USING (store_id)
), dated AS (
    SELECT *, date + opens AS local_start,
        CASE WHEN closes >= TIME '23:59:00' THEN date + INTERVAL 1 DAY
             WHEN closes <= opens THEN date + 1 + closes
             ELSE date + closes END AS local_end
    FROM schedule JOIN (
        SELECT make_timestamp(getvariable('as_of'))::DATE + n::INTEGER AS date
        FROM range(-11, 3) AS day_of(n)
    ) ON isodow(date) = day + 1
), instants AS (
    SELECT zone, day, opens, closes,
        instant(zone, local_start) AS a, instant(zone, local_end) AS b
    FROM dated
), covered AS (
    SELECT store, a, b
    FROM hours JOIN store USING (store_id) JOIN instants USING (zone, day, opens, closes)
    WHERE b > a
), marked AS (
    SELECT *, coalesce(a > max(b) OVER (PARTITION BY store ORDER BY a ROWS BETWEEN
                                        UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS apart
    FROM covered
), numbered AS (
    SELECT *, count_if(apart) OVER (PARTITION BY store ORDER BY a
                                    ROWS UNBOUNDED PRECEDING) AS island
    FROM marked
), united AS (
    SELECT store, min(a) AS a, max(b) AS b FROM numbered GROUP BY store, island
    UNION ALL
    SELECT store, getvariable('as_of') - us(192), getvariable('as_of') + 1
    FROM store ANTI JOIN hours USING (store_id)
)
SELECT *, sum(open_until(a, b, getvariable('as_of'))) OVER (PARTITION BY store ORDER BY a)
          - open_until(a, b, getvariable('as_of')) AS open_before
FROM united;
"""

REPORT = """
COPY (
WITH speaking AS (
    SELECT store, t, active, a, open_before
    FROM poll JOIN store USING (store_id) JOIN open USING (store)
    WHERE t >= getvariable('as_of') - us(192) AND t >= a AND t < b
), first_of_interval AS (
    SELECT store, a, min(t) AS t,
        CASE WHEN a > min(a) OVER (PARTITION BY store) THEN any_value(open_before) ELSE 0 END AS u
    FROM speaking GROUP BY store, a
), change AS (
    SELECT *, lag(active, 1, false) OVER in_time AS was_active, lead(t) OVER in_time IS NULL AS last
    FROM speaking
    WINDOW in_time AS (PARTITION BY store ORDER BY t, active DESC)
    QUALIFY active <> was_active OR last
), placed AS (
    SELECT change.store, was_active::INTEGER - active::INTEGER AS step,
        last AND active AS up_to_end,
        coalesce(first_of_interval.u, open_before
            + greatest(change.t, getvariable('week')) - greatest(a, getvariable('week'))) AS u
    FROM change LEFT JOIN first_of_interval USING (store, a, t)
), mark AS (
    SELECT store,
        sum(open_until(a, b, getvariable('as_of') - us(1)))::BIGINT AS hour,
        sum(open_until(a, b, getvariable('as_of') - us(24)))::BIGINT AS day,
        sum(open_until(a, b, getvariable('as_of')))::BIGINT AS whole
    FROM open GROUP BY store
), uptime AS (
    SELECT store, hour, day, whole,
        sum(step * greatest(u, hour)) + bool_or(up_to_end)::INTEGER * whole AS up_hour,
        sum(step * greatest(u, day)) + bool_or(up_to_end)::INTEGER * whole AS up_day,
        sum(step * u) + bool_or(up_to_end)::INTEGER * whole AS up_week
    FROM placed JOIN mark USING (store) GROUP BY store, hour, day, whole
)
SELECT store_id,
    coalesce(up_hour / 60e6, 0)::DECIMAL(9, 2) AS uptime_last_hour_minutes,
    coalesce(up_day / 3600e6, 0)::DECIMAL(9, 2) AS uptime_last_day_hours,
    coalesce(up_week / 3600e6, 0)::DECIMAL(9, 2) AS uptime_last_week_hours,
    coalesce((whole - hour - up_hour) / 60e6, 0)::DECIMAL(9, 2) AS downtime_last_hour_minutes,
    coalesce((whole - day - up_day) / 3600e6, 0)::DECIMAL(9, 2) AS downtime_last_day_hours,
    coalesce((whole - up_week) / 3600e6, 0)::DECIMAL(9, 2) AS downtime_last_week_hours
FROM store LEFT JOIN uptime USING (store)
ORDER BY store_id
) TO '{out}' (HEADER, DELIMITER ',');
"""


def main() -> None:
    directory, out = sys.argv[1:]
    connection = duckdb.connect(config={"threads": os.cpu_count() or 1})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(TABLES.format(dir=directory))
    connection.execute(OPEN_UNTIL)
    connection.execute(OPEN_INTERVALS)
    connection.execute(REPORT.format(out=out))


if __name__ == "__main__":
    main()

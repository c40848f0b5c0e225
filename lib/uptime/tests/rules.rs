//! Checks `RULES.md` against the code: each line of its tables of examples is tested, and its
//! tables of codes and columns must be complete.
#![expect(clippy::expect_used, reason = "an incomplete table should stop the test")]

mod engine;

use std::collections::BTreeMap;

use chrono::Weekday;
use uptime::business_hours::{HoursRow, LocalTime, Opening, open_intervals};
use uptime::parameters::{Method, ReportParameters};
use uptime::timeline::MaxHold;
use uptime::zone_clock::ZoneClock;
use uptime::{Interval, Timestamp, Zone};

const RULES: &str = include_str!("../RULES.md");
const README: &str = include_str!("../../../README.md");

#[test]
fn timestamps_are_read_as_the_rules_show() {
    for [text, instant] in table("**Examples: timestamps**") {
        let text = text.trim_matches('`');
        let read = Timestamp::from_source(text.as_bytes());
        let read = read.map_or("rejected".to_owned(), |at| at.to_string());
        assert_eq!(read, instant, "{text}");
    }
}

#[test]
fn stores_are_open_as_the_rules_show() {
    for [zone, rows, from, to, expected] in table("**Examples: open time.**") {
        let span = Interval::new(instant(from), instant(to)).expect("from is before to");
        let zone = Zone::named(zone).expect("the zone is known");
        let rows: Vec<HoursRow> = openings(rows).map(HoursRow::Opens).collect();
        let open = open_intervals(&rows, &ZoneClock::new(zone, span));
        let open: Vec<String> =
            open.iter().map(|open| format!("{} to {}", open.start(), open.end())).collect();
        let open = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
        assert_eq!(open, expected, "{rows:?}");
    }
}

#[test]
fn figures_are_worked_out_as_the_rules_show() {
    for [rows, polls, as_of, method, max_hold, up, down] in table("**Examples: figures.**") {
        let hours = list(rows).map(|row| {
            let (day, start, end) = row_parts(row);
            format!("1,{day},{start},{end}\n")
        });
        let polls_csv = list(polls).map(|poll| {
            let (time, status) = poll.split_once(' ').expect("a poll is a time and a letter");
            let status = if status == "A" { "active" } else { "inactive" };
            format!("1,2023-01-23 {time}:00,{status}\n")
        });
        let csv =
            |header: &str, rows: Vec<String>| (header.to_owned() + &rows.concat()).into_bytes();
        let hours_header = "store_id,dayOfWeek,start_time_local,end_time_local\n";
        let sources = BTreeMap::from([
            ("business_hours.csv".to_owned(), csv(hours_header, hours.collect())),
            ("polls.csv".to_owned(), csv("store_id,timestamp_utc,status\n", polls_csv.collect())),
            ("time_zones.csv".to_owned(), b"store_id,timezone_str\n1,Etc/UTC\n".to_vec()),
        ]);
        let limit = max_hold.parse().ok().and_then(MaxHold::from_minutes);
        let method = Method::from_name(method).and_then(|method| method.with_max_hold(limit));
        let parameters = ReportParameters {
            as_of: instant(&format!("2023-01-23T{as_of}:00Z")),
            method: method.expect("the method is known"),
        };

        let segments = engine::load(&sources).expect("the example can be loaded");
        let mut files = engine::files(&segments, parameters).expect("the example has a report");

        let csv = String::from_utf8(files.remove(0).bytes).expect("a report is text");
        let row: Vec<&str> = csv.lines().nth(1).expect("a row").split(',').collect();
        assert_eq!((row[2], row[5]), (up, down), "{rows}, {polls}, {method:?}");
    }
}

#[test]
fn every_code_of_a_rejected_row_is_explained() {
    let explained: Vec<&str> = table("### Rejected rows").map(|[code, _]| code).collect();
    // The match that names the codes is complete, otherwise it would not compile.
    let source = include_str!("../src/input/reject.rs");
    let codes = source.lines().filter_map(|line| line.split_once("=> \"")?.1.split_once('"'));
    let codes: Vec<String> = codes.map(|(code, _)| format!("`{code}`")).collect();
    assert!(codes.len() > 10, "{codes:?}");
    assert_eq!(explained, codes);
}

#[test]
fn every_column_of_a_report_is_explained() {
    for (document, title) in [(RULES, "## The report"), (README, "## What the columns mean")] {
        let columns = table_of(document, title).map(|[column, _, _]| column.trim_matches('`'));
        let columns: Vec<&str> = columns.collect();
        assert_eq!(columns.join(","), uptime::output::HEADER.trim_end());
    }
}

fn table<const COLUMNS: usize>(title: &str) -> impl Iterator<Item = [&'static str; COLUMNS]> {
    table_of(RULES, title)
}

/// Returns the cells of the first table after `title`, without its header.
fn table_of<const COLUMNS: usize>(
    document: &'static str,
    title: &str,
) -> impl Iterator<Item = [&'static str; COLUMNS]> {
    let (_, behind) = document.split_once(title).expect("the document has this title");
    let lines = behind.lines().skip_while(|line| !line.starts_with('|'));
    let lines = lines.take_while(|line| line.starts_with('|')).skip(2);
    let rows: Vec<[&str; COLUMNS]> = lines.map(cells).collect();
    assert!(!rows.is_empty(), "there is no table behind {title}");
    rows.into_iter()
}

fn cells<const COLUMNS: usize>(line: &str) -> [&str; COLUMNS] {
    let inner =
        line.trim_start_matches('|').strip_suffix('|').expect("a line of a table ends with |");
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    cells.try_into().unwrap_or_else(|cells| panic!("{COLUMNS} columns are expected: {cells:?}"))
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(", ").filter(|item| *item != "no rows")
}

fn openings(rows: &str) -> impl Iterator<Item = Opening> {
    list(rows).map(|row| {
        let (day, start, end) = row_parts(row);
        let day = day.parse().ok().and_then(|day: u8| Weekday::try_from(day).ok());
        Opening { day: day.expect("0 to 6"), start: time(start), end: time(end) }
    })
}

/// Splits a row such as `0 09:00-12:00` into its three parts.
fn row_parts(row: &str) -> (&str, &str, &str) {
    let (day, times) = row.split_once(' ').expect("a row is a day and times");
    let (start, end) = times.split_once('-').expect("a row has two times");
    (day, start, end)
}

fn time(text: &str) -> LocalTime {
    let (hours, minutes) = text.split_once(':').expect("a time is HH:MM");
    let [hours, minutes]: [u32; 2] = [hours, minutes].map(|part| part.parse().expect("digits"));
    LocalTime::from_seconds(hours * 3_600 + minutes * 60).expect("at most 24:00")
}

fn instant(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).expect("an instant")
}

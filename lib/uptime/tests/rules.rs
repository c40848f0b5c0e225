//! Checks `RULES.md` against the code: each line of its tables of examples is tested, and its
//! tables of codes and columns must be complete.
#![expect(clippy::expect_used, reason = "an incomplete table should stop the test")]

mod engine;

use std::collections::BTreeMap;

use chrono::Weekday;
use uptime::business_hours::{
    HoursRow, LocalTime, Opening, OpeningTimes, SpecialDate, SpecialRow, open_intervals,
};
use uptime::interval::DAY;
use uptime::output::{FileName, ReportFile};
use uptime::parameters::{Method, ReportParameters};
use uptime::period::Period;
use uptime::retention::Retention;
use uptime::timeline::MaxHold;
use uptime::zone_clock::{LocalDate, ZoneClock};
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
        check_open([zone, rows, "", from, to], expected);
    }
}

#[test]
fn stores_are_open_on_special_days_as_the_rules_show() {
    for [zone, rows, special_days, from, to, expected] in table("**Examples: special days.**") {
        check_open([zone, rows, special_days, from, to], expected);
    }
}

#[track_caller]
fn check_open([zone, rows, special_days, from, to]: [&str; 5], expected: &str) {
    let span = Interval::new(instant(from), instant(to)).expect("from is before to");
    let zone = Zone::named(zone).expect("the zone is known");
    let times = OpeningTimes {
        hours: openings(rows).map(HoursRow::Opens).collect(),
        special_days: list(special_days).map(special_row).collect(),
    };
    let open = open_intervals(&times, &ZoneClock::new(zone, span));
    let open: Vec<String> =
        open.iter().map(|open| format!("{} to {}", open.start(), open.end())).collect();
    let open = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
    assert_eq!(open, expected, "{zone:?} {times:?}");
}

#[test]
fn figures_are_worked_out_as_the_rules_show() {
    for [rows, polls, as_of, method, max_hold, up, down] in table("**Examples: figures.**") {
        let method = method_of(method, max_hold);
        let report = report_of(rows, polls, as_of, method);
        let [row] = &report.rows(FileName::ReportCsv)[..] else { panic!("one store") };
        let figures = (&row["uptime_last_day_hours"], &row["downtime_last_day_hours"]);
        assert_eq!(figures, (&up.to_owned(), &down.to_owned()), "{rows}, {polls}, {method:?}");
    }
}

#[test]
fn certainty_is_worked_out_as_the_rules_show() {
    for [rows, polls, as_of, max_hold, least, down, most, coverage] in
        table("**Examples: certainty.**")
    {
        let method = method_of("time_weighted", max_hold);
        let report = report_of(rows, polls, as_of, method);
        let [row] = &report.rows(FileName::StoresCsv)[..] else { panic!("one store") };
        let columns = ["downtime_least", "downtime", "downtime_most"];
        let figures = columns.map(|column| row[&format!("{column}_last_day_hours")].as_str());
        assert_eq!(figures, [least, down, most], "{rows}, {polls}, {method:?}");
        assert_eq!(row["coverage_last_day_percent"], coverage, "{rows}, {polls}, {method:?}");
    }
}

#[test]
fn outages_are_found_as_the_rules_show() {
    let hours = (0..7).map(|day| format!("{day} 09:00-22:00")).collect::<Vec<_>>().join(", ");
    for [polls, started, ended, down, least, most, inactive_polls] in
        table("**Examples: outages.**")
    {
        let report = report_of(&hours, polls, "Tue 12:00", method_of("time_weighted", ""));
        let found = report.rows(FileName::OutagesCsv);
        if started == "none" {
            assert!(found.is_empty(), "{polls}: {found:?}");
            continue;
        }
        let [row] = &found[..] else { panic!("one outage: {polls}: {found:?}") };
        let at = |time: &str| if time == "-" { String::new() } else { instant_of(time) };
        assert_eq!((&row["started_at"], &row["ended_at"]), (&at(started), &at(ended)), "{polls}");
        let columns = ["downtime_minutes", "downtime_least_minutes", "downtime_most_minutes"];
        assert_eq!(columns.map(|column| row[column].as_str()), [down, least, most], "{polls}");
        assert_eq!(row["inactive_polls"], inactive_polls, "{polls}");
    }
}

#[test]
fn reports_reach_before_polls_are_kept_as_the_rules_show() {
    let requested_at = instant("2026-11-27T12:00:00Z");
    for [days, as_of, period, expected] in table("**Examples: polls kept.**") {
        let retention =
            Retention::of_days(days.parse().expect("a number")).expect("it is accepted");
        let period = (!period.is_empty()).then(|| read(period));
        let method = method_of("time_weighted", "").with_period(period).expect("it has periods");
        let parameters = ReportParameters { as_of: instant(as_of), method };
        let kept_from = retention.exceeded_by(&parameters, requested_at);
        let outcome = match (kept_from, period) {
            (None, _) => "made".to_owned(),
            (Some(kept_from), None) => format!("made, with `polls_kept_from` {kept_from}"),
            (Some(_), Some(_)) => {
                let earliest = retention.earliest_first_date(requested_at).in_calendar();
                format!("refused: a period may begin on {earliest} or later")
            }
        };
        assert_eq!(outcome, expected, "{days} days, {as_of}, {period:?}");
    }
}

#[test]
fn periods_are_worked_out_as_the_rules_show() {
    let hours = "0 09:00-12:00, 1 09:00-12:00";
    for [zone, polls, as_of, period, max_hold, up, down, least, most] in
        table("**Examples: periods.**")
    {
        let method = method_of("time_weighted", max_hold).with_period(Some(read(period)));
        let report = report_in(zone, hours, polls, as_of, method.expect("it has periods"));
        let [row] = &report.rows(FileName::StoresCsv)[..] else { panic!("one store") };
        let columns = ["uptime", "downtime", "downtime_least", "downtime_most"];
        let figures = columns.map(|column| row[&format!("{column}_hours")].as_str());
        assert_eq!(figures, [up, down, least, most], "{zone} {polls} {period}");
    }
}

#[test]
fn every_form_of_a_period_is_read_as_the_rules_show() {
    for [_, period, _] in table("### Periods") {
        let period = period.trim_matches('`');
        assert_eq!(read(period).to_string(), period);
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
    for (document, title) in [(RULES, "### `report.csv`"), (README, "## What the columns mean")] {
        let columns = table_of(document, title).map(|[column, _, _]| column.trim_matches('`'));
        let columns: Vec<&str> = columns.collect();
        assert_eq!(columns.join(","), uptime::output::HEADER.trim_end());
    }
    let columns =
        table("in their names. `report.csv`:").map(|[column, _, _]| column.trim_matches('`'));
    let columns: Vec<&str> = columns.collect();
    assert_eq!(columns.join(","), uptime::output::PERIOD_HEADER.trim_end());
}

#[test]
fn every_column_and_every_member_of_the_other_files_is_explained() {
    let explained = |title| -> Vec<&str> {
        table(title).map(|[name, _]: [&str; 2]| name.trim_matches('`')).collect()
    };
    let report = report_of("no rows", "", "12:00", method_of("time_weighted", ""));
    for (title, name) in
        [("### `stores.csv`", FileName::StoresCsv), ("### Outages", FileName::OutagesCsv)]
    {
        let header = report.text(name).lines().next().expect("a header");
        assert_eq!(explained(title).join(","), header);
    }
    let of_period = method_of("time_weighted", "").with_period(Some(read("2023-01")));
    let of_period = report_of("no rows", "", "12:00", of_period.expect("it has periods"));
    let header = of_period.text(FileName::StoresCsv).lines().next().expect("a header");
    assert_eq!(explained("`stores.csv` about a period:").join(","), header);
    let json = report.text(FileName::ReportJson).lines();
    let members: Vec<&str> =
        json.filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).collect();
    assert_eq!(explained("### `report.json`"), members);
}

#[test]
fn every_file_of_a_report_is_explained() {
    let explained = table("## The report").map(|[name, _, _]| name.trim_matches('`'));
    assert_eq!(explained.collect::<Vec<_>>(), FileName::ALL.map(FileName::as_str));
}

/// The files of a report.
struct Report(Vec<ReportFile>);

impl Report {
    fn text(&self, name: FileName) -> &str {
        let file = self.0.iter().find(|file| file.name == name).expect("the report has it");
        std::str::from_utf8(&file.bytes).expect("a file is text")
    }

    /// Returns the cells of each row by their columns.
    fn rows(&self, name: FileName) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_reader(self.text(name).as_bytes());
        reader.deserialize().map(|row| row.expect("a row")).collect()
    }
}

/// Computes the report of one store in Etc/UTC. Times without a day are on Monday.
fn report_of(rows: &str, polls: &str, as_of: &str, method: Method) -> Report {
    report_in("Etc/UTC", rows, polls, as_of, method)
}

fn report_in(zone: &str, rows: &str, polls: &str, as_of: &str, method: Method) -> Report {
    let hours = list(rows).map(|row| {
        let (day, start, end) = row_parts(row);
        format!("1,{day},{start},{end}\n")
    });
    let polls_csv = list(polls).map(|poll| {
        let (time, status) = poll.rsplit_once(' ').expect("a poll is a time and a letter");
        let status = if status == "A" { "active" } else { "inactive" };
        format!("1,{},{status}\n", instant_of(time))
    });
    let csv = |header: &str, rows: Vec<String>| (header.to_owned() + &rows.concat()).into_bytes();
    let hours_header = "store_id,dayOfWeek,start_time_local,end_time_local\n";
    let sources = BTreeMap::from([
        ("business_hours.csv".to_owned(), csv(hours_header, hours.collect())),
        ("polls.csv".to_owned(), csv("store_id,timestamp_utc,status\n", polls_csv.collect())),
        ("time_zones.csv".to_owned(), csv("store_id,timezone_str\n", vec![format!("1,{zone}\n")])),
    ]);
    let parameters = ReportParameters { as_of: instant(&instant_of(as_of)), method };
    let segments = engine::load(&sources).expect("the example can be loaded");
    Report(engine::files(&segments, parameters).expect("the example has a report"))
}

/// Returns the instant of a time such as `10:14` or `Tue 10:14`.
fn instant_of(time: &str) -> String {
    match time.split_once(' ') {
        None | Some(("Mon", _)) => format!("2023-01-23T{}:00Z", time.trim_start_matches("Mon ")),
        Some(("Tue", time)) => format!("2023-01-24T{time}:00Z"),
        Some((day, _)) => panic!("{day} is neither Mon nor Tue"),
    }
}

fn read(period: &str) -> Period {
    period.parse().expect("a period")
}

fn method_of(name: &str, max_hold_minutes: &str) -> Method {
    let limit = max_hold_minutes.parse().ok().and_then(MaxHold::from_minutes);
    let method = Method::from_name(name).and_then(|method| method.with_max_hold(limit));
    method.expect("the method is known")
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
    text.split(", ").filter(|item| !["no rows", ""].contains(item))
}

fn openings(rows: &str) -> impl Iterator<Item = Opening> {
    list(rows).map(|row| {
        let (day, start, end) = row_parts(row);
        let day = day.parse().ok().and_then(|day: u8| Weekday::try_from(day).ok());
        Opening { day: day.expect("0 to 6"), start: time(start), end: time(end) }
    })
}

/// Reads a special day such as `2023-03-06 closed` or `2023-03-06 09:00-12:00`.
fn special_row(text: &str) -> SpecialRow {
    let (date, times) = text.split_once(' ').expect("a special day is a date and times");
    let midnight = instant(&format!("{date}T00:00:00Z"));
    let date = LocalDate::from_days_since_1970(midnight.micros() / DAY);
    let day = SpecialDate::new(date).expect("a date in range");
    if times == "closed" {
        return SpecialRow::Closed(day);
    }
    let (start, end) = times.split_once('-').expect("a row has two times");
    SpecialRow::Opens(Opening { day, start: time(start), end: time(end) })
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

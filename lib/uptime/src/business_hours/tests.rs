mod special_days;

use chrono::DateTime;

use super::*;
use crate::interval::{DAY, MINUTE};
use crate::{Timestamp, Zone};

const WEEK: &str = "2023-01-23 00:00 - 2023-01-30 00:00";

#[test]
fn a_store_without_any_row_is_always_open() {
    check("UTC", "", "2023-01-23 00:00 - 2023-01-30 00:00", "Mon 00:00 - Mon 00:00");
}

#[test]
fn a_store_with_only_unknown_rows_is_always_open() {
    let week = "2023-01-23 00:00 - 2023-01-30 00:00";
    check("UTC", "unknown", week, "Mon 00:00 - Mon 00:00");
    check("UTC", "unknown, unknown", week, "Mon 00:00 - Mon 00:00");
    assert!(open(&rows("unknown"), "2023-01-23 12:00:00"));
}

#[test]
fn a_store_with_only_closed_days_never_opens() {
    let week = "2023-01-23 00:00 - 2023-01-30 00:00";
    check("UTC", "Mon closed", week, "");
    check("UTC", "Mon closed, Tue closed, unknown", week, "");
    assert!(!open(&rows("Mon closed"), "2023-01-23 12:00:00"));
    assert!(!open(&rows("Mon closed"), "2023-01-24 12:00:00"));
}

#[test]
fn rows_without_opening_have_no_effect_if_another_row_opens() {
    let week = "2023-01-23 00:00 - 2023-01-30 00:00";
    for others in ["Mon closed", "Tue closed", "unknown", "unknown, Sun closed, Tue closed"] {
        let rows = format!("{others}, Tue 09:00-12:00");
        check("UTC", &rows, week, "Tue 09:00 - Tue 12:00");
    }
}

#[test]
fn rows_have_one_order_and_rows_without_effect_are_removed() {
    check_order(
        "unknown, Sun closed, Mon 23:59:59-24:00, Tue closed, Mon closed, Mon 09:00-08:00, \
         Tue closed, Wed 00:00-00:00, Mon 00:00-24:00, Sun 00:00-00:00, Mon 00:00-01:00, \
         Mon 09:00-08:00",
        "Mon 00:00-01:00, Mon 00:00-24:00, Mon 09:00-08:00, Mon 23:59:59-24:00, Tue closed, \
         Wed 00:00-00:00, Sun 00:00-00:00",
    );
    check_order("unknown, unknown", "unknown");
    check_order("unknown, Mon closed, Mon closed", "Mon closed");
    check_order("Mon closed, Sun 00:00-24:00", "Mon closed, Sun 00:00-24:00");
}

#[track_caller]
fn check_order(hours: &str, expected: &str) {
    let mut packed: Vec<PackedRow> = rows(hours).into_iter().map(PackedRow::new).collect();
    let packed = put_in_order(&mut packed);
    let unpacked: Vec<HoursRow> = packed.iter().map(|row| row.row()).collect();
    assert_eq!(unpacked, rows(expected));
}

#[test]
fn a_day_without_a_row_is_closed() {
    check(
        "UTC",
        "Tue 09:00-12:00, Thu 10:00-11:00",
        "2023-01-23 00:00 - 2023-01-30 00:00",
        "Tue 09:00 - Tue 12:00, Thu 10:00 - Thu 11:00",
    );
}

#[test]
fn an_end_that_is_not_after_the_start_lies_on_the_next_day() {
    let day = "2023-01-23 00:00 - 2023-01-25 12:00";
    check("UTC", "Mon 22:00-02:00", day, "Mon 22:00 - Tue 02:00");
    check("UTC", "Mon 10:00-10:00", day, "Mon 10:00 - Tue 10:00");
    check("UTC", "Mon 00:00-00:00", day, "Mon 00:00 - Tue 00:00");
}

#[test]
fn an_end_in_the_last_minute_or_24_00_means_midnight() {
    let day = "2023-01-23 00:00 - 2023-01-25 12:00";
    for end in ["23:59", "23:59:59", "24:00"] {
        check("UTC", &format!("Mon 20:00-{end}"), day, "Mon 20:00 - Tue 00:00");
    }
    check("UTC", "Mon 23:59:30-23:59:10", day, "Mon 23:59:30 - Tue 00:00");
    check("UTC", "Mon 20:00-23:58:59", day, "Mon 20:00 - Mon 23:58:59");
}

#[test]
fn spans_that_overlap_or_touch_are_one() {
    let day = "2023-01-23 00:00 - 2023-01-25 12:00";
    check("UTC", "Mon 09:00-12:00, Mon 11:00-13:00", day, "Mon 09:00 - Mon 13:00");
    check("UTC", "Mon 09:00-12:00, Mon 12:00-13:00", day, "Mon 09:00 - Mon 13:00");
    check("UTC", "Mon 20:00-23:59, Tue 00:00-01:30", day, "Mon 20:00 - Tue 01:30");
    check("UTC", "Mon 09:00-12:00, Mon 09:00-12:00", day, "Mon 09:00 - Mon 12:00");
    check("UTC", "Mon 09:00-17:00, Mon 10:00-11:00", day, "Mon 09:00 - Mon 17:00");
}

#[test]
fn the_night_from_sunday_to_monday_is_one_interval() {
    let week = "2023-01-29 12:00 - 2023-01-30 12:00";
    check("UTC", "Sun 22:00-02:00", week, "Sun 22:00 - Mon 02:00");
}

#[test]
fn a_row_that_began_before_the_span_reaches_into_it() {
    let span = "2023-01-24 01:00 - 2023-01-24 12:00";
    check("UTC", "Mon 22:00-02:00", span, "Tue 01:00 - Tue 02:00");
}

#[test]
fn hours_are_local() {
    let span = "2023-01-23 00:00 - 2023-01-24 00:00";
    check("America/Chicago", "Mon 09:00-12:00", span, "Mon 15:00 - Mon 18:00");
    check("Asia/Kathmandu", "Mon 05:45-06:00", span, "Mon 00:00 - Mon 00:15");
    check("Pacific/Kiritimati", "Tue 00:00-02:00", span, "Mon 10:00 - Mon 12:00");
    check("Pacific/Pago_Pago", "Mon 00:00-02:00", span, "Mon 11:00 - Mon 13:00");
}

#[test]
fn a_day_of_23_hours_is_open_for_23() {
    check(
        "America/New_York",
        "Sun 00:00-24:00",
        "2023-03-11 00:00 - 2023-03-14 00:00",
        "Sun 05:00 - Mon 04:00",
    );
}

#[test]
fn a_day_of_25_hours_is_open_for_25() {
    check(
        "America/New_York",
        "Sun 00:00-24:00",
        "2023-11-04 00:00 - 2023-11-07 00:00",
        "Sun 04:00 - Mon 05:00",
    );
}

#[test]
fn a_row_entirely_in_a_gap_keeps_its_length() {
    check(
        "America/New_York",
        "Sun 02:10-02:50",
        "2023-03-11 00:00 - 2023-03-14 00:00",
        "Sun 07:10 - Sun 07:50",
    );
}

#[test]
fn a_row_whose_end_does_not_come_after_its_start_covers_nothing_on_that_date() {
    // 02:30 does not occur and is read as 07:30 UTC. 03:00 is 07:00 UTC.
    check("America/New_York", "Sun 02:30-03:00", "2023-03-11 00:00 - 2023-03-14 00:00", "");
}

#[test]
fn a_date_that_the_zone_skipped_counts_as_a_date() {
    // Friday 2011-12-30 did not occur in Samoa. Its hours are read with the offset before the gap.
    check(
        "Pacific/Apia",
        "Fri 09:00-17:00",
        "2011-12-29 00:00 - 2012-01-02 00:00",
        "Fri 19:00 - Sat 03:00",
    );
}

#[test]
fn a_row_of_the_next_date_may_begin_before_a_clock_goes_back_over_midnight() {
    // In 2010 the clocks of Newfoundland went from 00:01 back to 23:01, at 02:31 UTC.
    let span = "2010-11-07 02:30 - 2010-11-07 02:45";
    check("America/St_Johns", "Sun 00:00-00:30", span, "Sun 02:30 - Sun 02:45");
}

#[test]
fn open_at_includes_both_ends_of_a_row() {
    let rows = rows("Mon 09:00-12:00");
    assert!(!open(&rows, "2023-01-23 08:59:59.999999"));
    assert!(open(&rows, "2023-01-23 09:00:00"));
    assert!(open(&rows, "2023-01-23 12:00:00"));
    assert!(!open(&rows, "2023-01-23 12:00:00.000001"));
    assert!(!open(&rows, "2023-01-24 10:00:00"));
}

#[test]
fn on_the_clock_midnight_as_an_end_is_exactly_0_00_of_the_next_day() {
    for end in ["23:59", "24:00", "00:00"] {
        let rows = rows(&format!("Sun 20:00-{end}"));
        assert!(open(&rows, "2023-01-29 23:59:59.999999"));
        assert!(open(&rows, "2023-01-30 00:00:00"));
        assert!(!open(&rows, "2023-01-30 00:00:00.000001"));
    }
}

#[test]
fn open_at_counts_the_part_after_midnight_to_the_next_weekday() {
    let rows = rows("Sun 22:00-02:00");
    assert!(open(&rows, "2023-01-30 02:00:00"));
    assert!(!open(&rows, "2023-01-29 02:00:00"));
    assert!(open_at(&[], shown("2023-01-29 02:00:00")));
}

#[track_caller]
fn check(zone: &str, hours: &str, span: &str, expected: &str) {
    check_special(zone, hours, "", span, expected);
}

#[track_caller]
fn check_special(zone: &str, hours: &str, special_days: &str, span: &str, expected: &str) {
    let (start, end) = span.split_once(" - ").unwrap();
    let utc = |text: &str| Timestamp::from_source(format!("{text}:00").as_bytes()).unwrap();
    let span = Interval::new(utc(start), utc(end)).unwrap();
    let clock = ZoneClock::new(Zone::named(zone).unwrap(), span);

    let times = OpeningTimes { hours: rows(hours), special_days: special_rows(special_days) };

    let open = open_intervals(&times, &clock);

    let ends: Vec<String> = open
        .iter()
        .map(|interval| format!("{} - {}", weekly(interval.start()), weekly(interval.end())))
        .collect();
    assert_eq!(ends.join(", "), expected, "{zone} {hours}, special: {special_days}");
}

/// Formats an instant as weekday and time in UTC.
fn weekly(at: Timestamp) -> String {
    let time = DateTime::from_timestamp_micros(at.micros()).unwrap();
    let form = if at.micros() % MINUTE == 0 { "%a %H:%M" } else { "%a %H:%M:%S" };
    time.format(form).to_string()
}

fn rows(text: &str) -> Vec<HoursRow> {
    rows_of(text, |day| day.parse().unwrap())
}

fn special_rows(text: &str) -> Vec<SpecialRow> {
    rows_of(text, |date| {
        let midnight = Timestamp::from_source(format!("{date} 00:00:00").as_bytes()).unwrap();
        SpecialDate::new(LocalDate::from_days_since_1970(midnight.micros() / DAY)).unwrap()
    })
}

fn rows_of<Day>(text: &str, day_of: impl Fn(&str) -> Day) -> Vec<OpeningRow<Day>> {
    let row = |text: &str| {
        let Some((day, times)) = text.split_once(' ') else {
            assert_eq!(text, "unknown");
            return OpeningRow::Unknown;
        };
        let day = day_of(day);
        if times == "closed" {
            return OpeningRow::Closed(day);
        }
        let (start, end) = times.split_once('-').unwrap();
        OpeningRow::Opens(Opening { day, start: time(start), end: time(end) })
    };
    text.split(", ").filter(|row| !row.is_empty()).map(row).collect()
}

fn time(text: &str) -> LocalTime {
    let mut parts = text.split(':').map(|part| part.parse::<u32>().unwrap());
    let mut next = || parts.next().unwrap_or(0);
    LocalTime::from_seconds(next() * 3600 + next() * 60 + next()).unwrap()
}

fn open(rows: &[HoursRow], local: &str) -> bool {
    open_at(rows, shown(local))
}

fn shown(local: &str) -> LocalDateTime {
    let at = Timestamp::from_source(local.as_bytes()).unwrap();
    ZoneClock::new(Zone::named("UTC").unwrap(), Interval::ending_at(at, DAY)).local(at)
}

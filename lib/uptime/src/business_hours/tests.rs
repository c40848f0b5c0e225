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
    put_in_order(&mut packed);
    let unpacked: Vec<HoursRow> = packed.into_iter().map(PackedRow::row).collect();
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
fn a_date_with_special_days_opens_by_their_rows_alone() {
    let hours = "Mon 09:00-12:00, Mon 14:00-16:00, Tue 09:00-12:00";
    for (special, expected) in [
        ("2023-01-23 closed", "Tue 09:00 - Tue 12:00"),
        ("2023-01-23 10:00-11:00", "Mon 10:00 - Mon 11:00, Tue 09:00 - Tue 12:00"),
        (
            "2023-01-23 18:00-20:00, 2023-01-23 10:00-11:00, 2023-01-23 closed",
            "Mon 10:00 - Mon 11:00, Mon 18:00 - Mon 20:00, Tue 09:00 - Tue 12:00",
        ),
        (
            "2023-01-24 closed, 2023-01-27 08:00-09:00",
            "Mon 09:00 - Mon 12:00, Mon 14:00 - Mon 16:00, Fri 08:00 - Fri 09:00",
        ),
    ] {
        check_special("UTC", hours, special, WEEK, expected);
    }
}

#[test]
fn the_end_of_a_special_day_means_what_it_means_in_business_hours() {
    let into_normal_day = "Mon 20:00 - Tue 11:00";
    check_special("UTC", "Tue 02:00-11:00", "2023-01-23 20:00-03:00", WEEK, into_normal_day);
    for end in ["23:59", "24:00", "00:00"] {
        let special = format!("2023-01-23 20:00-{end}");
        check_special("UTC", "Tue 00:00-11:00", &special, WEEK, into_normal_day);
    }
}

#[test]
fn what_began_on_the_date_before_a_special_day_and_lasts_past_midnight_stays() {
    let nights = "Mon 22:00-02:00, Tue 22:00-02:00";
    check_special("UTC", nights, "2023-01-24 closed", WEEK, "Mon 22:00 - Tue 02:00");
    let shorter = "Mon 22:00 - Tue 02:00, Tue 10:00 - Tue 11:00";
    check_special("UTC", nights, "2023-01-24 10:00-11:00", WEEK, shorter);
}

#[test]
fn special_days_out_of_sight_or_without_a_date_change_nothing() {
    for special in ["unknown", "2023-01-09 closed, 2023-03-01 closed", "2099-12-31 closed"] {
        check_special("UTC", "", special, WEEK, "Mon 00:00 - Mon 00:00");
        let mondays = "Mon 09:00-12:00";
        check_special("UTC", mondays, special, WEEK, "Mon 09:00 - Mon 12:00");
    }
}

#[test]
fn a_store_that_is_always_open_is_open_on_all_other_dates_without_a_break() {
    for hours in ["", "unknown"] {
        let closed = "Mon 00:00 - Wed 00:00, Thu 00:00 - Mon 00:00";
        check_special("UTC", hours, "2023-01-25 closed", WEEK, closed);
        let shorter = "Mon 00:00 - Wed 00:00, Wed 10:00 - Wed 11:00, Thu 00:00 - Mon 00:00";
        check_special("UTC", hours, "2023-01-25 10:00-11:00", WEEK, shorter);
        let until_late = "Mon 00:00 - Wed 00:00, Wed 22:00 - Mon 00:00";
        check_special("UTC", hours, "2023-01-25 22:00-02:00", WEEK, until_late);
        check_special("UTC", hours, "2023-01-25 00:00-24:00", WEEK, "Mon 00:00 - Mon 00:00");
    }
}

#[test]
fn a_store_that_is_always_open_has_no_break_at_a_clock_change_at_midnight() {
    // The special day is within reach, but not in the span. In Beirut the clocks went from 00:00 to
    // 01:00 on 2022-03-27, and from 00:00 to 23:00 on 2022-10-29. Newfoundland's changed at 00:01
    // until 2011. Samoa skipped 2011-12-30.
    for (zone, special, span, expected) in [
        (
            "Asia/Beirut",
            "2022-03-29 closed",
            "2022-03-26 12:00 - 2022-03-28 12:00",
            "Sat 12:00 - Mon 12:00",
        ),
        (
            "Asia/Beirut",
            "2022-10-31 closed",
            "2022-10-28 12:00 - 2022-10-30 12:00",
            "Fri 12:00 - Sun 12:00",
        ),
        (
            "America/St_Johns",
            "2010-11-09 closed",
            "2010-11-06 12:00 - 2010-11-08 12:00",
            "Sat 12:00 - Mon 12:00",
        ),
        (
            "America/St_Johns",
            "2010-03-16 closed",
            "2010-03-13 12:00 - 2010-03-15 12:00",
            "Sat 12:00 - Mon 12:00",
        ),
        (
            "Pacific/Apia",
            "2012-01-02 closed",
            "2011-12-29 12:00 - 2012-01-01 09:00",
            "Thu 12:00 - Sun 09:00",
        ),
    ] {
        check_special(zone, "", special, span, expected);
    }
}

#[test]
fn a_special_day_is_as_long_as_its_date() {
    let (spring, autumn) =
        ("2023-03-11 12:00 - 2023-03-13 12:00", "2023-11-04 12:00 - 2023-11-06 12:00");
    // 23 and 25 hours are closed.
    let zone = "America/New_York";
    check_special(
        zone,
        "",
        "2023-03-12 closed",
        spring,
        "Sat 12:00 - Sun 05:00, Mon 04:00 - Mon 12:00",
    );
    check_special(
        zone,
        "",
        "2023-11-05 closed",
        autumn,
        "Sat 12:00 - Sun 04:00, Mon 05:00 - Mon 12:00",
    );
    check_special(zone, "Sun 00:00-24:00", "2023-03-12 closed", spring, "");
}

#[test]
fn local_times_of_a_special_day_in_a_gap_or_fold_are_read_as_those_of_business_hours() {
    let (spring, autumn) =
        ("2023-03-11 12:00 - 2023-03-13 12:00", "2023-11-04 12:00 - 2023-11-06 12:00");
    let zone = "America/New_York";
    let hours = "Sun 09:00-17:00";
    check_special(zone, hours, "2023-03-12 02:10-02:50", spring, "Sun 07:10 - Sun 07:50");
    // 02:30 is read as 07:30 UTC, 03:00 as 07:00 UTC.
    check_special(zone, hours, "2023-03-12 02:30-03:00", spring, "");
    // 01:30 comes twice and means the first one. 02:30 comes once.
    check_special(zone, hours, "2023-11-05 01:30-02:30", autumn, "Sun 05:30 - Sun 07:30");
}

#[test]
fn a_special_day_on_a_date_that_the_zone_skipped_replaces_its_hours() {
    let (fridays, span) = ("Fri 09:00-17:00", "2011-12-29 00:00 - 2012-01-02 00:00");
    check_special("Pacific/Apia", fridays, "2011-12-30 closed", span, "");
    check_special("Pacific/Apia", fridays, "2011-12-30 09:00-10:00", span, "Fri 19:00 - Fri 20:00");
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

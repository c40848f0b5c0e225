use super::*;
use crate::interval::DAY;
use crate::test_text::{max_hold, polls, span, spans};

#[test]
fn a_status_holds_until_the_next_poll_of_the_interval_and_the_last_until_its_end() {
    check("09:00-12:00", "10:14 up, 11:15 down", "", "up 135, down 45, unknown 0");
}

#[test]
fn the_first_poll_also_speaks_for_the_time_before_it_in_its_interval() {
    check("09:00-12:00", "11:00 down", "", "up 0, down 180, unknown 0");
}

#[test]
fn only_polls_taken_in_open_time_count() {
    let polls = "08:59 down, 10:00 up, 12:00 down, 13:00 down";
    check("09:00-12:00, 14:00-15:00", polls, "", "up 240, down 0, unknown 0");
}

#[test]
fn a_poll_at_the_opening_counts_and_one_at_the_closing_does_not() {
    check("09:00-12:00", "09:00 up, 12:00 down", "", "up 180, down 0, unknown 0");
    check("09:00-12:00", "12:00 down", "", "up 0, down 0, unknown 180");
}

#[test]
fn an_interval_without_polls_takes_the_status_of_the_latest_counting_poll_before_it() {
    let polls = "09:10 down, 09:50 up, 10:30 down, 13:30 down";
    check("09:00-10:00, 11:00-12:00, 13:00-14:00", polls, "", "up 70, down 110, unknown 0");
}

#[test]
fn without_a_counting_poll_before_it_an_interval_takes_the_status_of_the_first_one_after_it() {
    let polls = "13:30 up, 13:40 down";
    check("09:00-10:00, 11:00-12:00, 13:00-14:00", polls, "", "up 160, down 20, unknown 0");
}

#[test]
fn a_store_without_counting_polls_is_unknown_throughout() {
    check("09:00-10:00, 11:00-12:00", "", "", "up 0, down 0, unknown 120");
    check("09:00-10:00, 11:00-12:00", "08:00 up, 10:30 down", "", "up 0, down 0, unknown 120");
}

#[test]
fn time_outside_the_window_does_not_count_but_its_polls_do() {
    check_in("10:30-20:00", "09:00-12:00", "09:00 up, 11:00 down", "", "up 30, down 60, unknown 0");
    check_in("10:00-11:00", "09:00-12:00", "09:30 up, 11:30 down", "", "up 60, down 0, unknown 0");
}

#[test]
fn time_further_than_max_hold_from_its_poll_is_unknown_on_both_sides() {
    check("09:00-15:00", "12:00 up", "60", "up 120, down 0, unknown 240");
    check("09:00-15:00", "09:30 up, 12:00 down", "60", "up 90, down 60, unknown 210");
}

#[test]
fn no_other_poll_takes_over_where_max_hold_ends() {
    // 10:55 to 11:00 is within five minutes of the second poll, but the first one speaks for it.
    check("09:00-12:00", "09:00 up, 11:00 down", "10", "up 10, down 10, unknown 160");
}

#[test]
fn max_hold_counts_closed_time_as_well() {
    let open = "09:00-10:00, 11:00-12:00";
    check(open, "09:50 up", "90", "up 80, down 0, unknown 40");
    check(open, "11:10 down", "90", "up 0, down 80, unknown 40");
}

#[test]
fn the_same_open_time_is_split_for_each_window_by_itself() {
    let open = [span("09:00-12:00")];
    let windows = [span("11:00-12:00"), span("00:00-12:00"), span("12:00-13:00")];

    let uptimes = uptime_during(&open, polls("10:30 down, 11:30 up").as_slice(), None, windows);

    let up: Vec<i64> = uptimes.iter().map(|uptime| uptime.up_micros / MINUTE).collect();
    let down: Vec<i64> = uptimes.iter().map(|uptime| uptime.down_micros / MINUTE).collect();
    assert_eq!((up, down), (vec![30, 30, 0], vec![30, 150, 0]));
}

#[test]
fn max_hold_is_whole_minutes_from_one_to_eight_days() {
    let minutes = |minutes: u32| MaxHold::from_minutes(minutes).map(MaxHold::minutes);
    assert_eq!(minutes(0), None);
    assert_eq!(minutes(1), Some(1));
    assert_eq!(minutes(11_520), Some(11_520));
    assert_eq!(minutes(11_521), None);
    assert_eq!(minutes(70_000), None);
    assert_eq!(i64::from(MaxHold::MAX_MINUTES) * MINUTE, 8 * DAY);
}

#[track_caller]
fn check(open: &str, taken: &str, max_hold_minutes: &str, expected: &str) {
    check_in("00:00-24:00", open, taken, max_hold_minutes, expected);
}

/// Only this function calls the API. It takes text and returns minutes, all on one day.
#[track_caller]
fn check_in(window: &str, open: &str, taken: &str, max_hold_minutes: &str, expected: &str) {
    let (open, max_hold) = (spans(open), max_hold(max_hold_minutes));

    let [uptime] = uptime_during(&open, polls(taken).as_slice(), max_hold, [span(window)]);

    let minutes = |micros: i64| micros / MINUTE;
    let actual = format!(
        "up {}, down {}, unknown {}",
        minutes(uptime.up_micros),
        minutes(uptime.down_micros),
        minutes(uptime.unknown_micros)
    );
    assert_eq!(actual, expected);
}

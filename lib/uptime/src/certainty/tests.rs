use super::*;
use crate::test_text::{max_hold, polls, span_text, spans};
use crate::timeline::for_each_stretch;

const DAYTIME: &str = "09:00-14:00";

#[test]
fn time_between_two_agreeing_polls_of_one_interval_is_settled_and_all_other_time_is_not() {
    check_runs(
        DAYTIME,
        "09:30 up, 10:30 up, 11:30 down, 12:30 down, 13:30 up",
        "",
        "09:00-09:30 up, 09:30-10:30 up settled, 10:30-11:30 up, 11:30-12:30 down settled, \
         12:30-13:30 down, 13:30-14:00 up",
    );
}

#[test]
fn polls_150_minutes_apart_settle_the_time_between_them_and_a_microsecond_more_does_not() {
    check_runs(
        DAYTIME,
        "10:00 down, 12:30 down",
        "",
        "09:00-10:00 down, 10:00-12:30 down settled, 12:30-14:00 down",
    );
    check_runs(
        DAYTIME,
        "10:00 down, 12:30:00.000001 down",
        "",
        "09:00-12:30:00.000001 down, 12:30:00.000001-14:00 down",
    );
}

#[test]
fn polls_further_apart_than_max_hold_settle_nothing() {
    check_runs(
        DAYTIME,
        "10:00 up, 11:00 up",
        "60",
        "09:00-10:00 up, 10:00-11:00 up settled, 11:00-12:00 up, 12:00-14:00 unknown",
    );
    check_runs(
        DAYTIME,
        "10:00 up, 11:00 up",
        "59",
        "09:00-09:01 unknown, 09:01-10:59 up, 10:59-11:00 unknown, \
         11:00-11:59 up, 11:59-14:00 unknown",
    );
}

#[test]
fn a_long_max_hold_does_not_settle_a_gap_of_more_than_150_minutes() {
    check_runs(DAYTIME, "10:00 up, 12:31 up", "600", "09:00-12:31 up, 12:31-14:00 up");
}

#[test]
fn polls_of_two_intervals_settle_nothing_between_them() {
    check_runs(
        "09:00-10:00, 10:30-11:00",
        "09:30 up, 10:40 up",
        "",
        "09:00-10:00 up, 10:30-11:00 up",
    );
}

#[test]
fn an_interval_that_another_interval_speaks_for_is_not_settled() {
    check_runs(
        "09:00-10:00, 11:00-12:00, 13:00-14:00",
        "11:10 down, 11:50 down",
        "",
        "09:00-10:00 down, 11:00-11:10 down, 11:10-11:50 down settled, 11:50-12:00 down, \
         13:00-14:00 down",
    );
}

#[test]
fn a_poll_at_the_opening_leaves_nothing_before_it() {
    check_runs("09:00-10:00", "09:00 up", "", "09:00-10:00 up");
}

#[test]
fn without_a_counting_poll_all_open_time_is_unknown() {
    check_runs(
        "09:00-10:00, 11:00-12:00",
        "10:30 up",
        "",
        "09:00-10:00 unknown, 11:00-12:00 unknown",
    );
}

#[test]
fn open_time_from_45_minutes_before_a_poll_to_45_minutes_after_it_is_covered() {
    check_covered("09:00-12:00", "10:14 up", "09:29-10:59");
    check_covered("09:00-12:00", "10:14 up, 11:15 down", "09:29-12:00");
}

#[test]
fn polls_90_minutes_apart_cover_everything_between_them_and_more_leaves_the_rest_uncovered() {
    check_covered("09:00-14:00", "10:00 up, 11:30 down", "09:15-12:15");
    check_covered(
        "09:00-14:00",
        "10:00 up, 11:30:00.000001 down",
        "09:15-10:45, 10:45:00.000001-12:15:00.000001",
    );
}

#[test]
fn one_missing_hourly_poll_leaves_30_minutes_uncovered_and_each_further_one_60() {
    check_covered("09:00-14:00", "10:00 up, 12:00 up", "09:15-10:45, 11:15-12:45");
    check_covered("09:00-14:00", "10:00 up, 13:00 up", "09:15-10:45, 12:15-13:45");
}

#[test]
fn polls_close_to_each_other_cover_no_time_twice() {
    check_covered("09:00-12:00", "10:00 up, 10:10 down, 10:20 up, 10:21 up", "09:15-11:06");
}

#[test]
fn a_poll_covers_no_time_of_another_interval() {
    check_covered("09:00-10:00, 10:30-11:00", "09:50 up", "09:05-10:00");
    check_covered("09:00-10:00, 10:30-11:00", "10:30 up", "10:30-11:00");
    check_covered("09:00-10:00, 10:30-11:00", "10:10 up", "");
}

#[test]
fn certainty_adds_up() {
    let of = |[settled_up_micros, settled_down_micros, covered_micros]: [i64; 3]| Certainty {
        settled_up_micros,
        settled_down_micros,
        covered_micros,
    };
    let mut sum = of([1, 20, 300]);
    sum += of([2, 30, 400]);
    assert_eq!(sum, of([3, 50, 700]));
}

#[track_caller]
fn check_runs(open: &str, taken: &str, max_hold_minutes: &str, expected: &str) {
    let mut runs = Vec::new();
    for_each_stretch(&spans(open), polls(taken).as_slice(), |stretch| {
        runs.extend(runs_of(&stretch, max_hold(max_hold_minutes)).map(text));
    });
    assert_eq!(runs.join(", "), expected);
}

fn text(run: Run) -> String {
    let status = match run.status {
        SpanStatus::Closed => "closed",
        SpanStatus::Unknown => "unknown",
        SpanStatus::Up { settled: true } => "up settled",
        SpanStatus::Up { settled: false } => "up",
        SpanStatus::Down { settled: true } => "down settled",
        SpanStatus::Down { settled: false } => "down",
    };
    format!("{} {status}", span_text(run.span))
}

/// Touching parts are joined. Parts that overlap would have covered time twice.
#[track_caller]
fn check_covered(open: &str, taken: &str, expected: &str) {
    let mut covered: Vec<Interval> = Vec::new();
    for_each_stretch(&spans(open), polls(taken).as_slice(), |stretch| {
        for part in covered_parts(&stretch) {
            match covered.last_mut() {
                Some(last) if last.end() == part.start() => *last = last.extended_to(part.end()),
                Some(last) => {
                    assert!(last.end() < part.start(), "{last:?} and {part:?} overlap");
                    covered.push(part);
                }
                None => covered.push(part),
            }
        }
    });
    let covered: Vec<String> = covered.into_iter().map(span_text).collect();
    assert_eq!(covered.join(", "), expected);
}

use super::*;
use crate::Zone;
use crate::certainty::runs_of;
use crate::parameters::{Method, ReportParameters};
use crate::test_text::{at, max_hold, minutes_text, polls, span_text, spans, time_text};
use crate::timeline::for_each_stretch;

/// Two days of a restaurant, from Monday on.
const OPEN: &str = "09:00-22:00, 24 09:00-22:00";
/// Wednesday noon: the week began on the 18th at noon.
const AS_OF: &str = "25 12:00";

#[test]
fn closing_does_not_end_an_outage() {
    check(
        OPEN,
        "20:40 up, 21:40 down, 24 09:30 down, 24 10:31 up",
        "21:40 to 24 10:31: down 111, least 0, most 171, polls 2, up at 20:40 and 24 10:31",
    );
}

#[test]
fn an_active_poll_ends_an_outage_and_the_next_inactive_one_begins_another() {
    check(
        OPEN,
        "09:30 up, 10:30 down, 11:30 up, 12:30 down, 13:30 up",
        "10:30 to 11:30: down 60, least 0, most 120, polls 1, up at 09:30 and 11:30\n\
         12:30 to 13:30: down 60, least 0, most 120, polls 1, up at 11:30 and 13:30",
    );
}

#[test]
fn time_between_the_polls_of_an_outage_is_its_least() {
    check(
        OPEN,
        "09:30 up, 10:30 down, 11:30 down, 13:00 down, 14:00 up",
        "10:30 to 14:00: down 210, least 150, most 270, polls 3, up at 09:30 and 14:00",
    );
    check(
        OPEN,
        "09:30 up, 10:30 down, 13:01 down, 14:00 up",
        "10:30 to 14:00: down 210, least 0, most 270, polls 2, up at 09:30 and 14:00",
    );
}

#[test]
fn an_outage_that_begins_with_the_first_poll_of_an_interval_starts_at_the_opening() {
    check(
        OPEN,
        "21:30 up, 24 10:00 down, 24 11:00 up",
        "24 09:00 to 24 11:00: down 120, least 0, most 150, polls 1, up at 21:30 and 24 11:00",
    );
}

#[test]
fn without_an_active_poll_before_it_an_outage_may_have_begun_earlier() {
    check(
        OPEN,
        "10:00 down, 11:00 up",
        "09:00 to 11:00: down 120, least 0, most 120, polls 1, up at none and 11:00",
    );
    let [outage] = &find(OPEN, "10:00 down, 11:00 up", "", AS_OF)[..] else { panic!("one outage") };
    assert_eq!((outage.started_at(), outage.ended_at()), (None, Some(at("11:00"))));
}

#[test]
fn without_an_active_poll_after_it_an_outage_has_no_end() {
    check(
        OPEN,
        "24 20:00 up, 24 21:00 down",
        "24 21:00 to 24 22:00: down 60, least 0, most 120, polls 1, up at 24 20:00 and none",
    );
    let outages = find(OPEN, "24 20:00 up, 24 21:00 down", "", AS_OF);
    let [outage] = &outages[..] else { panic!("one outage") };
    assert_eq!((outage.started_at(), outage.ended_at()), (Some(at("24 21:00")), None));
}

#[test]
fn intervals_without_polls_belong_to_the_outage_that_speaks_for_them() {
    let open = "09:00-10:00, 11:00-12:00, 13:00-14:00";
    check(
        open,
        "09:10 up, 09:40 down, 13:30 up",
        "09:40 to 12:00: down 80, least 0, most 140, polls 1, up at 09:10 and 13:30",
    );
    check(
        open,
        "13:30 down, 13:50 up",
        "09:00 to 13:50: down 170, least 0, most 170, polls 1, up at none and 13:50",
    );
}

#[test]
fn polls_in_closed_time_neither_end_nor_lengthen_an_outage() {
    check(
        OPEN,
        "20:40 up, 21:40 down, 23:00 up, 24 08:00 down, 24 09:30 down, 24 10:31 up",
        "21:40 to 24 10:31: down 111, least 0, most 171, polls 2, up at 20:40 and 24 10:31",
    );
}

#[test]
fn with_max_hold_an_outage_is_down_only_where_its_polls_speak() {
    let taken = "09:30 up, 12:00 down, 24 12:00 down, 24 13:30 up";
    let outages = find(OPEN, taken, "60", AS_OF);
    assert_eq!(
        texts(&outages),
        "12:00 to 24 13:00: down 180, least 0, most 1020, polls 2, up at 09:30 and 24 13:30"
    );
    let down: Vec<String> = outages[0].down.iter().copied().map(span_text).collect();
    assert_eq!(down, ["12:00-13:00", "24 11:00-24 13:00"]);
}

#[test]
fn with_max_hold_an_outage_starts_where_the_first_known_stretch_starts() {
    let outages = find(OPEN, "21:30 up, 24 12:00 down, 24 12:30 up", "60", AS_OF);
    assert_eq!(
        texts(&outages),
        "24 11:00 to 24 12:30: down 90, least 0, most 240, polls 1, up at 21:30 and 24 12:30"
    );
}

#[test]
fn an_outage_over_the_start_of_the_week_counts_only_the_time_within_the_week() {
    check(
        "17 09:00-22:00, 18 09:00-22:00",
        "17 20:00 up, 17 21:00 down, 17 22:00 down, 18 10:30 down, 18 12:30 down, 18 13:00 up",
        "17 21:00 to 18 13:00: down 60, least 30, most 60, polls 3, up at 17 20:00 and 18 13:00",
    );
}

#[test]
fn an_outage_only_before_the_week_is_not_listed() {
    let open = "18 09:00-22:00";
    check(open, "18 10:00 up, 18 11:00 down, 18 12:00 up", "");
    check(
        open,
        "18 10:00 up, 18 11:00 down, 18 12:00:00.000001 up",
        "18 11:00 to 18 12:00:00.000001: down 0+1µs, least 0, most 0+1µs, polls 1, \
         up at 18 10:00 and 18 12:00:00.000001",
    );
}

#[test]
fn an_inactive_poll_at_as_of_makes_no_outage_unless_it_speaks_for_time_before_it() {
    let open = "25 09:00-22:00";
    check(open, "25 11:00 up, 25 12:00 down", "");
    check(
        open,
        "25 12:00 down",
        "25 09:00 to 25 22:00: down 180, least 0, most 180, polls 1, up at none and none",
    );
}

#[test]
fn an_active_poll_at_as_of_ends_an_outage() {
    check(
        "25 09:00-22:00",
        "25 10:00 up, 25 11:00 down, 25 12:00 up",
        "25 11:00 to 25 12:00: down 60, least 0, most 120, polls 1, up at 25 10:00 and 25 12:00",
    );
}

#[test]
fn a_store_that_was_never_inactive_has_no_outage() {
    check(OPEN, "10:00 up, 11:00 up", "");
    check(OPEN, "", "");
}

#[track_caller]
fn check(open: &str, taken: &str, expected: &str) {
    assert_eq!(texts(&find(open, taken, "", AS_OF)), expected);
}

fn find(open: &str, taken: &str, max_hold_minutes: &str, as_of: &str) -> Vec<Outage> {
    let open = spans(open);
    let parameters = ReportParameters { as_of: at(as_of), method: Method::TIME_WEIGHTED };
    let times = parameters.times(&parameters.clock(Zone::DEFAULT));
    let mut search = OutageSearch::new(&open, &times);
    for_each_stretch(&open, polls(taken).as_slice(), |stretch| {
        if let Some(poll) = stretch.speaker {
            search.speaker(poll);
        }
        for run in runs_of(&stretch, max_hold(max_hold_minutes)) {
            search.run(run);
        }
    });
    search.finished()
}

fn texts(outages: &[Outage]) -> String {
    let lines: Vec<String> = outages.iter().map(text).collect();
    lines.join("\n")
}

fn text(outage: &Outage) -> String {
    let time = |at: Option<Timestamp>| at.map_or("none".to_owned(), time_text);
    format!(
        "{} to {}: down {}, least {}, most {}, polls {}, up at {} and {}",
        time_text(outage.span.start()),
        time_text(outage.span.end()),
        minutes_text(outage.down_micros()),
        minutes_text(outage.least_micros),
        minutes_text(outage.most_micros),
        outage.inactive_polls,
        time(outage.last_active_before),
        time(outage.first_active_after),
    )
}

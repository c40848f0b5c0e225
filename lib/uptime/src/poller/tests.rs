use super::*;
use crate::Status;
use crate::interval::HOUR;
use crate::test_text::{at, minutes_text, span_text, spans};

#[test]
fn a_gap_of_three_medians_is_a_silence_and_a_shorter_one_is_not() {
    // The longest gap of the first day is 7 minutes. Of two days, the lower one is the median.
    let until = every(8, "23 00:00-24 09:53");
    let from = |start: &str| every(8, &format!("24 {start}-25 00:00"));
    check(&[until.clone(), from("10:14")].concat(), "25 00:00", "21: 24 09:53-24 10:14");
    check(&[until, from("10:13")].concat(), "25 00:00", "21: ");
}

#[test]
fn a_silence_has_at_least_15_minutes() {
    let until = every(2, "23 00:00-24 09:59");
    let from = |start: &str| every(2, &format!("24 {start}-25 00:00"));
    check(&[until.clone(), from("10:14")].concat(), "25 00:00", "15: 24 09:59-24 10:14");
    check(&[until, from("10:13")].concat(), "25 00:00", "15: ");
}

#[test]
fn every_gap_of_90_minutes_is_a_silence() {
    let until = every(60, "23 00:00-24 09:01");
    let from = |start: &str| every(60, &format!("24 {start}-25 00:00"));
    check(&[until.clone(), from("10:31")].concat(), "25 00:00", "90: 24 09:01-24 10:31");
    check(&[until, from("10:30")].concat(), "25 00:00", "90: ");
}

#[test]
fn silences_are_not_judged_if_the_median_is_over_60_minutes() {
    check(&every(61, "23 00:00-25 00:00"), "25 00:00", "90: ");
    check(&every(62, "23 00:00-25 00:00"), "25 00:00", "not judged");
}

#[test]
fn silences_are_not_judged_with_fewer_than_20_stores_polled() {
    let polls = every(5, "23 00:00-24 00:00");
    assert_eq!(text(&activity(20, &polls, "24 00:00").judge()), "15: ");
    let mut nineteen = activity(19, &polls, "24 00:00");
    nineteen.add_store(&[]);
    assert_eq!(nineteen.judge(), Poller::NotJudged);
}

#[test]
fn without_polls_silences_are_not_judged() {
    check(&[], "24 00:00", "not judged");
}

#[test]
fn a_day_in_which_no_gap_begins_counts_as_0() {
    // 0, 0 and 99 minutes.
    let every_minute = every(1, "22 00:00-24 00:00");
    check(
        &[every_minute, every(100, "24 00:00-24 12:00")].concat(),
        "24 11:41",
        "15: 24 00:01-24 01:40, \
        24 01:41-24 03:20, 24 03:21-24 05:00, 24 05:01-24 06:40, 24 06:41-24 08:20, \
        24 08:21-24 10:00, 24 10:01-24 11:40",
    );
}

#[test]
fn a_gap_over_midnight_belongs_to_the_day_in_which_it_begins() {
    // If it belonged to both days, the median would be over 60 minutes.
    let polls = [every(8, "22 00:00-22 20:00"), every(8, "23 20:00-25 00:00")].concat();
    check(&polls, "25 00:00", "21: 22 19:53-20:00");
}

#[test]
fn the_time_before_the_first_poll_is_no_silence() {
    check(&every(5, "23 10:00-24 00:00"), "24 00:00", "15: ");
}

#[test]
fn a_silence_lasts_up_to_the_last_whole_minute_before_as_of() {
    let polls = every(5, "22 00:00-23 11:31");
    check(&polls, "23 12:00:30", "15: 11:31-12:00");
    check(&polls, "23 12:00", "15: 11:31-12:00");
    check(&polls, "23 11:46", "15: 11:31-11:46");
    check(&polls, "23 11:45:59.999999", "15: ");
}

#[test]
fn a_poll_in_the_minute_of_as_of_ends_a_silence() {
    let polls = [every(5, "22 00:00-23 11:31"), every(5, "23 12:00-23 12:01")].concat();
    check(&polls, "23 12:00", "15: 11:31-12:00");
    check(&polls, "23 12:00:30", "15: 11:31-12:00");
}

#[test]
fn the_day_of_a_poll_at_as_of_counts() {
    // At midnight, a day begins in which no gap begins: of 7 and 0 minutes, 0 is the median.
    check(&every(8, "23 00:00-23 24:00"), "24 00:00", "21: ");
    check(&every(8, "23 00:00-24 00:01"), "24 00:00", "15: ");
}

#[test]
fn active_and_inactive_polls_count_alike() {
    let judged =
        |status| activity(20, &every_with(5, "23 00:00-24 00:00", status), "24 00:00").judge();
    assert_eq!(text(&judged(Status::Active)), "15: ");
    assert_eq!(judged(Status::Inactive), judged(Status::Active));
}

#[test]
fn the_polls_of_several_shards_are_united() {
    let (early, late) = (every(5, "22 00:00-23 10:00"), every(5, "23 10:40-24 00:00"));
    let mut united = activity(12, &early, "24 00:00");
    united.unite(&activity(8, &late, "24 00:00"));

    assert_eq!(text(&united.judge()), "15: 09:56-10:40");
    let in_minute = |time: &str| united.polls_by_minute().find(|(start, _)| *start == at(time));
    assert_eq!(in_minute("09:55").map(|(_, polls)| polls), Some(12));
    assert_eq!(in_minute("10:40").map(|(_, polls)| polls), Some(8));
    assert_eq!(in_minute("10:00").map(|(_, polls)| polls), Some(0));
}

#[test]
fn the_silent_time_of_spans_is_what_they_share_with_silences() {
    let silences = spans("10:00-11:00, 13:00-14:00");
    let poller = Poller::Judged { threshold_minutes: 15, silences };
    let silent = |text: &str| poller.silent_micros(&spans(text)).map(minutes_text);
    assert_eq!(silent("09:00-10:30, 10:45-13:15"), Some("60".to_owned()));
    assert_eq!(silent("11:00-13:00"), Some("0".to_owned()));
    assert_eq!(Poller::NotJudged.silent_micros(&spans("10:00-11:00")), None);
}

/// Checks what 20 stores say that all have these polls.
#[track_caller]
fn check(polls: &[Poll], as_of: &str, expected: &str) {
    assert_eq!(text(&activity(20, polls, as_of).judge()), expected);
}

fn activity(stores: usize, polls: &[Poll], as_of: &str) -> PollerActivity {
    let mut activity = PollerActivity::new(at(as_of).plus(-192 * HOUR)..=at(as_of));
    for _ in 0..stores {
        activity.add_store(polls);
    }
    activity
}

fn every(minutes: i64, within: &str) -> Vec<Poll> {
    every_with(minutes, within, Status::Active)
}

fn every_with(minutes: i64, within: &str, status: Status) -> Vec<Poll> {
    let span = spans(within)[0];
    let count = (span.micros() - 1) / (minutes * MINUTE);
    (0..=count)
        .map(|place| Poll::new(span.start().plus(place * minutes * MINUTE), status))
        .collect()
}

/// Returns the threshold and the silences.
fn text(poller: &Poller) -> String {
    match poller {
        Poller::NotJudged => "not judged".to_owned(),
        Poller::Judged { threshold_minutes, silences } => {
            let silences: Vec<String> = silences.iter().copied().map(span_text).collect();
            format!("{threshold_minutes}: {}", silences.join(", "))
        }
    }
}

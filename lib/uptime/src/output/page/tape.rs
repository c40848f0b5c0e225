//! The polls of a store and the changes of what is known of it, as two short texts.
//!
//! Polls: time starts at the hour of the first instant considered. Each character is an event:
//!
//! - one of the first 60 digits: a poll at that minute of the hour, after which the next hour begins;
//! - `=`: the hour before begins again, because it has a further poll;
//! - `+`, or one of the next 19 digits: one hour, or 2 to 20 hours, without a poll;
//! - `x`: the next poll is not as expected. Expected is, where the store is up or down, that; anywhere
//!   else the status of the last poll that was also anywhere else; up before the first one.
//!
//! Changes: each is its time and its letter. The time is
//!
//! - `-` and two digits: that many minutes after the last change with `-`, or after the start; or
//! - one of the first 79 digits: at the poll that many polls after that of the last such change, or
//!   after the first poll. `+` stands for 79 more polls.
//!
//! From then on the store is closed (`c`), not observed (`n`), up (`u` estimated, `U` settled) or down
//! (`d`, `D`).

use super::data::Minutes;
use super::digits::{DIGITS, write_number};
use crate::certainty::{Run, SpanStatus};
use crate::{Poll, Status};

/// How many digits stand for a minute of the hour.
const MINUTE_DIGITS: usize = 60;
const MINUTES_AN_HOUR: u64 = MINUTE_DIGITS as u64;
/// The greatest number of hours without a poll that one digit stands for.
const LONGEST_STEP: usize = 20;
/// How many digits are no marks.
const PLAIN_DIGITS: usize = 79;
/// The greatest number of two digits.
const LONGEST_WAIT: u64 = (DIGITS.len() * DIGITS.len() - 1) as u64;

/// What is known from a minute on.
type Change = (u64, SpanStatus);

/// Writes the polls of a store, and the changes of what is known.
pub(super) fn write_tape(
    poll_text: &mut Vec<u8>,
    change_text: &mut Vec<u8>,
    polls: &[Poll],
    runs: &[Run],
    minutes: Minutes,
) {
    let mut changes: Vec<Change> = Vec::with_capacity(runs.len());
    for run in runs {
        let at = minutes.of(run.span.start());
        // Of the changes in one minute, only the last one can be drawn.
        changes.pop_if(|(last, _)| *last == at);
        if changes.last().is_none_or(|(_, status)| *status != run.status) {
            changes.push((at, run.status));
        }
    }
    let poll_minutes: Vec<u64> = polls.iter().map(|poll| minutes.of(poll.at())).collect();
    write_polls(poll_text, polls, &poll_minutes, &changes);
    write_changes(change_text, &poll_minutes, &changes);
}

/// The marks of the hours between two polls, by their number: in the same hour, in the next hour, then
/// one hour without a poll and more.
const STEPS: [u8; LONGEST_STEP + 2] = {
    let mut steps = [b'='; LONGEST_STEP + 2];
    steps[2] = b'+';
    let mut place = 3;
    while place < steps.len() {
        steps[place] = DIGITS[MINUTE_DIGITS + place - 3];
        place += 1;
    }
    steps
};

/// Each character is written first and kept only if it is needed: which ones are needed is too
/// irregular for branches to be fast.
fn write_polls(text: &mut Vec<u8>, polls: &[Poll], poll_minutes: &[u64], changes: &[Change]) {
    let mut end = text.len();
    let mut next_hour = 0;
    let mut changes = changes.iter().peekable();
    let mut known = None;
    let mut elsewhere = Status::Active;
    for (poll, &at) in polls.iter().zip(poll_minutes) {
        while let Some((_, status)) = changes.next_if(|(change, _)| *change <= at) {
            known = match status {
                SpanStatus::Up { .. } => Some(Status::Active),
                SpanStatus::Down { .. } => Some(Status::Inactive),
                SpanStatus::Closed | SpanStatus::Unknown => None,
            };
        }
        let is_unexpected = known.unwrap_or(elsewhere) != poll.status();
        elsewhere = if known.is_none() { poll.status() } else { elsewhere };
        let hour = at / MINUTES_AN_HOUR;
        // 0 means that the poll is in the hour of the last one, 1 that it is in the next.
        let mut step = usize::try_from(hour + 1 - next_hour).unwrap_or_default();
        while step >= STEPS.len() {
            text.truncate(end);
            text.push(STEPS[STEPS.len() - 1]);
            end += 1;
            step -= LONGEST_STEP;
        }
        text.resize(end + 3, 0);
        text[end] = b'x';
        end += usize::from(is_unexpected);
        text[end] = STEPS[step];
        end += usize::from(step != 1);
        text[end] = DIGITS[(at % MINUTES_AN_HOUR) as usize];
        end += 1;
        next_hour = hour + 1;
    }
    text.truncate(end);
}

fn write_changes(text: &mut Vec<u8>, poll_minutes: &[u64], changes: &[Change]) {
    let mut last_place = 0;
    let mut last_at = 0;
    for &(at, status) in changes {
        let later_polls = &poll_minutes[last_place..];
        let place = last_place + later_polls.partition_point(|poll| *poll < at);
        if poll_minutes.get(place) == Some(&at) {
            let further = place - last_place;
            text.extend((0..further / PLAIN_DIGITS).map(|_| b'+'));
            text.push(DIGITS[further % PLAIN_DIGITS]);
            last_place = place;
        } else {
            wait(text, at - last_at);
            last_at = at;
        }
        text.push(letter(status));
    }
}

/// Writes how many minutes lie between two changes that are not at a poll.
fn wait(text: &mut Vec<u8>, mut minutes: u64) {
    loop {
        let step = minutes.min(LONGEST_WAIT);
        text.push(b'-');
        write_number(text, step, 2);
        minutes -= step;
        if minutes == 0 {
            return;
        }
    }
}

fn letter(status: SpanStatus) -> u8 {
    match status {
        SpanStatus::Closed => b'c',
        SpanStatus::Unknown => b'n',
        SpanStatus::Up { settled: false } => b'u',
        SpanStatus::Up { settled: true } => b'U',
        SpanStatus::Down { settled: false } => b'd',
        SpanStatus::Down { settled: true } => b'D',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::{MINUTE, SECOND};
    use crate::{Interval, Timestamp};

    const UP: SpanStatus = SpanStatus::Up { settled: true };
    const DOWN: SpanStatus = SpanStatus::Down { settled: false };

    #[test]
    fn a_poll_is_the_minute_of_its_hour() {
        check("10 up, 71 up, 120 up", &[], "AB0", "");
    }

    #[test]
    fn a_poll_of_another_status_than_expected_is_marked() {
        check("1 up, 63 down, 126 down, 181 up", &[], "1x36x1", "");
    }

    #[test]
    fn where_the_store_is_up_or_down_its_polls_are_expected_to_be_so() {
        let changes = [(60, DOWN), (120, UP), (180, SpanStatus::Closed)];
        check("1 down, 60 down, 121 up, 122 down, 183 down", &changes, "x101x=23", "1d-1XU-0(c");
    }

    #[test]
    fn a_further_poll_of_an_hour_is_marked() {
        check("1 up, 1 up, 9 down", &[], "1=1x=9", "");
    }

    #[test]
    fn hours_without_a_poll_are_counted() {
        check("60 up", &[], "+0", "");
        check("180 up", &[], ")0", "");
        check("1320 up", &[], "~(0", "");
    }

    #[test]
    fn a_change_is_at_a_poll_or_between_polls() {
        let changes = [(2, SpanStatus::Closed), (5, UP), (7, DOWN), (69, UP)];
        check("5 up, 69 up", &changes, "59", "-02c0U-05d1U");
    }

    #[test]
    fn a_change_between_polls_counts_from_the_one_before() {
        check("", &[(1_440, SpanStatus::Closed), (10_000, UP)], "", "-HHc-DD-7IU");
    }

    #[test]
    fn of_changes_within_one_minute_the_last_one_is_kept() {
        check("", &[(2, SpanStatus::Closed), (2, UP), (3, DOWN)], "", "-02U-01d");
        check("", &[(2, UP), (4, DOWN), (4, UP)], "", "-02U");
    }

    #[test]
    fn marks_are_no_plain_digits() {
        assert_eq!(std::str::from_utf8(&DIGITS[PLAIN_DIGITS..]).unwrap(), "=+-xcnuUdD");
        assert_eq!(PLAIN_DIGITS, MINUTE_DIGITS + LONGEST_STEP - 1);
    }

    #[track_caller]
    fn check(polls: &str, changes: &[(i64, SpanStatus)], in_polls: &str, in_changes: &str) {
        let at = |minute: i64| Timestamp::from_micros(minute * MINUTE + 30 * SECOND);
        let read = |poll: &str| {
            let (minute, status) = poll.split_once(' ').unwrap();
            let status = if status == "up" { Status::Active } else { Status::Inactive };
            Poll::new(at(minute.parse().unwrap()), status)
        };
        let polls: Vec<Poll> =
            polls.split(", ").filter(|poll| !poll.is_empty()).map(read).collect();
        let run = |(minute, status): &(i64, SpanStatus)| Run {
            span: Interval::ending_at(at(*minute).plus(SECOND), SECOND),
            status: *status,
        };
        let runs: Vec<Run> = changes.iter().map(run).collect();
        let (mut poll_text, mut change_text) = (Vec::new(), Vec::new());

        write_tape(&mut poll_text, &mut change_text, &polls, &runs, Minutes::since(at(0)));

        assert_eq!(String::from_utf8(poll_text).unwrap(), in_polls);
        assert_eq!(String::from_utf8(change_text).unwrap(), in_changes);
    }
}

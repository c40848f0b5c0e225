//! Reads short texts in which tests write times, spans, polls and stores, and writes times back.
//!
//! A time is `HH:MM`, optionally with `:SS` and `.ffffff`. It is on Monday, 2023-01-23, UTC. Another
//! day of January 2023 comes before it: `24 09:30`.

use std::fmt::Display;

use chrono::Weekday;

use crate::business_hours::{HoursRow, LocalTime, Opening, OpeningRow, OpeningTimes};
use crate::interval::{DAY, HOUR, MINUTE, SECOND};
use crate::report::StoreFacts;
use crate::timeline::MaxHold;
use crate::{Interval, Poll, PollSet, Status, StoreId, Timestamp, Zone};

/// 2022-12-31 00:00 UTC, so that the days of January 2023 count from 1.
const DAY_0: i64 = 1_672_444_800 * SECOND;
const MONDAY: &str = "23";

pub(crate) fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap_or((MONDAY, text));
    let day: i64 = day.parse().unwrap();
    Timestamp::from_micros(DAY_0 + day * DAY + micros(time))
}

fn micros(time: &str) -> i64 {
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let parts: Vec<i64> = time.split(':').map(|part| part.parse().unwrap()).collect();
    let seconds = parts.get(2).copied().unwrap_or(0);
    parts[0] * HOUR + parts[1] * MINUTE + seconds * SECOND + fraction.parse::<i64>().unwrap()
}

/// Returns the time as a test writes it.
pub(crate) fn time_text(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, time) = text.trim_end_matches('Z').split_once('T').unwrap();
    let time = time.strip_suffix(":00").unwrap_or(time);
    let day = date.strip_prefix("2023-01-").unwrap();
    if day == MONDAY { time.to_owned() } else { format!("{day} {time}") }
}

/// Reads a span such as `09:00-12:00` or `24 22:00-25 02:00`. Without a day, the end is on the day
/// of the start.
pub(crate) fn span(text: &str) -> Interval {
    let (start, end) = text.split_once('-').unwrap();
    let end = match (start.split_once(' '), end.contains(' ')) {
        (Some((day, _)), false) => format!("{day} {end}"),
        (_, true) | (None, false) => end.to_owned(),
    };
    Interval::new(at(start), at(&end)).unwrap()
}

pub(crate) fn span_text(span: Interval) -> String {
    format!("{}-{}", time_text(span.start()), time_text(span.end()))
}

pub(crate) fn spans(text: &str) -> Vec<Interval> {
    items(text).map(span).collect()
}

/// Reads polls such as `10:14 up, 24 11:15 down`.
pub(crate) fn polls(text: &str) -> PollSet {
    let poll = |poll: &str| {
        let (taken_at, status) = poll.rsplit_once(' ').unwrap();
        Poll::new(at(taken_at), if status == "up" { Status::Active } else { Status::Inactive })
    };
    PollSet::new(items(text).map(poll).collect())
}

/// An empty text sets no limit.
pub(crate) fn max_hold(minutes: &str) -> Option<MaxHold> {
    (!minutes.is_empty()).then(|| MaxHold::from_minutes(minutes.parse().unwrap()).unwrap())
}

/// Returns what is known of a store: its zone, its rows of business hours such as
/// `0 09:00-22:00`, and its polls. An empty text means that nothing is known. A file names the store.
pub(crate) fn store(id: &str, zone: &str, hours: &str, taken: &str) -> StoreFacts {
    let row = |row: &str| {
        let (day, times) = row.split_once(' ').unwrap();
        let (start, end) = times.split_once('-').unwrap();
        let time = |text| {
            let seconds = u32::try_from(micros(text) / SECOND).unwrap();
            LocalTime::from_seconds(seconds).unwrap()
        };
        let day = Weekday::try_from(day.parse::<u8>().unwrap()).unwrap();
        HoursRow::Opens(Opening { day, start: time(start), end: time(end) })
    };
    StoreFacts {
        store: StoreId::new(id).unwrap(),
        zone: Zone::named(zone),
        opening_times: OpeningTimes::weekly(items(hours).map(row).collect()),
        is_named: true,
        polls: polls(taken),
    }
}

/// Returns a row that says when a store opens, such as `Mon 32400-61200` with its times in seconds.
pub(crate) fn row_text<Day: Display>(row: &OpeningRow<Day>) -> String {
    match row {
        OpeningRow::Opens(Opening { day, start, end }) => {
            format!("{day} {}-{}", start.seconds(), end.seconds())
        }
        OpeningRow::Closed(day) => format!("{day} closed"),
        OpeningRow::Unknown => "unknown".to_owned(),
    }
}

/// Returns whole minutes, and how many microseconds there are besides.
pub(crate) fn minutes_text(micros: i64) -> String {
    match micros % MINUTE {
        0 => (micros / MINUTE).to_string(),
        rest => format!("{}+{rest}µs", micros / MINUTE),
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(", ").filter(|item| !item.is_empty())
}

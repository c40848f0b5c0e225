//! The local dates of a zone in the time of the page, and how the script draws each one on a line from 0:00 to
//! 24:00. **Where clocks go back, the time that comes twice is drawn in its place at half width. Where
//! they go forward, the time that does not occur is a gap.** So the line is always 24 hours long.

use std::ops::RangeInclusive;

use super::data::Minutes;
use super::subject::Subject;
use super::words::{Moment, city};
use crate::interval::{DAY, MINUTE};
use crate::zone_clock::{LocalDate, ZoneClock};
use crate::{Interval, Timestamp, Zone};

/// Returns the local dates that some time touches.
pub(super) fn dates_of(clock: &ZoneClock, time: Interval) -> RangeInclusive<LocalDate> {
    let last_instant = time.end().plus(-1);
    clock.local(time.start()).date..=clock.local(last_instant).date
}

/// A change of a zone's clocks.
#[derive(Debug, Clone, Copy)]
struct Change {
    at: Timestamp,
    /// How far clocks go back, in microseconds; negative where they go forward.
    back: i64,
}

/// A stretch of time that is drawn evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    span: Interval,
    /// Where it begins, as a time of day in microseconds.
    clock_micros: i64,
    /// Whether it is drawn at half width.
    is_half: bool,
}

/// Writes a zone: its name, the name that people use, first minute and end of its time (0 and 0 if it
/// has none), its offsets in minutes, each after the minute from which on it holds, and its days. A
/// day has its date, what its clocks did, and stretches: first minute, end, minute of the day, width of
/// a minute. Of a long period a day has the place of its date, and no stretches.
pub(super) fn write_zone(
    json: &mut Vec<u8>,
    zone: Zone,
    clock: &ZoneClock,
    (time, days): (Option<Interval>, &[Interval]),
    subject: Subject,
    minutes: Minutes,
) {
    let offsets = clock.offsets_in(clock.span()).enumerate().map(|(place, (part, offset))| {
        // The first offset also stands for the time before the span.
        let start = if place == 0 { 0 } else { minutes.of(part.start()) };
        format!("[{start},{}]", offset / MINUTE)
    });
    let offsets: Vec<String> = offsets.collect();
    let (name, city, changes) = (zone.name(), city(zone), changes_of(clock));
    let places = subject.date_places(clock);
    let mut texts = Vec::new();
    for (nth, day) in days.iter().enumerate() {
        let change = changes.iter().find(|change| day.contains(change.at));
        let note = change.map(|change| words_of(*change, clock)).unwrap_or_default();
        if let Some(place) = places.get(nth).filter(|_| subject.is_long()) {
            texts.push(format!("[{place},\"{note}\"]"));
            continue;
        }
        let moment = Moment::in_zone(day.start(), clock);
        let mut parts = vec![format!("\"{}\",\"{note}\"", moment.weekday_date())];
        for Stretch { span, clock_micros, is_half } in stretches_of(*day, change.copied(), clock) {
            let (start, end) = (minutes.of(span.start()), minutes.of(span.end()));
            let width = if is_half { "0.5" } else { "1" };
            parts.push(format!("[{start},{end},{},{width}]", clock_micros / MINUTE));
        }
        texts.push(format!("[{}]", parts.join(",")));
    }
    let (offsets, days) = (offsets.join(","), texts.join(","));
    let [start, end] =
        time.map_or([0, 0], |time| [time.start(), time.end()].map(|at| minutes.of(at)));
    let zone = format!(
        "{{\"name\":\"{name}\",\"city\":\"{city}\",\"time\":[{start},{end}],\"offsets\":[{offsets}],\"days\":[{days}]}}"
    );
    json.extend_from_slice(zone.as_bytes());
}

fn changes_of(clock: &ZoneClock) -> Vec<Change> {
    let parts: Vec<(Interval, i64)> = clock.offsets_in(clock.span()).collect();
    let change = |pair: &[(Interval, i64)]| match pair {
        [(_, before), (part, after)] => Some(Change { at: part.start(), back: before - after }),
        _ => None,
    };
    parts.windows(2).filter_map(change).collect()
}

/// Splits a day at its change.
fn stretches_of(day: Interval, change: Option<Change>, clock: &ZoneClock) -> Vec<Stretch> {
    let clock_at = |at: Timestamp| clock.local(at).clock_micros;
    let stretch = |from: Timestamp, to: Timestamp| {
        let span = Interval::new(from, to)?.intersection(day)?;
        Some(Stretch { span, clock_micros: clock_at(span.start()), is_half: false })
    };
    let Some(Change { at, back }) = change else {
        return stretch(day.start(), day.end()).into_iter().collect();
    };
    let (first_pass, end) = (at.plus(-back.max(0)), at.plus(back.max(0)));
    let twice = Interval::new(first_pass, end).and_then(|both| both.intersection(day));
    let twice = twice.map(|span| {
        let since_first = span.start().micros() - first_pass.micros();
        let clock_micros = clock_at(first_pass) + since_first / 2;
        Stretch { span, clock_micros, is_half: true }
    });
    [stretch(day.start(), first_pass), twice, stretch(end, day.end())]
        .into_iter()
        .flatten()
        .collect()
}

/// Returns what the clocks did in words.
fn words_of(change: Change, clock: &ZoneClock) -> String {
    let after = clock.local(change.at).clock_micros;
    let time = |micros: i64| {
        let minutes = micros.rem_euclid(DAY) / MINUTE;
        format!("{}:{:02}", minutes / 60, minutes % 60)
    };
    if change.back > 0 {
        format!("{} to {} twice, at half width", time(after), time(after + change.back))
    } else {
        format!("no {} to {}: clocks go forward", time(after + change.back), time(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::HOUR;

    #[test]
    fn a_week_touches_eight_dates_or_seven() {
        assert_eq!(lengths("UTC", "2023-01-25T18:00:00Z"), [6, 24, 24, 24, 24, 24, 24, 18]);
        assert_eq!(lengths("UTC", "2023-01-25T00:00:00Z"), [24; 7]);
    }

    #[test]
    fn a_date_is_shorter_or_longer_where_clocks_change() {
        let forward = lengths("America/New_York", "2023-03-13T04:00:00Z");
        assert_eq!(forward, [1, 24, 24, 24, 24, 24, 24, 23]);
        let back = lengths("America/New_York", "2023-11-06T05:00:00Z");
        assert_eq!(back, [23, 24, 24, 24, 24, 24, 25]);
    }

    #[test]
    fn a_date_that_the_zone_skipped_is_left_out() {
        // Samoa had no 30 December 2011.
        assert_eq!(lengths("Pacific/Apia", "2012-01-01T10:00:00Z"), [24; 7]);
    }

    #[test]
    fn an_even_day_is_one_stretch() {
        check("America/New_York", "2023-03-12T05:00:00Z", &["", "0+1440 at 0"]);
    }

    #[test]
    fn where_clocks_go_forward_the_time_that_does_not_occur_is_a_gap() {
        let note = "no 2:00 to 3:00: clocks go forward";
        check("America/New_York", "2023-03-13T04:00:00Z", &[note, "0+120 at 0", "120+1260 at 180"]);
        let note = "no 0:00 to 1:00: clocks go forward";
        check("Asia/Beirut", "2022-03-27T21:00:00Z", &[note, "0+1380 at 60"]);
    }

    #[test]
    fn where_clocks_go_back_the_time_that_comes_twice_is_drawn_at_half_width() {
        let note = "1:00 to 2:00 twice, at half width";
        let stretches = [note, "0+60 at 0", "60+120 at 60, half", "180+1320 at 120"];
        check("America/New_York", "2023-11-06T05:00:00Z", &stretches);
    }

    fn lengths(zone: &str, end: &str) -> Vec<i64> {
        let (clock, week) = clock(zone, end);
        clock.dates_in(week).iter().map(|day| day.micros() / HOUR).collect()
    }

    /// Draws the last date before `end`, which is a midnight. Times are minutes since its start.
    #[track_caller]
    fn check(zone: &str, end: &str, expected: &[&str]) {
        let (clock, week) = clock(zone, end);
        let day = *clock.dates_in(week).last().unwrap();
        let change = changes_of(&clock).into_iter().find(|change| day.contains(change.at));

        let mut drawn = vec![change.map(|change| words_of(change, &clock)).unwrap_or_default()];
        drawn.extend(stretches_of(day, change, &clock).iter().map(|stretch| {
            let start = (stretch.span.start().micros() - day.start().micros()) / MINUTE;
            let (length, at) = (stretch.span.micros() / MINUTE, stretch.clock_micros / MINUTE);
            let half = if stretch.is_half { ", half" } else { "" };
            format!("{start}+{length} at {at}{half}")
        }));

        assert_eq!(drawn, expected);
    }

    fn clock(zone: &str, end: &str) -> (ZoneClock, Interval) {
        let week = Interval::ending_at(Timestamp::from_rfc3339(end).unwrap(), 7 * DAY);
        (ZoneClock::new(Zone::named(zone).unwrap(), week), week)
    }
}

//! Method `time_weighted` (`RULES.md`, "Method `time_weighted`"): turns polls and open intervals
//! into uptime.
//!
//! A store is polled about once an hour, so its status between two polls has to be estimated:
//! **Only polls taken while the store was open count. Within an open interval, a status holds until
//! the next poll, and the first poll also speaks for the time before it. An interval without a
//! counting poll takes the status of the latest counting poll before it. If there is none, it takes
//! the status of the earliest counting poll after it.**

use std::ops::AddAssign;

use crate::interval::MINUTE;
use crate::{Interval, Poll, Status};

/// Open time by estimated status, in microseconds. The three values add up exactly to the open
/// time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uptime {
    /// Time in which the store was active.
    pub up_micros: i64,
    /// Time in which the store was inactive.
    pub down_micros: i64,
    /// Time that no poll speaks for.
    pub unknown_micros: i64,
}

impl Uptime {
    /// Returns the open time: all of it, in microseconds.
    pub fn scheduled_micros(&self) -> i64 {
        self.up_micros + self.down_micros + self.unknown_micros
    }
}

impl AddAssign for Uptime {
    fn add_assign(&mut self, other: Uptime) {
        self.up_micros += other.up_micros;
        self.down_micros += other.down_micros;
        self.unknown_micros += other.unknown_micros;
    }
}

/// The longest time before and after a poll for which the poll speaks: 1 to 11,520 whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaxHold(u16);

impl MaxHold {
    /// The most minutes accepted: the 192 hours in which polls are considered.
    pub const MAX_MINUTES: u16 = 11_520;

    /// Returns `None` unless `minutes` is 1 to 11,520.
    pub fn from_minutes(minutes: u32) -> Option<MaxHold> {
        let minutes = u16::try_from(minutes).ok()?;
        (1..=MaxHold::MAX_MINUTES).contains(&minutes).then_some(MaxHold(minutes))
    }

    /// Returns the minutes.
    pub fn minutes(self) -> u32 {
        u32::from(self.0)
    }

    pub(crate) fn micros(self) -> i64 {
        i64::from(self.0) * MINUTE
    }
}

/// Estimates uptime in each window.
///
/// `open` are a store's open intervals, in order; they do not touch or overlap. `polls` are the
/// considered polls, in order, at most one per instant. They may also be in closed time.
pub fn uptime_during<const WINDOWS: usize>(
    open: &[Interval],
    polls: &[Poll],
    max_hold: Option<MaxHold>,
    windows: [Interval; WINDOWS],
) -> [Uptime; WINDOWS] {
    let mut uptimes = [Uptime::default(); WINDOWS];
    for_each_stretch(open, polls, |stretch| {
        for (uptime, window) in uptimes.iter_mut().zip(windows) {
            if let Some(shared) = estimate(&stretch, window, max_hold) {
                *uptime += shared;
            }
        }
    });
    uptimes
}

/// A span of open time for which one poll speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) span: Interval,
    /// The poll that speaks for it, in this open interval or another one. `None` if the store has
    /// no counting poll.
    pub(crate) speaker: Option<Poll>,
    /// The poll at which it ends, in the same open interval. `None` if it ends with the interval.
    pub(crate) next: Option<Poll>,
}

impl Stretch {
    fn within(span: Interval, speaker: Option<Poll>) -> Stretch {
        Stretch { span, speaker, next: None }
    }

    /// Returns the part that the speaker's status is taken for: all of it, or what is within
    /// `max_hold` of the speaker. The rest is unknown.
    pub(crate) fn known(&self, max_hold: Option<MaxHold>) -> Option<Interval> {
        let poll = self.speaker?;
        let Some(max_hold) = max_hold else { return Some(self.span) };
        let (from, to) = (poll.at().plus(-max_hold.micros()), poll.at().plus(max_hold.micros()));
        Interval::new(from, to)?.intersection(self.span)
    }
}

/// Splits the open intervals into stretches, in order, and passes each to `take`.
pub(crate) fn for_each_stretch(open: &[Interval], polls: &[Poll], mut take: impl FnMut(Stretch)) {
    let mut rest = polls;
    let mut latest_earlier = None;
    // Intervals before the first counting poll. That poll speaks for them.
    let mut silent_so_far = Vec::new();
    for &interval in open {
        let inside = polls_inside(&mut rest, interval);
        let (Some(&first), Some(&last)) = (inside.first(), inside.last()) else {
            match latest_earlier {
                Some(poll) => take(Stretch::within(interval, Some(poll))),
                None => silent_so_far.push(interval),
            }
            continue;
        };
        for earlier_interval in silent_so_far.drain(..) {
            take(Stretch::within(earlier_interval, Some(first)));
        }
        let nexts = inside.iter().skip(1).copied().map(Some).chain([None]);
        let mut start = interval.start();
        for (&poll, next) in inside.iter().zip(nexts) {
            let end = next.map_or(interval.end(), Poll::at);
            if let Some(span) = Interval::new(start, end) {
                take(Stretch { span, speaker: Some(poll), next });
            }
            start = end;
        }
        latest_earlier = Some(last);
    }
    for interval in silent_so_far {
        take(Stretch::within(interval, None));
    }
}

/// Returns the polls in `interval` and leaves the later polls in `rest`. Drops earlier polls, which
/// are in closed time.
fn polls_inside<'a>(rest: &mut &'a [Poll], interval: Interval) -> &'a [Poll] {
    let from = rest.partition_point(|poll| poll.at() < interval.start());
    let from_interval_on = &rest[from..];
    let count = from_interval_on.partition_point(|poll| poll.at() < interval.end());
    let (inside, later) = from_interval_on.split_at(count);
    *rest = later;
    inside
}

/// Returns the shared time of a stretch and a window by estimated status.
fn estimate(stretch: &Stretch, window: Interval, max_hold: Option<MaxHold>) -> Option<Uptime> {
    let all = stretch.span.intersection(window)?.micros();
    let Some(poll) = stretch.speaker else {
        return Some(Uptime { unknown_micros: all, ..Uptime::default() });
    };
    let known = stretch.known(max_hold).and_then(|known| known.intersection(window));
    let known_micros = known.map_or(0, Interval::micros);
    let unknown_micros = all - known_micros;
    Some(match poll.status() {
        Status::Active => Uptime { up_micros: known_micros, down_micros: 0, unknown_micros },
        Status::Inactive => Uptime { up_micros: 0, down_micros: known_micros, unknown_micros },
    })
}

#[cfg(test)]
mod tests;

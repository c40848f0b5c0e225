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

    fn micros(self) -> i64 {
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
    for_each_stretch(open, polls, |stretch, speaker| {
        for (uptime, window) in uptimes.iter_mut().zip(windows) {
            if let Some(shared) = stretch.intersection(window) {
                *uptime += estimate(shared, speaker, max_hold);
            }
        }
    });
    uptimes
}

/// Splits the open intervals into stretches and passes each to `take` with the poll that speaks for
/// it. The poll is `None` if the store has no counting poll.
fn for_each_stretch(
    open: &[Interval],
    polls: &[Poll],
    mut take: impl FnMut(Interval, Option<Poll>),
) {
    let mut rest = polls;
    let mut latest_earlier = None;
    // Intervals before the first counting poll. That poll speaks for them.
    let mut silent_so_far = Vec::new();
    for &interval in open {
        let inside = polls_inside(&mut rest, interval);
        let (Some(&first), Some(&last)) = (inside.first(), inside.last()) else {
            match latest_earlier {
                Some(poll) => take(interval, Some(poll)),
                None => silent_so_far.push(interval),
            }
            continue;
        };
        for earlier_interval in silent_so_far.drain(..) {
            take(earlier_interval, Some(first));
        }
        let ends = inside.iter().skip(1).map(|next| next.at()).chain([interval.end()]);
        let mut start = interval.start();
        for (&poll, end) in inside.iter().zip(ends) {
            if let Some(stretch) = Interval::new(start, end) {
                take(stretch, Some(poll));
            }
            start = end;
        }
        latest_earlier = Some(last);
    }
    for interval in silent_so_far {
        take(interval, None);
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

/// Applies the speaker's status to the part of `stretch` within `max_hold` of it. The rest is
/// unknown.
fn estimate(stretch: Interval, speaker: Option<Poll>, max_hold: Option<MaxHold>) -> Uptime {
    let all = stretch.micros();
    let Some(poll) = speaker else {
        return Uptime { unknown_micros: all, ..Uptime::default() };
    };
    let known = max_hold.map_or(all, |max_hold| {
        let (from, to) = (poll.at().plus(-max_hold.micros()), poll.at().plus(max_hold.micros()));
        let held = Interval::new(from, to).and_then(|held| held.intersection(stretch));
        held.map_or(0, Interval::micros)
    });
    let unknown_micros = all - known;
    match poll.status() {
        Status::Active => Uptime { up_micros: known, down_micros: 0, unknown_micros },
        Status::Inactive => Uptime { up_micros: 0, down_micros: known, unknown_micros },
    }
}

#[cfg(test)]
mod tests;

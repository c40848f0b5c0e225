//! How certain a figure is (`RULES.md`, "Least, most and coverage"): which open time two
//! neighbouring polls settle, and which open time is close to a poll.
//!
//! **Between two neighbouring counting polls of one open interval that agree and are at most 150
//! minutes apart, the store is taken not to have changed.** That time is settled. All other open
//! time is estimated or unknown.

use std::ops::AddAssign;

use crate::interval::MINUTE;
use crate::timeline::{MaxHold, Stretch};
use crate::{Interval, Poll, Status};

/// The largest distance at which two agreeing polls settle the time between them, in minutes: one
/// missing hourly poll is tolerated, two are not.
pub const SETTLED_GAP_MINUTES: i64 = 150;
/// How far before and after a counting poll open time is covered, in minutes.
pub const COVERAGE_REACH_MINUTES: i64 = 45;

const SETTLED_GAP: i64 = SETTLED_GAP_MINUTES * MINUTE;
const COVERAGE_REACH: i64 = COVERAGE_REACH_MINUTES * MINUTE;

/// How much of a window's open time is certain, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Certainty {
    /// Settled time in which the store was active.
    pub settled_up_micros: i64,
    /// Settled time in which the store was inactive: the least downtime.
    pub settled_down_micros: i64,
    /// Open time within 45 minutes of a counting poll of the same open interval.
    pub covered_micros: i64,
}

impl AddAssign for Certainty {
    fn add_assign(&mut self, other: Certainty) {
        self.settled_up_micros += other.settled_up_micros;
        self.settled_down_micros += other.settled_down_micros;
        self.covered_micros += other.covered_micros;
    }
}

/// What is known of a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanStatus {
    /// The store was not meant to be open.
    Closed,
    /// The store was open, and no poll speaks for the time.
    Unknown,
    /// The store was active: settled by two polls, or estimated.
    Up {
        /// Whether two polls settle it.
        settled: bool,
    },
    /// The store was inactive: settled by two polls, or estimated.
    Down {
        /// Whether two polls settle it.
        settled: bool,
    },
}

impl SpanStatus {
    fn of(speaker: Poll, settled: bool) -> SpanStatus {
        match speaker.status() {
            Status::Active => SpanStatus::Up { settled },
            Status::Inactive => SpanStatus::Down { settled },
        }
    }
}

/// A span of time in which one thing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Run {
    /// The span.
    pub span: Interval,
    /// What is known of it.
    pub status: SpanStatus,
}

/// Returns the parts of a stretch in which one thing is known, in order.
pub(crate) fn runs_of(stretch: &Stretch, max_hold: Option<MaxHold>) -> impl Iterator<Item = Run> {
    let Stretch { span, speaker, .. } = *stretch;
    let (start, end) = (span.start(), span.end());
    let parts = if let (Some(poll), Some(known)) = (speaker, stretch.known(max_hold)) {
        let settled_from = if is_settled(stretch, max_hold) { poll.at() } else { known.end() };
        [
            (start, known.start(), SpanStatus::Unknown),
            (known.start(), settled_from, SpanStatus::of(poll, false)),
            (settled_from, known.end(), SpanStatus::of(poll, true)),
            (known.end(), end, SpanStatus::Unknown),
        ]
    } else {
        let none = (end, end, SpanStatus::Unknown);
        [(start, end, SpanStatus::Unknown), none, none, none]
    };
    parts
        .into_iter()
        .filter_map(|(from, to, status)| Interval::new(from, to).map(|span| Run { span, status }))
}

/// Returns whether the time from the stretch's poll to the next one is settled.
fn is_settled(stretch: &Stretch, max_hold: Option<MaxHold>) -> bool {
    let (Some(poll), Some(next)) = (stretch.speaker, stretch.next) else { return false };
    let gap = next.at().micros() - poll.at().micros();
    poll.status() == next.status()
        && gap <= SETTLED_GAP
        && max_hold.is_none_or(|max_hold| gap <= max_hold.micros())
}

/// Returns the parts of a stretch that are close to a counting poll of its open interval. Together,
/// the stretches of an interval give every covered part once: a poll that is neither the stretch's
/// own nor the next one reaches no part of it that these two do not reach.
pub(crate) fn covered_parts(stretch: &Stretch) -> impl Iterator<Item = Interval> {
    let span = stretch.span;
    let own = stretch.speaker.map(Poll::at).filter(|at| span.contains(*at));
    let own_end = own.map_or(span.start(), |at| at.plus(COVERAGE_REACH));
    let around_own = own.and_then(|at| Interval::new(at.plus(-COVERAGE_REACH), own_end));
    let before_next = stretch
        .next
        .and_then(|next| Interval::new(next.at().plus(-COVERAGE_REACH).max(own_end), next.at()));
    [around_own, before_next].into_iter().flatten().filter_map(move |near| near.intersection(span))
}

#[cfg(test)]
mod tests;

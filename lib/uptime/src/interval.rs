//! Instants and spans of UTC time.

use std::time::{SystemTime, UNIX_EPOCH};

/// An instant: microseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in a UTC day; POSIX time has no leap seconds.
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    /// Takes microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Timestamp {
        Timestamp(micros)
    }

    /// Returns microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns the instant `micros` later, or earlier if negative. Saturates at the first and last
    /// representable instants.
    #[must_use]
    pub const fn plus(self, micros: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(micros))
    }
}

impl From<SystemTime> for Timestamp {
    /// Drops what is finer than a microsecond. An instant before 1970 becomes the start of 1970.
    fn from(at: SystemTime) -> Timestamp {
        let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A half-open span of time, `[start, end)`; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    // Invariant: start < end.
    start: Timestamp,
    end: Timestamp,
}

impl Interval {
    /// Returns `None` for an empty or reversed span.
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Interval> {
        (start < end).then_some(Interval { start, end })
    }

    /// Returns the span of `micros` that ends at `end`. A value below 1 counts as 1.
    pub fn ending_at(end: Timestamp, micros: i64) -> Interval {
        let start = Timestamp(end.0.saturating_sub(micros.max(1)).min(i64::MAX - 1));
        Interval { start, end: end.max(start.plus(1)) }
    }

    /// Returns the first instant of the span.
    pub const fn start(self) -> Timestamp {
        self.start
    }

    /// Returns the first instant after the span.
    pub const fn end(self) -> Timestamp {
        self.end
    }

    /// Returns whether the instant is in the span. The end of the span is not.
    pub fn contains(self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Returns the time that both spans share, or `None` if they share none.
    pub fn intersection(self, other: Interval) -> Option<Interval> {
        Interval::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// Returns the span with its end moved to `end`, or unchanged if it already ends later.
    #[must_use]
    pub fn extended_to(self, end: Timestamp) -> Interval {
        Interval { start: self.start, end: self.end.max(end) }
    }

    /// Returns the length of the span, which is always positive.
    pub const fn micros(self) -> i64 {
        self.end.0 - self.start.0
    }
}

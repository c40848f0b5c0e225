//! Weekly hours and a zone -> open intervals (spec section 3; the only place that knows it).

use crate::Interval;
use chrono::Weekday;
use chrono_tz::Tz;

/// The zone of a store without one.
pub const DEFAULT_ZONE: Tz = Tz::America__Chicago;

/// A local time of day to the second; 24:00:00 is the day's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(u32);
impl LocalTime {
    /// Returns `None` for over 86,400 seconds since midnight.
    pub fn from_seconds(seconds: u32) -> Option<LocalTime> {
        (seconds <= 86_400).then_some(LocalTime(seconds))
    }
    /// Seconds since local midnight, 0 to 86,400.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

/// One row of business hours, as written in the source (not yet normalised).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HoursRow {
    /// weekday
    pub day: Weekday,
    /// start
    pub start: LocalTime,
    /// end
    pub end: LocalTime,
}

/// A store's open intervals: sorted, disjoint, not touching; right within `span` and whole there in the sense of spec 4 (they may reach beyond it).
/// No rows: always open.
pub fn open_intervals(_rows: &[HoursRow], _zone: Tz, _span: Interval) -> Vec<Interval> {
    todo!()
}

/// The release of the tz database compiled in, `2025b`.
pub const TZ_RELEASE: &str = chrono_tz::IANA_TZDB_VERSION;

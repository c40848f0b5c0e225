//! Method `time_weighted` (spec section 4).

use crate::{Interval, Poll};

/// Open time by estimated status, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uptime {
    /// up
    pub up_micros: i64,
    /// down
    pub down_micros: i64,
    /// unknown
    pub unknown_micros: i64,
}

/// `max_hold`: whole minutes, 1 to 11,520.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaxHold(u16);
impl MaxHold {
    /// None outside 1..=11,520
    pub fn from_minutes(_minutes: u32) -> Option<MaxHold> {
        todo!()
    }
    /// minutes
    pub fn minutes(self) -> u32 {
        u32::from(self.0)
    }
}

/// `open` sorted and disjoint; `polls` sorted, one an instant.
pub fn uptime_during(
    _open: &[Interval],
    _polls: &[Poll],
    _max_hold: Option<MaxHold>,
    _windows: [Interval; 3],
) -> [Uptime; 3] {
    todo!()
}

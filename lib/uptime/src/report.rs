//! Report parameters, rows and counts (spec sections 4 to 6).

use crate::timeline::MaxHold;
use crate::{Interval, StoreId, Timestamp};

/// How uptime is told from polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Spec section 4.
    TimeWeighted {
        /// Unset: a status holds without limit.
        max_hold: Option<MaxHold>,
    },
    /// Spec section 5.
    PollCount,
}
impl Method {
    /// `time_weighted` or `poll_count`.
    pub fn name(self) -> &'static str {
        todo!()
    }
    /// max_hold, if any
    pub fn max_hold(self) -> Option<MaxHold> {
        todo!()
    }
}

/// What a report is about; with the stored data it fixes every byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// as_of
    pub as_of: Timestamp,
    /// method
    pub method: Method,
}
impl Parameters {
    /// The polls considered, both ends included: `[as_of - 192 h, as_of]`.
    pub fn polls_considered(&self) -> std::ops::RangeInclusive<Timestamp> {
        todo!()
    }
    /// Last hour, last day, last week.
    pub fn windows(&self) -> [Interval; 3] {
        todo!()
    }
}

/// Up- and downtime of one window, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// up
    pub up_micros: i64,
    /// down
    pub down_micros: i64,
}

/// One store's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// store
    pub store: StoreId,
    /// last hour, last day, last week
    pub windows: [Figures; 3],
}

/// What a status tells of a report's stores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// rows
    pub stores: u64,
    /// without a poll considered
    pub without_polls: u64,
    /// without any hours row
    pub with_default_hours: u64,
    /// without a zone
    pub with_default_zone: u64,
}
impl std::ops::AddAssign for StoreCounts {
    fn add_assign(&mut self, other: StoreCounts) {
        self.stores += other.stores;
        self.without_polls += other.without_polls;
        self.with_default_hours += other.with_default_hours;
        self.with_default_zone += other.with_default_zone;
    }
}

/// The rows of one shard, in any order.
#[derive(Debug, Clone, Default)]
pub struct ShardReport {
    /// rows
    pub rows: Vec<ReportRow>,
    /// counts
    pub counts: StoreCounts,
}

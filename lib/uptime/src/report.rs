//! Computes the rows of a report (`RULES.md`, "The report").

use std::ops::AddAssign;

use crate::business_hours::{OpeningTimes, open_intervals};
use crate::parameters::{Method, ReportParameters, Window};
use crate::poll_count::count_polls;
use crate::timeline::{Uptime, uptime_during};
use crate::zone_clock::ZoneClock;
use crate::{PollSet, StoreId, Zone};

/// One store's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// The store.
    pub store: StoreId,
    /// The figures, in the order of [`Window::ALL`].
    pub uptimes: [Uptime; Window::ALL.len()],
}

/// What the stored data says about one store.
#[derive(Debug, Clone)]
pub(crate) struct StoreFacts {
    pub(crate) store: StoreId,
    /// `None`: the zone is not known.
    pub(crate) zone: Option<Zone>,
    pub(crate) opening_times: OpeningTimes,
    /// The polls considered.
    pub(crate) polls: PollSet,
}

/// Computes one store's row. `clock` is the clock of the store's zone for
/// [`ReportParameters::span`].
pub(crate) fn row_for_store(
    facts: &StoreFacts,
    clock: &ZoneClock,
    parameters: &ReportParameters,
) -> ReportRow {
    let StoreFacts { store, opening_times, polls, .. } = facts;
    let polls = polls.as_slice();
    let uptimes = match parameters.method {
        Method::TimeWeighted { max_hold } => {
            let windows = Window::ALL.map(|window| window.before(parameters.as_of));
            uptime_during(&open_intervals(opening_times, clock), polls, max_hold, windows)
        }
        // This method does not know special days.
        Method::PollCount => count_polls(&opening_times.hours, polls, clock, parameters),
    };
    ReportRow { store: store.clone(), uptimes }
}

/// The counts of stores that a report's status shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// Rows.
    pub stores: u64,
    /// Rows of stores without a considered poll.
    pub without_polls: u64,
    /// Rows of stores whose business hours are unknown. They count as always open.
    pub with_default_hours: u64,
    /// Rows of stores whose zone is unknown. They count as in [`crate::Zone::DEFAULT`].
    pub with_default_zone: u64,
}

impl AddAssign for StoreCounts {
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
    /// One row per store.
    pub rows: Vec<ReportRow>,
    /// The counts of these rows.
    pub counts: StoreCounts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_shards_add_up() {
        let counts = |[stores, without_polls, with_default_hours, with_default_zone]: [u64; 4]| {
            StoreCounts { stores, without_polls, with_default_hours, with_default_zone }
        };
        let mut sum = counts([10, 2, 3, 4]);
        sum += counts([5, 1, 0, 2]);
        assert_eq!(sum, counts([15, 3, 3, 6]));
    }
}

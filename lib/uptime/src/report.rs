//! Computes the rows of a report (`RULES.md`, "The report").

use std::ops::AddAssign;

use crate::business_hours::{OpeningTimes, are_unknown, open_intervals};
use crate::parameters::{Method, ReportParameters, Window};
use crate::poll_count::count_polls;
use crate::timeline::{Uptime, uptime_during};
use crate::times::Times;
use crate::zone_clock::ZoneClock;
use crate::{PollSet, StoreId, Zone};

/// One store's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// The store.
    pub store: StoreId,
    /// The figures of each window, in its place ([`Window::place`]).
    pub uptimes: [Uptime; Window::MOST],
}

/// What the stored data says about one store.
#[derive(Debug, Clone)]
pub(crate) struct StoreFacts {
    pub(crate) store: StoreId,
    /// `None`: the zone is not known.
    pub(crate) zone: Option<Zone>,
    pub(crate) opening_times: OpeningTimes,
    /// Whether a file of another kind than polls names the store.
    pub(crate) is_named: bool,
    /// The polls that are needed of it, and then, after [`StoreFacts::consider`], the polls considered.
    pub(crate) polls: PollSet,
}

impl StoreFacts {
    /// Drops the polls that are not considered. Returns the counts of the store's row, or `None` if it
    /// has no row: no file of another kind than polls names it, and none of its polls is considered.
    pub(crate) fn consider(&mut self, times: &Times) -> Option<StoreCounts> {
        self.polls.keep_between(times.polls_considered());
        let is_without_polls = self.polls.as_slice().is_empty();
        (self.is_named || !is_without_polls).then(|| StoreCounts {
            stores: 1,
            without_polls: u64::from(is_without_polls),
            with_default_hours: u64::from(are_unknown(&self.opening_times.hours)),
            with_default_zone: u64::from(self.zone.is_none()),
        })
    }
}

/// Computes one store's row. `clock` is the clock of the store's zone
/// ([`ReportParameters::clock`]).
pub(crate) fn row_for_store(
    facts: &StoreFacts,
    clock: &ZoneClock,
    parameters: &ReportParameters,
) -> ReportRow {
    let StoreFacts { store, opening_times, polls, .. } = facts;
    let polls = polls.as_slice();
    let uptimes = match parameters.method {
        Method::TimeWeighted { max_hold, period } => {
            let open = open_intervals(opening_times, clock);
            match period {
                None => uptime_during(&open, polls, max_hold, parameters.last_windows()),
                Some(_) => parameters.times(clock).windows().map(|window| {
                    window.map_or(Uptime::default(), |window| {
                        let [uptime] = uptime_during(&open, polls, max_hold, [window]);
                        uptime
                    })
                }),
            }
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

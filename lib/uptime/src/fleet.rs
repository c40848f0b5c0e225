//! The stores of a report, united over shards, and what is known of all of them together.

use crate::Timestamp;
use crate::account::{Account, Drawn};
use crate::accounts::{Accounts, OrderedAccounts, Sums};
use crate::business_hours::{OpeningTimes, open_intervals};
use crate::heat_map::HeatMap;
use crate::parameters::{Method, ReportParameters};
use crate::poller::{Poller, PollerActivity};
use crate::report::{ReportRow, StoreCounts, StoreFacts, row_for_store};
use crate::zone_clock::ZoneClock;

/// Some stores of a report: those of a shard, or those of several shards united.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// What the report is about.
    pub about: About,
    /// The stores.
    pub stores: Stores,
}

/// What a report is about, and how much is known of its stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The parameters of the report.
    pub parameters: ReportParameters,
    /// The counts of the stores.
    pub counts: StoreCounts,
    /// How many stores have no counting poll.
    pub without_counting_poll: u64,
    /// The instant from which polls were kept when the report was requested, if it considers time
    /// before that ([`crate::retention::Retention::exceeded_by`]). `None` unless the caller sets it.
    pub polls_kept_from: Option<Timestamp>,
}

/// The stores of a report by its method.
#[derive(Debug, Clone)]
pub enum Stores {
    /// Method `time_weighted`.
    Measured {
        /// The account of each store.
        accounts: Accounts,
        /// When they were polled.
        activity: PollerActivity,
        /// When they were down.
        heat_map: HeatMap,
    },
    /// Method `poll_count`, which gives counts and nothing else.
    Counted(Vec<ReportRow>),
}

impl Fleet {
    /// Begins without stores.
    pub fn new(parameters: ReportParameters) -> Fleet {
        let stores = match parameters.method {
            Method::TimeWeighted { .. } => Stores::Measured {
                accounts: Accounts::new(parameters),
                activity: PollerActivity::new(parameters.silences_sought()),
                heat_map: HeatMap::new(parameters.span()),
            },
            Method::PollCount => Stores::Counted(Vec::new()),
        };
        let about = About {
            parameters,
            counts: StoreCounts::default(),
            without_counting_poll: 0,
            polls_kept_from: None,
        };
        Fleet { about, stores }
    }

    /// Adds one store with all polls that are needed of it. `clock` is the clock of its zone
    /// ([`ReportParameters::clock`]).
    pub(crate) fn add(&mut self, mut facts: StoreFacts, clock: &ZoneClock) {
        let parameters = &self.about.parameters;
        if let Stores::Measured { activity, .. } = &mut self.stores {
            activity.add_store(facts.polls.as_slice());
        }
        let Some(counts) = facts.consider(&parameters.times(clock)) else { return };
        self.about.counts += counts;
        let has_counting_poll = match &mut self.stores {
            Stores::Measured { accounts, heat_map, .. } => {
                let mut account = Account::of(facts, clock, parameters);
                if let Some(Drawn::InFull { runs, .. }) = account.drawn() {
                    heat_map.add_store(runs, clock);
                }
                if !parameters.draws_in_full() {
                    account.sum_up_by_day(clock, parameters);
                }
                let has_counting_poll = account.last_poll.is_some();
                accounts.push(account);
                has_counting_poll
            }
            Stores::Counted(rows) => {
                rows.push(row_for_store(&facts, clock, parameters));
                // The method does not know special days, so this figure does not either.
                let weekly = OpeningTimes::weekly(facts.opening_times.hours);
                let open = open_intervals(&weekly, clock);
                let is_open = |at| open.iter().any(|interval| interval.contains(at));
                facts.polls.as_slice().iter().any(|poll| is_open(poll.at()))
            }
        };
        self.about.without_counting_poll += u64::from(!has_counting_poll);
    }

    /// Adds other stores of the same report.
    pub fn unite(&mut self, other: Fleet) {
        self.about.counts += other.about.counts;
        self.about.without_counting_poll += other.about.without_counting_poll;
        match (&mut self.stores, other.stores) {
            (
                Stores::Measured { accounts, activity, heat_map },
                Stores::Measured {
                    accounts: others,
                    activity: other_activity,
                    heat_map: other_heat_map,
                },
            ) => {
                accounts.unite(others);
                activity.unite(&other_activity);
                heat_map.unite(&other_heat_map);
            }
            (Stores::Counted(rows), Stores::Counted(others)) => rows.extend(others),
            // Both are of one report, so of one method.
            (Stores::Measured { .. }, Stores::Counted(_))
            | (Stores::Counted(_), Stores::Measured { .. }) => {}
        }
    }
}

/// A report by the method `time_weighted`, ready to be written.
#[derive(Debug, Clone)]
pub struct MeasuredReport {
    /// What the report is about.
    pub about: About,
    /// The account of each store, in bytewise order of the ids.
    pub accounts: OrderedAccounts,
    /// The sums over all stores.
    pub sums: Sums,
    /// When the stores were polled.
    pub activity: PollerActivity,
    /// When the stores were down.
    pub heat_map: HeatMap,
    /// The silences of the poller.
    pub poller: Poller,
}

impl MeasuredReport {
    /// Puts the stores in order and finds silences.
    pub fn new(
        about: About,
        accounts: Accounts,
        activity: PollerActivity,
        heat_map: HeatMap,
    ) -> MeasuredReport {
        let (accounts, sums) = accounts.in_order();
        let poller = activity.judge();
        MeasuredReport { about, accounts, sums, activity, heat_map, poller }
    }
}

#[cfg(test)]
mod tests;

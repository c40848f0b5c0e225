//! The stores of a report, united over shards, and what is known of all of them together.

use crate::Timestamp;
use crate::account::{Account, Drawn, Figures};
use crate::business_hours::{OpeningTimes, open_intervals};
use crate::heat_map::HeatMap;
use crate::parameters::{Method, ReportParameters, Window};
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
        accounts: Vec<Account>,
        /// When they were polled.
        activity: PollerActivity,
        /// When they were down.
        heat_map: HeatMap,
    },
    /// Method `poll_count`, which gives counts and nothing else.
    Counted(Vec<ReportRow>),
}

/// The page shows all stores if there are at most this many.
pub const STORES_ON_PAGE: usize = 20_000;
/// If there are more, the page shows those with the most downtime.
pub const WORST_ON_PAGE: usize = 5_000;

impl Fleet {
    /// Begins without stores.
    pub fn new(parameters: ReportParameters) -> Fleet {
        let stores = match parameters.method {
            Method::TimeWeighted { .. } => Stores::Measured {
                accounts: Vec::new(),
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
                accounts.extend(others);
                activity.unite(&other_activity);
                heat_map.unite(&other_heat_map);
                if accounts.iter().filter(|account| account.detail.is_some()).count()
                    > STORES_ON_PAGE
                {
                    keep_worst_details(accounts, self.about.parameters.main_window());
                }
            }
            (Stores::Counted(rows), Stores::Counted(others)) => rows.extend(others),
            // Both are of one report, so of one method.
            (Stores::Measured { .. }, Stores::Counted(_))
            | (Stores::Counted(_), Stores::Measured { .. }) => {}
        }
    }
}

/// Drops the details of all stores but those with the most downtime. What remains does not depend
/// on when this is called: a store that is dropped has enough stores before it for ever.
fn keep_worst_details(accounts: &mut [Account], main: Window) {
    let mut with_detail: Vec<&mut Account> =
        accounts.iter_mut().filter(|account| account.detail.is_some()).collect();
    if with_detail.len() <= WORST_ON_PAGE {
        return;
    }
    with_detail.select_nth_unstable_by(WORST_ON_PAGE, |this, that| by_downtime(main, this, that));
    for account in &mut with_detail[WORST_ON_PAGE..] {
        account.detail = None;
    }
}

/// Orders stores by their downtime in a window, most first, then by id.
pub fn by_downtime(window: Window, this: &Account, that: &Account) -> std::cmp::Ordering {
    let down = |account: &Account| account.figures(window).uptime.down_micros;
    down(that).cmp(&down(this)).then_with(|| this.row.store.cmp(&that.row.store))
}

/// A report by the method `time_weighted`, ready to be written.
#[derive(Debug, Clone)]
pub struct MeasuredReport {
    /// What the report is about.
    pub about: About,
    /// The account of each store, in bytewise order of the ids.
    pub accounts: Vec<Account>,
    /// When the stores were polled.
    pub activity: PollerActivity,
    /// When the stores were down.
    pub heat_map: HeatMap,
    /// The silences of the poller.
    pub poller: Poller,
    /// The sums over all stores of each window, in its place ([`Window::place`]).
    pub totals: [Figures; Window::MOST],
}

impl MeasuredReport {
    /// Puts the stores in order, adds up their figures and finds silences.
    pub fn new(
        about: About,
        mut accounts: Vec<Account>,
        activity: PollerActivity,
        heat_map: HeatMap,
    ) -> MeasuredReport {
        if accounts.len() > STORES_ON_PAGE {
            keep_worst_details(&mut accounts, about.parameters.main_window());
        }
        accounts.sort_by_cached_key(|account| {
            let store = &account.row.store;
            (store.first_bytes(), store.clone())
        });
        let mut totals = [Figures::default(); Window::MOST];
        for account in &accounts {
            for window in about.parameters.windows() {
                totals[window.place()] += account.figures(*window);
            }
        }
        let poller = activity.judge();
        MeasuredReport { about, accounts, activity, heat_map, poller, totals }
    }

    /// Drops all details, to give their memory back.
    pub(crate) fn drop_details(&mut self) {
        for account in &mut self.accounts {
            account.detail = None;
        }
    }

    /// Returns the rows of all stores.
    pub fn rows(&self) -> impl Iterator<Item = &ReportRow> {
        self.accounts.iter().map(|account| &account.row)
    }

    /// Returns how many outages there are.
    pub fn outage_count(&self) -> usize {
        self.accounts.iter().map(|account| account.outages.len()).sum()
    }
}

#[cfg(test)]
mod tests;

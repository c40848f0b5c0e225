//! What the page says of all stores, gathered in one pass: a report can have a million of them.

use std::borrow::Cow;

use super::subject::Subject;
use crate::account::Account;
use crate::fleet::MeasuredReport;
use crate::interval::HOUR;
use crate::outage::Outage;
use crate::times::ZoneClocks;
use crate::{Poll, Status};

/// How many of the stores that were down at the end the page names.
pub(super) const MOST_DOWN_AT_END: usize = 20;

/// A store with more downtime a week counts in the headline, in hours.
const MUCH_DOWNTIME_HOURS: i64 = 2;

/// What the page says of all stores.
#[derive(Debug)]
pub(super) struct Overview<'a> {
    /// From how many hours of downtime on a store counts in the headline.
    pub(super) much_hours: i64,
    /// How many stores were down for more than these hours.
    pub(super) much: u64,
    /// How many stores were down for more than these hours at least.
    pub(super) much_at_least: u64,
    /// How many stores were down at the end.
    pub(super) down_at_end: usize,
    /// Those of them that were down longest, longest first.
    pub(super) down_longest: Vec<Cow<'a, Account>>,
    /// Of the stores that were open and last seen down, but too long before the end to count: how
    /// many hours before it.
    pub(super) seen_down_before: Ages,
    /// How many stores were last seen down and closed by the end.
    pub(super) closed_by_then: usize,
}

/// How many ages there are, with the least and the greatest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ages {
    pub(super) count: usize,
    pub(super) least: i64,
    pub(super) most: i64,
}

impl<'a> Overview<'a> {
    pub(super) fn of(
        report: &'a MeasuredReport,
        subject: Subject,
        clocks: &mut ZoneClocks,
    ) -> Overview<'a> {
        let mut overview = Overview {
            // A time that is shorter than a week counts as one.
            much_hours: MUCH_DOWNTIME_HOURS * (subject.days() / 7).max(1),
            much: 0,
            much_at_least: 0,
            down_at_end: 0,
            down_longest: Vec::new(),
            seen_down_before: Ages::default(),
            closed_by_then: 0,
        };
        for account in report.accounts.iter() {
            overview
                .add(report, account, |account| subject.lasts_to_as_of(clocks.of(account.zone)));
        }
        overview
    }

    fn add(
        &mut self,
        report: &MeasuredReport,
        account: Cow<'a, Account>,
        lasts_to_as_of: impl FnOnce(&Account) -> bool,
    ) {
        let parameters = &report.about.parameters;
        let figures = account.figures(parameters.main_window());
        let is_much = |micros: i64| u64::from(micros > self.much_hours * HOUR);
        let (much, at_least) =
            (is_much(figures.uptime.down_micros), is_much(figures.downtime_least_micros()));
        self.much += much;
        self.much_at_least += at_least;
        if account.down_at_end(parameters.as_of) {
            self.down_at_end += 1;
            self.keep_if_long(account);
            return;
        }
        let newest = account.last_poll.filter(|poll| poll.status() == Status::Inactive);
        let Some(at) = newest.map(Poll::at).filter(|_| lasts_to_as_of(&account)) else { return };
        if account.open_at_end {
            self.seen_down_before.add((parameters.as_of.micros() - at.micros()) / HOUR);
        } else {
            self.closed_by_then += 1;
        }
    }

    fn keep_if_long(&mut self, account: Cow<'a, Account>) {
        let micros = down_micros_at_end(&account);
        let place = self.down_longest.partition_point(|it| down_micros_at_end(it) >= micros);
        if place < MOST_DOWN_AT_END {
            self.down_longest.insert(place, account);
            self.down_longest.truncate(MOST_DOWN_AT_END);
        }
    }
}

impl Ages {
    fn add(&mut self, age: i64) {
        self.least = if self.count == 0 { age } else { self.least.min(age) };
        self.most = self.most.max(age);
        self.count += 1;
    }
}

/// Returns the outage that a store is in. There is none in the week if it began with a poll at the
/// very end.
pub(super) fn outage_at_end(account: &Account) -> Option<&Outage> {
    account.outages.last().filter(|outage| outage.ended_at().is_none())
}

/// Returns the downtime of the outage that a store is in, in microseconds.
pub(super) fn down_micros_at_end(account: &Account) -> i64 {
    outage_at_end(account).map_or(0, Outage::down_micros)
}

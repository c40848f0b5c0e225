//! The accounts of the stores of a report. A report can have a million of them, so only those that the
//! page may show are held as they are; the others are packed into a third of the memory.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::iter;

use foldhash::fast::FixedState;

use crate::account::{Account, Figures};
use crate::parameters::{ReportParameters, Window};
use crate::{StoreId, Zone};
use packed::PackedAccounts;

mod packed;
#[cfg(test)]
mod tests;

/// The page shows all stores if there are at most this many.
pub const STORES_ON_PAGE: usize = 20_000;
/// If there are more, the page shows those with the most downtime.
pub const WORST_ON_PAGE: usize = 5_000;

/// The accounts of some stores, in any order, and their sums.
#[derive(Debug, Clone)]
pub struct Accounts {
    parameters: ReportParameters,
    whole: Vec<Account>,
    packed: Vec<PackedAccounts>,
    sums: Box<Sums>,
}

/// What is added up over the stores of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// The figures of each window, in its place ([`Window::place`]).
    pub totals: [Figures; Window::MOST],
    /// How many outages there are.
    pub outages: usize,
    /// How many stores are in each zone.
    pub stores_in: HashMap<Zone, usize, FixedState>,
}

impl Accounts {
    /// Begins without stores.
    pub(crate) fn new(parameters: ReportParameters) -> Accounts {
        Accounts { parameters, whole: Vec::new(), packed: Vec::new(), sums: Box::default() }
    }

    /// Adds the account of another store.
    pub(crate) fn push(&mut self, account: Account) {
        self.sums.add(&account);
        self.whole.push(account);
        self.pack_if_too_many();
    }

    /// Adds the accounts of other stores of the same report.
    pub(crate) fn unite(&mut self, others: Accounts) {
        self.sums.unite(&others.sums);
        self.packed.extend(others.packed);
        self.whole.extend(others.whole);
        self.pack_if_too_many();
    }

    /// Packs all stores except those with the most downtime, if the page cannot show all. What remains
    /// does not depend on when this is called: a store that is packed has enough stores before it for
    /// ever.
    fn pack_if_too_many(&mut self) {
        if self.whole.len() > STORES_ON_PAGE {
            self.pack_all_but_worst();
        }
    }

    fn pack_all_but_worst(&mut self) {
        if self.whole.len() > WORST_ON_PAGE {
            let main = self.parameters.main_window();
            let order = |this: &Account, that: &Account| by_downtime(main, this, that);
            self.whole.select_nth_unstable_by(WORST_ON_PAGE, order);
            let others = self.whole.split_off(WORST_ON_PAGE);
            self.packed.push(PackedAccounts::pack(self.parameters.as_of, others));
            self.whole.shrink_to_fit();
        }
    }

    /// Returns the accounts, in any order.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, Account>> {
        let packed = self.packed.iter().flat_map(PackedAccounts::iter);
        self.whole.iter().map(Cow::Borrowed).chain(packed.map(Cow::Owned))
    }

    /// Puts the accounts in bytewise order of the ids.
    pub(crate) fn in_order(mut self) -> (OrderedAccounts, Sums) {
        // Some are packed, so the page cannot show all.
        if !self.packed.is_empty() {
            self.pack_all_but_worst();
        }
        let Accounts { mut whole, packed, sums, .. } = self;
        whole.sort_by_cached_key(by_id);
        let order = merged_order(&whole, &packed);
        (OrderedAccounts { whole, packed, order }, *sums)
    }
}

impl Sums {
    fn add(&mut self, account: &Account) {
        for (place, total) in self.totals.iter_mut().enumerate() {
            *total += account.figures_at(place);
        }
        self.outages += account.outages.len();
        *self.stores_in.entry(account.zone).or_default() += 1;
    }

    fn unite(&mut self, others: &Sums) {
        for (total, other) in self.totals.iter_mut().zip(others.totals) {
            *total += other;
        }
        self.outages += others.outages;
        for (zone, stores) in &others.stores_in {
            *self.stores_in.entry(*zone).or_default() += stores;
        }
    }
}

/// The accounts of all stores of a report, in bytewise order of the ids.
#[derive(Debug, Clone)]
pub struct OrderedAccounts {
    whole: Vec<Account>,
    packed: Vec<PackedAccounts>,
    /// Where each account is: 0 among the whole ones, 1 among the first ones packed, and so on.
    order: Vec<u32>,
}

impl OrderedAccounts {
    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Returns all accounts. Those that the page does not show are unpacked, which takes a moment.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, Account>> {
        let mut whole = self.whole.iter();
        let mut packed: Vec<_> = self.packed.iter().map(PackedAccounts::iter).collect();
        self.order.iter().filter_map(move |place| match (*place as usize).checked_sub(1) {
            None => whole.next().map(Cow::Borrowed),
            Some(place) => packed[place].next().map(Cow::Owned),
        })
    }

    /// Returns the accounts that the page may show: all, or those with the most downtime. They are in
    /// order, and have details until these are dropped.
    pub fn shown(&self) -> &[Account] {
        &self.whole
    }

    /// Drops all details, to give their memory back.
    pub(crate) fn drop_details(&mut self) {
        for account in &mut self.whole {
            account.detail = None;
        }
    }
}

/// Merges accounts that are in order.
fn merged_order(whole: &[Account], packed: &[PackedAccounts]) -> Vec<u32> {
    if packed.is_empty() {
        return vec![0; whole.len()];
    }
    let whole: Box<dyn Iterator<Item = StoreId>> =
        Box::new(whole.iter().map(|account| account.row.store.clone()));
    let packed = packed.iter().map(|packed| Box::new(packed.ids()) as Box<_>);
    let mut runs: Vec<_> = iter::once(whole).chain(packed).collect();
    let mut heads: BinaryHeap<_> = (0..)
        .zip(&mut runs)
        .filter_map(|(place, ids)| Some(Reverse((sort_key(ids.next()?), place))))
        .collect();
    let mut order = Vec::new();
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((id, place)) = &mut *head;
        order.push(*place);
        match runs[*place as usize].next() {
            Some(next) => *id = sort_key(next),
            None => drop(std::collections::binary_heap::PeekMut::pop(head)),
        }
    }
    order
}

/// A key that sorts accounts by id.
fn by_id(account: &Account) -> (u64, StoreId) {
    sort_key(account.row.store.clone())
}

/// The first bytes of nearly all ids differ, so they are read once per id and compared first.
fn sort_key(store: StoreId) -> (u64, StoreId) {
    (store.first_bytes(), store)
}

/// Orders stores by their downtime in a window, most first, then by id.
pub fn by_downtime(window: Window, this: &Account, that: &Account) -> Ordering {
    let down = |account: &Account| account.figures(window).uptime.down_micros;
    down(that).cmp(&down(this)).then_with(|| this.row.store.cmp(&that.row.store))
}

//! Merges the segments of a shard. **Polls are a set. All else is taken from the newest source.** So
//! segments may be added in any order, any number of times.
//!
//! One source may have been loaded twice with different results, for example under another limit or
//! by another version of the program. Both results are stored until a newer file replaces them. For
//! each store, the result with more information counts, so an interrupted load never replaces a
//! complete one. If both have equally much, the greater one counts.
//!
//! Two loads of one upload may also differ in what they know about the order of uploads within its
//! second: a load by an older version of the program knows nothing about it. They then have two
//! different [`Source`]s, and the load that knows more counts as the newer one.

mod poll_runs;

use std::cmp::Ordering;
use std::ops::RangeInclusive;
use std::sync::Arc;

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use crate::account::Account;
use crate::business_hours::{HoursRow, OpeningRow, OpeningTimes, PackedRow, RowDay, SpecialRow};
use crate::fleet::Fleet;
use crate::parameters::ReportParameters;
use crate::report::{ShardReport, StoreFacts, row_for_store};
use crate::segment::{self, DecodeError, ReplacingRows, Source};
use crate::store::polls_between;
use crate::times::ZoneClocks;
use crate::{Poll, PollSet, StoreId, Timestamp, Zone};

use poll_runs::PollRuns;

/// All data of one shard that a report needs.
#[derive(Debug)]
pub struct ShardData {
    parameters: ReportParameters,
    stores: Stores,
    polls: PollRuns,
}

/// The stores that were seen, numbered in the order in which they were first seen.
#[derive(Debug, Default)]
struct Stores {
    records: IndexMap<StoreId, StoreRecords, FixedState>,
    // The number after that of the store seen last. Segments hold nearly the same stores in the same
    // order, so the next store usually has this number.
    likely_next: usize,
}

/// What is known of a store besides its polls.
#[derive(Debug, Default)]
struct StoreRecords {
    hours: Option<Sourced<Vec<HoursRow>>>,
    zone: Option<Sourced<Option<Zone>>>,
    special_days: Option<Sourced<Vec<SpecialRow>>>,
}

/// A value and the upload that it came from.
#[derive(Debug)]
struct Sourced<T> {
    source: Arc<Source>,
    value: T,
}

impl ShardData {
    /// Begins an empty shard. Only polls that `parameters` need will be kept.
    pub fn new(parameters: ReportParameters) -> ShardData {
        ShardData { parameters, stores: Stores::default(), polls: PollRuns::default() }
    }

    /// Adds a segment of any kind.
    pub fn add(&mut self, segment: &[u8]) -> Result<(), DecodeError> {
        let mut union = Union {
            needed: self.parameters.polls_needed(),
            source: None,
            stores: &mut self.stores,
            polls: &mut self.polls,
        };
        segment::visit(segment, &mut union)
    }

    /// Computes everything that the files of a report say about the shard's stores.
    pub fn fleet(self) -> Fleet {
        let parameters = self.parameters;
        let mut clocks = ZoneClocks::new(parameters);
        let mut fleet = Fleet::new(parameters);
        for facts in self.facts() {
            let clock = clocks.of(facts.zone.unwrap_or(Zone::DEFAULT));
            fleet.add(facts, clock);
        }
        fleet
    }

    /// Returns the account of one store, with its main window in full. `None`: it has no row.
    pub fn account_in_full(mut self, store: &StoreId) -> Option<Account> {
        let (number, store, records) = self.stores.records.swap_remove_full(store)?;
        let mut facts = records.facts(store, self.polls.of(number));
        let clock = self.parameters.clock(facts.zone.unwrap_or(Zone::DEFAULT));
        facts.consider(&self.parameters.times(&clock))?;
        Some(Account::of(facts, &clock, &self.parameters))
    }

    /// Computes the shard's rows, which is all that `report.csv` needs.
    pub fn report(self) -> ShardReport {
        let parameters = self.parameters;
        let mut clocks = ZoneClocks::new(parameters);
        let rows = Vec::with_capacity(self.stores.records.len());
        let mut report = ShardReport { rows, ..Default::default() };
        for mut facts in self.facts() {
            let clock = clocks.of(facts.zone.unwrap_or(Zone::DEFAULT));
            let Some(counts) = facts.consider(&parameters.times(clock)) else { continue };
            report.counts += counts;
            report.rows.push(row_for_store(&facts, clock, &parameters));
        }
        report
    }

    fn facts(self) -> impl Iterator<Item = StoreFacts> {
        let ShardData { stores: Stores { records, .. }, polls, .. } = self;
        let sets = polls.into_sets(records.len());
        records.into_iter().zip(sets).map(|((store, records), polls)| records.facts(store, polls))
    }
}

impl Stores {
    /// Returns the number of a store, which is a new one if it was not seen before.
    #[inline]
    fn number(&mut self, store: StoreId) -> usize {
        let likely = self.records.get_index(self.likely_next);
        let number = match likely {
            Some((likely, _)) if *likely == store => self.likely_next,
            _ => {
                let entry = self.records.entry(store);
                let number = entry.index();
                entry.or_default();
                number
            }
        };
        self.likely_next = number + 1;
        number
    }
}

impl StoreRecords {
    fn facts(self, store: StoreId, polls: PollSet) -> StoreFacts {
        let is_named = self.hours.is_some() || self.zone.is_some() || self.special_days.is_some();
        let opening_times = OpeningTimes {
            hours: self.hours.map(|hours| hours.value).unwrap_or_default(),
            special_days: self.special_days.map(|days| days.value).unwrap_or_default(),
        };
        StoreFacts {
            store,
            zone: self.zone.and_then(|zone| zone.value),
            opening_times,
            is_named,
            polls,
        }
    }
}

/// Merges one segment into a shard's stores.
struct Union<'a> {
    needed: RangeInclusive<Timestamp>,
    source: Option<Arc<Source>>,
    stores: &'a mut Stores,
    polls: &'a mut PollRuns,
}

impl segment::Visitor for Union<'_> {
    fn polls(&mut self, store: StoreId, polls: &[Poll]) {
        let needed = polls_between(polls, &self.needed);
        // A store without a needed poll gets a row only if a file of another kind names it.
        if !needed.is_empty() {
            self.polls.add(self.stores.number(store), needed);
        }
    }

    fn replacing(&mut self, source: &Source, store: StoreId, rows: ReplacingRows) {
        let source = Arc::clone(self.source.get_or_insert_with(|| Arc::new(source.clone())));
        let number = self.stores.number(store);
        let kept = &mut self.stores.records[number];
        match rows {
            ReplacingRows::Hours(rows) => {
                keep_newest(&mut kept.hours, source, rows, |this, that| order_of_rows(this, that));
            }
            ReplacingRows::Zone(zone) => keep_newest(&mut kept.zone, source, zone, |this, that| {
                this.map(Zone::name).cmp(&that.map(Zone::name))
            }),
            ReplacingRows::SpecialDays(rows) => {
                let kept = &mut kept.special_days;
                keep_newest(kept, source, rows, |this, that| order_of_rows(this, that));
            }
        }
    }
}

/// Keeps the value of the newer source. If both have the same source, keeps the greater by `order`.
fn keep_newest<T>(
    kept: &mut Option<Sourced<T>>,
    source: Arc<Source>,
    value: T,
    order: impl Fn(&T, &T) -> Ordering,
) {
    let is_newer = |kept: &Sourced<T>| {
        kept.source.cmp(&source).then_with(|| order(&kept.value, &value)).is_lt()
    };
    if kept.as_ref().is_none_or(is_newer) {
        *kept = Some(Sourced { source, value });
    }
}

fn order_of_rows<Day: RowDay>(this: &[OpeningRow<Day>], that: &[OpeningRow<Day>]) -> Ordering {
    // The number of rows would be wrong: an opening replaces the closed row of its day.
    let content = |rows: &[OpeningRow<Day>]| rows.iter().map(|row| row.weight()).sum::<usize>();
    let packed =
        |rows: &[OpeningRow<Day>]| rows.iter().copied().map(PackedRow::new).collect::<Vec<_>>();
    content(this).cmp(&content(that)).then_with(|| packed(this).cmp(&packed(that)))
}

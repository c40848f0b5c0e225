//! Sorts the polls of a list by store and time.

use super::super::Counts;
use super::super::entry::Entry;
use crate::buckets::{in_buckets, into_buckets, starts_of_counts};
use crate::{Poll, StoreId};

/// The stores in order, each with its number of polls, and the polls of all stores one after the
/// other.
pub(super) struct InOrder {
    pub(super) stores: Vec<(StoreId, usize)>,
    pub(super) polls: Vec<Poll>,
}

impl InOrder {
    pub(super) fn store_count(&self) -> usize {
        self.stores.len()
    }

    /// Returns the stores, sorted, each with the number of its rows.
    pub(super) fn into_stores(self) -> Vec<(StoreId, usize)> {
        self.stores
    }

    /// Returns the stores, sorted, each with its polls as a set. Counts the polls.
    pub(super) fn sets(
        &mut self,
        counts: &mut Counts,
    ) -> impl Iterator<Item = (&StoreId, &[Poll])> {
        let mut rest = self.polls.as_mut_slice();
        self.stores.iter().map(move |(store, poll_count)| {
            let polls;
            (polls, rest) = std::mem::take(&mut rest).split_at_mut(*poll_count);
            (store, counted_set(polls, counts))
        })
    }
}

/// Memory to sort in. Kept so that it is not asked for again and again.
#[derive(Debug, Default)]
pub(super) struct Room {
    by_time: Vec<Entry>,
    slot_starts: Vec<u32>,
}

/// Into how many time slots polls are sorted. For a week of polls, a slot is less than six minutes.
const SLOTS: usize = 2048;

/// Groups the polls by store, nearly in order of time. `starts` holds where the polls of each store
/// begin.
///
/// Uses two counting sorts, first by time slot, then by store. A store seldom has two polls in a
/// slot, so few polls are left to sort. This takes half the time of sorting each store's polls.
pub(super) fn by_store(
    entries: impl Iterator<Item = Entry> + Clone,
    mut starts: Vec<u32>,
    room: &mut Room,
) -> Vec<Poll> {
    let Room { by_time, slot_starts } = room;
    let Some(filler) = entries.clone().next() else { return Vec::new() };
    let (first, last) = entries.clone().fold((u64::MAX, 0), |(first, last), entry| {
        (first.min(entry.time()), last.max(entry.time()))
    });
    // The length of a slot is a power of two, in microseconds.
    let span_bits = u64::BITS - (last - first).leading_zeros();
    let slot_bits = span_bits.saturating_sub(SLOTS.ilog2());
    let slot =
        |entry: Entry| usize::try_from((entry.time() - first) >> slot_bits).unwrap_or(SLOTS - 1);
    slot_starts.clear();
    slot_starts.resize(SLOTS, 0);
    entries.clone().for_each(|entry| slot_starts[slot(entry)] += 1);
    let total = starts_of_counts(slot_starts);
    by_time.clear();
    by_time.resize(total as usize, filler);
    into_buckets(entries.map(|entry| (slot(entry), entry)), slot_starts, by_time);
    let of_stores = by_time.iter().map(|entry| (entry.number(), entry.poll()));
    in_buckets(of_stores, &mut starts, total)
}

/// Sorts a store's polls and removes repeats, as a [`crate::PollSet`] requires. Counts the polls.
fn counted_set<'p>(polls: &'p mut [Poll], counts: &mut Counts) -> &'p [Poll] {
    if polls.is_sorted_by(|this, that| this.at() < that.at()) {
        counts.add_packed(polls.len() as u64, 0, 0);
        return polls;
    }
    // Inactive sorts first, so the first poll of each instant is the one to keep.
    polls.sort_unstable();
    let mut conflicts = 0;
    for of_instant in polls.chunk_by(|this, that| this.at() == that.at()) {
        let differs = |poll: &&Poll| poll.status() != of_instant[0].status();
        conflicts += of_instant.iter().filter(differs).count() as u64;
    }
    let mut kept = 0;
    for index in 0..polls.len() {
        if index == 0 || polls[index].at() != polls[kept - 1].at() {
            polls[kept] = polls[index];
            kept += 1;
        }
    }
    counts.add_packed(kept as u64, (polls.len() - kept) as u64, conflicts);
    &polls[..kept]
}

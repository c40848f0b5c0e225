//! A list of polls with its stores.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::super::Counts;
use super::super::entry::Entry;
use crate::buckets::{in_buckets, starts_of_counts};
use crate::store::Id;
use crate::{Poll, StoreId};

/// How many rows of a list are collected before their stores are looked up.
const STAGED_ROWS: usize = 128;
/// How many polls a list grows by. It grows in chunks so that earlier polls are not copied.
const CHUNK_POLLS: usize = 16 * STAGED_ROWS;
const CHUNK_BYTES: usize = CHUNK_POLLS * size_of::<Entry>();

/// Polls of stores whose ids have one form and whose hashes begin alike.
#[derive(Debug)]
pub(super) struct List<I> {
    staged: Vec<(I, Poll)>,
    stores: Stores<I>,
    // The polls in the order of the file.
    chunks: Vec<Vec<Entry>>,
}

/// The stores of a list, numbered in the order of their first row.
#[derive(Debug)]
struct Stores<I> {
    numbers: HashMap<I, u16, FixedState>,
    // How many polls each store has, by its number.
    poll_counts: Vec<u32>,
}

/// The effect of adding a row.
#[derive(Debug, Default)]
pub(super) struct Growth {
    /// How much memory was added, without the text of the id.
    pub(super) memory_bytes: usize,
    /// Whether the list may have no numbers left for the stores of its next rows.
    pub(super) is_full: bool,
}

impl<I> Default for List<I> {
    fn default() -> List<I> {
        let stores = Stores { numbers: HashMap::default(), poll_counts: Vec::new() };
        List { staged: Vec::new(), stores, chunks: Vec::new() }
    }
}

impl<I: Id> Stores<I> {
    /// The memory for one store: its entry in a table that may be half empty, and its count.
    const STORE_BYTES: usize = 2 * size_of::<(I, u16)>() + size_of::<u32>();

    /// Returns the number of a store and counts `polls` more of it.
    #[inline]
    fn count(&mut self, id: I, polls: u32) -> u16 {
        let number = self.numbers.get(&id).copied().unwrap_or_else(|| self.insert(id));
        self.poll_counts[usize::from(number)] += polls;
        number
    }

    /// Numbers a new store.
    #[expect(clippy::cast_possible_truncation, reason = "a list is split before it is full")]
    fn insert(&mut self, id: I) -> u16 {
        let number = self.poll_counts.len() as u16;
        self.numbers.insert(id, number);
        self.poll_counts.push(0);
        number
    }
}

impl<I: Id> List<I> {
    /// Adds a row.
    #[inline]
    pub(super) fn add(&mut self, id: I, poll: Poll) -> Growth {
        let mut growth = Growth::default();
        if self.staged.capacity() == 0 {
            self.staged.reserve_exact(STAGED_ROWS);
            growth.memory_bytes = STAGED_ROWS * size_of::<(I, Poll)>();
        }
        self.staged.push((id, poll));
        if self.staged.len() == STAGED_ROWS {
            growth.memory_bytes += self.look_up_stores();
            growth.is_full = self.is_full();
        }
        growth
    }

    /// Returns how many stores its polls have, without those of rows that are not looked up yet.
    pub(super) fn store_count(&self) -> usize {
        self.stores.poll_counts.len()
    }

    /// Returns whether the list may have no numbers left for the stores of its next rows.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.store_count() > Entry::MAX_STORES - STAGED_ROWS
    }

    /// Returns how much memory it takes, without the texts of ids.
    pub(super) fn memory_bytes(&self) -> usize {
        self.staged.capacity() * size_of::<(I, Poll)>()
            + self.chunks.len() * CHUNK_BYTES
            + self.store_count() * Stores::<I>::STORE_BYTES
    }

    /// Divides the stores: those whose hashes do not have the bit come first.
    pub(super) fn split(mut self, bit: u64) -> [List<I>; 2] {
        self.look_up_stores();
        let mut halves = [List::default(), List::default()];
        let mut places = vec![(0, 0); self.store_count()];
        for (id, number) in self.stores.numbers {
            let half = usize::from(id.mixed() & bit != 0);
            let polls = self.stores.poll_counts[usize::from(number)];
            places[usize::from(number)] = (half, halves[half].stores.count(id, polls));
        }
        for entry in self.chunks.into_iter().flatten() {
            let (half, number) = places[entry.number()];
            with_room(&mut halves[half].chunks, 1).push(Entry::new(entry.poll(), number));
        }
        halves
    }

    /// Looks up the stores of the staged rows and moves the rows to the chunks. Returns how much
    /// memory that added.
    #[inline(never)]
    fn look_up_stores(&mut self) -> usize {
        if self.staged.is_empty() {
            return 0;
        }
        let before = (self.chunks.len(), self.store_count());
        let List { staged, stores, chunks } = self;
        let chunk = with_room(chunks, staged.len());
        chunk.extend(staged.drain(..).map(|(id, poll)| Entry::new(poll, stores.count(id, 1))));
        (chunks.len() - before.0) * CHUNK_BYTES
            + (stores.poll_counts.len() - before.1) * Stores::<I>::STORE_BYTES
    }

    /// Sorts the stores by their ids and their polls nearly by time.
    pub(super) fn in_order(mut self) -> InOrder {
        self.look_up_stores();
        let List { stores: Stores { numbers, poll_counts }, chunks, .. } = self;
        let mut numbers: Vec<(I, u16)> = numbers.into_iter().collect();
        numbers.sort_unstable();
        let mut starts = vec![0; numbers.len()];
        let mut stores = Vec::with_capacity(numbers.len());
        let mut start = 0;
        for (id, number) in numbers {
            let poll_count = poll_counts[usize::from(number)];
            starts[usize::from(number)] = start;
            start += poll_count;
            stores.push((StoreId::from_form(id.into_form()), poll_count as usize));
        }
        InOrder { stores, polls: by_store(&chunks, starts) }
    }
}

/// Returns the last chunk if it has room for this many polls, or else a new one.
#[inline]
fn with_room(chunks: &mut Vec<Vec<Entry>>, polls: usize) -> &mut Vec<Entry> {
    if chunks.last().is_none_or(|chunk| chunk.len() + polls > CHUNK_POLLS) {
        chunks.push(Vec::with_capacity(CHUNK_POLLS));
    }
    let last = chunks.len() - 1;
    &mut chunks[last]
}

/// The stores in order, each with its number of polls, and the polls of all stores one after the
/// other.
pub(super) struct InOrder {
    stores: Vec<(StoreId, usize)>,
    polls: Vec<Poll>,
}

impl InOrder {
    /// Returns the stores, sorted.
    pub(super) fn stores(&self) -> impl Iterator<Item = &StoreId> {
        self.stores.iter().map(|(store, _)| store)
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

/// Into how many time slots polls are sorted. For a week of polls, a slot is less than six minutes.
const SLOTS: usize = 2048;

/// Groups the polls by store, nearly in order of time. `starts` holds where the polls of each store
/// begin.
///
/// Uses two counting sorts, first by time slot, then by store. A store seldom has two polls in a
/// slot, so few polls are left to sort. This takes half the time of sorting each store's polls.
fn by_store(chunks: &[Vec<Entry>], mut starts: Vec<u32>) -> Vec<Poll> {
    let entries = chunks.iter().flatten().copied();
    let times = || entries.clone().map(Entry::time);
    let first = times().min().unwrap_or_default();
    let last = times().max().unwrap_or_default();
    // The length of a slot is a power of two, in microseconds.
    let span_bits = u64::BITS - (last - first).leading_zeros();
    let slot_bits = span_bits.saturating_sub(SLOTS.ilog2());
    let slot = |time| usize::try_from((time - first) >> slot_bits).unwrap_or(SLOTS - 1);
    let mut slot_starts = vec![0; SLOTS];
    times().for_each(|time| slot_starts[slot(time)] += 1);
    let total = starts_of_counts(&mut slot_starts);
    let in_slots = entries.clone().map(|entry| (slot(entry.time()), entry));
    let by_time = in_buckets(in_slots, &mut slot_starts, total);
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

//! Collects a batch of polls by shard and store.
//!
//! **Rows are divided by shard and by the form of their ids before their stores are looked up.** So
//! the stores of a shard and the ends of its lists stay in the processor's nearest caches, however
//! many stores there are, and the code for one form of id has no unpredictable branches. A row
//! takes eight bytes: the poll and the number of its store. Rows are sorted only when the batch is
//! packed.

use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::FixedState;

use super::buckets::{in_buckets, starts_of_counts};
use super::entry::Entry;
use super::warnings::WarningFinder;
use super::{Counts, for_each_shard};
use crate::segment::{Segment, pack_sorted_polls};
use crate::store::IdForm;
use crate::{Poll, Shard, StoreId};

/// How many rows of a list are collected before their stores are looked up.
const STAGED_ROWS: usize = 128;
/// How many polls a list grows by. It grows in chunks so that earlier polls are not copied.
const CHUNK_POLLS: usize = 16 * STAGED_ROWS;
const CHUNK_BYTES: usize = CHUNK_POLLS * size_of::<Entry>();

/// The segments of the polls packed so far, and their counts.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) segments: Vec<Segment>,
    pub(super) counts: Counts,
}

/// Packs polls batch by batch.
#[derive(Debug)]
pub(super) struct PollPacker {
    // Indexed by Shard::index.
    shards: Vec<ShardPolls>,
    memory_bytes: usize,
    batch_bytes: usize,
    pub(super) packed: Packed,
}

/// A shard's part of a batch, divided by the form of the store ids.
#[derive(Debug, Default)]
struct ShardPolls {
    integers: FormPolls<u64>,
    uuids: FormPolls<[u64; 2]>,
    texts: FormPolls<Box<str>>,
}

#[derive(Debug)]
struct FormPolls<Id> {
    staged: Vec<(Id, Poll)>,
    // Stores are numbered in the order of their first row.
    numbers: HashMap<Id, u16, FixedState>,
    next_number: u16,
    // How many polls each store has, by its number.
    poll_counts: Vec<u32>,
    // The polls in the order of the file.
    chunks: Vec<Vec<Entry>>,
}

/// The effect of adding a row.
#[derive(Debug, Default)]
struct Growth {
    /// How much memory was added, without the text of the id.
    memory_bytes: usize,
    /// Whether the list may have no numbers left for the stores of its next rows.
    is_full: bool,
}

impl<Id> Default for FormPolls<Id> {
    fn default() -> FormPolls<Id> {
        FormPolls {
            staged: Vec::new(),
            numbers: HashMap::default(),
            next_number: 0,
            poll_counts: Vec::new(),
            chunks: Vec::new(),
        }
    }
}

impl PollPacker {
    /// A batch may take `batch_bytes` of memory. The estimate depends only on its polls, so equal
    /// files have equal batches.
    pub(super) fn new(batch_bytes: usize) -> PollPacker {
        PollPacker {
            shards: for_each_shard(),
            memory_bytes: 0,
            batch_bytes,
            packed: Packed::default(),
        }
    }

    /// Adds a poll, and packs the batch if it is full.
    #[inline]
    pub(super) fn add(&mut self, store: StoreId, poll: Poll, warnings: &mut WarningFinder) {
        if !Entry::holds(poll) {
            return self.pack_alone(&store, poll, warnings);
        }
        let shard = &mut self.shards[store.shard().index()];
        let growth = match store.into_form() {
            IdForm::Integer(integer) => shard.integers.add(integer, poll),
            IdForm::Uuid(uuid) => shard.uuids.add(uuid, poll),
            IdForm::Text(text) => {
                self.memory_bytes += text.len();
                shard.texts.add(text, poll)
            }
        };
        self.memory_bytes += growth.memory_bytes;
        if self.memory_bytes >= self.batch_bytes || growth.is_full {
            self.pack(warnings, true);
        }
    }

    /// Packs the batch and passes its stores to `warnings`. `more_follow` says that the file may
    /// have more rows.
    pub(super) fn pack(&mut self, warnings: &mut WarningFinder, more_follow: bool) {
        self.memory_bytes = 0;
        let Packed { segments, counts } = &mut self.packed;
        for (shard, polls) in Shard::all().zip(&mut self.shards) {
            let ShardPolls { integers, uuids, texts } = std::mem::take(polls);
            // The forms are in the order that a segment has.
            let mut by_form = [
                integers.in_order(IdForm::Integer),
                uuids.in_order(IdForm::Uuid),
                texts.in_order(IdForm::Text),
            ];
            for form in &by_form {
                warnings.accept(form.stores.iter().map(|(store, _)| store), more_follow);
            }
            let mut sets = Vec::with_capacity(by_form.iter().map(|form| form.stores.len()).sum());
            for form in &mut by_form {
                sets.extend(form.sets(counts));
            }
            segments.extend(pack_sorted_polls(shard, sets.into_iter()));
        }
    }

    /// Packs a poll on its own. Its instant does not fit an [`Entry`] and cannot be in a source
    /// file.
    #[cold]
    fn pack_alone(&mut self, store: &StoreId, poll: Poll, warnings: &mut WarningFinder) {
        warnings.accept(std::iter::once(store), true);
        let polls = [poll];
        let store_polls = [(store, polls.as_slice())];
        let segments = pack_sorted_polls(store.shard(), store_polls.into_iter());
        self.packed.segments.extend(segments);
        self.packed.counts.add_packed(1, 0, 0);
    }
}

impl<Id: Eq + Hash + Ord> FormPolls<Id> {
    /// The memory for one store: its entry in a table that may be half empty, and its count.
    const STORE_BYTES: usize = 2 * size_of::<(Id, u16)>() + size_of::<u32>();

    /// Adds a row.
    #[inline]
    fn add(&mut self, id: Id, poll: Poll) -> Growth {
        let mut growth = Growth::default();
        if self.staged.capacity() == 0 {
            self.staged.reserve_exact(STAGED_ROWS);
            growth.memory_bytes = STAGED_ROWS * size_of::<(Id, Poll)>();
        }
        self.staged.push((id, poll));
        if self.staged.len() == STAGED_ROWS {
            growth.memory_bytes += self.look_up_stores();
            growth.is_full = self.numbers.len() > Entry::MAX_STORES - STAGED_ROWS;
        }
        growth
    }

    /// Looks up the stores of the staged rows and moves the rows to the chunks. Returns how much
    /// memory that added.
    #[inline(never)]
    fn look_up_stores(&mut self) -> usize {
        let FormPolls { staged, numbers, next_number, poll_counts, chunks } = self;
        let before = (chunks.len(), poll_counts.len());
        if chunks.last().is_none_or(|chunk| chunk.len() == CHUNK_POLLS) {
            chunks.push(Vec::with_capacity(CHUNK_POLLS));
        }
        if let Some(chunk) = chunks.last_mut() {
            chunk.extend(staged.drain(..).map(|(id, poll)| {
                let number = numbers.get(&id).copied().unwrap_or_else(|| {
                    let number = *next_number;
                    *next_number += 1;
                    numbers.insert(id, number);
                    poll_counts.push(0);
                    number
                });
                poll_counts[usize::from(number)] += 1;
                Entry::new(poll, number)
            }));
        }
        (chunks.len() - before.0) * CHUNK_BYTES + (poll_counts.len() - before.1) * Self::STORE_BYTES
    }

    /// Sorts the stores by their ids and their polls nearly by time.
    fn in_order(mut self, form: impl Fn(Id) -> IdForm) -> InOrder {
        self.look_up_stores();
        let FormPolls { numbers, poll_counts, chunks, .. } = self;
        let mut numbers: Vec<(Id, u16)> = numbers.into_iter().collect();
        numbers.sort_unstable();
        let mut starts = vec![0; numbers.len()];
        let mut stores = Vec::with_capacity(numbers.len());
        let mut start = 0;
        for (id, number) in numbers {
            let poll_count = poll_counts[usize::from(number)];
            starts[usize::from(number)] = start;
            start += poll_count;
            stores.push((StoreId::from_form(form(id)), poll_count as usize));
        }
        InOrder { stores, polls: by_store(&chunks, starts) }
    }
}

/// The stores in order, each with its number of polls, and the polls of all stores one after the
/// other.
struct InOrder {
    stores: Vec<(StoreId, usize)>,
    polls: Vec<Poll>,
}

impl InOrder {
    fn sets(&mut self, counts: &mut Counts) -> impl Iterator<Item = (&StoreId, &[Poll])> {
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

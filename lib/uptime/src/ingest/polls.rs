//! A batch of polls, by shard and store.
//!
//! **Rows are parted by shard and by the form of their ids before anything is looked up**: a
//! shard's stores and the ends of its lists stay in the processor's nearest caches, however many
//! stores there are, and what is done with ids of one form has no branches to guess. A row becomes
//! eight bytes, the poll and the number of its store, and is put in order only when the batch is
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

/// How many rows are parted before their stores are looked up.
const STAGED_ROWS: usize = 128;
/// How many polls a list grows by: without copying those before.
const CHUNK_POLLS: usize = 16 * STAGED_ROWS;
const CHUNK_BYTES: usize = CHUNK_POLLS * size_of::<Entry>();

/// Polls that are in segments, and what became of all that were packed.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) segments: Vec<Segment>,
    pub(super) counts: Counts,
}

/// Packs polls batch by batch.
#[derive(Debug)]
pub(super) struct PollPacker {
    // By Shard::index.
    shards: Vec<ShardPolls>,
    memory_bytes: usize,
    batch_bytes: usize,
    pub(super) packed: Packed,
}

/// A shard's part of a batch, by the form of the stores' ids.
#[derive(Debug, Default)]
struct ShardPolls {
    integers: FormPolls<u64>,
    uuids: FormPolls<[u64; 2]>,
    texts: FormPolls<Box<str>>,
}

#[derive(Debug)]
struct FormPolls<Id> {
    staged: Vec<(Id, Poll)>,
    // Stores are numbered as they come.
    numbers: HashMap<Id, u16, FixedState>,
    next_number: u16,
    // How many polls a store has, by its number.
    poll_counts: Vec<u32>,
    // As they came.
    chunks: Vec<Vec<Entry>>,
}

/// What adding a row changed.
#[derive(Debug, Default)]
struct Growth {
    /// How much memory it took, apart from the id's text.
    memory_bytes: usize,
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
    /// A batch may take `batch_bytes` of memory, by an estimate that follows from its polls alone.
    pub(super) fn new(batch_bytes: usize) -> PollPacker {
        PollPacker {
            shards: for_each_shard(),
            memory_bytes: 0,
            batch_bytes,
            packed: Packed::default(),
        }
    }

    /// Takes a poll; the batch may be full then, and is packed.
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

    /// Packs what is gathered, and hands its stores to `warnings`. `more_follow`: the file may have
    /// more rows.
    pub(super) fn pack(&mut self, warnings: &mut WarningFinder, more_follow: bool) {
        self.memory_bytes = 0;
        let Packed { segments, counts } = &mut self.packed;
        for (shard, polls) in Shard::all().zip(&mut self.shards) {
            let ShardPolls { integers, uuids, texts } = std::mem::take(polls);
            // The order of the forms is that of a segment.
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

    /// Packs a poll that no source file may have.
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
    /// What a store takes: its place in a table that may be half empty, and its count.
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

    /// Moves what is staged to the lists, and returns how much memory that took.
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

    /// Puts stores in the order of their ids.
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

/// Stores in order with their numbers of polls, and the polls, one store's behind another's.
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

/// How many slots of time polls are parted by: of a week, less than six minutes each.
const SLOTS: usize = 2048;

/// Puts the polls of each store from its start on, nearly in order of time.
///
/// Twice by counting: first by slots of time, then by store. A store has seldom two polls in a
/// slot, so hardly one is left to sort: half the time that sorting each store's polls takes.
fn by_store(chunks: &[Vec<Entry>], mut starts: Vec<u32>) -> Vec<Poll> {
    let entries = chunks.iter().flatten().copied();
    let times = || entries.clone().map(Entry::time);
    let first = times().min().unwrap_or_default();
    let last = times().max().unwrap_or_default();
    // A slot lasts a power of two of microseconds.
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

/// Brings a store's polls into the form of a [`crate::PollSet`].
fn counted_set<'p>(polls: &'p mut [Poll], counts: &mut Counts) -> &'p [Poll] {
    if polls.is_sorted_by(|this, that| this.at() < that.at()) {
        counts.add_packed(polls.len() as u64, 0, 0);
        return polls;
    }
    // Inactive sorts first, so the first of an instant is the one that is kept.
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

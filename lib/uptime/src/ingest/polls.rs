//! A batch of polls, by shard and store.
//!
//! **Rows are parted by shard before anything is looked up**: a shard's stores and the ends of its
//! lists stay in the processor's nearest caches, however many stores there are. Within a shard a
//! row becomes twelve bytes, the number of its store and the poll, and is put in order only when the
//! batch is packed.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::{Counts, for_each_shard};
use crate::segment::{Segment, order_in_segment, pack_sorted_polls};
use crate::{Poll, Shard, StoreId};

/// How many rows are parted before their stores are looked up.
const STAGED_ROWS: usize = 128;
/// How many polls a list grows by: without copying those before.
const CHUNK_POLLS: usize = 1024;
const STAGE_BYTES: usize = STAGED_ROWS * size_of::<(StoreId, Poll)>();
const CHUNK_BYTES: usize = CHUNK_POLLS * (size_of::<u32>() + size_of::<Poll>());
/// What a store takes: its place in a table that may be half empty.
const STORE_BYTES: usize = 2 * size_of::<(StoreId, u32)>();

#[derive(Debug)]
pub(super) struct PollBatch {
    // By Shard::index.
    shards: Vec<ShardPolls>,
    memory_bytes: usize,
}

/// A shard's part of a batch.
#[derive(Debug, Default)]
struct ShardPolls {
    staged: Vec<(StoreId, Poll)>,
    // Stores are numbered as they come; memory ends long before the numbers do.
    numbers: HashMap<StoreId, u32, FixedState>,
    next_number: u32,
    chunks: Vec<Chunk>,
}

/// Polls as they came, and the number of each one's store.
#[derive(Debug)]
struct Chunk {
    numbers: Vec<u32>,
    polls: Vec<Poll>,
}

impl Default for PollBatch {
    fn default() -> PollBatch {
        PollBatch { shards: for_each_shard(), memory_bytes: 0 }
    }
}

impl PollBatch {
    #[inline]
    pub(super) fn add(&mut self, store: StoreId, poll: Poll) {
        let shard = &mut self.shards[store.shard().index()];
        if shard.staged.capacity() == 0 {
            shard.staged.reserve_exact(STAGED_ROWS);
            self.memory_bytes += STAGE_BYTES;
        }
        shard.staged.push((store, poll));
        if shard.staged.len() == STAGED_ROWS {
            self.memory_bytes += shard.look_up_stores();
        }
    }

    /// Returns how much memory the batch takes. It follows from the rows added alone.
    pub(super) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Packs the batch and begins the next one.
    pub(super) fn pack(&mut self, segments: &mut Vec<Segment>, counts: &mut Counts) {
        self.memory_bytes = 0;
        for (shard, polls) in Shard::all().zip(&mut self.shards) {
            std::mem::take(polls).pack(shard, segments, counts);
        }
    }
}

impl ShardPolls {
    /// Moves what is staged to the lists, and returns how much memory that took.
    fn look_up_stores(&mut self) -> usize {
        let mut memory_bytes = 0;
        for (store, poll) in self.staged.drain(..) {
            let next = self.next_number;
            let text_bytes = store.heap_bytes();
            let number = *self.numbers.entry(store).or_insert(next);
            if number == next {
                self.next_number += 1;
                memory_bytes += STORE_BYTES + text_bytes;
            }
            if self.chunks.last().is_none_or(|chunk| chunk.polls.len() == CHUNK_POLLS) {
                memory_bytes += CHUNK_BYTES;
                self.chunks.push(Chunk {
                    numbers: Vec::with_capacity(CHUNK_POLLS),
                    polls: Vec::with_capacity(CHUNK_POLLS),
                });
            }
            if let Some(chunk) = self.chunks.last_mut() {
                chunk.numbers.push(number);
                chunk.polls.push(poll);
            }
        }
        memory_bytes
    }

    fn pack(mut self, shard: Shard, segments: &mut Vec<Segment>, counts: &mut Counts) {
        self.look_up_stores();
        let mut stores: Vec<(StoreId, u32)> = self.numbers.into_iter().collect();
        stores.sort_unstable_by(|(this, _), (that, _)| order_in_segment(this, that));
        let mut places = vec![0; stores.len()];
        for (place, (_, number)) in (0_u32..).zip(&stores) {
            places[*number as usize] = place;
        }

        let (mut polls, ends) = by_store(&self.chunks, &places);
        drop(self.chunks);
        let mut rest = &mut polls[..];
        let mut start = 0;
        let mut sets = Vec::with_capacity(stores.len());
        for ((store, _), end) in stores.iter().zip(ends) {
            let (of_store, others) = rest.split_at_mut(end - start);
            sets.push((store, counted_set(of_store, counts)));
            (rest, start) = (others, end);
        }
        segments.extend(pack_sorted_polls(shard, sets.into_iter()));
    }
}

/// How many slots of time polls are parted by: of a week, less than six minutes each.
const SLOTS: usize = 2048;

/// Puts polls in the order of their stores' places, those of a store nearly in order of time.
///
/// Twice by counting: first by slots of time, then by store. A store has seldom two polls in a
/// slot, so hardly one is left to sort: half the time that sorting each store's polls takes.
fn by_store(chunks: &[Chunk], places: &[u32]) -> (Vec<Poll>, Vec<usize>) {
    let entries = chunks.iter().flat_map(|chunk| {
        let places = chunk.numbers.iter().map(|number| places[*number as usize]);
        places.zip(chunk.polls.iter().copied())
    });
    let instant = |(_, poll): (u32, Poll)| poll.at().micros();
    let first = entries.clone().map(instant).min().unwrap_or_default();
    let last = entries.clone().map(instant).max().unwrap_or_default();
    // A slot lasts a power of two of microseconds.
    let span_bits = u64::BITS - last.abs_diff(first).leading_zeros();
    let slot_bits = span_bits.saturating_sub(SLOTS.ilog2());
    let slot = |entry: &(u32, Poll)| {
        let slot = instant(*entry).abs_diff(first) >> slot_bits;
        usize::try_from(slot).unwrap_or(SLOTS - 1)
    };
    let (by_time, _) = sorted_by_counting(entries, SLOTS, slot);
    let by_time = by_time.into_iter();
    let (polls, ends) = sorted_by_counting(by_time, places.len(), |(place, _)| *place as usize);
    (polls.into_iter().map(|(_, poll)| poll).collect(), ends)
}

/// Returns items in the order of their buckets, otherwise as they came, and where each bucket ends.
fn sorted_by_counting<T: Copy>(
    items: impl Iterator<Item = T> + Clone,
    buckets: usize,
    bucket_of: impl Fn(&T) -> usize,
) -> (Vec<T>, Vec<usize>) {
    let mut ends = vec![0; buckets];
    for item in items.clone() {
        ends[bucket_of(&item)] += 1;
    }
    let mut count = 0;
    for end in &mut ends {
        count += std::mem::replace(end, count);
    }
    let filler = items.clone().next();
    let mut sorted = filler.map_or_else(Vec::new, |item| vec![item; count]);
    // Where a bucket's next item goes is, at last, where the bucket ends.
    for item in items {
        let end = &mut ends[bucket_of(&item)];
        sorted[*end] = item;
        *end += 1;
    }
    (sorted, ends)
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

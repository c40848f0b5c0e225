//! A batch of polls, by shard and store.

use std::collections::HashMap;

use super::{Counts, for_each_shard};
use crate::segment::{Segment, pack_polls};
use crate::{Poll, PollSet, Shard, StoreId};

/// What a store takes beside its polls: its place in a table that may be half empty.
const STORE_BYTES: usize = 2 * size_of::<(StoreId, Vec<Poll>)>();

#[derive(Debug)]
pub(super) struct PollBatch {
    // By Shard::index.
    shards: Vec<HashMap<StoreId, Vec<Poll>>>,
    memory_bytes: usize,
}

impl Default for PollBatch {
    fn default() -> PollBatch {
        PollBatch { shards: for_each_shard(), memory_bytes: 0 }
    }
}

impl PollBatch {
    pub(super) fn add(&mut self, store: StoreId, poll: Poll) {
        let stores = &mut self.shards[store.shard().index()];
        if let Some(polls) = stores.get_mut(&store) {
            let capacity_before = polls.capacity();
            polls.push(poll);
            self.memory_bytes += (polls.capacity() - capacity_before) * size_of::<Poll>();
            return;
        }
        let polls = vec![poll];
        self.memory_bytes +=
            STORE_BYTES + store.with_text(str::len) + polls.capacity() * size_of::<Poll>();
        stores.insert(store, polls);
    }

    /// Returns how much memory the batch takes. It follows from the rows added alone.
    pub(super) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Packs the batch and begins the next one.
    pub(super) fn pack(&mut self, segments: &mut Vec<Segment>, counts: &mut Counts) {
        self.memory_bytes = 0;
        for (shard, stores) in Shard::all().zip(&mut self.shards) {
            let stores = std::mem::take(stores);
            if stores.is_empty() {
                continue;
            }
            let sets = stores.into_iter().map(|(store, polls)| (store, counted_set(polls, counts)));
            segments.extend(pack_polls(shard, sets.collect()));
        }
    }
}

fn counted_set(mut polls: Vec<Poll>, counts: &mut Counts) -> PollSet {
    // Inactive sorts first, so the first of an instant is the one that is kept.
    polls.sort_unstable();
    let mut kept = 0;
    let mut conflicts = 0;
    for of_instant in polls.chunk_by(|this, that| this.at() == that.at()) {
        let differs = |poll: &&Poll| poll.status() != of_instant[0].status();
        kept += 1;
        conflicts += of_instant.iter().filter(differs).count() as u64;
    }
    counts.add_packed(kept, polls.len() as u64 - kept, conflicts);
    PollSet::new(polls)
}

//! Collects a batch of polls by shard and store.
//!
//! **Rows are divided by the shard and the form of their ids before their stores are looked up.** So
//! what a look-up reads stays in the processor's nearest caches, however many stores there are, and
//! the code for one form of id has no unpredictable branches. A poll takes eight bytes: its instant,
//! its status and the number of its store in a list of stores. Polls are sorted only when the batch
//! is packed.
//!
//! A list can number 4,096 stores. If one is full, the lists of its group are split in two, so a
//! batch ends only when its memory is used up.

mod group;
mod in_order;
mod stores;

use super::Counts;
use super::entry::Entry;
use super::warnings::WarningFinder;
use crate::segment::{Segment, order_in_segment, pack_sorted_polls};
use crate::store::IdForm;
use crate::{Poll, Shard, StoreId};

use group::{Full, Group, LookedUp};
use in_order::{InOrder, Room};

/// The segments of the polls packed so far, and their counts.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) segments: Vec<Segment>,
    pub(super) counts: Counts,
}

/// Packs polls batch by batch.
#[derive(Debug)]
pub(super) struct PollPacker {
    shards: Vec<ShardPolls>,
    memory_bytes: usize,
    batch_bytes: usize,
    looked_up: LookedUp,
    room: Room,
    pub(super) packed: Packed,
}

/// The polls of a shard, divided by the form of the store ids.
#[derive(Debug, Default)]
struct ShardPolls {
    integers: Group<u64>,
    uuids: Group<[u64; 2]>,
    texts: Group<Box<str>>,
}

impl PollPacker {
    /// A batch may take `batch_bytes` of memory. The estimate depends only on its polls, so equal
    /// files have equal batches.
    pub(super) fn new(batch_bytes: usize) -> PollPacker {
        PollPacker {
            shards: super::for_each_shard(),
            memory_bytes: 0,
            batch_bytes,
            looked_up: LookedUp::default(),
            room: Room::default(),
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
        let looked_up = &mut self.looked_up;
        let grown = match store.into_form() {
            IdForm::Integer(integer) => shard.integers.add(integer, poll, looked_up),
            IdForm::Uuid(uuid) => shard.uuids.add(uuid, poll, looked_up),
            IdForm::Text(text) => {
                self.memory_bytes += text.len();
                shard.texts.add(text, poll, looked_up)
            }
        };
        self.memory_bytes += grown.unwrap_or_default();
        if grown == Err(Full) || self.memory_bytes >= self.batch_bytes {
            self.pack(warnings, true);
        }
    }

    /// Packs the batch and passes its stores to `warnings`. `more_follow` says that the file may
    /// have more rows.
    pub(super) fn pack(&mut self, warnings: &mut WarningFinder, more_follow: bool) {
        self.memory_bytes = 0;
        while self.pack_some(warnings, more_follow) == Err(Full) {}
    }

    /// After [`Full`] there are more polls to pack.
    fn pack_some(&mut self, warnings: &mut WarningFinder, more_follow: bool) -> Result<(), Full> {
        let PollPacker { shards, looked_up, room, packed, .. } = self;
        let mut outcome = Ok(());
        for (shard, polls) in Shard::all().zip(shards) {
            let (mut by_form, of_shard) = polls.take_in_order(looked_up, room);
            outcome = outcome.and(of_shard);
            let stores = || by_form.iter().flatten().flat_map(InOrder::stores);
            warnings.accept(stores(), more_follow);
            let mut sets = Vec::with_capacity(stores().count());
            for lists in &mut by_form {
                let of_form = sets.len();
                let is_one = lists.len() == 1;
                for list in lists {
                    sets.extend(list.sets(&mut packed.counts));
                }
                if !is_one {
                    sets[of_form..]
                        .sort_unstable_by(|(this, _), (that, _)| order_in_segment(this, that));
                }
            }
            packed.segments.extend(pack_sorted_polls(shard, sets.into_iter()));
        }
        outcome
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

impl ShardPolls {
    /// Takes the polls, by the form of their ids in the order of a segment. After [`Full`] there are
    /// more polls.
    fn take_in_order(
        &mut self,
        looked_up: &mut LookedUp,
        room: &mut Room,
    ) -> ([Vec<InOrder>; 3], Result<(), Full>) {
        let (integers, of_integers) = self.integers.take_in_order(looked_up, room);
        let (uuids, of_uuids) = self.uuids.take_in_order(looked_up, room);
        let (texts, of_texts) = self.texts.take_in_order(looked_up, room);
        ([integers, uuids, texts], of_integers.and(of_uuids).and(of_texts))
    }
}

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
use crate::store::{Id as _, IdForm};
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
    room: PackingRoom,
    pub(super) packed: Packed,
}

/// The polls of a shard, divided by the form of the store ids.
#[derive(Debug, Default)]
struct ShardPolls {
    integers: Group<u64>,
    uuids: Group<[u64; 2]>,
    texts: Group<Box<str>>,
}

/// Rows divided by the form of the store ids.
#[derive(Debug, Default)]
pub(super) struct Rows {
    integers: Vec<(u64, Poll)>,
    uuids: Vec<([u64; 2], Poll)>,
    texts: Vec<(Box<str>, Poll)>,
}

/// The polls of a shard before they are packed.
#[derive(Debug)]
pub struct UnpackedShard {
    shard: Shard,
    polls: ShardPolls,
}

/// The segments of a shard's polls, with what is known of their rows.
#[derive(Debug)]
pub struct PackedShard {
    packed: Packed,
    stores: Vec<Vec<(StoreId, usize)>>,
}

/// Memory to sort polls in. It holds nothing between two uses.
#[derive(Debug, Default)]
pub struct PackingRoom {
    looked_up: LookedUp,
    sorting: Room,
}

impl PollPacker {
    /// A batch may take `batch_bytes` of memory. The estimate depends only on its polls, so equal
    /// files have equal batches.
    pub(super) fn new(batch_bytes: usize) -> PollPacker {
        PollPacker {
            shards: super::for_each_shard(),
            memory_bytes: 0,
            batch_bytes,
            room: PackingRoom::default(),
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
        let looked_up = &mut self.room.looked_up;
        let grown = match store.into_form() {
            IdForm::Integer(integer) => shard.integers.add(integer, poll, looked_up),
            IdForm::Uuid(uuid) => shard.uuids.add(uuid, poll, looked_up),
            IdForm::Text(text) => {
                self.memory_bytes += text.len();
                shard.texts.add(text, poll, looked_up)
            }
        };
        self.grow(grown, warnings);
    }

    /// Adds rows whose polls fit an [`Entry`]. Takes them out of `rows`.
    pub(super) fn add_rows(&mut self, rows: &mut Rows, warnings: &mut WarningFinder) {
        for (integer, poll) in rows.integers.drain(..) {
            let integers = &mut self.shards[Shard::of(integer.mixed()).index()].integers;
            let grown = integers.add(integer, poll, &mut self.room.looked_up);
            self.grow(grown, warnings);
        }
        for (uuid, poll) in rows.uuids.drain(..) {
            let uuids = &mut self.shards[Shard::of(uuid.mixed()).index()].uuids;
            let grown = uuids.add(uuid, poll, &mut self.room.looked_up);
            self.grow(grown, warnings);
        }
        for (text, poll) in rows.texts.drain(..) {
            self.memory_bytes += text.len();
            let texts = &mut self.shards[Shard::of(text.mixed()).index()].texts;
            let grown = texts.add(text, poll, &mut self.room.looked_up);
            self.grow(grown, warnings);
        }
    }

    #[inline]
    fn grow(&mut self, grown: Result<usize, Full>, warnings: &mut WarningFinder) {
        self.memory_bytes += grown.unwrap_or_default();
        if grown == Err(Full) || self.memory_bytes >= self.batch_bytes {
            self.pack(warnings, true);
        }
    }

    /// Packs the batch and passes its stores to `warnings`. `more_follow` says that the file may
    /// have more rows.
    pub(super) fn pack(&mut self, warnings: &mut WarningFinder, more_follow: bool) {
        for shard in self.take_unpacked() {
            let packed = shard.pack(&mut self.room);
            self.add_packed(packed, warnings, more_follow);
        }
    }

    /// Takes the polls of the batch.
    pub(super) fn take_unpacked(&mut self) -> Vec<UnpackedShard> {
        self.memory_bytes = 0;
        let shards = std::mem::replace(&mut self.shards, super::for_each_shard());
        Shard::all().zip(shards).map(|(shard, polls)| UnpackedShard { shard, polls }).collect()
    }

    /// Takes what was packed of a shard.
    pub(super) fn add_packed(
        &mut self,
        PackedShard { packed, stores }: PackedShard,
        warnings: &mut WarningFinder,
        more_follow: bool,
    ) {
        warnings.accept(stores.iter().flatten().map(|(store, _)| store), more_follow);
        self.packed.segments.extend(packed.segments);
        self.packed.counts += packed.counts;
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

impl Rows {
    /// Adds a row.
    #[inline]
    pub(super) fn push(&mut self, store: StoreId, poll: Poll) {
        match store.into_form() {
            IdForm::Integer(integer) => self.integers.push((integer, poll)),
            IdForm::Uuid(uuid) => self.uuids.push((uuid, poll)),
            IdForm::Text(text) => self.texts.push((text, poll)),
        }
    }
}

impl UnpackedShard {
    /// Packs the polls.
    pub fn pack(mut self, room: &mut PackingRoom) -> PackedShard {
        let mut all = PackedShard { packed: Packed::default(), stores: Vec::new() };
        while self.pack_some(room, &mut all) == Err(Full) {}
        all
    }

    /// After [`Full`] there are more polls to pack.
    fn pack_some(&mut self, room: &mut PackingRoom, all: &mut PackedShard) -> Result<(), Full> {
        let PackedShard { packed: Packed { segments, counts }, stores } = all;
        let (mut by_form, outcome) = self.polls.take_in_order(room);
        let mut sets = Vec::with_capacity(by_form.iter().flatten().map(InOrder::store_count).sum());
        for lists in &mut by_form {
            let of_form = sets.len();
            let is_one = lists.len() == 1;
            for list in lists {
                sets.extend(list.sets(counts));
            }
            if !is_one {
                sets[of_form..]
                    .sort_unstable_by(|(this, _), (that, _)| order_in_segment(this, that));
            }
        }
        segments.extend(pack_sorted_polls(self.shard, sets.into_iter()));
        stores.extend(by_form.into_iter().flatten().map(InOrder::into_stores));
        outcome
    }
}

impl ShardPolls {
    /// Takes the polls, by the form of their ids in the order of a segment. After [`Full`] there are
    /// more polls.
    fn take_in_order(&mut self, room: &mut PackingRoom) -> ([Vec<InOrder>; 3], Result<(), Full>) {
        let PackingRoom { looked_up, sorting } = room;
        let (integers, of_integers) = self.integers.take_in_order(looked_up, sorting);
        let (uuids, of_uuids) = self.uuids.take_in_order(looked_up, sorting);
        let (texts, of_texts) = self.texts.take_in_order(looked_up, sorting);
        ([integers, uuids, texts], of_integers.and(of_uuids).and(of_texts))
    }
}

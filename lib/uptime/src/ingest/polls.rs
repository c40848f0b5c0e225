//! Collects a batch of polls by shard and store.
//!
//! **Rows are divided by a hash and by the form of their ids before their stores are looked up.** So
//! the stores of a list and its end stay in the processor's nearest caches, however many stores
//! there are, and the code for one form of id has no unpredictable branches. A row takes eight
//! bytes: the poll and the number of its store in its list. Rows are sorted only when the batch is
//! packed.
//!
//! A list can number 4,096 stores. If one is full, each list is split in two, so a batch ends only
//! when its memory is used up.

mod list;

use super::Counts;
use super::entry::Entry;
use super::warnings::WarningFinder;
use crate::segment::{Segment, order_in_segment, pack_sorted_polls};
use crate::store::IdForm;
use crate::{Poll, Shard, StoreId};

use list::{InOrder, List};

/// The segments of the polls packed so far, and their counts.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) segments: Vec<Segment>,
    pub(super) counts: Counts,
}

/// Packs polls batch by batch.
#[derive(Debug)]
pub(super) struct PollPacker {
    // One for each value that the top bits of a store's hash can have, at least one for each shard.
    parts: Vec<Part>,
    // Shifting a hash by this leaves the bits that choose a part.
    shift: u32,
    memory_bytes: usize,
    batch_bytes: usize,
    pub(super) packed: Packed,
}

/// A part of a batch, divided by the form of the store ids.
#[derive(Debug, Default)]
struct Part {
    integers: List<u64>,
    uuids: List<[u64; 2]>,
    texts: List<Box<str>>,
}

/// Parts are split only if they have this many stores on average: ids that are made to have similar
/// hashes must not use up memory.
const LEAST_STORES_TO_SPLIT: usize = Entry::MAX_STORES / 4;

impl PollPacker {
    /// A batch may take `batch_bytes` of memory. The estimate depends only on its polls, so equal
    /// files have equal batches.
    pub(super) fn new(batch_bytes: usize) -> PollPacker {
        PollPacker {
            parts: Shard::all().map(|_| Part::default()).collect(),
            shift: u64::BITS - Shard::COUNT.ilog2(),
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
        let place = usize::try_from(store.mixed() >> self.shift).unwrap_or_default();
        let part = &mut self.parts[place];
        let growth = match store.into_form() {
            IdForm::Integer(integer) => part.integers.add(integer, poll),
            IdForm::Uuid(uuid) => part.uuids.add(uuid, poll),
            IdForm::Text(text) => {
                self.memory_bytes += text.len();
                part.texts.add(text, poll)
            }
        };
        self.memory_bytes += growth.memory_bytes;
        if self.memory_bytes >= self.batch_bytes {
            self.pack(warnings, true);
        } else if growth.is_full {
            self.make_room(warnings);
        }
    }

    /// Splits every part until no list is full. If too few stores make a list full, packs the batch.
    #[cold]
    fn make_room(&mut self, warnings: &mut WarningFinder) {
        while self.parts.iter().any(Part::is_full) {
            let stores: usize = self.parts.iter().map(Part::stores).sum();
            if self.shift == 0 || stores < self.parts.len() * LEAST_STORES_TO_SPLIT {
                return self.pack(warnings, true);
            }
            self.shift -= 1;
            let before: usize = self.parts.iter().map(Part::memory_bytes).sum();
            let bit = 1 << self.shift;
            self.parts = std::mem::take(&mut self.parts)
                .into_iter()
                .flat_map(|part| part.split(bit))
                .collect();
            let after: usize = self.parts.iter().map(Part::memory_bytes).sum();
            self.memory_bytes += after.saturating_sub(before);
        }
    }

    /// Packs the batch and passes its stores to `warnings`. `more_follow` says that the file may
    /// have more rows.
    pub(super) fn pack(&mut self, warnings: &mut WarningFinder, more_follow: bool) {
        self.memory_bytes = 0;
        let Packed { segments, counts } = &mut self.packed;
        let parts_a_shard = self.parts.len() / Shard::COUNT;
        for (shard, parts) in Shard::all().zip(self.parts.chunks_mut(parts_a_shard)) {
            // The forms are in the order that a segment has.
            let mut by_form: [Vec<InOrder>; 3] = Default::default();
            for part in parts {
                let Part { integers, uuids, texts } = std::mem::take(part);
                by_form[0].push(integers.in_order());
                by_form[1].push(uuids.in_order());
                by_form[2].push(texts.in_order());
            }
            let stores = || by_form.iter().flatten().flat_map(InOrder::stores);
            warnings.accept(stores(), more_follow);
            let mut sets = Vec::with_capacity(stores().count());
            for lists in &mut by_form {
                let of_form = sets.len();
                for list in lists {
                    sets.extend(list.sets(counts));
                }
                if parts_a_shard > 1 {
                    sets[of_form..]
                        .sort_unstable_by(|(this, _), (that, _)| order_in_segment(this, that));
                }
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

impl Part {
    fn stores(&self) -> usize {
        self.integers.store_count() + self.uuids.store_count() + self.texts.store_count()
    }

    fn is_full(&self) -> bool {
        self.integers.is_full() || self.uuids.is_full() || self.texts.is_full()
    }

    fn memory_bytes(&self) -> usize {
        self.integers.memory_bytes() + self.uuids.memory_bytes() + self.texts.memory_bytes()
    }

    /// Divides the stores by a bit of their hashes.
    fn split(self, bit: u64) -> [Part; 2] {
        let [integers, more_integers] = self.integers.split(bit);
        let [uuids, more_uuids] = self.uuids.split(bit);
        let [texts, more_texts] = self.texts.split(bit);
        [
            Part { integers, uuids, texts },
            Part { integers: more_integers, uuids: more_uuids, texts: more_texts },
        ]
    }
}

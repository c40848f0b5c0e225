//! The polls of a shard's stores whose ids have one form.

use super::super::entry::Entry;
use super::in_order::{InOrder, Room, by_store};
use super::stores::Stores;
use crate::Poll;
use crate::buckets::{into_buckets, starts_of_counts};
use crate::store::{Id, Shard};

/// How many rows a group collects at first before it looks up their stores.
const FIRST_STAGED_ROWS: usize = 128;
/// A group with more stores collects more rows. So what is read to look up a store usually serves
/// several rows while it is in a near cache.
const MOST_STAGED_ROWS: usize = 8192;
/// How many entries a block has room for at first. Then blocks grow with the group.
const FIRST_BLOCK_ENTRIES: usize = 16 * FIRST_STAGED_ROWS;
/// From this size on, a group has one more block, with room for more polls than a batch usually has
/// of a group. glibc returns memory of more than 32 MiB to the system at once
/// (`DEFAULT_MMAP_THRESHOLD_MAX`), so packing a batch frees as much as it takes. The system gives a
/// block only the memory that is used.
const LARGE_GROUP_ENTRIES: usize = 64 << 10;
const LARGE_BLOCK_ENTRIES: usize = (33 << 20) / size_of::<Entry>();
/// Lists are split only if they have this many stores on average: ids that are made to have similar
/// hashes must not use up memory.
const LEAST_STORES_TO_SPLIT: usize = Entry::MAX_STORES / 4;

/// Polls of stores whose ids have one form.
#[derive(Debug)]
pub(super) struct Group<I> {
    // Rows whose stores are not looked up yet.
    staged: Vec<(I, Poll)>,
    // A list for each value that the bits of a store's hash can have after those of its shard.
    lists: Vec<Stores<I>>,
    // The polls in the order of the file, in runs of polls whose stores are in one list.
    blocks: Vec<Vec<Entry>>,
    runs: Vec<Run>,
}

/// Consecutive entries of a block. Their stores are in one list.
#[derive(Debug, Clone, Copy)]
struct Run {
    list: usize,
    block: usize,
    start: usize,
    end: usize,
}

/// A list has no number left for another store and cannot be split. The batch has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// Entries whose lists are known, and room to sort them. Kept only for their memory.
#[derive(Debug, Default)]
pub(super) struct LookedUp {
    entries: Vec<(usize, Entry)>,
    by_list: Vec<Entry>,
    starts: Vec<u32>,
}

impl<I> Default for Group<I> {
    fn default() -> Group<I> {
        Group {
            staged: Vec::new(),
            lists: vec![Stores::default()],
            blocks: Vec::new(),
            runs: Vec::new(),
        }
    }
}

impl<I: Id> Group<I> {
    /// Adds a row. Returns by how much the memory grew. After [`Full`], the row is added as well, but
    /// the batch has to be packed before the next one.
    #[inline]
    pub(super) fn add(
        &mut self,
        id: I,
        poll: Poll,
        looked_up: &mut LookedUp,
    ) -> Result<usize, Full> {
        let mut grown = self.begin();
        self.staged.push((id, poll));
        if self.staged.len() == self.staged.capacity() {
            grown += self.look_up_and_grow(looked_up)?;
        }
        Ok(grown)
    }

    /// Makes room for the first rows. Returns by how much the memory grew.
    #[inline]
    fn begin(&mut self) -> usize {
        if self.staged.capacity() > 0 {
            return 0;
        }
        self.staged.reserve_exact(FIRST_STAGED_ROWS);
        FIRST_STAGED_ROWS * size_of::<(I, Poll)>()
    }

    #[inline(never)]
    fn look_up_and_grow(&mut self, looked_up: &mut LookedUp) -> Result<usize, Full> {
        let before = self.memory_bytes();
        self.look_up_stores(looked_up)?;
        let capacity = self.staged.capacity();
        if capacity < MOST_STAGED_ROWS && self.store_count() > capacity {
            self.staged = Vec::with_capacity(2 * capacity);
        }
        Ok(self.memory_bytes().saturating_sub(before))
    }

    fn store_count(&self) -> usize {
        self.lists.iter().map(Stores::len).sum()
    }

    /// Returns how much memory the group takes, without the texts of ids.
    fn memory_bytes(&self) -> usize {
        let entries: usize = self.blocks.iter().map(Vec::len).sum();
        self.staged.capacity() * size_of::<(I, Poll)>()
            + entries * size_of::<Entry>()
            + self.store_count() * Stores::<I>::STORE_BYTES
    }

    /// Looks up the stores of the staged rows and moves the rows to the blocks. After [`Full`], the
    /// rest of the rows is still staged.
    fn look_up_stores(&mut self, looked_up: &mut LookedUp) -> Result<(), Full> {
        let mut staged = std::mem::take(&mut self.staged);
        let mut done = 0;
        let mut outcome = Ok(());
        while done < staged.len() && outcome.is_ok() {
            done += self.move_to_blocks(&staged[done..], looked_up);
            if done < staged.len() {
                outcome = self.split_lists();
            }
        }
        staged.drain(..done);
        self.staged = staged;
        outcome
    }

    /// Returns how many rows were moved: all, or those before the first whose list is full.
    fn move_to_blocks(&mut self, rows: &[(I, Poll)], looked_up: &mut LookedUp) -> usize {
        let place = ListBits::of(&self.lists);
        looked_up.entries.clear();
        for (id, poll) in rows {
            let list = place.of_id(id);
            let Some(number) = self.lists[list].count(id, 1) else { break };
            looked_up.entries.push((list, Entry::new(*poll, number)));
        }
        self.append(looked_up);
        looked_up.entries.len()
    }

    /// Appends entries to the blocks, those of each list one after the other.
    fn append(&mut self, looked_up: &mut LookedUp) {
        let LookedUp { entries, by_list, starts } = looked_up;
        let Some((_, filler)) = entries.first() else { return };
        let (block, first) = self.room_for(entries.len());
        if self.lists.len() == 1 {
            self.blocks[block].extend(entries.iter().map(|(_, entry)| *entry));
            self.runs.push(Run { list: 0, block, start: first, end: first + entries.len() });
            return;
        }
        starts.clear();
        starts.resize(self.lists.len(), 0);
        for (list, _) in entries.iter() {
            starts[*list] += 1;
        }
        starts_of_counts(starts);
        by_list.clear();
        by_list.resize(entries.len(), *filler);
        into_buckets(entries.iter().copied(), starts, by_list);
        self.blocks[block].extend_from_slice(by_list);
        let mut start = first;
        for (list, end) in starts.iter().enumerate() {
            let end = first + *end as usize;
            if end > start {
                self.runs.push(Run { list, block, start, end });
            }
            start = end;
        }
    }

    /// Returns the number of a block that has room for this many entries, and how many it has.
    fn room_for(&mut self, entries: usize) -> (usize, usize) {
        let has_room = |block: &Vec<Entry>| block.capacity() - block.len() >= entries;
        if !self.blocks.last().is_some_and(has_room) {
            let so_far = self.blocks.iter().map(Vec::len).sum::<usize>();
            let capacity = if so_far < LARGE_GROUP_ENTRIES {
                so_far.max(FIRST_BLOCK_ENTRIES)
            } else {
                LARGE_BLOCK_ENTRIES
            };
            let capacity = capacity.max(entries);
            self.blocks.push(Vec::with_capacity(capacity));
        }
        let last = self.blocks.len() - 1;
        (last, self.blocks[last].len())
    }

    /// Splits each list in two by the next bit of the hashes.
    #[cold]
    fn split_lists(&mut self) -> Result<(), Full> {
        let bits = ListBits::of(&self.lists);
        let Some(bit) = bits.next_bit() else { return Err(Full) };
        if self.store_count() < self.lists.len() * LEAST_STORES_TO_SPLIT {
            return Err(Full);
        }
        let mut lists = Vec::with_capacity(2 * self.lists.len());
        let mut places = Vec::with_capacity(self.lists.len());
        for list in self.lists.drain(..) {
            let (halves, places_of_list) = list.split(|id| id.mixed() & bit != 0);
            lists.extend(halves);
            places.push(places_of_list);
        }
        self.lists = lists;
        let blocks = std::mem::take(&mut self.blocks);
        let mut looked_up = LookedUp::default();
        for Run { list, block, start, end } in std::mem::take(&mut self.runs) {
            let moved = blocks[block][start..end].iter().map(|entry| {
                let (is_second, number) = places[list][entry.number()];
                (2 * list + usize::from(is_second), Entry::new(entry.poll(), number))
            });
            looked_up.entries.clear();
            looked_up.entries.extend(moved);
            self.append(&mut looked_up);
        }
        Ok(())
    }

    /// Takes all rows and sorts the stores of each list by their ids, and their polls nearly by time.
    /// After [`Full`] there are more rows.
    pub(super) fn take_in_order(
        &mut self,
        looked_up: &mut LookedUp,
        room: &mut Room,
    ) -> (Vec<InOrder>, Result<(), Full>) {
        let outcome = self.look_up_stores(looked_up);
        let staged = std::mem::take(&mut self.staged);
        let Group { lists, blocks, runs, .. } = std::mem::take(self);
        if outcome.is_err() {
            self.staged = staged;
        }
        let in_order = |(list, stores): (usize, Stores<I>)| {
            let of_list = runs.iter().filter(move |run| run.list == list);
            let entries = of_list.flat_map(|run| &blocks[run.block][run.start..run.end]).copied();
            let (stores, starts) = stores.in_order();
            InOrder { stores, polls: by_store(entries, starts, room) }
        };
        (lists.into_iter().enumerate().map(in_order).collect(), outcome)
    }
}

/// The bits of a hash that choose a list: those after the bits of the shard.
#[derive(Debug, Clone, Copy)]
struct ListBits {
    shift: u32,
    mask: u64,
}

impl ListBits {
    /// The number of lists is a power of two.
    fn of<I>(lists: &[Stores<I>]) -> ListBits {
        let count = lists.len() as u64;
        ListBits { shift: u64::BITS - Shard::COUNT.ilog2() - count.ilog2(), mask: count - 1 }
    }

    #[inline]
    fn of_id(self, id: &impl Id) -> usize {
        if self.mask == 0 {
            return 0;
        }
        usize::try_from(id.mixed() >> self.shift & self.mask).unwrap_or_default()
    }

    /// Returns the bit after those that choose a list.
    fn next_bit(self) -> Option<u64> {
        self.shift.checked_sub(1).map(|next| 1 << next)
    }
}

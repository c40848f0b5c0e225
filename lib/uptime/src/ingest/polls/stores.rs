//! The stores of a list of polls.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::super::entry::Entry;
use crate::StoreId;
use crate::store::Id;

/// At most 4,096 stores, numbered in the order of their first row, each with its number of polls.
///
/// The table has numbers in place of ids, so little memory is read to find a store.
#[derive(Debug)]
pub(super) struct Stores<I> {
    numbers: HashTable<u16>,
    // By number.
    ids: Vec<I>,
    poll_counts: Vec<u32>,
}

impl<I> Default for Stores<I> {
    fn default() -> Stores<I> {
        Stores { numbers: HashTable::new(), ids: Vec::new(), poll_counts: Vec::new() }
    }
}

impl<I: Id> Stores<I> {
    /// The memory for one store, if both lists and the table are half empty.
    pub(super) const STORE_BYTES: usize =
        2 * (size_of::<I>() + size_of::<u32>() + size_of::<u16>() + 1);

    /// Counts `polls` more of a store and returns its number. `None`: it has none, and no number is
    /// left.
    #[inline]
    pub(super) fn count(&mut self, id: &I, polls: u32) -> Option<u16> {
        let hash = hash(id);
        let found = self.numbers.find(hash, |number| self.ids[usize::from(*number)] == *id);
        let number = match found {
            Some(number) => *number,
            None => self.insert(id, hash)?,
        };
        self.poll_counts[usize::from(number)] += polls;
        Some(number)
    }

    fn insert(&mut self, id: &I, id_hash: u64) -> Option<u16> {
        let number = u16::try_from(self.len()).ok().filter(|_| self.len() < Entry::MAX_STORES)?;
        self.ids.push(id.clone());
        self.poll_counts.push(0);
        let ids = &self.ids;
        self.numbers.insert_unique(id_hash, number, |number| hash(&ids[usize::from(*number)]));
        Some(number)
    }

    /// Returns how many stores there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Divides the stores by `is_second` into two lists. Also returns, by the number of each store,
    /// whether it is in the second list and its number there.
    pub(super) fn split(
        &self,
        is_second: impl Fn(&I) -> bool,
    ) -> ([Stores<I>; 2], Vec<(bool, u16)>) {
        let mut halves = [Stores::default(), Stores::default()];
        let place = |(id, polls): (&I, &u32)| {
            let second = is_second(id);
            // A half has room for all of them.
            let number = halves[usize::from(second)].count(id, *polls).unwrap_or_default();
            (second, number)
        };
        let places = self.ids.iter().zip(&self.poll_counts).map(place).collect();
        (halves, places)
    }

    /// Returns the stores sorted, each with its number of polls. Also returns, by the number of each
    /// store, how many polls the stores before it have.
    pub(super) fn in_order(self) -> (Vec<(StoreId, usize)>, Vec<u32>) {
        let mut numbers: Vec<(I, usize)> = self.ids.into_iter().zip(0..).collect();
        numbers.sort_unstable();
        let mut starts = vec![0; numbers.len()];
        let mut stores = Vec::with_capacity(numbers.len());
        let mut start = 0;
        for (id, number) in numbers {
            let poll_count = self.poll_counts[number];
            starts[number] = start;
            start += poll_count;
            stores.push((StoreId::from_form(id.into_form()), poll_count as usize));
        }
        (stores, starts)
    }
}

#[inline]
fn hash(id: &impl Id) -> u64 {
    FixedState::default().hash_one(id)
}

//! The whole sample: when each store is polled, and the rows of every file in their order.

use std::ops::RangeInclusive;

use uptime::{Poll, Timestamp};

use super::hours::Shift;
use super::polls::{self, Fleet};
use super::random::Random;
use super::special_days::{self, SpecialDay};
use super::stores::Store;

/// The index of a row's store in the sample.
pub(super) type StoreIndex = u32;

/// The rows of the source files.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) stores: Vec<Store>,
    /// The period in which there may be polls.
    pub(super) polled: RangeInclusive<Timestamp>,
    /// 16 bytes each: a fleet of 140,000 stores has 18 million polls.
    pub(super) polls: Vec<(StoreIndex, Poll)>,
    pub(super) hours: Vec<(StoreIndex, Shift)>,
    pub(super) zones: Vec<(StoreIndex, &'static str)>,
    /// In the order of the stores and their dates. `None`: the sample has no such file.
    pub(super) special_days: Option<Vec<(StoreIndex, SpecialDay)>>,
}

impl Sample {
    pub(super) fn new(
        store_count: u32,
        polled: RangeInclusive<Timestamp>,
        random: &mut Random,
    ) -> Sample {
        let fleet = Fleet::new(&polled, random);
        let mut polls = Vec::with_capacity(store_count as usize * fleet.usual_polls_per_store());
        let mut stores = Vec::with_capacity(store_count as usize);
        for index in 0..store_count {
            let store = Store::new(random);
            polls::take(&fleet, &store, random, |poll| polls.push((index, poll)));
            stores.push(store);
        }
        let mut hours = rows_of(&stores, |store| store.hours.iter().copied());
        let mut zones = rows_of(&stores, |store| store.zone.map(|zone| zone.name).into_iter());
        random.shuffle(&mut polls);
        random.shuffle(&mut hours);
        random.shuffle(&mut zones);
        Sample { stores, polled, polls, hours, zones, special_days: None }
    }

    /// Gives some of the stores special days, and leaves all else as it is.
    pub(super) fn add_special_days(&mut self, random: &mut Random) {
        let quietest_days = special_days::quietest_days(&self.stores, &self.polls);
        let of_stores = (0..).zip(&self.stores).zip(quietest_days);
        let rows = of_stores.flat_map(|((index, store), quietest_day)| {
            let rows = special_days::of_store(store, quietest_day, *self.polled.end(), random);
            rows.into_iter().map(move |row| (index, row))
        });
        self.special_days = Some(rows.collect());
    }
}

fn rows_of<'s, T, I: Iterator<Item = T>>(
    stores: &'s [Store],
    rows: impl Fn(&'s Store) -> I,
) -> Vec<(StoreIndex, T)> {
    (0..).zip(stores).flat_map(|(index, store)| rows(store).map(move |row| (index, row))).collect()
}

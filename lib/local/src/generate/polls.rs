//! The polls of a store: about one per hour, with jitter, gaps, repeats and a few contradictions.

use std::ops::RangeInclusive;

use uptime::interval::{DAY, HOUR, MINUTE, SECOND};
use uptime::{Poll, Status, Timestamp};

use super::random::{Random, Weighted};
use super::stores::{Polling, Store};

/// The hours in which stores are polled: the same for the whole fleet.
#[derive(Debug)]
pub(super) struct Fleet {
    polled: RangeInclusive<Timestamp>,
    /// The hours since 1970 in which there are polls.
    hours: Vec<i64>,
}

impl Fleet {
    /// Leaves out several hours every day or two, as the real poller did.
    pub(super) fn new(polled: &RangeInclusive<Timestamp>, random: &mut Random) -> Fleet {
        let last = polled.end().micros().div_euclid(HOUR);
        let mut next = polled.start().micros().div_euclid(HOUR);
        let mut hours = Vec::new();
        while next <= last {
            let gap = next + i64::from(random.between(20, 49));
            hours.extend(next..gap.min(last + 1));
            next = gap + i64::from(random.between(3, 11));
        }
        Fleet { polled: polled.clone(), hours }
    }

    /// Returns the average number of polls per store, or slightly more.
    pub(super) fn usual_polls_per_store(&self) -> usize {
        self.hours.len() * 9 / 10
    }
}

/// Polls one store, in the order of the hours. The store keeps its habits in all of them.
pub(super) fn take(fleet: &Fleet, store: &Store, random: &mut Random, mut push: impl FnMut(Poll)) {
    let mut outage_hours = 0;
    for &hour in &fleet.hours {
        if outage_hours > 0 {
            outage_hours -= 1;
        } else if random.chance(store.outages) {
            outage_hours = random.between(1, 9);
        }
        let Some(minutes) = minutes_of_polls(store.polling, random) else {
            continue;
        };
        for minute in minutes.into_iter().flatten() {
            let micros = i64::from(random.between(0, MICROS_A_MINUTE));
            let at = Timestamp::from_micros(hour * HOUR + minute * MINUTE + micros);
            if fleet.polled.contains(&at) {
                let status = status(store, at, outage_hours > 0, random);
                push(Poll::new(at, status));
                if random.chance(REPEATED) {
                    push(Poll::new(at, status));
                }
                if random.chance(CONTRADICTED) {
                    push(Poll::new(at, other(status)));
                }
            }
        }
    }
}

/// Returns the minutes after the full hour at which a store is polled, or `None` if it is not
/// polled in this hour.
fn minutes_of_polls(polling: Polling, random: &mut Random) -> Option<[Option<i64>; 2]> {
    let taken_of_10_000 = match polling {
        Polling::Hourly | Polling::Doubled => 8_700,
        Polling::Sparse => 2_800,
        Polling::Never => 0,
    };
    if !random.chance(taken_of_10_000) {
        return None;
    }
    let (earliest, latest) = random.pick(&JITTER);
    let first = i64::from(random.between(earliest, latest));
    let doubled = polling == Polling::Doubled && random.chance(6_000);
    let second = doubled.then(|| first + i64::from(random.between(3, 25)));
    Some([Some(first), second])
}

/// A closed store is mostly offline. An open store is offline only in an outage or because the
/// poller made an error.
fn status(store: &Store, at: Timestamp, outage: bool, random: &mut Random) -> Status {
    let active_of_10_000 = match (is_open(store, at), outage) {
        (true, false) => 9_850,
        (false, false) => 1_200,
        (_, true) => 200,
    };
    if random.chance(active_of_10_000) { Status::Active } else { Status::Inactive }
}

pub(super) fn is_open(store: &Store, at: Timestamp) -> bool {
    let local = at.micros() + store.utc_offset_hours() * HOUR;
    let second_of_week = (local - FIRST_MONDAY).rem_euclid(7 * DAY) / SECOND;
    store.hours.is_empty() || store.hours.iter().any(|shift| shift.contains(second_of_week))
}

fn other(status: Status) -> Status {
    match status {
        Status::Active => Status::Inactive,
        Status::Inactive => Status::Active,
    }
}

/// Minutes after the full hour: usually few.
const JITTER: Weighted<(u32, u32), 4> =
    [(43, (0, 5)), (29, (5, 10)), (13, (10, 15)), (15, (15, 60))];

/// How many of 10,000 polls are repeated.
const REPEATED: u32 = 20;
const CONTRADICTED: u32 = 2;

const MICROS_A_MINUTE: u32 = 60_000_000;

/// 1970-01-05.
const FIRST_MONDAY: i64 = 4 * DAY;

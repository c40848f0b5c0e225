//! The special days of a store. They do not change its polls: a store is given a special day on the
//! date on which it was offline most, as if it had been closed or had opened for a few hours only.

use std::collections::BTreeMap;

use uptime::business_hours::SpecialDate;
use uptime::interval::{DAY, HOUR};
use uptime::zone_clock::LocalDate;
use uptime::{Poll, Status, Timestamp};

use super::random::{Random, Weighted};
use super::sample::StoreIndex;
use super::stores::Store;

/// A row of special days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpecialDay {
    pub(super) date: SpecialDate,
    /// Start and end in seconds since local midnight. `None`: the store does not open.
    pub(super) times: Option<(u32, u32)>,
    pub(super) note: &'static str,
}

/// Returns the rows of one store. Most stores have none. `last_poll` is the end of polling.
pub(super) fn of_store(
    store: &Store,
    quietest_day: Option<i64>,
    last_poll: Timestamp,
    random: &mut Random,
) -> Vec<SpecialDay> {
    if !random.chance(WITH_SPECIAL_DAYS) {
        return Vec::new();
    }
    let to_come = local_day(store, last_poll) + i64::from(random.between(1, 60));
    let days = quietest_day.into_iter().chain([to_come]);
    days.flat_map(|day| rows_on(day, random.pick(&PATTERNS))).collect()
}

/// Returns for each store the local day, since 1970, on which the fewest polls found it active. `None`
/// if it has too few polls.
pub(super) fn quietest_days(
    stores: &[Store],
    polls: &[(StoreIndex, Poll)],
) -> impl Iterator<Item = Option<i64>> {
    let mut active_polls = vec![BTreeMap::<i64, u32>::new(); stores.len()];
    for &(store, poll) in polls {
        let day = local_day(&stores[store as usize], poll.at());
        let active = active_polls[store as usize].entry(day).or_default();
        *active += u32::from(poll.status() == Status::Active);
    }
    active_polls.into_iter().map(|mut days| {
        // Polling covers only a part of the first and the last day.
        days.pop_first();
        days.pop_last();
        days.into_iter().min_by_key(|(_, active)| *active).map(|(day, _)| day)
    })
}

fn local_day(store: &Store, at: Timestamp) -> i64 {
    at.plus(store.utc_offset_hours() * HOUR).micros().div_euclid(DAY)
}

/// Returns the rows of a date, or none if a special day cannot have this date.
fn rows_on(day: i64, (note, openings): Pattern) -> Vec<SpecialDay> {
    let Some(date) = SpecialDate::new(LocalDate::from_days_since_1970(day)) else {
        return Vec::new();
    };
    let row = |times| SpecialDay { date, times, note };
    match openings {
        [] => vec![row(None)],
        _ => openings.iter().map(|(start, end)| row(Some((start * 3600, end * 3600)))).collect(),
    }
}

/// Of 10,000 stores.
const WITH_SPECIAL_DAYS: u32 = 1_000;

/// A note, and the hours of the openings.
type Pattern = (&'static str, &'static [(u32, u32)]);

const PATTERNS: Weighted<Pattern, 4> = [
    (60, ("Closed for repairs", &[])),
    (25, ("Short day", &[(11, 15)])),
    (10, ("Private party at noon", &[(9, 12), (16, 22)])),
    (5, ("Late night", &[(17, 2)])),
];

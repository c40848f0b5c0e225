//! The library and the slow model find the same poller silences.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uptime::Timestamp;
use uptime::fleet::Stores;
use uptime::poller::Poller;

use crate::generator::scenario;
use crate::model::poller::Silences;
use crate::model::{self, DAY, HOUR, MINUTE, Store, Subject};
use crate::{CASES, fleet_of, parameters_of, random_cases};

proptest! {
    #![proptest_config(random_cases())]

    #[test]
    fn silences_agree_with_the_model((stores, as_of) in polled_fleet(), dates in dates()) {
        for dates in [None, Some(dates)] {
            // The dates count from two weeks before `as_of`.
            let first = (as_of - 14 * DAY).div_euclid(DAY);
            let dates = dates.map(|(from, to)| (first + from, first + to));
            let subject = Subject { dates, ..Subject::last(as_of) };
            prop_assert_eq!(found(&stores, subject), expected(&stores, subject));
        }
    }
}

/// If these were rare, the property above would prove little.
#[test]
fn silences_and_thresholds_of_all_kinds_are_frequent_among_the_random_ones() {
    let mut runner = TestRunner::deterministic();
    let mut seen = [0; 5];
    for _ in 0..CASES {
        let (stores, as_of) = polled_fleet().new_tree(&mut runner).unwrap().current();
        let expected = expected(&stores, Subject::last(as_of));
        let is_threshold = |accepted: std::ops::RangeInclusive<i64>| {
            expected.as_ref().is_some_and(|(threshold, _)| accepted.contains(threshold))
        };
        let kinds = [
            expected.is_none(),
            is_threshold(15..=15),
            is_threshold(16..=89),
            is_threshold(90..=90),
            expected.as_ref().is_some_and(|(_, silences)| !silences.is_empty()),
        ];
        for (count, is_of_kind) in seen.iter_mut().zip(kinds) {
            *count += u32::from(is_of_kind);
        }
    }
    let is_frequent = |count: &u32| *count >= CASES / 20;
    assert!(seen.iter().all(is_frequent), "not judged, 15, between, 90, silences: {seen:?}");
}

fn found(stores: &[Store], subject: Subject) -> Option<Silences> {
    let parameters = parameters_of(&subject);
    let Stores::Measured { activity, .. } =
        fleet_of(&stores.iter().collect::<Vec<_>>(), parameters).stores
    else {
        unreachable!("the method measures");
    };
    let minute = |at: Timestamp| at.micros() / MINUTE;
    match activity.judge() {
        Poller::NotJudged => None,
        Poller::Judged { threshold_minutes, silences } => {
            let silences = silences.iter().map(|it| (minute(it.start()), minute(it.end())));
            Some((threshold_minutes, silences.collect()))
        }
    }
}

fn expected(stores: &[Store], subject: Subject) -> Option<Silences> {
    model::poller::silences(&stores.iter().collect::<Vec<_>>(), &subject)
}

/// Returns the first and the last date of a period, some of which ends after two weeks.
fn dates() -> impl Strategy<Value = (i64, i64)> {
    (0..=14_i64, 0..=9_i64).prop_map(|(first, further)| (first, first + further))
}

/// Returns 19 to 22 stores and an `as_of`. The stores have the polls of a random store, and one of
/// them has a poll every few minutes in a part of the time, with a pause.
fn polled_fleet() -> impl Strategy<Value = (Vec<Store>, i64)> {
    let minutes_apart = prop_oneof![1..=6_i64, 7..=30_i64, 31..=64_i64];
    let pause = (0..60_i64, 0..200_i64);
    (scenario(), 19..=22_usize, minutes_apart, 1..=200_i64, pause).prop_map(
        |(scenario, count, minutes_apart, hours, (pause_after, pause_minutes))| {
            let as_of = scenario.as_of;
            let pause = as_of - pause_after * HOUR;
            let pause = pause..pause + pause_minutes * MINUTE;
            let steady = (0..=hours * 60 / minutes_apart)
                .map(|place| as_of - place * minutes_apart * MINUTE)
                .filter(|at| !pause.contains(at));
            let mut stores = vec![scenario.store; count];
            for store in &mut stores {
                store.polls.push((as_of, true));
            }
            stores[0].polls.extend(steady.map(|at| (at, true)));
            (stores, as_of)
        },
    )
}

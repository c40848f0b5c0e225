//! The library and the slow model of its rules give the same figures for random stores, to the
//! microsecond.

mod generator;
mod model;

use std::ops::RangeInclusive;

use chrono::Weekday;
use generator::{Scenario, scenario};
use model::{Shares, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uptime::business_hours::{HoursRow, LocalTime, Opening, open_intervals};
use uptime::parameters::{Method, ReportParameters, Window};
use uptime::segment::{Segment, Source, pack_hours, pack_polls, pack_zones};
use uptime::shard_data::ShardData;
use uptime::timeline::{MaxHold, Uptime, uptime_during};
use uptime::zone_clock::ZoneClock;
use uptime::{Interval, Poll, PollSet, Status, StoreId, Timestamp, Zone};

const CASES: u32 = 1_000;

proptest! {
    #![proptest_config(random_cases())]

    #[test]
    fn timeline_and_open_time_agree_with_the_model(scenario in scenario()) {
        let parameters = parameters(&scenario, max_hold(&scenario));

        let uptimes = timeline_of(&scenario.store, &parameters);

        prop_assert_eq!(uptimes, expected_time_weighted(&scenario));
    }

    #[test]
    fn up_down_and_unknown_add_up_to_the_open_time(scenario in scenario()) {
        let parameters = parameters(&scenario, max_hold(&scenario));
        let clock = ZoneClock::new(zone(&scenario.store), parameters.span());
        let open = open_intervals(&hours(&scenario.store), &clock);
        let windows = Window::ALL.map(|window| window.before(parameters.as_of));
        let open_in = |window| -> i64 {
            open.iter().filter_map(|open| open.intersection(window)).map(Interval::micros).sum()
        };

        let uptimes = timeline_of(&scenario.store, &parameters);

        let sums = uptimes.map(|uptime| uptime.up + uptime.down + uptime.unknown);
        prop_assert_eq!(sums, windows.map(open_in));
        let scheduled = model::time_weighted(&scenario.store, scenario.as_of, None)
            .map(|shares| shares.up + shares.down + shares.unknown);
        prop_assert_eq!(sums, scheduled);
    }

    #[test]
    fn rows_agree_with_the_model(scenario in scenario(), names_zone in any::<bool>()) {
        let names_zone = names_zone || scenario.store.zone != Zone::DEFAULT.name();
        let has_row = names_zone
            || !hours(&scenario.store).is_empty()
            || !model::considered(&scenario.store, scenario.as_of).is_empty();
        let weighted = has_row.then(|| expected_time_weighted(&scenario));
        let counted = has_row.then(|| model::poll_count(&scenario.store, scenario.as_of));

        let segments = segments(&scenario.store, names_zone);

        let time_weighted = parameters(&scenario, max_hold(&scenario));
        prop_assert_eq!(row(&segments, time_weighted), weighted);
        let poll_count = ReportParameters { method: Method::PollCount, ..time_weighted };
        prop_assert_eq!(row(&segments, poll_count), counted);
    }
}

fn random_cases() -> ProptestConfig {
    ProptestConfig { cases: CASES, failure_persistence: None, ..Default::default() }
}

/// If these cases were rare, the three properties above would prove little.
#[test]
fn the_hard_cases_are_frequent_among_the_random_ones() {
    let mut runner = TestRunner::deterministic();
    let mut seen = [0; 6];
    for _ in 0..CASES {
        let Scenario { store, as_of, .. } = scenario().new_tree(&mut runner).unwrap().current();
        let taken = store.polls.iter().filter(|(at, _)| considered(as_of).contains(at)).count();
        let hard = [
            model::has_clock_change(&store, as_of),
            model::has_edge_in_gap_or_fold(&store, as_of),
            taken > model::considered(&store, as_of).len(),
            model::has_empty_interval(&store, as_of),
            store.rows.is_empty() && !store.closed_days.is_empty(),
            store.rows.is_empty() && store.closed_days.is_empty() && store.says_unknown,
        ];
        for (count, is_hard) in seen.iter_mut().zip(hard) {
            *count += u32::from(is_hard);
        }
    }
    let shares = seen.map(|count: u32| count * 1000 / CASES);
    let [common @ .., always_closed, said_unknown] = shares;
    let all_are_frequent = common.into_iter().all(|share| share >= 50);
    assert!(all_are_frequent, "clock change, edge in gap or fold, tie, empty: {shares:?} of 1000");
    assert!(always_closed >= 10 && said_unknown >= 20, "closed days alone, unknown: {shares:?}");
}

fn considered(as_of: i64) -> RangeInclusive<i64> {
    as_of - 192 * model::HOUR..=as_of
}

fn expected_time_weighted(scenario: &Scenario) -> [Shares; 3] {
    let max_hold = scenario.max_hold_minutes.map(|minutes| i64::from(minutes) * model::MINUTE);
    model::time_weighted(&scenario.store, scenario.as_of, max_hold)
}

fn max_hold(scenario: &Scenario) -> Method {
    let max_hold = scenario.max_hold_minutes.and_then(MaxHold::from_minutes);
    Method::TimeWeighted { max_hold }
}

fn parameters(scenario: &Scenario, method: Method) -> ReportParameters {
    ReportParameters { as_of: Timestamp::from_micros(scenario.as_of), method }
}

fn timeline_of(store: &Store, parameters: &ReportParameters) -> [Shares; 3] {
    let clock = ZoneClock::new(zone(store), parameters.span());
    let open = open_intervals(&hours(store), &clock);
    let mut polls = polls(store).as_slice().to_vec();
    polls.retain(|poll| parameters.polls_considered().contains(&poll.at()));
    let windows = Window::ALL.map(|window| window.before(parameters.as_of));
    uptime_during(&open, &polls, parameters.method.max_hold(), windows).map(shares)
}

fn shares(uptime: Uptime) -> Shares {
    Shares { up: uptime.up_micros, down: uptime.down_micros, unknown: uptime.unknown_micros }
}

fn polls(store: &Store) -> PollSet {
    let poll = |&(at, active): &(i64, bool)| {
        let status = if active { Status::Active } else { Status::Inactive };
        Poll::new(Timestamp::from_micros(at), status)
    };
    PollSet::new(store.polls.iter().map(poll).collect())
}

fn hours(store: &Store) -> Vec<HoursRow> {
    let time = |seconds: i64| LocalTime::from_seconds(u32::try_from(seconds).ok()?);
    let row = |row: &model::Row| {
        let day = Weekday::try_from(u8::try_from(row.day).ok()?).ok()?;
        Some(HoursRow::Opens(Opening { day, start: time(row.start)?, end: time(row.end)? }))
    };
    let closed =
        |day: &i64| Some(HoursRow::Closed(Weekday::try_from(u8::try_from(*day).ok()?).ok()?));
    let unknown = store.says_unknown.then_some(HoursRow::Unknown);
    let openings = store.rows.iter().filter_map(row);
    unknown.into_iter().chain(store.closed_days.iter().filter_map(closed)).chain(openings).collect()
}

fn zone(store: &Store) -> Zone {
    Zone::named(store.zone).unwrap_or_else(|| unreachable!("{} is a zone", store.zone))
}

fn segments(store: &Store, names_zone: bool) -> Vec<Segment> {
    let source = Source::new(Timestamp::from_micros(0), "", "");
    let Ok(id) = StoreId::new("a") else {
        return Vec::new();
    };
    let shard = id.shard();
    let mut segments = pack_polls(shard, vec![(id.clone(), polls(store))]);
    if !hours(store).is_empty() {
        segments.extend(pack_hours(shard, &source, vec![(id.clone(), hours(store))]));
    }
    if names_zone {
        segments.extend(pack_zones(shard, &source, vec![(id, Some(zone(store)))]));
    }
    segments
}

fn row(segments: &[Segment], parameters: ReportParameters) -> Option<[Shares; 3]> {
    let mut data = ShardData::new(parameters);
    for segment in segments {
        data.add(&segment.bytes).ok()?;
    }
    let rows = data.report().rows;
    rows.first().map(|row| row.uptimes.map(shares))
}

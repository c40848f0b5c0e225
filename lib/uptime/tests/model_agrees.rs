//! The library and the slow model of its rules give the same figures for random stores, to the
//! microsecond.

mod generator;
mod model;
mod periods;
mod silences;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use chrono::Weekday;
use generator::{Scenario, any_scenario, scenario};
use model::account::{Account as ModelAccount, Known, Outage as ModelOutage};
use model::{Shares, Store, Subject};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uptime::account::{Account, Figures};
use uptime::business_hours::{
    HoursRow, LocalTime, Opening, OpeningTimes, SpecialDate, SpecialRow, open_intervals,
};
use uptime::fleet::{Fleet, Stores};
use uptime::outage::Outage;
use uptime::output::{report_csv, report_files};
use uptime::parameters::{Method, ReportParameters, Window};
use uptime::period::Period;
use uptime::segment::{Segment, Source, pack_hours, pack_polls, pack_special_days, pack_zones};
use uptime::shard_data::ShardData;
use uptime::timeline::{MaxHold, Uptime, uptime_during};
use uptime::zone_clock::{LocalDate, ZoneClock};
use uptime::{Interval, Poll, PollSet, Status, StoreId, Timestamp, Zone};

const CASES: u32 = 1_000;

proptest! {
    #![proptest_config(random_cases())]

    #[test]
    fn timeline_and_open_time_agree_with_the_model(scenario in scenario()) {
        let parameters = parameters_of(&scenario.subject());

        let uptimes = timeline_of(&scenario.store, &parameters);

        prop_assert_eq!(uptimes.to_vec(), expected_time_weighted(&scenario));
    }

    #[test]
    fn up_down_and_unknown_add_up_to_the_open_time(scenario in scenario()) {
        let parameters = parameters_of(&scenario.subject());
        let clock = ZoneClock::new(zone(&scenario.store), parameters.span());
        let open = open_intervals(&opening_times(&scenario.store), &clock);
        let windows = parameters.last_windows();
        let open_in = |window| -> i64 {
            open.iter().filter_map(|open| open.intersection(window)).map(Interval::micros).sum()
        };

        let uptimes = timeline_of(&scenario.store, &parameters);

        let sums = uptimes.map(|uptime| uptime.up + uptime.down + uptime.unknown);
        prop_assert_eq!(sums, windows.map(open_in));
        let shares = model::time_weighted(&scenario.store, &Subject::last(scenario.as_of));
        let scheduled = shares.iter().map(|shares| shares.up + shares.down + shares.unknown);
        prop_assert_eq!(sums.to_vec(), scheduled.collect::<Vec<i64>>());
    }

    #[test]
    fn rows_agree_with_the_model(scenario in any_scenario(), names_zone in any::<bool>()) {
        let (store, as_of) = (&scenario.store, scenario.as_of);
        let names_zone = names_zone || store.zone != Zone::DEFAULT.name();
        let is_named = names_zone || opening_times(store) != OpeningTimes::default();
        let has_row =
            |subject: &Subject| is_named || !model::considered(store, subject).is_empty();
        let weighted =
            has_row(&scenario.subject()).then(|| expected_time_weighted(&scenario));
        let counted = has_row(&Subject::last(as_of))
            .then(|| model::poll_count(store, as_of).to_vec());

        let segments = segments("a", store, names_zone);

        let time_weighted = parameters_of(&scenario.subject());
        prop_assert_eq!(row(&segments, time_weighted), weighted);
        let poll_count = ReportParameters { method: Method::PollCount, ..time_weighted };
        prop_assert_eq!(row(&segments, poll_count), counted);
    }

    #[test]
    fn accounts_agree_with_the_model(scenario in any_scenario()) {
        let account = account_of(&scenario);

        let parameters = parameters_of(&scenario.subject());
        prop_assert_eq!(in_plain_numbers(&account, &parameters), expected_account(&scenario));
    }

    #[test]
    fn downtime_is_between_its_bounds_and_outages_add_up_to_it(scenario in any_scenario()) {
        let parameters = parameters_of(&scenario.subject());
        let account = account_of(&scenario);

        for window in parameters.windows() {
            let figures = account.figures(*window);
            let (least, most) = (figures.downtime_least_micros(), figures.downtime_most_micros());
            prop_assert!(0 <= least && most <= figures.scheduled_micros());
            prop_assert!(least <= figures.uptime.down_micros && figures.uptime.down_micros <= most);
            let covered = figures.certainty.covered_micros;
            prop_assert!(0 <= covered && covered <= figures.scheduled_micros());
        }
        let main = account.figures(parameters.main_window());
        let sum = |micros: fn(&Outage) -> i64| account.outages.iter().map(micros).sum::<i64>();
        prop_assert_eq!(sum(Outage::down_micros), main.uptime.down_micros);
        prop_assert_eq!(sum(|outage| outage.least_micros), main.downtime_least_micros());
        for outage in &account.outages {
            let (least, down) = (outage.least_micros, outage.down_micros());
            prop_assert!(0 <= least && least <= down && down <= outage.most_micros);
        }
    }

    #[test]
    fn a_store_has_the_same_account_alone_and_in_a_fleet(
        scenarios in vec(any_scenario(), 1..=4),
    ) {
        let parameters = parameters_of(&scenarios[0].subject());
        let stores: Vec<&Store> = scenarios.iter().map(|scenario| &scenario.store).collect();

        let together = accounts(fleet_of(&stores, parameters));

        prop_assert_eq!(together.len(), stores.len());
        for account in together {
            let place = account.row.store.to_string().parse::<usize>().unwrap_or_default();
            let alone = fleet([segments(&place.to_string(), stores[place], true)], parameters);
            prop_assert_eq!(accounts(alone), [account]);
        }
    }

    #[test]
    fn a_fleet_has_the_same_files_however_its_stores_are_divided(
        scenarios in vec(any_scenario(), 1..=4),
        counts_polls in any::<bool>(),
    ) {
        let mut parameters = parameters_of(&scenarios[0].subject());
        if counts_polls {
            parameters.method = Method::PollCount;
        }
        let each = scenarios.iter().enumerate().map(|(place, scenario)| {
            segments(&place.to_string(), &scenario.store, true)
        });
        let each: Vec<Vec<Segment>> = each.collect();

        let whole = report_files(fleet([each.concat()], parameters));
        let divided = report_files(fleet(each.iter().rev().cloned(), parameters));

        prop_assert_eq!(&divided, &whole);
        prop_assert_eq!(&report_csv_alone(&each.concat(), parameters), &whole[0].bytes);
    }
}

fn random_cases() -> ProptestConfig {
    ProptestConfig { cases: CASES, failure_persistence: None, ..Default::default() }
}

/// If these cases were rare, the properties above would prove little.
#[test]
fn the_hard_cases_are_frequent_among_the_random_ones() {
    let mut runner = TestRunner::deterministic();
    let mut seen = [0; 13];
    for _ in 0..CASES {
        let scenario = scenario().new_tree(&mut runner).unwrap().current();
        for (count, is_hard) in seen.iter_mut().zip(hard_cases(&scenario)) {
            *count += u32::from(is_hard);
        }
    }
    let shares = seen.map(|count: u32| count * 1000 / CASES);
    let [common @ .., before_week, always_closed, said_unknown, not_always_open] = shares;
    let all_are_frequent = common.into_iter().all(|share| share >= 50);
    assert!(
        all_are_frequent,
        "clock change, edge in gap or fold, tie, empty, settled downtime, partly covered, outage of \
         several polls, over a closing, special day in the week: {shares:?} of 1000"
    );
    assert!(
        before_week >= 20 && always_closed >= 10 && said_unknown >= 20 && not_always_open >= 10,
        "outage from before the week, closed days alone, unknown, special days alone: {shares:?} of \
         1000"
    );
}

fn hard_cases(scenario: &Scenario) -> [bool; 13] {
    let Scenario { store, as_of, .. } = scenario;
    let as_of = *as_of;
    let taken = store.polls.iter().filter(|(at, _)| considered(as_of).contains(at)).count();
    let account = expected_account(scenario);
    let week = account.windows[2];
    let scheduled = week.shares.up + week.shares.down + week.shares.unknown;
    let without_special_days = Store { special_days: Vec::new(), ..store.clone() };
    let other_week = model::time_weighted(&without_special_days, &Subject::last(as_of))[2];
    let is_special = other_week.up + other_week.down + other_week.unknown != scheduled;
    let has_hours = !store.rows.is_empty() || !store.closed_days.is_empty();
    let any = |is: &dyn Fn(&ModelOutage) -> bool| account.outages.iter().any(is);
    let lasted = |outage: &ModelOutage| Some(outage.ended_at? - outage.started_at?);
    [
        model::has_clock_change(store, as_of),
        model::has_edge_in_gap_or_fold(store, as_of),
        taken > model::considered(store, &Subject::last(as_of)).len(),
        model::has_empty_interval(store, as_of),
        week.least_down > 0,
        0 < week.covered && week.covered < scheduled,
        any(&|outage| outage.inactive_polls > 1),
        any(&|outage| lasted(outage).is_some_and(|lasted| lasted > outage.down)),
        is_special,
        any(&|outage| outage.started_at.is_some_and(|at| at < as_of - 168 * model::HOUR)),
        store.rows.is_empty() && has_hours,
        !has_hours && store.says_unknown,
        !has_hours && is_special,
    ]
}

fn considered(as_of: i64) -> RangeInclusive<i64> {
    as_of - 192 * model::HOUR..=as_of
}

fn expected_time_weighted(scenario: &Scenario) -> Vec<Shares> {
    model::time_weighted(&scenario.store, &scenario.subject())
}

fn expected_account(scenario: &Scenario) -> ModelAccount {
    model::account::account(&scenario.store, &scenario.subject())
}

/// Returns what the library calls a subject. A period of one date is a day, any other a range.
fn parameters_of(subject: &Subject) -> ReportParameters {
    let Subject { as_of, max_hold, dates } = *subject;
    let minutes = max_hold.and_then(|micros| u32::try_from(micros / model::MINUTE).ok());
    let max_hold = minutes.and_then(MaxHold::from_minutes);
    let date_text =
        |date: i64| Timestamp::from_micros(date * model::DAY).to_string()[..10].to_owned();
    let period = dates.map(|(first, last)| {
        let (first, last) = (date_text(first), date_text(last));
        let text = if first == last { first } else { format!("{first}/{last}") };
        text.parse::<Period>().unwrap_or_else(|error| unreachable!("{text} {error}"))
    });
    let method = Method::TimeWeighted { max_hold, period };
    ReportParameters { as_of: Timestamp::from_micros(as_of), method }
}

/// Returns the account of the only store of a scenario.
fn account_of(scenario: &Scenario) -> Account {
    let parameters = parameters_of(&scenario.subject());
    let mut accounts = accounts(fleet_of(&[&scenario.store], parameters));
    accounts.pop().unwrap_or_else(|| unreachable!("a store with a zone has an account"))
}

/// Returns the fleet of stores that are named by their places: 0, 1, ...
fn fleet_of(stores: &[&Store], parameters: ReportParameters) -> Fleet {
    let stores = stores.iter().enumerate();
    fleet(stores.map(|(place, store)| segments(&place.to_string(), store, true)), parameters)
}

/// Unites the fleets of several lots of segments, in this order.
fn fleet(lots: impl IntoIterator<Item = Vec<Segment>>, parameters: ReportParameters) -> Fleet {
    let mut fleet = Fleet::new(parameters);
    for lot in lots {
        fleet.unite(data_of(&lot, parameters).fleet());
    }
    fleet
}

fn accounts(fleet: Fleet) -> Vec<Account> {
    match fleet.stores {
        Stores::Measured { accounts, .. } => accounts.iter().map(Cow::into_owned).collect(),
        Stores::Counted(_) => unreachable!("the method measures"),
    }
}

fn in_plain_numbers(account: &Account, parameters: &ReportParameters) -> ModelAccount {
    let micros = |at: Option<Timestamp>| at.map(Timestamp::micros);
    let outage = |outage: &Outage| ModelOutage {
        started_at: micros(outage.started_at()),
        ended_at: micros(outage.ended_at()),
        down: outage.down_micros(),
        least: outage.least_micros,
        most: outage.most_micros,
        inactive_polls: outage.inactive_polls,
        last_active_before: micros(outage.last_active_before),
        first_active_after: micros(outage.first_active_after),
        state: outage.state.name(),
    };
    let known = |window: &Window| known(&account.figures(*window));
    ModelAccount {
        windows: parameters.windows().iter().map(known).collect(),
        last_poll: account
            .last_poll
            .map(|poll| (poll.at().micros(), poll.status() == Status::Active)),
        outages: account.outages.iter().map(outage).collect(),
    }
}

fn known(figures: &Figures) -> Known {
    Known {
        shares: shares(figures.uptime),
        least_down: figures.downtime_least_micros(),
        most_down: figures.downtime_most_micros(),
        covered: figures.certainty.covered_micros,
    }
}

fn timeline_of(store: &Store, parameters: &ReportParameters) -> [Shares; 3] {
    let clock = ZoneClock::new(zone(store), parameters.span());
    let open = open_intervals(&opening_times(store), &clock);
    let mut polls = polls(store).as_slice().to_vec();
    polls.retain(|poll| parameters.polls_needed().contains(&poll.at()));
    let windows = parameters.last_windows();
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

fn special_days(store: &Store) -> Vec<SpecialRow> {
    let time = |seconds: i64| LocalTime::from_seconds(u32::try_from(seconds).ok()?);
    let row = |special: &model::SpecialDay| {
        let day = SpecialDate::new(LocalDate::from_days_since_1970(special.date))?;
        let Some((start, end)) = special.times else { return Some(SpecialRow::Closed(day)) };
        Some(SpecialRow::Opens(Opening { day, start: time(start)?, end: time(end)? }))
    };
    store.special_days.iter().filter_map(row).collect()
}

fn opening_times(store: &Store) -> OpeningTimes {
    OpeningTimes { hours: hours(store), special_days: special_days(store) }
}

fn zone(store: &Store) -> Zone {
    Zone::named(store.zone).unwrap_or_else(|| unreachable!("{} is a zone", store.zone))
}

fn segments(id: &str, store: &Store, names_zone: bool) -> Vec<Segment> {
    let source = Source::new(Timestamp::from_micros(0), "", "");
    let id = StoreId::new(id).unwrap_or_else(|error| unreachable!("{error}"));
    let shard = id.shard();
    let mut segments = pack_polls(shard, vec![(id.clone(), polls(store))]);
    if !hours(store).is_empty() {
        segments.extend(pack_hours(shard, &source, vec![(id.clone(), hours(store))]));
    }
    if !store.special_days.is_empty() {
        let rows = vec![(id.clone(), special_days(store))];
        segments.extend(pack_special_days(shard, &source, rows));
    }
    if names_zone {
        segments.extend(pack_zones(shard, &source, vec![(id, Some(zone(store)))]));
    }
    segments
}

/// Returns the shares of each window of the only store.
fn row(segments: &[Segment], parameters: ReportParameters) -> Option<Vec<Shares>> {
    let rows = data_of(segments, parameters).report().rows;
    let uptimes = rows.first()?.uptimes;
    let windows = parameters.windows().iter();
    Some(windows.map(|window| shares(uptimes[window.place()])).collect())
}

fn report_csv_alone(segments: &[Segment], parameters: ReportParameters) -> Vec<u8> {
    report_csv(&parameters, &data_of(segments, parameters).report().rows)
}

fn data_of(segments: &[Segment], parameters: ReportParameters) -> ShardData {
    let mut data = ShardData::new(parameters);
    for segment in segments {
        data.add(&segment.bytes).unwrap_or_else(|error| unreachable!("{error}"));
    }
    data
}

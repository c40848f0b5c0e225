//! Generates random stores. The space is small on purpose: few times, near each other, near a clock
//! change and near the ends of the report's windows, so that ties and edge cases are frequent.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::zone::{instant, offset};
use crate::model::{DAY, HOUR, MINUTE, Row, SECOND, SpecialDay, Store, Subject};

const QUARTER: i64 = 15 * MINUTE;

/// A store and the parameters of a report.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) store: Store,
    pub(crate) as_of: i64,
    pub(crate) max_hold_minutes: Option<u32>,
    /// The first and the last date of a period, as days since 1970.
    pub(crate) dates: Option<(i64, i64)>,
}

impl Scenario {
    pub(crate) fn subject(&self) -> Subject {
        let max_hold = self.max_hold_minutes.map(|minutes| i64::from(minutes) * MINUTE);
        Subject { as_of: self.as_of, max_hold, dates: self.dates }
    }
}

/// Zones, each with an instant at which its clock changes, or any instant if it never changes.
const PLACES: [(&str, i64); 27] = [
    ("America/New_York", 1_678_604_400), // 2023-03-12 07:00 UTC, forward
    ("America/New_York", 1_699_164_000), // 2023-11-05 06:00, back
    ("America/Chicago", 1_678_608_000),  // 2023-03-12 08:00, forward
    ("America/Chicago", 1_699_167_600),  // 2023-11-05 07:00, back
    ("Europe/Berlin", 1_679_792_400),    // 2023-03-26 01:00, forward
    ("Europe/Berlin", 1_698_541_200),    // 2023-10-29 01:00, back
    ("Australia/Lord_Howe", 1_696_087_800), // 2023-09-30 15:30, forward by half an hour
    ("Australia/Lord_Howe", 1_680_361_200), // 2023-04-01 15:00, back by half an hour
    ("Asia/Beirut", 1_648_332_000),      // 2022-03-26 22:00, forward at midnight
    ("Asia/Beirut", 1_667_077_200),      // 2022-10-29 21:00, back over midnight
    ("Africa/Cairo", 1_682_632_800),     // 2023-04-27 22:00, forward at midnight
    ("Africa/Cairo", 1_698_354_000),     // 2023-10-26 21:00, back over midnight
    ("Africa/Casablanca", 1_679_191_200), // 2023-03-19 02:00, back for Ramadan
    ("Africa/Casablanca", 1_682_215_200), // 2023-04-23 02:00, forward after it
    ("Pacific/Apia", 1_325_239_200),     // 2011-12-30 10:00, a date skipped
    ("America/St_Johns", 1_268_537_460), // 2010-03-14 03:31, forward at 00:01
    ("America/St_Johns", 1_289_097_060), // 2010-11-07 02:31, back at 00:01, over midnight
    // The rules of the next seven are new in 2026.
    ("America/Vancouver", 1_772_964_000), // 2026-03-08 10:00 UTC, forward, the last change
    ("America/Edmonton", 1_793_520_000),  // 2026-11-01 08:00, no longer back
    ("America/Winnipeg", 1_793_516_400),  // 2026-11-01 07:00, the same
    ("America/Yellowknife", 1_793_520_000), // 2026-11-01 08:00, the same
    ("America/Havana", 1_793_509_200),    // 2026-11-01 05:00, the same
    ("America/Havana", 1_825_563_600),    // 2027-11-07 05:00, back at 01:00
    ("Africa/Casablanca", 1_789_866_000), // 2026-09-20 01:00, back, the last change
    ("Australia/Lord_Howe", 1_775_314_800), // 2026-04-04 15:00, back by half an hour
    ("Asia/Kathmandu", 1_674_475_200),    // 2023-01-23 12:00, no change
    ("Pacific/Honolulu", 1_674_475_200),  // the same
];

/// Returns a scenario about the last hour, day and week, or about a period.
pub(crate) fn any_scenario() -> impl Strategy<Value = Scenario> {
    prop_oneof![3 => scenario(), 2 => scenario_of_period()]
}

/// Returns a scenario about the last hour, day and week.
pub(crate) fn scenario() -> impl Strategy<Value = Scenario> {
    (select(&PLACES[..]), as_of_after_change()).prop_flat_map(|((zone, change), after)| {
        let (change, as_of) = (change * SECOND, change * SECOND + after);
        let week_edges = [1, 24, 168, 192].map(|hours| as_of - hours * HOUR);
        store_near(zone, change, as_of, week_edges, as_of - 168 * HOUR).prop_map(
            move |(store, max_hold_minutes)| Scenario {
                store,
                as_of,
                max_hold_minutes,
                dates: None,
            },
        )
    })
}

/// Returns a scenario about a period with or near a clock change. The report is often about an instant
/// near one of its ends.
pub(crate) fn scenario_of_period() -> impl Strategy<Value = Scenario> {
    let days = prop_oneof![3 => Just(1), 3 => 2..=7_i64, 1 => 8..=31_i64];
    let from_end = prop_oneof![
        4 => (-110..=110_i64).prop_map(|quarters| quarters * QUARTER),
        1 => Just(0),
        1 => Just(DAY),
        1 => (-31..=0_i64).prop_map(|days| days * DAY),
        3 => (2..=31_i64).prop_map(|days| days * DAY),
    ];
    (select(&PLACES[..]), -5..=2_i64, days, (from_end, jitter())).prop_flat_map(
        |((zone, change), first, days, (from_end, jitter))| {
            let change = change * SECOND;
            let first = (change + offset(zone, change)).div_euclid(DAY) + first;
            let last = first + days - 1;
            let [start, end] = [first, last + 1].map(|date| instant(zone, date * DAY));
            // A report about a period that has not begun anywhere is refused.
            let as_of = (end + from_end + jitter).max(first * DAY - 14 * HOUR);
            let edges = [start - DAY, start, end, end + DAY];
            store_near(zone, change, as_of.min(end + DAY), edges, start).prop_map(
                move |(store, max_hold_minutes)| {
                    let dates = Some((first, last));
                    Scenario { store, as_of, max_hold_minutes, dates }
                },
            )
        },
    )
}

/// Returns a store and a limit. Its polls are near a clock change, before `until`, and at `edges`; some
/// are in a series that begins near `start`.
fn store_near(
    zone: &'static str,
    change: i64,
    until: i64,
    edges: [i64; 4],
    start: i64,
) -> impl Strategy<Value = (Store, Option<u32>)> {
    let rows = prop_oneof![
        1 => vec(row_near(zone, change), 0..=1),
        6 => vec(row_near(zone, change), 1..=5),
    ];
    let polls = vec(poll_near(change, until, edges), 0..=9);
    let special_days = special_days_near(zone, change, until);
    let other_rows = (rows_of_closed_days(), any::<bool>(), special_days);
    let polls = (polls, series_of_polls(change, start));
    (rows, other_rows, polls, max_hold_minutes()).prop_map(
        move |(rows, other_rows, (polls, series), max_hold_minutes)| {
            let (closed_days, says_unknown, special_days) = other_rows;
            let polls = polls.into_iter().flatten().chain(series).collect();
            let store = Store { zone, rows, closed_days, says_unknown, special_days, polls };
            (store, max_hold_minutes)
        },
    )
}

/// Returns a store that is open and polled on each of `days` days, at least, from one before `first`
/// on, and a limit. It is seldom silent for over a day.
pub(crate) fn store_polled_daily(
    first: i64,
    days: i64,
) -> impl Strategy<Value = (Store, Option<u32>)> {
    let zone = select(&PLACES[..]).prop_map(|(zone, _)| zone);
    let rows = select(&[0, 7, 14][..]).prop_flat_map(|rows| vec((0..=40_i64, 20..=96_i64), rows));
    let poll = (0..96_i64, prop_oneof![3 => Just(true), 2 => Just(false)]);
    let polls = vec(vec(poll, 2..=8), usize::try_from(days + 4).unwrap_or_default());
    (zone, rows, polls, max_hold_minutes()).prop_map(
        move |(zone, rows, polls, max_hold_minutes)| {
            let rows = (0..).zip(rows).map(|(place, (start, end))| Row {
                day: place % 7,
                start: start * 900,
                end: (start + 8).max(end) * 900,
            });
            let rows = rows.collect();
            let on_dates = (first - 2..).zip(polls).flat_map(|(date, polls)| {
                polls.into_iter().map(move |(quarter, active)| {
                    (instant(zone, date * DAY + quarter * QUARTER), active)
                })
            });
            let store = Store {
                zone,
                rows,
                closed_days: Vec::new(),
                says_unknown: false,
                special_days: Vec::new(),
                polls: on_dates.collect(),
            };
            (store, max_hold_minutes)
        },
    )
}

fn as_of_after_change() -> impl Strategy<Value = i64> {
    let quarters = prop_oneof![
        4 => -4..=16_i64,
        4 => 0..=200_i64,
        // The change is at the start of the considered time.
        2 => 760..=870_i64,
        1 => -100..=900_i64,
    ];
    (quarters, jitter()).prop_map(|(quarters, jitter)| quarters * QUARTER + jitter)
}

fn jitter() -> impl Strategy<Value = i64> {
    prop_oneof![12 => Just(0), 1 => Just(-1), 1 => Just(1), 1 => 0..MINUTE]
}

fn max_hold_minutes() -> impl Strategy<Value = Option<u32>> {
    let minutes = select(&[1, 15, 30, 60, 90, 600, 1_440, 11_520][..]);
    prop_oneof![Just(None), minutes.prop_map(Some)]
}

/// Returns the days of closed rows. Most stores have none.
fn rows_of_closed_days() -> impl Strategy<Value = Vec<i64>> {
    prop_oneof![4 => Just(Vec::new()), 1 => vec(0..7_i64, 1..=3)]
}

/// Returns special days, some of them on one date. Most stores have none.
fn special_days_near(
    zone: &str,
    change: i64,
    as_of: i64,
) -> impl Strategy<Value = Vec<SpecialDay>> {
    let (change_date, change_time) = local_change(zone, change);
    let date = prop_oneof![
        4 => (-1..=1_i64).prop_map(move |days| change_date + days),
        3 => (-2..=0_i64).prop_map(move |days| as_of.div_euclid(DAY) + days),
        1 => (-11..=3_i64).prop_map(move |days| as_of.div_euclid(DAY) + days),
    ];
    let times = (time_near(change_time), time_near(change_time));
    // No row starts at 24:00.
    let times = times.prop_map(|(start, end)| (start % 86_400, end));
    let times = prop_oneof![1 => Just(None), 1 => times.prop_map(Some)];
    let row = (date, times).prop_map(|(date, times)| SpecialDay { date, times });
    prop_oneof![2 => Just(Vec::new()), 1 => vec(row, 1..=4)]
}

/// Returns the local date and the seconds since midnight of a clock change, by the offset before it.
fn local_change(zone: &str, change: i64) -> (i64, i64) {
    let local = change + offset(zone, change - SECOND);
    (local.div_euclid(DAY), local.rem_euclid(DAY) / SECOND)
}

fn row_near(zone: &str, change: i64) -> impl Strategy<Value = Row> {
    let (change_date, change_time) = local_change(zone, change);
    let change_day = (change_date + 3).rem_euclid(7);
    let day = prop_oneof![6 => (6..=8_i64).prop_map(move |days| change_day + days), 1 => 0..7_i64]
        .prop_map(|day| day % 7);
    (day, time_near(change_time), time_near(change_time), any::<bool>()).prop_map(
        |(day, start, end, whole_day)| match (start, whole_day) {
            (86_400, _) | (0, true) => Row { day, start: 0, end: 86_400 },
            _ => Row { day, start, end },
        },
    )
}

/// Returns seconds since midnight, up to 24:00.
fn time_near(change_time: i64) -> impl Strategy<Value = i64> {
    let quarters_away = move |quarters: i64| (change_time + quarters * 900).rem_euclid(86_400);
    prop_oneof![
        4 => (-5..=5_i64).prop_map(quarters_away),
        2 => (0..=24_i64).prop_map(|hour| hour * 3600),
        1 => select(&[0, 1, 86_339, 86_340, 86_370, 86_399, 86_400][..]),
    ]
}

/// Returns one poll, often repeated, sometimes with the other status.
fn poll_near(change: i64, as_of: i64, edges: [i64; 4]) -> impl Strategy<Value = Vec<(i64, bool)>> {
    let at = prop_oneof![
        5 => (-12..=12_i64).prop_map(move |quarters| change + quarters * QUARTER),
        4 => (0..=110_i64).prop_map(move |quarters| as_of - quarters * QUARTER),
        3 => (-1..=200_i64).prop_map(move |hours| as_of - hours * HOUR),
        1 => select(edges.to_vec()),
        1 => Just(as_of),
    ];
    let again = prop_oneof![4 => Just(None), 1 => any::<bool>().prop_map(Some)];
    (at, jitter(), any::<bool>(), again).prop_map(|(at, jitter, active, again)| {
        let at = at + jitter;
        let second = again.map(|active| (at, active));
        [(at, active)].into_iter().chain(second).collect()
    })
}

/// Returns polls at equal distances, mostly inactive ones after an active one, so that outages with
/// both ends are frequent. Most stores have none.
fn series_of_polls(change: i64, start: i64) -> impl Strategy<Value = Vec<(i64, bool)>> {
    let start = prop_oneof![
        (-30..=4_i64).prop_map(move |quarters| change + quarters * QUARTER),
        (0..=30_i64).prop_map(move |quarters| start - quarters * QUARTER),
    ];
    let mostly_inactive = prop_oneof![4 => Just(false), 1 => Just(true)];
    let series = (start, 2..=11_i64, vec(mostly_inactive, 2..=10)).prop_map(
        |(start, quarters_apart, statuses)| {
            let statuses = std::iter::once(true).chain(statuses).chain([true]);
            let places = 0..;
            let at = move |place: i64| start + place * quarters_apart * QUARTER;
            places.zip(statuses).map(|(place, active)| (at(place), active)).collect()
        },
    );
    prop_oneof![3 => Just(Vec::new()), 2 => series]
}

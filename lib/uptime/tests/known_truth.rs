//! Simulates stores whose true status is known at every instant, and checks what hourly polls show of
//! them. If a store stays up or down for at least 150 minutes each time, its true downtime is always
//! between the least and the most.
//!
//! The number of a store is its seed. `STORE_DAYS=1000000` simulates more of them.

use std::borrow::Cow;
use std::fmt;

use chrono::Weekday;
use fastrand::Rng;
use uptime::account::Account;
use uptime::business_hours::{HoursRow, LocalTime, Opening, OpeningTimes, open_intervals};
use uptime::fleet::Stores;
use uptime::interval::{DAY, HOUR, MINUTE};
use uptime::parameters::{Method, ReportParameters, Window};
use uptime::segment::{Segment, Source, pack_hours, pack_polls, pack_zones};
use uptime::shard_data::ShardData;
use uptime::timeline::MaxHold;
use uptime::zone_clock::ZoneClock;
use uptime::{Interval, Poll, PollSet, Status, StoreId, Timestamp, Zone};

/// Enough to be quick in every test run.
const USUAL_STORE_DAYS: u64 = 3_500;
const DAYS_A_STORE: u64 = 7;
/// The shortest phase whose start or end two polls cannot both miss.
const SHORTEST_PHASE: i64 = 150 * MINUTE;

/// Zones, each with an instant at which its clock changes, or any instant if it never changes.
const PLACES: [(&str, &str); 9] = [
    ("America/New_York", "2023-03-12T07:00:00Z"),
    ("America/Chicago", "2023-11-05T07:00:00Z"),
    ("America/St_Johns", "2023-03-12T05:30:00Z"),
    ("Europe/Berlin", "2023-03-26T01:00:00Z"),
    ("Europe/Berlin", "2023-10-29T01:00:00Z"),
    ("Australia/Lord_Howe", "2023-04-01T15:00:00Z"),
    ("Asia/Beirut", "2022-03-26T22:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Asia/Kathmandu", "2023-01-23T12:00:00Z"),
];

#[test]
fn the_true_downtime_is_within_its_bounds_if_no_phase_is_shorter_than_150_minutes() {
    let seen = simulate(Phases { shortest: SHORTEST_PHASE, mean_beyond: None });

    print(&format!("phases of at least 150 minutes: {seen}"));
    assert_eq!(seen.outside, Vec::<u64>::new());
    assert!(seen.down_micros > 0 && seen.down_micros < seen.scheduled_micros);
}

#[test]
fn shorter_phases_can_hide_from_hourly_polls() {
    for minutes in [240, 60] {
        let seen = simulate(Phases { shortest: 0, mean_beyond: Some(minutes * MINUTE) });

        print(&format!("phases of {minutes} minutes on average: {seen}"));
        assert!(!seen.outside.is_empty(), "a simulation that never fails would prove nothing");
    }
}

/// How long a store stays up or down.
#[derive(Clone, Copy)]
struct Phases {
    shortest: i64,
    /// The mean of what comes on top, which is distributed exponentially. `None`: each store has
    /// its own means.
    mean_beyond: Option<i64>,
}

/// What the simulation has seen, over the last day and the last week of each store.
#[derive(Default)]
struct Seen {
    windows: u64,
    /// The numbers of the stores whose true downtime is not within its bounds.
    outside: Vec<u64>,
    scheduled_micros: i64,
    down_micros: i64,
    /// The sum of the distances between the bounds.
    between_bounds_micros: i64,
    /// The sum of the distances between the estimate and the truth.
    off_micros: i64,
}

/// A store of which everything is known.
struct TrueStore {
    zone: Zone,
    hours: Vec<HoursRow>,
    polls: Vec<Poll>,
    parameters: ReportParameters,
    /// Its open time, and when it was truly down.
    open: Vec<Interval>,
    down: Vec<Interval>,
}

fn simulate(phases: Phases) -> Seen {
    let mut seen = Seen::default();
    for number in 0..store_days().div_ceil(DAYS_A_STORE) {
        let store = TrueStore::new(&mut Rng::with_seed(number), phases);
        let account = store.account();
        let [_, last_day, last_week] = store.parameters.last_windows();
        for (window, span) in [(Window::LastDay, last_day), (Window::LastWeek, last_week)] {
            let truth = store.true_downtime(span);
            let figures = account.figures(window);
            let (least, most) = (figures.downtime_least_micros(), figures.downtime_most_micros());
            seen.windows += 1;
            if truth < least || most < truth {
                seen.outside.push(number);
            }
            seen.scheduled_micros += figures.scheduled_micros();
            seen.down_micros += truth;
            seen.between_bounds_micros += most - least;
            seen.off_micros += (truth - figures.uptime.down_micros).abs();
        }
    }
    seen
}

fn store_days() -> u64 {
    let Some(asked) = std::env::var_os("STORE_DAYS") else { return USUAL_STORE_DAYS };
    let days = asked.to_str().and_then(|days| days.parse().ok());
    days.unwrap_or_else(|| panic!("STORE_DAYS is {}; a whole number is accepted", asked.display()))
}

impl TrueStore {
    fn new(random: &mut Rng, phases: Phases) -> TrueStore {
        let (zone, change) = PLACES[random.usize(..PLACES.len())];
        let zone = Zone::named(zone).unwrap_or_else(|| unreachable!("{zone} is a zone"));
        let change = Timestamp::from_rfc3339(change)
            .unwrap_or_else(|error| unreachable!("{change}: {error}"));
        let as_of = change.plus(random.i64(-DAY..8 * DAY));
        let limit = random.u32(30..=300);
        let max_hold = MaxHold::from_minutes(limit).filter(|_| random.u8(..4) == 0);
        let parameters =
            ReportParameters { as_of, method: Method::TimeWeighted { max_hold, period: None } };
        let hours = random_hours(random);
        let clock = ZoneClock::new(zone, parameters.span());
        let open = open_intervals(&OpeningTimes::weekly(hours.clone()), &clock);
        let considered = Interval::ending_at(as_of, 192 * HOUR);
        let down = random_down_phases(random, considered, phases);
        let polls = random_polls(random, considered, &open, &down);
        TrueStore { zone, hours, polls, parameters, open, down }
    }

    fn account(&self) -> Account {
        let id = StoreId::new("1").unwrap_or_else(|error| unreachable!("{error}"));
        let source = Source::new(Timestamp::from_micros(0), "", "");
        let shard = id.shard();
        let polls = vec![(id.clone(), PollSet::new(self.polls.clone()))];
        let segments: Vec<Segment> = [
            pack_polls(shard, polls),
            pack_hours(shard, &source, vec![(id.clone(), self.hours.clone())]),
            pack_zones(shard, &source, vec![(id, Some(self.zone))]),
        ]
        .concat();
        let mut data = ShardData::new(self.parameters);
        for segment in segments {
            data.add(&segment.bytes).unwrap_or_else(|error| unreachable!("{error}"));
        }
        match data.fleet().stores {
            Stores::Measured { accounts, .. } => {
                let account = accounts.iter().next().map(Cow::into_owned);
                account.unwrap_or_else(|| unreachable!("a store with a zone has an account"))
            }
            Stores::Counted(_) => unreachable!("the method measures"),
        }
    }

    fn true_downtime(&self, window: Interval) -> i64 {
        let down = self.down.iter().filter_map(|down| down.intersection(window));
        let shared =
            down.flat_map(|down| self.open.iter().filter_map(move |open| open.intersection(down)));
        shared.map(Interval::micros).sum()
    }
}

/// Up to two openings a day at any quarter of an hour, also over midnight. Some stores are always
/// open.
fn random_hours(random: &mut Rng) -> Vec<HoursRow> {
    if random.u8(..8) == 0 {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for day in 0..7 {
        for _ in 0..random.u8(..=2) {
            let time = |quarters: u32| LocalTime::from_seconds(quarters * 900);
            let day = Weekday::try_from(day).ok();
            let (start, end) = (time(random.u32(..96)), time(random.u32(..=96)));
            if let (Some(day), Some(start), Some(end)) = (day, start, end) {
                rows.push(HoursRow::Opens(Opening { day, start, end }));
            }
        }
    }
    rows
}

/// Returns when a store is truly down, around `considered`.
fn random_down_phases(random: &mut Rng, considered: Interval, phases: Phases) -> Vec<Interval> {
    let own_mean = |random: &mut Rng| random.i64(MINUTE..20 * HOUR);
    let means = [(); 2].map(|()| phases.mean_beyond.unwrap_or_else(|| own_mean(random)));
    let mut down = Vec::new();
    let (mut at, mut is_down) = (considered.start().plus(-DAY), random.bool());
    while at < considered.end().plus(DAY) {
        // Some phases have the shortest length, because that is the hardest case.
        let is_shortest = phases.shortest > 0 && random.u8(..3) == 0;
        let beyond = if is_shortest { 0 } else { exponential(random, means[usize::from(is_down)]) };
        let end = at.plus(phases.shortest + beyond);
        down.extend(Interval::new(at, end).filter(|_| is_down));
        (at, is_down) = (end, !is_down);
    }
    down
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a random length needs no exact microseconds"
)]
fn exponential(random: &mut Rng, mean: i64) -> i64 {
    (-(1.0 - random.f64()).ln() * mean as f64) as i64
}

/// Polls a store about hourly: up to ten minutes early or late, and every twentieth poll is lost.
/// While the store is closed, most polls find it inactive, whatever it would be.
fn random_polls(
    random: &mut Rng,
    considered: Interval,
    open: &[Interval],
    down: &[Interval],
) -> Vec<Poll> {
    let is_in = |spans: &[Interval], at| spans.iter().any(|span| span.contains(at));
    let hours = considered.micros() / HOUR;
    let first = considered.start().plus(random.i64(0..HOUR));
    let mut polls = Vec::new();
    for hour in 0..hours {
        let at = first.plus(hour * HOUR + random.i64(-10 * MINUTE..10 * MINUTE));
        let hides = !is_in(open, at) && random.u8(..10) > 0;
        let status = if hides || is_in(down, at) { Status::Inactive } else { Status::Active };
        if random.u8(..20) > 0 {
            polls.push(Poll::new(at, status));
        }
    }
    polls
}

impl fmt::Display for Seen {
    #[expect(clippy::cast_precision_loss, reason = "the figures are shown with few digits")]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = self.windows - self.outside.len() as u64;
        let of_scheduled =
            |micros: i64| 100.0 * micros as f64 / self.scheduled_micros.max(1) as f64;
        write!(
            formatter,
            "{within} of {} figures within their bounds ({:.3} %); truly down {:.2} % of the open \
             time, bounds apart by {:.2} %, estimates off by {:.2} %",
            self.windows,
            100.0 * within as f64 / self.windows as f64,
            of_scheduled(self.down_micros),
            of_scheduled(self.between_bounds_micros),
            of_scheduled(self.off_micros),
        )
    }
}

#[expect(clippy::print_stdout, reason = "the command in tests/README.md shows these figures")]
fn print(line: &str) {
    println!("{line}");
}

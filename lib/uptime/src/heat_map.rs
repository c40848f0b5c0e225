//! When stores were open and when they were down, by the dates and hours of their own clocks.

use crate::certainty::{Run, SpanStatus};
use crate::interval::{DAY, HOUR};
use crate::zone_clock::ZoneClock;
use crate::{Interval, Timestamp};

/// The open time of all stores by local date and hour. Its memory does not grow with stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeatMap {
    /// 00:00 of the first date, as if local time were UTC.
    first_midnight: Timestamp,
    dates: usize,
    /// One for each of `OPEN_STATUSES`.
    sums: Vec<Sums>,
}

/// The time of one status. A run costs four additions, however long it is: the hours that it fills
/// are counted where they begin and where they end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sums {
    /// How many more, or fewer, runs fill this hour than the hour before it.
    full_change: Vec<i64>,
    /// The time of the runs that do not fill the hour, in microseconds.
    part_micros: Vec<i64>,
}

/// A local date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeatDate {
    /// 00:00 of the date, as if local time were UTC.
    pub midnight: Timestamp,
    /// Its hours, from the one at 00:00. An hour that a clock shows twice counts twice.
    pub hours: [HeatHour; HOURS],
}

/// The open time of all stores in one hour, or in several, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeatHour {
    /// All open time.
    pub open_micros: i64,
    /// The time down, settled or estimated.
    pub down_micros: i64,
    /// The time that two polls settle.
    pub settled_micros: i64,
}

impl std::ops::AddAssign for HeatHour {
    fn add_assign(&mut self, other: HeatHour) {
        self.open_micros += other.open_micros;
        self.down_micros += other.down_micros;
        self.settled_micros += other.settled_micros;
    }
}

/// The hours of a date.
const HOURS: usize = 24;
/// No clock differs from UTC by more.
const MOST_OFFSET: i64 = 26 * HOUR;

impl HeatMap {
    /// Begins without stores. All their runs will be within `covered`.
    pub(crate) fn new(covered: Interval) -> HeatMap {
        let midnight = |at: Timestamp| at.micros().div_euclid(DAY) * DAY;
        let first = midnight(covered.start().plus(-MOST_OFFSET));
        let last = midnight(covered.end().plus(MOST_OFFSET));
        let dates = usize::try_from((last - first) / DAY + 1).unwrap_or_default();
        // A run that ends with the last hour also writes to the hour after it.
        let zeros = vec![0; dates * HOURS + 1];
        let sums = Sums { full_change: zeros.clone(), part_micros: zeros };
        HeatMap {
            first_midnight: Timestamp::from_micros(first),
            dates,
            sums: vec![sums; OPEN_STATUSES.len()],
        }
    }

    /// Adds the runs of a store. They cover the time without a gap.
    pub(crate) fn add_store(&mut self, runs: &[Run], clock: &ZoneClock) {
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return };
        let covered = first.span.extended_to(last.span.end());
        for (part, offset) in clock.offsets_in(covered) {
            let to_local = offset - self.first_midnight.micros();
            for run in runs {
                let (Some(place), Some(shared)) =
                    (place_of(run.status), run.span.intersection(part))
                else {
                    continue;
                };
                let from = shared.start().micros() + to_local;
                self.sums[place].add(from, from + shared.micros());
            }
        }
    }

    /// Adds the stores of another map of the same report.
    pub(crate) fn unite(&mut self, other: &HeatMap) {
        for (sums, others) in self.sums.iter_mut().zip(&other.sums) {
            add_each(&mut sums.full_change, &others.full_change);
            add_each(&mut sums.part_micros, &others.part_micros);
        }
    }

    /// Returns the dates from the first to the last with open time, in order.
    pub fn dates(&self) -> Vec<HeatDate> {
        let mut hours = vec![HeatHour::default(); self.dates * HOURS];
        for (status, sums) in OPEN_STATUSES.into_iter().zip(&self.sums) {
            for (hour, micros) in hours.iter_mut().zip(sums.hours()) {
                hour.open_micros += micros;
                if matches!(status, SpanStatus::Down { .. }) {
                    hour.down_micros += micros;
                }
                if matches!(
                    status,
                    SpanStatus::Up { settled: true } | SpanStatus::Down { settled: true }
                ) {
                    hour.settled_micros += micros;
                }
            }
        }
        let (dates, _) = hours.as_chunks();
        let is_open = |hours: &[HeatHour; HOURS]| hours.iter().any(|hour| hour.open_micros > 0);
        let first = dates.iter().position(is_open).unwrap_or(0);
        let end = dates.iter().rposition(is_open).map_or(0, |last| last + 1);
        let midnights = (0..).map(|day| self.first_midnight.plus(day * DAY));
        let dates = midnights.zip(dates).map(|(midnight, &hours)| HeatDate { midnight, hours });
        dates.skip(first).take(end - first).collect()
    }
}

impl HeatDate {
    /// Returns the sum of the hours.
    pub fn whole_day(&self) -> HeatHour {
        let mut sum = HeatHour::default();
        for hour in self.hours {
            sum += hour;
        }
        sum
    }
}

/// The statuses of open time, in the order of `HeatMap::sums`.
const OPEN_STATUSES: [SpanStatus; 5] = [
    SpanStatus::Unknown,
    SpanStatus::Up { settled: false },
    SpanStatus::Up { settled: true },
    SpanStatus::Down { settled: false },
    SpanStatus::Down { settled: true },
];

fn place_of(status: SpanStatus) -> Option<usize> {
    match status {
        SpanStatus::Closed => None,
        SpanStatus::Unknown => Some(0),
        SpanStatus::Up { settled } => Some(1 + usize::from(settled)),
        SpanStatus::Down { settled } => Some(3 + usize::from(settled)),
    }
}

impl Sums {
    /// Adds a run. Both ends are in microseconds since the first midnight.
    fn add(&mut self, from: i64, to: i64) {
        let (first, last) = (from.div_euclid(HOUR), to.div_euclid(HOUR));
        if first == last {
            add_at(&mut self.part_micros, first, to - from);
            return;
        }
        add_at(&mut self.part_micros, first, HOUR - from.rem_euclid(HOUR));
        add_at(&mut self.part_micros, last, to.rem_euclid(HOUR));
        add_at(&mut self.full_change, first + 1, 1);
        add_at(&mut self.full_change, last, -1);
    }

    /// Returns the time in each hour, in microseconds.
    fn hours(&self) -> impl Iterator<Item = i64> {
        let mut full = 0;
        self.full_change.iter().zip(&self.part_micros).map(move |(change, part)| {
            full += change;
            full * HOUR + part
        })
    }
}

fn add_at(sums: &mut [i64], place: i64, amount: i64) {
    if let Some(sum) = usize::try_from(place).ok().and_then(|place| sums.get_mut(place)) {
        *sum += amount;
    }
}

fn add_each(sums: &mut [i64], others: &[i64]) {
    for (sum, other) in sums.iter_mut().zip(others) {
        *sum += other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;
    use crate::interval::MINUTE;

    const UP: SpanStatus = SpanStatus::Up { settled: true };
    const DOWN: SpanStatus = SpanStatus::Down { settled: false };

    #[test]
    fn time_counts_in_the_date_and_hour_that_the_store_s_clock_shows() {
        check(
            "America/New_York",
            UP,
            ["2023-01-24T04:30:00Z", "2023-01-24T07:15:00Z"],
            "23 23 30, 24 0 60, 24 1 60, 24 2 15",
        );
        check(
            "Asia/Kathmandu",
            UP,
            ["2023-01-24T00:00:00Z", "2023-01-24T01:00:00Z"],
            "24 5 15, 24 6 45",
        );
        check("UTC", DOWN, ["2023-01-24T05:10:00Z", "2023-01-24T05:20:00Z"], "24 5 10");
        check("UTC", UP, ["2023-01-24T05:00:00Z", "2023-01-24T06:00:00Z"], "24 5 60");
    }

    #[test]
    fn an_hour_that_a_clock_shows_twice_counts_twice_and_one_that_it_skips_not_at_all() {
        check(
            "America/New_York",
            UP,
            ["2023-11-05T04:00:00Z", "2023-11-05T08:00:00Z"],
            "5 0 60, 5 1 120, 5 2 60",
        );
        check(
            "America/New_York",
            UP,
            ["2023-03-12T06:00:00Z", "2023-03-12T08:00:00Z"],
            "12 1 60, 12 3 60",
        );
    }

    #[test]
    fn closed_time_counts_nowhere() {
        check("UTC", SpanStatus::Closed, ["2023-01-24T05:10:00Z", "2023-01-24T05:20:00Z"], "");
    }

    #[test]
    fn open_time_down_time_and_settled_time_add_up_over_stores_and_maps() {
        let span = span(["2023-01-24T05:00:00Z", "2023-01-24T06:00:00Z"]);
        let mut map = map_of(span, "UTC", UP);
        map.unite(&map_of(span, "UTC", DOWN));
        map.unite(&map_of(span, "UTC", SpanStatus::Unknown));

        let dates = map.dates();

        let hour = HeatHour { open_micros: 3 * HOUR, down_micros: HOUR, settled_micros: HOUR };
        assert_eq!(dates.len(), 1);
        assert_eq!(dates[0].hours[5], hour);
        assert_eq!(dates[0].whole_day(), hour);
    }

    /// `expected` has the day of the month, the hour and the open minutes of each hour.
    #[track_caller]
    fn check(zone: &str, status: SpanStatus, ends: [&str; 2], expected: &str) {
        let map = map_of(span(ends), zone, status);
        let mut hours = Vec::new();
        for date in map.dates() {
            let day = &date.midnight.to_string()[8..10];
            for (hour, sums) in date.hours.iter().enumerate() {
                if sums.open_micros > 0 {
                    let day = day.trim_start_matches('0');
                    hours.push(format!("{day} {hour} {}", sums.open_micros / MINUTE));
                }
            }
        }
        assert_eq!(hours.join(", "), expected);
    }

    fn map_of(span: Interval, zone: &str, status: SpanStatus) -> HeatMap {
        let mut map = HeatMap::new(span);
        map.add_store(&[Run { span, status }], &ZoneClock::new(Zone::named(zone).unwrap(), span));
        map
    }

    fn span(ends: [&str; 2]) -> Interval {
        let [start, end] = ends.map(|end| Timestamp::from_rfc3339(end).unwrap());
        Interval::new(start, end).unwrap()
    }
}

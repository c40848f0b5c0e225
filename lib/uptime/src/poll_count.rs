//! Method `poll_count` (`RULES.md`, "Method `poll_count`"): the simple rule of this system's
//! predecessor. **Each poll within business hours counts as one hour**, however much time there is
//! between polls.
//!
//! A figure can exceed the length of its window, and it is 0 if the store is closed at the local
//! clock time of `as_of`. The rule requires both.

use crate::business_hours::{HoursRow, open_at};
use crate::interval::HOUR;
use crate::parameters::{ReportParameters, Window};
use crate::store::polls_between;
use crate::timeline::Uptime;
use crate::zone_clock::{LocalDateTime, ZoneClock};
use crate::{Poll, Status};

/// Counts a store's polls in each window. `polls` are the considered polls, at most one per
/// instant.
pub fn count_polls(
    rows: &[HoursRow],
    polls: &[Poll],
    clock: &ZoneClock,
    parameters: &ReportParameters,
) -> [Uptime; Window::MOST] {
    let as_of = parameters.as_of;
    let mut uptimes = [Uptime::default(); Window::MOST];
    for ((uptime, window), days_back) in
        uptimes.iter_mut().zip(parameters.last_windows()).zip(DAYS_BACK)
    {
        if !is_open_on_a_day_concerned(rows, days_back, clock.local(as_of)) {
            continue;
        }
        for poll in polls_between(polls, &(window.start()..=as_of)) {
            if open_at(rows, clock.local(poll.at())) {
                match poll.status() {
                    Status::Active => uptime.up_micros += HOUR,
                    Status::Inactive => uptime.down_micros += HOUR,
                }
            }
        }
    }
    uptimes
}

/// How many days before `as_of` the days concerned begin, for the last hour, day and week.
const DAYS_BACK: [i64; Window::LAST.len()] = [0, 1, 6];

/// Returns whether the store is open at the clock time of `as_of` on one of the weekdays concerned.
fn is_open_on_a_day_concerned(rows: &[HoursRow], days_back: i64, as_of: LocalDateTime) -> bool {
    (0..=days_back)
        .map(|days| LocalDateTime { date: as_of.date.plus(-days), ..as_of })
        .any(|shown| open_at(rows, shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business_hours::{LocalTime, Opening};
    use crate::parameters::Method;
    use crate::{Interval, PollSet, Timestamp, Zone};

    /// A Monday.
    const AS_OF: &str = "2023-01-23 12:00";

    #[test]
    fn a_poll_within_hours_counts_as_one_hour() {
        check("0 9-12", "23 10:14 up, 23 11:15 down", "0+1 1+1 1+1");
    }

    #[test]
    fn polls_outside_hours_are_skipped() {
        check("0 9-12", "23 08:59 up, 23 11:30 up", "1+0 1+0 1+0");
    }

    #[test]
    fn both_ends_of_the_window_are_included() {
        check("", "23 11:00 up, 23 12:00 down", "1+1 1+1 1+1");
        check("", "22 12:00 up, 22 11:59 up", "0+0 1+0 2+0");
        check("", "16 12:00 up, 16 11:59 up", "0+0 0+0 1+0");
    }

    #[test]
    fn both_ends_of_the_hours_are_included() {
        check("0 9-12", "23 09:00 up, 23 12:00 up", "1+0 2+0 2+0");
    }

    #[test]
    fn a_store_closed_at_this_time_of_day_has_zeros() {
        check("0 9-11", "23 10:00 up, 23 11:00 up", "0+0 0+0 0+0");
    }

    #[test]
    fn the_last_day_also_looks_at_the_weekday_before_and_the_last_week_at_all_weekdays() {
        check("6 9-13", "22 12:30 up, 22 13:00 down", "0+0 1+1 1+1");
        check("3 9-13", "19 12:30 up, 19 13:00 down", "0+0 0+0 1+1");
    }

    #[test]
    fn the_count_may_exceed_the_window() {
        let polls = "23 11:10 up, 23 11:20 up, 23 11:30 up, 23 11:40 down";
        check("", polls, "3+1 3+1 3+1");
    }

    /// `hours` are `weekday from-to`, polls are in January 2023, and `expected` holds the hours
    /// `up+down` of each window.
    #[track_caller]
    fn check(hours: &str, polls: &str, expected: &str) {
        let at = |text: &str| Timestamp::from_source(format!("{text}:00").as_bytes()).unwrap();
        let polls = polls.split(", ").map(|poll| {
            let (when, status) = poll.rsplit_once(' ').unwrap();
            let status = if status == "up" { Status::Active } else { Status::Inactive };
            Poll::new(at(&format!("2023-01-{when}")), status)
        });
        let as_of = at(AS_OF);
        let clock =
            ZoneClock::new(Zone::named("UTC").unwrap(), Interval::ending_at(as_of, 200 * HOUR));
        let parameters = ReportParameters { as_of, method: Method::PollCount };

        let polls = PollSet::new(polls.collect());
        let uptimes = count_polls(&rows(hours), polls.as_slice(), &clock, &parameters);

        let hours = uptimes
            .map(|uptime| format!("{}+{}", uptime.up_micros / HOUR, uptime.down_micros / HOUR));
        assert_eq!(hours.join(" "), expected);
    }

    fn rows(hours: &str) -> Vec<HoursRow> {
        let Some((day, times)) = hours.split_once(' ') else {
            return Vec::new();
        };
        let (start, end) = times.split_once('-').unwrap();
        let time =
            |hour: &str| LocalTime::from_seconds(hour.parse::<u32>().unwrap() * 3600).unwrap();
        let day = chrono::Weekday::try_from(day.parse::<u8>().unwrap()).unwrap();
        vec![HoursRow::Opens(Opening { day, start: time(start), end: time(end) })]
    }
}

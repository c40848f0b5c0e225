//! The parameters of a report: its instant, its method and its windows (`RULES.md`, "The report").

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

/// The spans of time that a report has figures for, each ending with its `as_of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// `[as_of - 1 h, as_of)`.
    LastHour,
    /// `[as_of - 24 h, as_of)`.
    LastDay,
    /// `[as_of - 168 h, as_of)`.
    LastWeek,
}

impl Window {
    /// All of them, in the order of a row's figures.
    pub const ALL: [Window; 3] = [Window::LastHour, Window::LastDay, Window::LastWeek];

    /// Returns its place in [`Window::ALL`].
    pub fn place(self) -> usize {
        self as usize
    }

    /// Returns the window that ends with `as_of`.
    pub fn before(self, as_of: Timestamp) -> Interval {
        let hours = match self {
            Window::LastHour => 1,
            Window::LastDay => 24,
            Window::LastWeek => 168,
        };
        Interval::ending_at(as_of, hours * HOUR)
    }
}

/// How far before `as_of` polls are considered: the week and the day before it.
const POLLS_CONSIDERED: i64 = 192 * HOUR;

/// The parameters of a report. Together with the stored data they determine every byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReportParameters {
    /// The instant at which the windows end.
    pub as_of: Timestamp,
    /// How uptime is worked out.
    pub method: Method,
}

impl ReportParameters {
    /// The most UTC days that [`ReportParameters::polls_considered`] can touch.
    pub(crate) const DAYS_CONSIDERED: usize = 9;

    /// Returns the accepted values of `as_of` for a report requested at `now`: from 2000-01-01 to
    /// 24 hours after `now`.
    pub fn as_of_accepted(now: Timestamp) -> RangeInclusive<Timestamp> {
        EARLIEST_POLL..=now.plus(DAY)
    }

    /// Returns the instants whose polls are considered, both ends included:
    /// `[as_of - 192 h, as_of]`.
    pub fn polls_considered(&self) -> RangeInclusive<Timestamp> {
        self.as_of.plus(-POLLS_CONSIDERED)..=self.as_of
    }

    /// Returns the time between the first and the last instant considered,
    /// `[as_of - 192 h, as_of)`.
    pub fn time_considered(&self) -> Interval {
        Interval::ending_at(self.as_of, POLLS_CONSIDERED)
    }

    /// Returns the span for which a report needs the open time of stores. It includes every poll
    /// considered, so also a poll at `as_of`.
    pub fn span(&self) -> Interval {
        Interval::ending_at(self.as_of.plus(1), POLLS_CONSIDERED + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AS_OF: Timestamp = Timestamp::from_micros(1_674_669_600_000_000);

    #[test]
    fn polls_of_eight_days_are_considered_both_ends_included() {
        let considered = parameters(Method::PollCount).polls_considered();
        assert_eq!(considered, AS_OF.plus(-8 * DAY)..=AS_OF);
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

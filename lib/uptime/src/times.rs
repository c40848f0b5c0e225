//! What a report considers and measures by the clock of each zone (`RULES.md`, "Method
//! `time_weighted`" and "Periods"). The last hour, day and week are the same for all stores. A period
//! is not: each store takes its dates by its own clock.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use foldhash::fast::FixedState;

use crate::parameters::{ReportParameters, Window, span_of};
use crate::zone_clock::ZoneClock;
use crate::{Interval, Timestamp, Zone};

/// The times of a report by one clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    considered: RangeInclusive<Timestamp>,
    windows: [Option<Interval>; Window::MOST],
    main: Window,
    as_of: Timestamp,
}

impl ReportParameters {
    /// Returns the times by a clock. The clock has to be correct within [`ReportParameters::span`].
    pub fn times(&self, clock: &ZoneClock) -> Times {
        let (as_of, main) = (self.as_of, self.main_window());
        let last = self.last_windows();
        let Some(period) = self.method.period() else {
            let [.., week] = last;
            let considered = self.around(week.start(), week.end());
            return Times { considered, windows: last.map(Some), main, as_of };
        };
        let [start, end] = period.ends_by(clock);
        let considered = self.around(start, end);
        let windows = [Interval::new(start, end.min(as_of)), None, None];
        Times { considered, windows, main, as_of }
    }
}

impl Times {
    /// Returns the instants whose polls are considered, both ends included. There are none if the
    /// first is after the last.
    pub fn polls_considered(&self) -> &RangeInclusive<Timestamp> {
        &self.considered
    }

    /// Returns whether what is considered ends at the report's `as_of`, and not before.
    pub fn are_considered_to_as_of(&self) -> bool {
        *self.considered.end() == self.as_of
    }

    /// Returns each window in its place ([`Window::place`]). `None`: there is no such window, or it
    /// has no time, because the period has not begun or the zone skipped it.
    pub fn windows(&self) -> [Option<Interval>; Window::MOST] {
        self.windows
    }

    /// Returns the main window ([`ReportParameters::main_window`]), or `None` if it has no time.
    pub fn main(&self) -> Option<Interval> {
        self.windows[self.main.place()]
    }
}

/// The clocks of all zones that a report meets, each made once.
#[derive(Debug)]
pub struct ZoneClocks {
    parameters: ReportParameters,
    clocks: HashMap<Zone, ZoneClock, FixedState>,
}

impl ZoneClocks {
    /// Begins without clocks.
    pub fn new(parameters: ReportParameters) -> ZoneClocks {
        ZoneClocks { parameters, clocks: HashMap::default() }
    }

    /// Returns the clock of a zone. Its span holds what the zone's stores consider, and no more.
    pub fn of(&mut self, zone: Zone) -> &ZoneClock {
        self.clocks.entry(zone).or_insert_with(|| self.parameters.clock(zone))
    }
}

impl ReportParameters {
    /// Returns the clock of a zone. Its span holds what the zone's stores consider, and no more, so
    /// that open intervals end there.
    pub fn clock(&self, zone: Zone) -> ZoneClock {
        let clock = ZoneClock::new(zone, self.span());
        let considered = span_of(self.times(&clock).polls_considered());
        clock.for_part(considered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::{DAY, HOUR};
    use crate::parameters::Method;

    #[test]
    fn the_last_hour_day_and_week_are_the_same_by_every_clock() {
        let parameters = parameters("2023-01-25T12:00:00Z", None);
        let by = |zone| parameters.times(&parameters.clock(Zone::named(zone).unwrap()));
        let expected = parameters.last_windows().map(Some);
        for zone in ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"] {
            assert_eq!(by(zone).windows(), expected);
            assert_eq!(by(zone).main(), expected[2]);
            assert_eq!(*by(zone).polls_considered(), parameters.polls_needed());
            assert!(by(zone).are_considered_to_as_of());
        }
    }

    #[test]
    fn a_period_is_considered_from_a_day_before_it_to_a_day_after_it_by_each_clock() {
        let late = "2023-02-01T00:00:00Z";
        check("UTC", late, "24T00:00:00Z to 25T00:00:00Z, considered 23T00:00:00Z to 26T00:00:00Z");
        check(
            "Pacific/Honolulu",
            late,
            "24T10:00:00Z to 25T10:00:00Z, considered 23T10:00:00Z to 26T10:00:00Z",
        );
        check(
            "Australia/Sydney",
            late,
            "23T13:00:00Z to 24T13:00:00Z, considered 22T13:00:00Z to 25T13:00:00Z",
        );
    }

    #[test]
    fn nothing_after_as_of_is_considered_or_measured() {
        check(
            "UTC",
            "2023-01-24T18:00:00Z",
            "24T00:00:00Z to 24T18:00:00Z, considered 23T00:00:00Z to 24T18:00:00Z, the as_of",
        );
        check(
            "UTC",
            "2023-01-26T00:00:00Z",
            "24T00:00:00Z to 25T00:00:00Z, considered 23T00:00:00Z to 26T00:00:00Z, the as_of",
        );
    }

    #[test]
    fn a_period_that_has_not_begun_has_no_time() {
        let as_of = "2023-01-23T20:00:00Z";
        check("UTC", as_of, "none, considered 23T00:00:00Z to 23T20:00:00Z, the as_of");
        // The day before it has not begun either.
        check("Etc/GMT+12", "2023-01-23T10:00:00Z", "none, considered none");
    }

    #[test]
    fn what_every_zone_considers_is_needed() {
        for text in ["2023-01-24", "2023-W12", "2011-12-30", "2011-12"] {
            for days in [0, 1, 60] {
                let period: crate::period::Period = text.parse().unwrap();
                let as_of = period.in_utc().start().plus(days * DAY + HOUR);
                let method = Method::TimeWeighted { max_hold: None, period: Some(period) };
                let parameters = ReportParameters { as_of, method };
                let needed = parameters.polls_needed();
                let is_needed = |instants: &RangeInclusive<Timestamp>| {
                    instants.is_empty()
                        || needed.contains(instants.start()) && needed.contains(instants.end())
                };
                assert!(is_needed(&parameters.silences_sought()), "{text}");
                for name in ["Pacific/Kiritimati", "Pacific/Apia", "UTC", "Etc/GMT+12"] {
                    let times = parameters.times(&parameters.clock(Zone::named(name).unwrap()));
                    assert!(is_needed(times.polls_considered()), "{text} {name}");
                }
            }
        }
    }

    /// Checks the times of 2023-01-24. `expected` leaves out the month.
    #[track_caller]
    fn check(zone: &str, as_of: &str, expected: &str) {
        let parameters = parameters(as_of, Some("2023-01-24"));
        let clock = parameters.clock(Zone::named(zone).unwrap());
        let times = parameters.times(&clock);
        let considered = times.polls_considered();
        let text =
            |from: Timestamp, to: Timestamp| format!("{from} to {to}").replace("2023-01-", "");
        let main = times.main().map(|main| text(main.start(), main.end()));
        let polls = (!considered.is_empty()).then(|| text(*considered.start(), *considered.end()));
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        let reaches = times.are_considered_to_as_of() && !considered.is_empty();
        let end = if reaches { ", the as_of" } else { "" };
        let actual = format!("{}, considered {}{end}", or_none(main), or_none(polls));
        assert_eq!(actual, expected);
        if !considered.is_empty() {
            assert_eq!(clock.span(), span_of(considered), "open intervals end there");
        }
    }

    fn parameters(as_of: &str, period: Option<&str>) -> ReportParameters {
        let period = period.map(|text| text.parse().unwrap());
        let method = Method::TimeWeighted { max_hold: None, period };
        ReportParameters { as_of: Timestamp::from_rfc3339(as_of).unwrap(), method }
    }
}

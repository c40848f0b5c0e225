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

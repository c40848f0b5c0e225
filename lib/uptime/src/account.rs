//! The account of one store: everything that the files of a report say about it. Every figure of
//! every file comes from here, so no two files can disagree.

use crate::business_hours::{OpeningTimes, are_unknown, open_intervals};
use crate::certainty::{Certainty, Run, SpanStatus, covered_parts, runs_of};
use crate::interval::MINUTE;
use crate::outage::{Outage, OutageSearch};
use crate::parameters::{ReportParameters, Window};
use crate::report::{ReportRow, StoreFacts};
use crate::timeline::{MaxHold, Stretch, Uptime, for_each_stretch};
use crate::zone_clock::ZoneClock;
use crate::{Interval, Poll, PollSet, Status, Timestamp, Zone};

/// The account of one store, by the method `time_weighted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The store and its figures in each window.
    pub row: ReportRow,
    /// How certain the figures of each window are, in the order of [`Window::ALL`].
    pub certainty: [Certainty; Window::ALL.len()],
    /// The zone used.
    pub zone: Zone,
    /// Whether the sources give the zone. Otherwise it is [`Zone::DEFAULT`].
    pub zone_given: bool,
    /// Whether the sources give business hours. Otherwise the store is always open, except on special
    /// days.
    pub hours_given: bool,
    /// The newest counting poll. `None`: all open time is unknown.
    pub last_poll: Option<Poll>,
    /// Whether the store is open just before `as_of`.
    pub open_at_end: bool,
    /// The outages with downtime in the week, in order.
    pub outages: Vec<Outage>,
    /// What it takes to draw the week. `None` if the page does not show this store.
    pub detail: Option<Box<Detail>>,
}

/// The week of a store in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The whole week, in order, without a gap. Two neighbours never have the same status.
    pub runs: Vec<Run>,
    /// The business hours and the special days, each in the order of the days.
    pub opening_times: OpeningTimes,
    /// The polls considered.
    pub polls: PollSet,
}

/// A poll that is older at `as_of` does not say that a store is down then.
const FRESH: i64 = crate::certainty::SETTLED_GAP_MINUTES * MINUTE;

impl Account {
    /// Makes the account of a store. `clock` is the clock of its zone for
    /// [`ReportParameters::span`].
    pub(crate) fn of(
        facts: StoreFacts,
        clock: &ZoneClock,
        parameters: &ReportParameters,
    ) -> Account {
        let StoreFacts { store, zone, opening_times, polls } = facts;
        let open = open_intervals(&opening_times, clock);
        let mut walk = Walk::new(&open, parameters);
        for_each_stretch(&open, polls.as_slice(), |stretch| walk.stretch(&stretch));
        let Walk { uptimes, certainty, last_poll, outages, mut runs, week, .. } = walk;
        let open_at_end = runs.last().is_some_and(|run| run.span.end() == week.end());
        close_gap(&mut runs, week, week.end());
        Account {
            row: ReportRow { store, uptimes },
            certainty,
            zone: zone.unwrap_or(Zone::DEFAULT),
            zone_given: zone.is_some(),
            hours_given: !are_unknown(&opening_times.hours),
            last_poll,
            open_at_end,
            outages: outages.finished(),
            detail: Some(Box::new(Detail { runs, opening_times, polls })),
        }
    }

    /// Returns the figures of a window with their certainty.
    pub fn figures(&self, window: Window) -> Figures {
        let place = window.place();
        Figures { uptime: self.row.uptimes[place], certainty: self.certainty[place] }
    }

    /// Returns whether the store is down at the end: it is open just before `as_of`, and its newest
    /// counting poll is inactive and at most 150 minutes old.
    pub fn down_at_end(&self, as_of: Timestamp) -> bool {
        self.open_at_end
            && self.last_poll.is_some_and(|poll| {
                poll.status() == Status::Inactive && as_of.micros() - poll.at().micros() <= FRESH
            })
    }
}

/// The figures of one window: of a store, or added up over stores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// The open time by estimated status.
    pub uptime: Uptime,
    /// How much of it is certain.
    pub certainty: Certainty,
}

impl Figures {
    /// Returns the scheduled time: all open time, in microseconds.
    pub fn scheduled_micros(&self) -> i64 {
        self.uptime.scheduled_micros()
    }

    /// Returns the least downtime that the polls allow, in microseconds.
    pub fn downtime_least_micros(&self) -> i64 {
        self.certainty.settled_down_micros
    }

    /// Returns the most downtime that the polls allow, in microseconds.
    pub fn downtime_most_micros(&self) -> i64 {
        self.scheduled_micros() - self.certainty.settled_up_micros
    }
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Figures) {
        self.uptime += other.uptime;
        self.certainty += other.certainty;
    }
}

/// Gathers an account while the stretches of a store pass in order.
struct Walk<'a> {
    max_hold: Option<MaxHold>,
    windows: [Interval; Window::ALL.len()],
    week: Interval,
    uptimes: [Uptime; Window::ALL.len()],
    certainty: [Certainty; Window::ALL.len()],
    last_poll: Option<Poll>,
    outages: OutageSearch<'a>,
    runs: Vec<Run>,
}

impl<'a> Walk<'a> {
    fn new(open: &'a [Interval], parameters: &ReportParameters) -> Walk<'a> {
        let windows = Window::ALL.map(|window| window.before(parameters.as_of));
        let week = Window::LastWeek.before(parameters.as_of);
        let considered = parameters.time_considered();
        Walk {
            max_hold: parameters.method.max_hold(),
            windows,
            week,
            uptimes: [Uptime::default(); Window::ALL.len()],
            certainty: [Certainty::default(); Window::ALL.len()],
            last_poll: None,
            outages: OutageSearch::new(open, considered, week),
            runs: Vec::with_capacity(2 * open.len()),
        }
    }

    fn stretch(&mut self, stretch: &Stretch) {
        if let Some(poll) = stretch.speaker {
            self.outages.speaker(poll);
            // The newest counting poll speaks for the last stretch.
            self.last_poll = Some(poll);
        }
        for run in runs_of(stretch, self.max_hold) {
            self.outages.run(run);
            self.count(run);
            self.draw(run);
        }
        for covered in covered_parts(stretch) {
            for (certainty, window) in self.certainty.iter_mut().zip(self.windows) {
                certainty.covered_micros +=
                    covered.intersection(window).map_or(0, Interval::micros);
            }
        }
    }

    fn count(&mut self, run: Run) {
        for (place, window) in self.windows.into_iter().enumerate() {
            let Some(shared) = run.span.intersection(window) else { continue };
            let (uptime, certainty) = (&mut self.uptimes[place], &mut self.certainty[place]);
            count_time(uptime, certainty, run.status, shared.micros());
        }
    }

    fn draw(&mut self, run: Run) {
        let Some(span) = run.span.intersection(self.week) else { return };
        close_gap(&mut self.runs, self.week, span.start());
        match self.runs.last_mut().filter(|last| last.status == run.status) {
            Some(last) => last.span = last.span.extended_to(span.end()),
            None => self.runs.push(Run { span, status: run.status }),
        }
    }
}

/// Adds time of one status to figures.
pub(crate) fn count_time(
    uptime: &mut Uptime,
    certainty: &mut Certainty,
    status: SpanStatus,
    micros: i64,
) {
    match status {
        SpanStatus::Closed => {}
        SpanStatus::Unknown => uptime.unknown_micros += micros,
        SpanStatus::Up { settled } => {
            uptime.up_micros += micros;
            certainty.settled_up_micros += if settled { micros } else { 0 };
        }
        SpanStatus::Down { settled } => {
            uptime.down_micros += micros;
            certainty.settled_down_micros += if settled { micros } else { 0 };
        }
    }
}

/// Marks the time from the last run, or from the start of the week, to `until` as closed.
fn close_gap(runs: &mut Vec<Run>, week: Interval, until: Timestamp) {
    let from = runs.last().map_or(week.start(), |run| run.span.end());
    runs.extend(Interval::new(from, until).map(|span| Run { span, status: SpanStatus::Closed }));
}

#[cfg(test)]
mod tests;

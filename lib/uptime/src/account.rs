//! The account of one store: everything that the files of a report say about it. Every figure of
//! every file comes from here, so no two files can disagree.

use crate::business_hours::{OpeningTimes, are_unknown, open_intervals};
use crate::certainty::{Certainty, Run, SpanStatus, covered_parts, runs_of};
use crate::day_sums::{DaySum, day_sums};
use crate::interval::MINUTE;
use crate::outage::{Outage, OutageSearch};
use crate::parameters::{ReportParameters, Window};
use crate::report::{ReportRow, StoreFacts};
use crate::timeline::{MaxHold, Stretch, Uptime, for_each_stretch};
use crate::times::Times;
use crate::zone_clock::ZoneClock;
use crate::{Interval, Poll, PollSet, Status, Timestamp, Zone};

/// The account of one store, by the method `time_weighted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The store and its figures in each window.
    pub row: ReportRow,
    /// How certain the figures of each window are, in its place ([`Window::place`]).
    pub certainty: [Certainty; Window::MOST],
    /// The zone used.
    pub zone: Zone,
    /// Whether the sources give the zone. Otherwise it is [`Zone::DEFAULT`].
    pub zone_given: bool,
    /// Whether the sources give business hours. Otherwise the store is always open, except on special
    /// days.
    pub hours_given: bool,
    /// The newest counting poll. `None`: all open time is unknown.
    pub last_poll: Option<Poll>,
    /// Whether the store is open just before `as_of`, and the main window ends there.
    pub open_at_end: bool,
    /// The outages with downtime in the main window, in order.
    pub outages: Vec<Outage>,
    /// What it takes to draw the main window. `None` if the page does not show this store.
    pub detail: Option<Box<Detail>>,
}

/// The main window of a store: the last week, or the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The business hours and the special days, each in the order of the days.
    pub opening_times: OpeningTimes,
    /// Its time.
    pub drawn: Drawn,
}

/// The time of a main window, in as much detail as it is drawn
/// ([`ReportParameters::draws_in_full`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drawn {
    /// Everything.
    InFull {
        /// All of the window's time, in order, without a gap. Two neighbours never have the same
        /// status. There are none if the window has no time.
        runs: Vec<Run>,
        /// The polls considered.
        polls: PollSet,
    },
    /// The sums of each local date of the window, in the order of [`ZoneClock::dates_in`].
    Days(Vec<DaySum>),
}

/// A poll that is older at `as_of` does not say that a store is down then.
const FRESH: i64 = crate::certainty::SETTLED_GAP_MINUTES * MINUTE;

impl Account {
    /// Makes the account of a store, with its main window drawn in full. `clock` is the clock of its
    /// zone ([`ReportParameters::clock`]).
    pub(crate) fn of(
        facts: StoreFacts,
        clock: &ZoneClock,
        parameters: &ReportParameters,
    ) -> Account {
        let StoreFacts { store, zone, opening_times, polls, .. } = facts;
        let open = open_intervals(&opening_times, clock);
        let times = parameters.times(clock);
        let mut walk = Walk::new(&open, &times, parameters);
        for_each_stretch(&open, polls.as_slice(), |stretch| walk.stretch(&stretch));
        let Walk { uptimes, certainty, last_poll, outages, mut runs, main, .. } = walk;
        let open_at_end = runs.last().is_some_and(|run| run.span.end() == parameters.as_of);
        if let Some(main) = main {
            close_gap(&mut runs, main, main.end());
        }
        Account {
            row: ReportRow { store, uptimes },
            certainty,
            zone: zone.unwrap_or(Zone::DEFAULT),
            zone_given: zone.is_some(),
            hours_given: !are_unknown(&opening_times.hours),
            last_poll,
            open_at_end,
            outages: outages.finished(),
            detail: Some(Box::new(Detail { opening_times, drawn: Drawn::InFull { runs, polls } })),
        }
    }

    /// Keeps only the sums of each local date of the main window. `clock` is the clock that the
    /// account was made with.
    pub(crate) fn sum_up_by_day(&mut self, clock: &ZoneClock, parameters: &ReportParameters) {
        if let Some(detail) = &mut self.detail
            && let Drawn::InFull { runs, .. } = &detail.drawn
        {
            let main = parameters.times(clock).main();
            let dates = main.map(|main| clock.dates_in(main)).unwrap_or_default();
            detail.drawn = Drawn::Days(day_sums(&dates, runs).collect());
        }
    }

    /// Returns the time of the main window, or `None` if the page does not show this store.
    pub fn drawn(&self) -> Option<&Drawn> {
        self.detail.as_ref().map(|detail| &detail.drawn)
    }

    /// Returns the figures of a window with their certainty.
    pub fn figures(&self, window: Window) -> Figures {
        self.figures_at(window.place())
    }

    /// Returns the figures of the window with this place, which are zero if the report has no such
    /// window.
    pub(crate) fn figures_at(&self, place: usize) -> Figures {
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
    windows: [Option<Interval>; Window::MOST],
    main: Option<Interval>,
    uptimes: [Uptime; Window::MOST],
    certainty: [Certainty; Window::MOST],
    last_poll: Option<Poll>,
    outages: OutageSearch<'a>,
    runs: Vec<Run>,
}

impl<'a> Walk<'a> {
    fn new(open: &'a [Interval], times: &Times, parameters: &ReportParameters) -> Walk<'a> {
        Walk {
            max_hold: parameters.method.max_hold(),
            windows: times.windows(),
            main: times.main(),
            uptimes: [Uptime::default(); Window::MOST],
            certainty: [Certainty::default(); Window::MOST],
            last_poll: None,
            outages: OutageSearch::new(open, times),
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
                let shared = window.and_then(|window| covered.intersection(window));
                certainty.covered_micros += shared.map_or(0, Interval::micros);
            }
        }
    }

    fn count(&mut self, run: Run) {
        for (place, window) in self.windows.into_iter().enumerate() {
            let shared = window.and_then(|window| run.span.intersection(window));
            let Some(shared) = shared else { continue };
            let (uptime, certainty) = (&mut self.uptimes[place], &mut self.certainty[place]);
            count_time(uptime, certainty, run.status, shared.micros());
        }
    }

    fn draw(&mut self, run: Run) {
        let Some(main) = self.main else { return };
        let Some(span) = run.span.intersection(main) else { return };
        close_gap(&mut self.runs, main, span.start());
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

/// Marks the time from the last run, or from the start of the main window, to `until` as closed.
fn close_gap(runs: &mut Vec<Run>, main: Interval, until: Timestamp) {
    let from = runs.last().map_or(main.start(), |run| run.span.end());
    runs.extend(Interval::new(from, until).map(|span| Run { span, status: SpanStatus::Closed }));
}

#[cfg(test)]
mod tests;

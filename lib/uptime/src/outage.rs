//! Outages (`RULES.md`, "Outages"): runs of counting polls that are all inactive.

use smallvec::SmallVec;

use crate::certainty::{Run, SpanStatus};
use crate::times::Times;
use crate::{Interval, Poll, Status, Timestamp};

/// Spans of which there usually is one. A report about a month can hold hundreds of thousands of
/// outages, so one span takes no allocation.
pub type Spans = SmallVec<[Interval; 1]>;

/// A maximal run of a store's counting polls that are all inactive. Times of closing do not end it.
///
/// The figures count only time within the main window: the last week, or the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// From the start of the first span that its polls make down to the end of the last one. It may
    /// begin before the main window and end after it.
    pub span: Interval,
    /// The spans within the main window that its polls make down, in order. They do not touch.
    pub down: Spans,
    /// The part of `down` that two polls settle, in microseconds.
    pub least_micros: i64,
    /// The open time within the main window in which the store may have been down, in microseconds:
    /// from the last active poll before it to the first active poll after it.
    pub most_micros: i64,
    /// How many inactive polls it has, also outside the main window.
    pub inactive_polls: u32,
    /// The last active counting poll before it. Without one, it may have begun earlier.
    pub last_active_before: Option<Timestamp>,
    /// The first active counting poll after it. Without one, it has no known end.
    pub first_active_after: Option<Timestamp>,
    /// Whether it has ended.
    pub state: OutageState,
}

/// Whether an outage has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageState {
    /// An active poll comes after it.
    Ended,
    /// No active poll comes after it up to `as_of`.
    Ongoing,
    /// No active poll comes after it in what is considered, which ends before `as_of`.
    EndUnknown,
}

impl OutageState {
    /// Returns its stable name: `ended`, `ongoing` or `end_unknown`.
    pub fn name(self) -> &'static str {
        match self {
            OutageState::Ended => "ended",
            OutageState::Ongoing => "ongoing",
            OutageState::EndUnknown => "end_unknown",
        }
    }
}

impl Outage {
    /// Returns the downtime within the main window, in microseconds; never 0.
    pub fn down_micros(&self) -> i64 {
        self.down.iter().map(|span| span.micros()).sum()
    }

    /// Returns when it started. `None`: it may have begun before the first poll that is considered.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.last_active_before.map(|_| self.span.start())
    }

    /// Returns when it ended. `None`: it has not ended in what is considered.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.first_active_after.map(|_| self.span.end())
    }
}

/// Finds the outages of a store while its stretches pass in order.
#[derive(Debug)]
pub(crate) struct OutageSearch<'a> {
    open: &'a [Interval],
    /// `None`: it has no time, so no outage is found.
    main: Option<Interval>,
    /// The state of an outage that no active poll ends.
    unended: OutageState,
    last_active: Option<Timestamp>,
    unfinished: Option<Unfinished>,
    found: Vec<Outage>,
}

#[derive(Debug)]
struct Unfinished {
    span: Option<Interval>,
    down: Spans,
    least_micros: i64,
    inactive_polls: u32,
    newest_poll: Poll,
}

impl<'a> OutageSearch<'a> {
    /// Begins a search in what `times` consider. Only outages with downtime in the main window are
    /// found.
    pub(crate) fn new(open: &'a [Interval], times: &Times) -> Self {
        let unended = if times.are_considered_to_as_of() {
            OutageState::Ongoing
        } else {
            OutageState::EndUnknown
        };
        let (last_active, unfinished, found) = (None, None, Vec::new());
        OutageSearch { open, main: times.main(), unended, last_active, unfinished, found }
    }

    /// Takes the poll that speaks for the next stretch.
    pub(crate) fn speaker(&mut self, poll: Poll) {
        match (poll.status(), &mut self.unfinished) {
            (Status::Active, _) => {
                self.finish(Some(poll.at()));
                self.last_active = Some(poll.at());
            }
            (Status::Inactive, Some(outage)) if outage.newest_poll == poll => {}
            (Status::Inactive, Some(outage)) => {
                outage.newest_poll = poll;
                outage.inactive_polls += 1;
            }
            (Status::Inactive, unfinished @ None) => {
                *unfinished = Some(Unfinished {
                    span: None,
                    down: Spans::new(),
                    least_micros: 0,
                    inactive_polls: 1,
                    newest_poll: poll,
                });
            }
        }
    }

    /// Takes the next part of the stretch of the last poll that was passed.
    pub(crate) fn run(&mut self, run: Run) {
        let (SpanStatus::Down { settled }, Some(outage)) = (run.status, &mut self.unfinished)
        else {
            return;
        };
        outage.span = Some(match outage.span {
            Some(span) => span.extended_to(run.span.end()),
            None => run.span,
        });
        let Some(counted) = self.main.and_then(|main| run.span.intersection(main)) else { return };
        if settled {
            outage.least_micros += counted.micros();
        }
        match outage.down.last_mut().filter(|last| last.end() == counted.start()) {
            Some(last) => *last = last.extended_to(counted.end()),
            None => outage.down.push(counted),
        }
    }

    /// Ends the search and returns the outages in the order of their first polls.
    pub(crate) fn finished(mut self) -> Vec<Outage> {
        self.finish(None);
        self.found.shrink_to_fit();
        self.found
    }

    fn finish(&mut self, first_active_after: Option<Timestamp>) {
        let Some(Unfinished { span, down, least_micros, inactive_polls, .. }) =
            self.unfinished.take()
        else {
            return;
        };
        let Some(span) = span.filter(|_| !down.is_empty()) else { return };
        let last_active_before = self.last_active;
        let most_micros = self.open_between(last_active_before, first_active_after);
        self.found.push(Outage {
            span,
            down,
            least_micros,
            most_micros,
            inactive_polls,
            last_active_before,
            first_active_after,
            state: first_active_after.map_or(self.unended, |_| OutageState::Ended),
        });
    }

    /// Returns the open time within the main window between two instants; without one, from the
    /// start or to the end of the window.
    fn open_between(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> i64 {
        let Some(main) = self.main else { return 0 };
        let (from, to) = (from.unwrap_or(main.start()), to.unwrap_or(main.end()));
        let Some(between) = Interval::new(from, to).and_then(|between| between.intersection(main))
        else {
            return 0;
        };
        let shared = self.open.iter().filter_map(|open| open.intersection(between));
        shared.map(Interval::micros).sum()
    }
}

#[cfg(test)]
mod tests;

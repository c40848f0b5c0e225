//! Outages (`RULES.md`, "Outages"): runs of counting polls that are all inactive.

use crate::certainty::{Run, SpanStatus};
use crate::{Interval, Poll, Status, Timestamp};

/// A maximal run of a store's counting polls that are all inactive. Times of closing do not end it.
///
/// The figures count only time within the last week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// From the start of the first span that its polls make down to the end of the last one. It may
    /// begin before the week.
    pub span: Interval,
    /// The spans within the week that its polls make down, in order. They do not touch.
    pub down: Vec<Interval>,
    /// The part of `down` that two polls settle, in microseconds.
    pub least_micros: i64,
    /// The open time within the week in which the store may have been down, in microseconds: from
    /// the last active poll before it to the first active poll after it.
    pub most_micros: i64,
    /// How many inactive polls it has, also before the week.
    pub inactive_polls: u32,
    /// The last active counting poll before it. Without one, it may have begun earlier.
    pub last_active_before: Option<Timestamp>,
    /// The first active counting poll after it. Without one, it has no end yet.
    pub first_active_after: Option<Timestamp>,
}

impl Outage {
    /// Returns the downtime within the week, in microseconds; never 0.
    pub fn down_micros(&self) -> i64 {
        self.down.iter().map(|span| span.micros()).sum()
    }

    /// Returns when it started. `None`: it may have begun before the first poll that is considered.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.last_active_before.map(|_| self.span.start())
    }

    /// Returns when it ended. `None`: it is ongoing at the end of what is considered.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.first_active_after.map(|_| self.span.end())
    }
}

/// Finds the outages of a store while its stretches pass in order.
#[derive(Debug)]
pub(crate) struct OutageSearch<'a> {
    open: &'a [Interval],
    considered: Interval,
    week: Interval,
    last_active: Option<Timestamp>,
    unfinished: Option<Unfinished>,
    found: Vec<Outage>,
}

#[derive(Debug)]
struct Unfinished {
    span: Option<Interval>,
    down: Vec<Interval>,
    least_micros: i64,
    inactive_polls: u32,
    newest_poll: Poll,
}

impl<'a> OutageSearch<'a> {
    /// Begins a search in `considered`. Only outages with downtime in `week` are found.
    pub(crate) fn new(open: &'a [Interval], considered: Interval, week: Interval) -> Self {
        let (last_active, unfinished, found) = (None, None, Vec::new());
        OutageSearch { open, considered, week, last_active, unfinished, found }
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
                    down: Vec::new(),
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
        let Some(in_week) = run.span.intersection(self.week) else { return };
        if settled {
            outage.least_micros += in_week.micros();
        }
        match outage.down.last_mut().filter(|last| last.end() == in_week.start()) {
            Some(last) => *last = last.extended_to(in_week.end()),
            None => outage.down.push(in_week),
        }
    }

    /// Ends the search and returns the outages in the order of their first polls.
    pub(crate) fn finished(mut self) -> Vec<Outage> {
        self.finish(None);
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
        });
    }

    /// Returns the open time within the week between two instants; without one, from the start or
    /// to the end of what is considered.
    fn open_between(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> i64 {
        let from = from.unwrap_or(self.considered.start());
        let to = to.unwrap_or(self.considered.end());
        let Some(between) =
            Interval::new(from, to).and_then(|between| between.intersection(self.week))
        else {
            return 0;
        };
        let shared = self.open.iter().filter_map(|open| open.intersection(between));
        shared.map(Interval::micros).sum()
    }
}

#[cfg(test)]
mod tests;

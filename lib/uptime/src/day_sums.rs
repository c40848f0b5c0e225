//! The sums of each local date of a store. Of a long period, nothing more is kept of a store's time.

use crate::Interval;
use crate::account::{Figures, count_time};
use crate::certainty::Run;
use crate::timeline::Uptime;

/// What is known of a store on one local date, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DaySum {
    /// The open time by estimated status.
    pub uptime: Uptime,
    /// The least downtime that the polls allow.
    pub downtime_least_micros: i64,
    /// The most downtime that the polls allow.
    pub downtime_most_micros: i64,
}

/// Returns the sums of each date. `dates` are spans in order; `runs` cover them in order, without a
/// gap.
pub fn day_sums(dates: &[Interval], runs: &[Run]) -> impl Iterator<Item = DaySum> {
    let mut runs = runs.iter().peekable();
    dates.iter().map(move |date| {
        let mut sum = Figures::default();
        while let Some(run) = runs.peek() {
            if let Some(shared) = run.span.intersection(*date) {
                let Figures { uptime, certainty } = &mut sum;
                count_time(uptime, certainty, run.status, shared.micros());
            }
            if run.span.end() > date.end() {
                break;
            }
            runs.next();
        }
        DaySum {
            uptime: sum.uptime,
            downtime_least_micros: sum.downtime_least_micros(),
            downtime_most_micros: sum.downtime_most_micros(),
        }
    })
}

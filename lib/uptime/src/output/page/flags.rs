//! What is so of a store or not, as bits of one number. The script needs some for its words, and each
//! filter shows the stores that have one.

use super::digits::DIGITS;
use crate::account::Account;
use crate::output::cells::percent_hundredths;
use crate::parameters::ReportParameters;
use crate::{Poll, Status};

// The script knows the first four and the last.
const ZONE_ASSUMED: u64 = 1;
const HOURS_ASSUMED: u64 = 2;
const NEWEST_POLL_UP: u64 = 4;
const DOWN_AT_END: u64 = 8;
const LOW_COVERAGE: u64 = 16;
const OUTAGE: u64 = 32;
const NEVER_POLLED: u64 = 64;

// A store that was never polled has neither a newest poll nor an outage. So one digit is enough.
const _: () =
    assert!(NEVER_POLLED + LOW_COVERAGE + HOURS_ASSUMED + ZONE_ASSUMED < DIGITS.len() as u64);

/// What the controls can show: name, words, and the flags that a store must have.
pub(super) const FILTERS: [(&str, &str, u64); 7] = [
    ("all", "All", 0),
    ("outage", "With an outage", OUTAGE),
    ("end", "Down at the end", DOWN_AT_END),
    ("never", "Never polled", NEVER_POLLED),
    ("coverage", "Polls cover under 50%", LOW_COVERAGE),
    ("hours", "Hours assumed", HOURS_ASSUMED),
    ("zone", "Time zone assumed", ZONE_ASSUMED),
];

/// Returns whether a filter is about the end of the report.
pub(super) fn is_about_the_end(flags: u64) -> bool {
    flags & DOWN_AT_END != 0
}

/// Below this share of its open time a store has low coverage, in hundredths of per cent.
const ENOUGH_COVERAGE: u64 = 5_000;

/// Returns the flags of a store.
pub(super) fn flags_of(account: &Account, parameters: &ReportParameters) -> u64 {
    let figures = account.figures(parameters.main_window());
    let (covered, open) = (figures.certainty.covered_micros, figures.scheduled_micros());
    let coverage = percent_hundredths(covered, open);
    let newest = account.last_poll.map(Poll::status);
    let flag = |is_set: bool, flag: u64| if is_set { flag } else { 0 };
    flag(!account.zone_given, ZONE_ASSUMED)
        | flag(!account.hours_given, HOURS_ASSUMED)
        | flag(newest == Some(Status::Active), NEWEST_POLL_UP)
        | flag(account.down_at_end(parameters.as_of), DOWN_AT_END)
        | flag(coverage.is_some_and(|share| share < ENOUGH_COVERAGE), LOW_COVERAGE)
        | flag(!account.outages.is_empty(), OUTAGE)
        | flag(newest.is_none(), NEVER_POLLED)
}

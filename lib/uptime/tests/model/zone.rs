//! Local times by trying: knows nothing of a zone but its offset at an instant.

use std::collections::BTreeSet;

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::{HOUR, MINUTE, SECOND};

/// Every change of a clock falls on one of these.
const GRID: i64 = MINUTE;
/// A local time is at most so far from the instants that may be meant by it: an offset and a
/// skipped date.
const REACH: i64 = 40 * HOUR;

#[expect(clippy::expect_used, reason = "a model that answers for a wrong instant proves nothing")]
pub(crate) fn offset(zone: Tz, at: i64) -> i64 {
    let utc = DateTime::from_timestamp_micros(at).expect("an instant of this age").naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * SECOND
}

/// The instants at which clocks show `local`: one, none in a gap, two in a fold.
pub(crate) fn occurrences(zone: Tz, local: i64) -> Vec<i64> {
    let around = (-REACH / HOUR..=REACH / HOUR).map(|hours| local + hours * HOUR);
    let offsets: BTreeSet<i64> = around.map(|at| offset(zone, at)).collect();
    let mut found: Vec<i64> = offsets
        .into_iter()
        .map(|candidate| (local - candidate, candidate))
        .filter(|&(at, candidate)| offset(zone, at) == candidate)
        .map(|(at, _)| at)
        .collect();
    found.sort_unstable();
    found
}

/// The instant meant by a local time: the first of two; of none, by the offset before the gap.
pub(crate) fn instant(zone: Tz, local: i64) -> i64 {
    if let Some(&first) = occurrences(zone, local).first() {
        return first;
    }
    let mut at = (local - REACH).div_euclid(GRID) * GRID;
    while at + GRID + offset(zone, at + GRID) <= local {
        at += GRID;
    }
    local - offset(zone, at)
}

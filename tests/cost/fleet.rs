//! A fleet of stores, polled.

use std::fmt::Write as _;

use end_to_end::engine::Sample;
use end_to_end::metered_system::MeteredSystem;
use end_to_end::request_meter::usage::Usage;
use uptime::Timestamp;
use uptime::interval::{HOUR, MINUTE};
use uptime_aws::{LoadStatus, Manifest};

/// The fleet that the budgets are about.
pub(crate) const STORES: u32 = 14_000;
/// A fleet for which there is no budget: the units' rounding weighs more.
pub(crate) const SMALL_FLEET: u32 = 300;
/// A week, and the day before it that a report considers too.
const DAYS: u32 = 8;
/// The same in hours.
pub(crate) const HOURS: i64 = 192;

/// When polling ended: the end of `local generate`'s samples.
const END: i64 = 1_674_670_402_000_000;

/// The sample of a fleet, its business hours and zones included.
pub(crate) fn sample(stores: u32) -> Sample {
    Sample::generate(stores, DAYS, 7)
}

/// Loads hours, zones and polls, in this order, from files whose names start so.
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

/// A file with one poll of each store, taken within 14 minutes of its hour and to the microsecond.
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

/// `SplitMix64`: equal numbers for equal places, on any machine.
fn scramble(place: u64) -> u64 {
    let mut bits = place.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

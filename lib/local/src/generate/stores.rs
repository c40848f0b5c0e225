//! Stores: their ids, zones and habits.

use uuid::Builder;

use super::hours::{self, Shift};
use super::random::{Random, Weighted};

/// A store of the sample.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) id: String,
    /// `None` if the zones file has no row of the store.
    pub(super) zone: Option<Zone>,
    /// Empty if the hours file has no row of the store.
    pub(super) hours: Vec<Shift>,
    pub(super) polling: Polling,
    /// In how many of 10,000 hours an outage begins.
    pub(super) outages: u32,
}

/// A time zone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zone {
    pub(super) name: &'static str,
    /// The offset in winter. Polls look real enough without daylight saving time, and so they do
    /// not change with a release of the zone rules.
    pub(super) utc_offset_hours: i64,
}

/// How a store is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Polling {
    /// About once in most hours.
    Hourly,
    /// Often a second time, some minutes later.
    Doubled,
    /// Only in some hours.
    Sparse,
    Never,
}

impl Store {
    pub(super) fn new(random: &mut Random) -> Store {
        Store {
            id: id(random),
            zone: (!random.chance(WITHOUT_ZONE)).then(|| random.pick(&ZONES)),
            hours: if random.chance(WITHOUT_HOURS) { Vec::new() } else { hours::week(random) },
            polling: random.pick(&POLLING),
            outages: random.pick(&OUTAGES),
        }
    }

    pub(super) fn utc_offset_hours(&self) -> i64 {
        self.zone.map_or(CHICAGO.utc_offset_hours, |zone| zone.utc_offset_hours)
    }
}

/// An integer of 18 or 19 digits, or a random UUID.
fn id(random: &mut Random) -> String {
    if random.chance(5_000) {
        let bits = u128::from(random.bits()) << 64 | u128::from(random.bits());
        Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    } else {
        (SMALLEST_ID + random.below(ID_LIMIT - SMALLEST_ID)).to_string()
    }
}

/// 18 digits.
const SMALLEST_ID: u64 = 100_000_000_000_000_000;
/// The real ids fit into a signed integer.
const ID_LIMIT: u64 = 1 << 63;

const WITHOUT_ZONE: u32 = 400;
const WITHOUT_HOURS: u32 = 1_800;

const POLLING: Weighted<Polling, 4> =
    [(66, Polling::Hourly), (12, Polling::Doubled), (21, Polling::Sparse), (1, Polling::Never)];

/// Most stores hardly ever fail; a few fail often.
const OUTAGES: Weighted<u32, 3> = [(70, 30), (24, 150), (6, 800)];

const CHICAGO: Zone = zone("America/Chicago", -6);

const ZONES: Weighted<Zone, 11> = [
    (582, zone("America/New_York", -5)),
    (230, zone("America/Los_Angeles", -8)),
    (108, CHICAGO),
    (30, zone("America/Phoenix", -7)),
    (12, zone("America/Denver", -7)),
    (8, zone("America/Detroit", -5)),
    (6, zone("America/Indiana/Indianapolis", -5)),
    (8, zone("Pacific/Honolulu", -10)),
    (10, zone("Asia/Beirut", 2)),
    (3, zone("America/Boise", -7)),
    (3, zone("America/Edmonton", -7)),
];

const fn zone(name: &'static str, utc_offset_hours: i64) -> Zone {
    Zone { name, utc_offset_hours }
}

//! Collects the rows of a file of time zones.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::{Counts, by_shard};
use crate::segment::{Segment, Source, pack_zones};
use crate::{StoreId, Zone};

#[derive(Debug, Default)]
pub(super) struct ZonesFile {
    stores: HashMap<StoreId, StoreZones, FixedState>,
}

#[derive(Debug)]
struct StoreZones {
    /// The zone of the last row that has one. `None` if no row has one.
    zone: Option<Zone>,
    /// The zones of earlier rows, and how many rows had each.
    overruled: Vec<(Zone, u64)>,
    /// How many duplicates are due to a row without a zone. They are no conflicts.
    without_zone: u64,
}

impl ZonesFile {
    pub(super) fn add(&mut self, store: StoreId, zone: Option<Zone>) {
        let Some(zones) = self.stores.get_mut(&store) else {
            let first = StoreZones { zone, overruled: Vec::new(), without_zone: 0 };
            self.stores.insert(store, first);
            return;
        };
        // If this row or all earlier ones have no zone, one row without a zone is a duplicate.
        let Some(before) = zone.and_then(|zone| zones.zone.replace(zone)) else {
            zones.without_zone += 1;
            return;
        };
        match zones.overruled.iter_mut().find(|(zone, _)| *zone == before) {
            Some((_, count)) => *count += 1,
            None => zones.overruled.push((before, 1)),
        }
    }

    /// Returns the stores of accepted rows, each once.
    pub(super) fn stores(&self) -> impl Iterator<Item = &StoreId> {
        self.stores.keys()
    }

    pub(super) fn pack(
        &mut self,
        source: &Source,
        segments: &mut Vec<Segment>,
        counts: &mut Counts,
    ) {
        let counted = |(store, zones): (StoreId, StoreZones)| {
            let StoreZones { zone, overruled, without_zone } = zones;
            let with_zone: u64 = overruled.iter().map(|(_, count)| count).sum();
            let differing = overruled.iter().filter(|(before, _)| Some(*before) != zone);
            counts.add_packed(1, with_zone + without_zone, differing.map(|(_, count)| count).sum());
            (store, zone)
        };
        for (shard, stores) in by_shard(self.stores.drain().map(counted)) {
            segments.extend(pack_zones(shard, source, stores));
        }
    }
}

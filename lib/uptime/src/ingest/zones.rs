//! A file of time zones, whole.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::{Counts, for_each_shard};
use crate::segment::{Segment, Source, pack_zones};
use crate::{Shard, StoreId, Zone};

#[derive(Debug, Default)]
pub(super) struct ZonesFile {
    stores: HashMap<StoreId, StoreZones, FixedState>,
}

#[derive(Debug)]
struct StoreZones {
    /// Of the latest row, which wins.
    zone: Zone,
    /// The zones of the rows before it, and how many had them.
    overruled: Vec<(Zone, u64)>,
}

impl ZonesFile {
    pub(super) fn add(&mut self, store: StoreId, zone: Zone) {
        let Some(zones) = self.stores.get_mut(&store) else {
            self.stores.insert(store, StoreZones { zone, overruled: Vec::new() });
            return;
        };
        let before = std::mem::replace(&mut zones.zone, zone);
        match zones.overruled.iter_mut().find(|(zone, _)| *zone == before) {
            Some((_, count)) => *count += 1,
            None => zones.overruled.push((before, 1)),
        }
    }

    pub(super) fn pack(
        &mut self,
        source: &Source,
        segments: &mut Vec<Segment>,
        counts: &mut Counts,
    ) {
        let mut shards: Vec<Vec<(StoreId, Zone)>> = for_each_shard();
        for (store, StoreZones { zone, overruled }) in self.stores.drain() {
            let duplicate = overruled.iter().map(|(_, count)| count).sum();
            let differing = overruled.iter().filter(|(before, _)| *before != zone);
            counts.add_packed(1, duplicate, differing.map(|(_, count)| count).sum());
            shards[store.shard().index()].push((store, zone));
        }
        for (shard, stores) in Shard::all().zip(shards) {
            segments.extend(pack_zones(shard, source, stores));
        }
    }
}

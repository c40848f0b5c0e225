//! Packing values into segments and decoding them.

use std::collections::BTreeMap;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use uptime::segment::{decode, pack_polls};
use uptime::{PollSet, Shard, StoreId};

use crate::data::{SAMPLE, Store};

/// Packs all polls, shard by shard.
#[divan::bench(sample_count = 50)]
fn encode_polls(bencher: Bencher) {
    let of_shard = |stores: &BTreeMap<StoreId, Store>| -> Vec<(StoreId, PollSet)> {
        stores.iter().map(|(id, store)| (id.clone(), store.polls.clone())).collect()
    };
    bencher
        .counter(ItemsCount::new(SAMPLE.poll_count))
        .with_inputs(|| SAMPLE.stores.iter().map(of_shard).collect::<Vec<_>>())
        .bench_local_values(|shards| {
            let packed = Shard::all().zip(shards).map(|(shard, stores)| pack_polls(shard, stores));
            packed.collect::<Vec<_>>()
        });
}

/// Decodes all segments. Nearly all of them hold polls; the others hold hours and zones.
#[divan::bench(sample_count = 50)]
fn decode_segments(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(SAMPLE.poll_count))
        .counter(BytesCount::new(SAMPLE.segment_bytes()))
        .bench_local(|| {
            for segment in SAMPLE.segments.iter().flatten() {
                black_box(decode(black_box(&segment.bytes))).unwrap();
            }
        });
}

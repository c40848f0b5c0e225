//! Polls passed to the packer directly, including polls that no source file can hold.

use super::*;
use crate::ingest::entry::Entry;
use crate::ingest::polls::{Packed, PollPacker};
use crate::ingest::warnings::WarningFinder;
use crate::interval::HOUR;
use crate::segment::pack_polls;
use crate::{Poll, PollSet, Shard, Status, StoreId};

#[test]
fn polls_out_of_the_source_files_range_are_packed_too() {
    let polls = [
        Timestamp::from_micros(i64::MIN / 4),
        Timestamp::from_micros(-1),
        Timestamp::from_rfc3339("1999-12-31T23:59:59.999999Z").unwrap(),
        Timestamp::from_rfc3339("2023-01-24T09:00:00Z").unwrap(),
        Timestamp::from_rfc3339("2100-01-01T00:00:00Z").unwrap(),
        Timestamp::from_micros(i64::MAX / 4),
    ];
    let store = StoreId::new("7").unwrap();
    let mut packer = PollPacker::new(usize::MAX);
    for at in polls {
        packer.add(store.clone(), Poll::new(at, Status::Active), &mut WarningFinder::default());
    }
    packer.pack(&mut WarningFinder::default(), false);
    let Packed { mut segments, counts: found_counts } = packer.packed;

    assert_eq!(found_counts, counts(6, 0, 0, 0));
    let set = PollSet::new(polls.map(|at| Poll::new(at, Status::Active)).to_vec());
    let mut expected = pack_polls(store.shard(), vec![(store, set)]);
    for segments in [&mut segments, &mut expected] {
        segments.sort_unstable_by(|this, that| this.bytes.cmp(&that.bytes));
    }
    assert_eq!(segments, expected);
}

#[test]
fn a_batch_does_not_end_however_many_stores_it_has() {
    // Every shard gets more stores than a list can number, of each usual form.
    let stores: Vec<StoreId> = (0..32 * 9_000_u64)
        .flat_map(|number| {
            let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let hex = format!("{number:016x}{:016x}", number ^ 0x5555);
            let uuid = format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            );
            [number.to_string(), uuid].map(|id| StoreId::new(&id).unwrap())
        })
        .collect();
    let polls = || {
        let rounds = [0, 1, 0].into_iter();
        rounds.flat_map(|hour| stores.iter().map(move |store| (store.clone(), hour)))
    };

    let Packed { segments, counts: found_counts } = packed(usize::MAX, polls());

    // A poll of the last round repeats one of the first, which one batch recognises.
    let count = stores.len() as u64;
    assert_eq!(found_counts, counts(2 * count, count, 0, 0));
    let mut by_shard: Vec<Vec<(StoreId, PollSet)>> = for_each_shard();
    for store in stores {
        let shard = store.shard().index();
        by_shard[shard].push((store, PollSet::new([0, 1].map(poll).to_vec())));
    }
    let expected = Shard::all().zip(by_shard);
    let expected: Vec<_> = expected.flat_map(|(shard, sets)| pack_polls(shard, sets)).collect();
    assert!(segments == expected);
}

#[test]
fn a_batch_ends_when_ids_with_similar_hashes_fill_a_list() {
    // Their hashes begin with the same nine bits, six of which choose the shard.
    let first_bits = |store: &StoreId| store.mixed() >> (u64::BITS - 9);
    let bits = first_bits(&StoreId::new("7").unwrap());
    let ids = (0..512 * 5_000_u32).map(|number| StoreId::new(&number.to_string()).unwrap());
    let similar: Vec<StoreId> = ids.filter(|store| first_bits(store) == bits).collect();
    assert!(similar.len() > Entry::MAX_STORES);

    let twice = similar.iter().chain(&similar).map(|store| (store.clone(), 0));
    let Packed { segments, counts } = packed(usize::MAX, twice);

    // A poll that repeats one of an earlier batch is stored again.
    assert!(counts.loaded > similar.len() as u64);
    let mut found = stored(&segments);
    found.dedup();
    assert_eq!(found.len(), similar.len());
}

/// Packs one active poll for each store and hour.
fn packed(batch_bytes: usize, polls: impl Iterator<Item = (StoreId, i64)>) -> Packed {
    let mut packer = PollPacker::new(batch_bytes);
    for (store, hour) in polls {
        packer.add(store, poll(hour), &mut WarningFinder::default());
    }
    packer.pack(&mut WarningFinder::default(), false);
    packer.packed
}

fn poll(hour: i64) -> Poll {
    let first = Timestamp::from_rfc3339("2023-01-24T09:00:00Z").unwrap();
    Poll::new(first.plus(hour * HOUR), Status::Active)
}

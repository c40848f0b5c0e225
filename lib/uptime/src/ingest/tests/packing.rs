//! Polls passed to the packer directly, including polls that no source file can hold.

use super::*;
use crate::ingest::polls::{Packed, PollPacker};
use crate::ingest::warnings::WarningFinder;
use crate::segment::pack_polls;
use crate::{Poll, PollSet, Status, StoreId};

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
fn a_batch_ends_when_a_list_has_no_more_numbers_for_its_stores() {
    // Every shard receives more than 4,096 stores.
    let stores = 64 * 5_000;
    let at = Timestamp::from_rfc3339("2023-01-24T09:00:00Z").unwrap();
    let mut packer = PollPacker::new(usize::MAX);
    for number in 0..stores {
        let store = StoreId::new(&number.to_string()).unwrap();
        packer.add(
            store,
            Poll::new(at.plus(number), Status::Active),
            &mut WarningFinder::default(),
        );
    }
    packer.pack(&mut WarningFinder::default(), false);

    let Packed { segments, counts } = packer.packed;
    assert_eq!(counts.loaded, stores.cast_unsigned());
    let mut found = Vec::new();
    for segment in &segments {
        let Ok(Decoded::Polls(stores)) = decode(&segment.bytes) else { panic!() };
        for (store, polls) in stores {
            let [poll] = polls.as_slice() else { panic!("{polls:?}") };
            assert_eq!(store.to_string(), (poll.at().micros() - at.micros()).to_string());
            found.push(poll.at());
        }
    }
    found.sort_unstable();
    assert!(found.iter().copied().eq((0..stores).map(|number| at.plus(number))));
}

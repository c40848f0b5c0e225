//! Which segments of hours and zones a newer file replaces completely (`README.md`, "Segments").
//!
//! **Never segments of the same file**, even if another load read that file differently, with
//! another limit or another version of the program. Two loads at once would delete each other's
//! segments, and if one was killed in between, none would be left. `ShardData` decides which of two
//! readings counts.

use std::collections::{HashMap, HashSet};

use uptime::segment::{Decoded, Segment, SegmentKind, Source, decode};
use uptime::{Shard, StoreId};

use crate::StoreDataError;
use crate::item_key::ItemKey;

/// The stores that a file names, by shard and by kind. Files of polls are left out: they replace
/// nothing.
pub(crate) type NamedStores = HashMap<(Shard, SegmentKind), HashSet<StoreId>>;

/// Returns the stores that the segments of a file name.
pub(crate) fn named_stores(
    segments: &[Segment],
    source: &Source,
) -> Result<NamedStores, StoreDataError> {
    let mut named = NamedStores::new();
    for segment in segments {
        if matches!(segment.kind, SegmentKind::Polls(_)) {
            continue;
        }
        let stores = named.entry((segment.shard, segment.kind)).or_default();
        let decoded = decode(&segment.bytes).map_err(|error| StoreDataError::Unreadable {
            item: ItemKey::of_segment(segment, source),
            source: error.into(),
        })?;
        match decoded {
            Decoded::Polls(_) => {}
            Decoded::Hours(_, rows) => stores.extend(rows.into_iter().map(|(store, _)| store)),
            Decoded::Zones(_, zones) => stores.extend(zones.into_iter().map(|(store, _)| store)),
        }
    }
    Ok(named)
}

/// Returns whether a segment is from a file older than `source` and no longer needed, because
/// `source` names all its stores.
pub(crate) fn is_superseded(older: &Decoded, source: &Source, named: &HashSet<StoreId>) -> bool {
    match older {
        Decoded::Polls(_) => false,
        Decoded::Hours(from, rows) => {
            from < source && rows.iter().all(|(store, _)| named.contains(store))
        }
        Decoded::Zones(from, zones) => {
            from < source && zones.iter().all(|(store, _)| named.contains(store))
        }
    }
}

#[cfg(test)]
mod tests {
    use uptime::{Timestamp, Zone};

    use super::*;

    #[test]
    fn an_older_segment_is_superseded_when_all_its_stores_are_named() {
        check((1, "a b"), (2, "a b c"), true);
        check((1, "a b"), (2, "a b"), true);
        check((1, "a b"), (2, "a c"), false);
    }

    #[test]
    fn neither_the_same_file_nor_a_newer_one_is_superseded() {
        check((2, "a"), (2, "a"), false);
        check((3, "a"), (2, "a"), false);
    }

    /// Earlier versions of the program did not store the place of an upload within its second.
    #[test]
    fn within_a_second_only_the_earlier_upload_is_superseded() {
        let stored = source(1);
        let placed = |rank| Source { rank, ..source(1) };
        let named = stores("a");
        let of = |source: &Source| {
            let rows = named.iter().map(|store| (store.clone(), Vec::new())).collect();
            Decoded::Hours(source.clone(), rows)
        };
        for (older, newer) in [(&stored, &placed(1)), (&placed(1), &placed(2))] {
            assert!(is_superseded(&of(older), newer, &named));
            assert!(!is_superseded(&of(newer), older, &named));
        }
    }

    #[test]
    fn polls_are_never_superseded() {
        assert!(!is_superseded(&Decoded::Polls(Vec::new()), &source(9), &HashSet::new()));
    }

    #[track_caller]
    fn check((older, its_stores): (i64, &str), (newer, named): (i64, &str), expected: bool) {
        let zones =
            stores(its_stores).into_iter().map(|store| (store, Some(Zone::DEFAULT))).collect();
        let rows = stores(its_stores).into_iter().map(|store| (store, Vec::new())).collect();
        let named = stores(named);

        for older in [Decoded::Zones(source(older), zones), Decoded::Hours(source(older), rows)] {
            assert_eq!(is_superseded(&older, &source(newer), &named), expected);
        }
    }

    fn stores(names: &str) -> HashSet<StoreId> {
        names.split(' ').map(|name| StoreId::new(name).unwrap()).collect()
    }

    fn source(micros: i64) -> Source {
        let uploaded_at = Timestamp::from_micros(micros);
        Source::new(uploaded_at, "incoming/hours.csv", "v")
    }
}

//! Which segments a newer file replaces completely (`README.md`, "Segments").
//!
//! **Never segments of the same file**, even if another load read that file differently, with
//! another limit or another version of the program. Two loads at once would delete each other's
//! segments, and if one was killed in between, none would be left. `ShardData` decides which of two
//! readings counts.

use std::collections::{HashMap, HashSet};

use uptime::input::ReplacingKind;
use uptime::segment::{Decoded, Segment, SegmentKind, Source, decode};
use uptime::{Shard, StoreId};

use crate::item_key::ItemKey;
use crate::store_data_error::StoreDataError;

/// The stores that a file names, by shard and by kind. Files of polls are left out: they replace
/// nothing.
pub(crate) type NamedStores = HashMap<(Shard, ReplacingKind), HashSet<StoreId>>;

/// Returns the stores that the segments of a file name.
pub(crate) fn named_stores(
    segments: &[Segment],
    source: &Source,
) -> Result<NamedStores, StoreDataError> {
    let mut named = NamedStores::new();
    for segment in segments {
        let SegmentKind::Replacing(kind) = segment.kind else { continue };
        let decoded = decode(&segment.bytes).map_err(|error| StoreDataError::Unreadable {
            item: ItemKey::of_segment(segment, source),
            source: error.into(),
        })?;
        if let Decoded::Replacing(_, stores) = decoded {
            let named = named.entry((segment.shard, kind)).or_default();
            named.extend(stores.into_iter().map(|(store, _)| store));
        }
    }
    Ok(named)
}

/// Returns whether a segment is from a file older than `source` and no longer needed, because
/// `source` names all its stores.
pub(crate) fn is_superseded(older: &Decoded, source: &Source, named: &HashSet<StoreId>) -> bool {
    match older {
        Decoded::Polls(_) => false,
        Decoded::Replacing(from, stores) => {
            from < source && stores.iter().all(|(store, _)| named.contains(store))
        }
    }
}

#[cfg(test)]
mod tests {
    use uptime::Timestamp;
    use uptime::segment::ReplacingRows;

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
        let of = |source: &Source| Decoded::Replacing(source.clone(), with_zones(named.clone()));
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
        let older = Decoded::Replacing(source(older), with_zones(stores(its_stores)));
        assert_eq!(is_superseded(&older, &source(newer), &stores(named)), expected);
    }

    fn with_zones(stores: HashSet<StoreId>) -> Vec<(StoreId, ReplacingRows)> {
        stores.into_iter().map(|store| (store, ReplacingRows::Zone(None))).collect()
    }

    fn stores(names: &str) -> HashSet<StoreId> {
        names.split(' ').map(|name| StoreId::new(name).unwrap()).collect()
    }

    fn source(micros: i64) -> Source {
        let uploaded_at = Timestamp::from_micros(micros);
        Source::new(uploaded_at, "incoming/hours.csv", "v")
    }
}

//! Which segments of hours and zones a load replaces altogether (architecture section 3): those of
//! older files all of whose stores it names, and those that an earlier load of the **same** file
//! stored otherwise, under another limit or by another version of the program.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use uptime::segment::{Decoded, Segment, SegmentKind, Source, decode};
use uptime::{Shard, StoreId};

use crate::StoreDataError;
use crate::item_key::ItemKey;

/// The stores that a file names, by shard and by what it tells of them. Polls replace nothing.
pub(crate) type NamedStores = HashMap<(Shard, SegmentKind), HashSet<StoreId>>;

/// Reads which stores the segments of a file name.
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

/// Why a stored segment is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Superseded {
    /// It is of an older file, and the newer one names all its stores.
    ByNewerFile,
    /// Another load of the same file read it otherwise; the last load's reading counts.
    ByAnotherLoad,
}

/// Judges a segment that the load of `source` found and did not write itself; `None`: it stays.
pub(crate) fn superseded(
    stored: &Decoded,
    source: &Source,
    named: &HashSet<StoreId>,
) -> Option<Superseded> {
    let (from, all_are_named) = match stored {
        Decoded::Polls(_) => return None,
        Decoded::Hours(from, rows) => (from, rows.iter().all(|(store, _)| named.contains(store))),
        Decoded::Zones(from, zones) => (from, zones.iter().all(|(store, _)| named.contains(store))),
    };
    match from.cmp(source) {
        Ordering::Less => all_are_named.then_some(Superseded::ByNewerFile),
        Ordering::Equal => Some(Superseded::ByAnotherLoad),
        Ordering::Greater => None,
    }
}

#[cfg(test)]
mod tests {
    use uptime::Timestamp;
    use uptime::business_hours::DEFAULT_ZONE;

    use super::*;

    #[test]
    fn an_older_segment_is_superseded_when_all_its_stores_are_named() {
        check((1, "a b"), (2, "a b c"), Some(Superseded::ByNewerFile));
        check((1, "a b"), (2, "a b"), Some(Superseded::ByNewerFile));
        check((1, "a b"), (2, "a c"), None);
    }

    #[test]
    fn another_loads_reading_of_the_same_file_is_superseded_whatever_stores_it_names() {
        check((2, "a"), (2, "a"), Some(Superseded::ByAnotherLoad));
        check((2, "a b"), (2, "a"), Some(Superseded::ByAnotherLoad));
    }

    #[test]
    fn a_newer_file_is_not_superseded() {
        check((3, "a"), (2, "a"), None);
    }

    #[test]
    fn polls_are_never_superseded() {
        assert_eq!(superseded(&Decoded::Polls(Vec::new()), &source(9), &HashSet::new()), None);
    }

    #[track_caller]
    fn check(
        (older, its_stores): (i64, &str),
        (newer, named): (i64, &str),
        expected: Option<Superseded>,
    ) {
        let zones = stores(its_stores).into_iter().map(|store| (store, DEFAULT_ZONE)).collect();
        let rows = stores(its_stores).into_iter().map(|store| (store, Vec::new())).collect();
        let named = stores(named);

        for older in [Decoded::Zones(source(older), zones), Decoded::Hours(source(older), rows)] {
            assert_eq!(superseded(&older, &source(newer), &named), expected);
        }
    }

    fn stores(names: &str) -> HashSet<StoreId> {
        names.split(' ').map(|name| StoreId::new(name).unwrap()).collect()
    }

    fn source(micros: i64) -> Source {
        let uploaded_at = Timestamp::from_micros(micros);
        Source { uploaded_at, key: "incoming/hours.csv".to_owned(), version: "v".to_owned() }
    }
}

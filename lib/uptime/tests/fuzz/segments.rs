//! Damaged segments are decoded or refused. Decoded values can be packed and decoded again.

use proptest::prelude::*;
use uptime::interval::HOUR;
use uptime::output::report_csv;
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{
    Decoded, ReplacingRows, Segment, decode, pack_hours, pack_polls, pack_special_days, pack_zones,
};
use uptime::shard_data::ShardData;
use uptime::timeline::MaxHold;
use uptime::{PollSet, Shard, StoreId, Timestamp};

use crate::damage::{damaged, damages};
use crate::file::file;
use crate::files::{load, row_count};

/// Parts to insert, among them lengths and numbers that no valid segment has.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02",
    b"\x01\x01",
    b"\x01\x02",
    b"\x01\x03",
    b"\x02\x04",
    b"\x03UTC",
];

/// 2023-01-25 12:00 UTC.
const AS_OF: Timestamp = Timestamp::from_micros(1_674_648_000_000_000);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_damaged_segment_is_decoded_or_refused(bytes in segment()) {
        let decoded = decode(&bytes);
        let max_hold = MaxHold::from_minutes(90);
        for method in [Method::PollCount, Method::TimeWeighted { max_hold, period: None }] {
            let parameters = ReportParameters { as_of: AS_OF, method };
            let mut data = ShardData::new(parameters);
            prop_assert_eq!(data.add(&bytes).is_ok(), decoded.is_ok());
            let rows = data.report().rows;
            for row in &rows {
                for (uptime, hours) in row.uptimes.iter().zip([1, 24, 168]) {
                    prop_assert!(uptime.up_micros >= 0 && uptime.down_micros >= 0);
                    if method != Method::PollCount {
                        prop_assert!(uptime.up_micros + uptime.down_micros <= hours * HOUR);
                    }
                }
            }
            report_csv(&parameters, &rows);
        }
    }

    #[test]
    fn a_segment_never_decodes_to_more_items_than_it_has_bytes(bytes in segment()) {
        let count = match decode(&bytes) {
            Err(_) => 0,
            Ok(Decoded::Polls(stores)) => {
                stores.iter().map(|(_, polls)| 1 + polls.as_slice().len()).sum()
            }
            Ok(Decoded::Replacing(_, stores)) => {
                stores.iter().map(|(_, rows)| 1 + row_count(rows)).sum()
            }
        };
        prop_assert!(count <= bytes.len());
    }

    #[test]
    fn decoded_values_pack_and_decode_to_the_same(bytes in segment()) {
        if let Ok(decoded) = decode(&bytes) {
            let packed = pack(&decoded);
            let again = packed.iter().map(|segment| decode(&segment.bytes).unwrap());
            prop_assert_eq!(joined(again.collect()), joined(vec![decoded]));
        }
    }
}

fn segment() -> impl Strategy<Value = Vec<u8>> {
    let valid = (file(), any::<prop::sample::Index>()).prop_filter_map(
        "it has a segment",
        |(file, which)| {
            let segments = load(&file, &[]).segments;
            (!segments.is_empty()).then(|| segments[which.index(segments.len())].bytes.clone())
        },
    );
    (valid, damages(TOKENS)).prop_map(|(bytes, damages)| damaged(bytes, &damages))
}

fn pack(decoded: &Decoded) -> Vec<Segment> {
    let shard = Shard::all().next().unwrap();
    let (source, stores) = match decoded.clone() {
        Decoded::Polls(stores) => return pack_polls(shard, merged(stores)),
        Decoded::Replacing(source, stores) => (source, stores),
    };
    let (mut hours, mut zones, mut special_days) = (Vec::new(), Vec::new(), Vec::new());
    for (store, rows) in stores {
        match rows {
            ReplacingRows::Hours(rows) => hours.push((store, rows)),
            ReplacingRows::Zone(zone) => zones.push((store, zone)),
            ReplacingRows::SpecialDays(rows) => special_days.push((store, rows)),
        }
    }
    [
        pack_hours(shard, &source, hours),
        pack_zones(shard, &source, zones),
        pack_special_days(shard, &source, special_days),
    ]
    .concat()
}

/// Returns the content of segments, one text per item, sorted.
fn joined(decoded: Vec<Decoded>) -> Vec<String> {
    let mut texts = Vec::new();
    for decoded in decoded {
        match decoded {
            Decoded::Polls(stores) => {
                let polls = |(store, set): (StoreId, PollSet)| {
                    set.as_slice()
                        .iter()
                        .map(|poll| format!("{store} {poll:?}"))
                        .collect::<Vec<_>>()
                };
                texts.extend(merged(stores).into_iter().flat_map(polls));
            }
            Decoded::Replacing(source, stores) => {
                texts.push(format!("{source:?}"));
                for (store, rows) in stores {
                    match rows {
                        ReplacingRows::Hours(rows) => {
                            texts.extend(rows.iter().map(|row| format!("{store} {row:?}")));
                        }
                        ReplacingRows::Zone(zone) => texts.push(format!("{store} {zone:?}")),
                        ReplacingRows::SpecialDays(rows) => {
                            texts.extend(rows.iter().map(|row| format!("{store} {row:?}")));
                        }
                    }
                }
            }
        }
    }
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// A damaged segment may name a store twice.
fn merged(stores: Vec<(StoreId, PollSet)>) -> Vec<(StoreId, PollSet)> {
    let mut polls = std::collections::BTreeMap::<StoreId, Vec<_>>::new();
    for (store, set) in stores {
        polls.entry(store).or_default().extend_from_slice(set.as_slice());
    }
    polls.into_iter().map(|(store, polls)| (store, PollSet::new(polls))).collect()
}

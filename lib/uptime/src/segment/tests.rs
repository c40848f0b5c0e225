use chrono::Weekday;

use super::varint::{write_count, write_signed, write_varint};
use super::*;
use crate::business_hours::{LocalTime, Opening, PackedRow, SpecialDate};
use crate::{Poll, Status};

#[test]
fn polls_decode_to_what_was_packed() {
    let stores = vec![
        (store("1481966498820158979"), polls(&[(0, true), (5, false), (3_600_000_000, true)])),
        (store("0"), polls(&[(-7, false)])),
        (store("0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b"), polls(&[(11, true)])),
        (store("00012"), polls(&[(12, true)])),
        (store("café =1"), polls(&[(13, false), (14, true)])),
    ];

    let segments = pack_polls(shard(), stores.clone());

    let mut decoded: Vec<_> = segments.iter().flat_map(polls_of).collect();
    decoded.sort();
    let mut expected: Vec<_> =
        stores.iter().flat_map(|(store, set)| of_store(store, set)).collect();
    expected.sort();
    assert_eq!(decoded, expected);
}

#[test]
fn each_utc_day_has_its_own_segments() {
    let set = polls(&[(-1, true), (0, true), (DAY - 1, true), (DAY, false)]);

    // A store without polls on the middle day is only in the segments of the other two days.
    let with_gap = polls(&[(-1, true), (DAY, true)]);

    let segments = pack_polls(shard(), vec![(store("7"), set), (store("8"), with_gap)]);

    let days: Vec<String> = segments
        .iter()
        .map(|segment| match segment.kind {
            SegmentKind::Polls(day) => day.to_string(),
            SegmentKind::Replacing(kind) => format!("{kind:?}"),
        })
        .collect();
    assert_eq!(days, ["1969-12-31", "1970-01-01", "1970-01-02"]);
    assert_eq!(segments.iter().map(|of_day| polls_of(of_day).len()).collect::<Vec<_>>(), [2, 2, 2]);
}

#[test]
fn equal_content_in_any_order_gives_equal_bytes() {
    let (a, b) = ((store("5"), polls(&[(1, true)])), (store("x"), polls(&[(2, false)])));
    assert_eq!(pack_polls(shard(), vec![a.clone(), b.clone()]), pack_polls(shard(), vec![b, a]));
    let rows = |first: usize| {
        let both = [row(0, 0, 60), row(1, 9 * 3600, 17 * 3600)];
        vec![(store("5"), vec![both[first], both[1 - first], both[first]])]
    };
    assert_eq!(pack_hours(shard(), &source(), rows(0)), pack_hours(shard(), &source(), rows(1)));
}

#[test]
fn a_day_too_large_for_one_segment_becomes_several_and_loses_nothing() {
    let many: Vec<(i64, bool)> = (0..100_000).map(|number| (number * 7, number % 3 == 0)).collect();
    let set = polls(&many);

    let segments = pack_polls(shard(), vec![(store("5"), set.clone()), (store("6"), set.clone())]);

    assert_eq!(segments.len(), 6, "no more than it takes if they were as far apart as can be");
    assert!(segments.iter().all(|segment| segment.bytes.len() <= MAX_SEGMENT_BYTES));
    let decoded: usize = segments.iter().map(|segment| polls_of(segment).len()).sum();
    assert_eq!(decoded, 200_000);
}

#[test]
fn hours_and_zones_decode_to_what_was_packed_with_their_source() {
    let rows = vec![row(0, 0, 86_400), row(6, 1, 86_399), row(3, 9 * 3600 + 60, 61)];
    let segments = pack_hours(shard(), &source(), vec![(store("5"), rows.clone())]);
    let mut sorted = rows;
    sorted.sort_by_key(|row| PackedRow::new(*row));
    assert_eq!(segments.len(), 1);
    assert_eq!(decode(&segments[0].bytes), Ok(hours(source(), vec![(store("5"), sorted)])));

    let stores = vec![(store("5"), Some(zone("Asia/Beirut"))), (store("6"), Some(Zone::DEFAULT))];
    let segments = pack_zones(shard(), &source(), stores.clone());
    assert_eq!(decode(&segments[0].bytes), Ok(zones(source(), stores)));
}

#[test]
fn rows_without_times_and_stores_without_a_zone_decode_to_what_was_packed() {
    let rows = vec![row(0, 0, 60), HoursRow::Closed(Weekday::Tue), HoursRow::Closed(Weekday::Sun)];
    let stores = vec![
        (store("4"), vec![HoursRow::Unknown]),
        (store("5"), rows),
        (store("6"), vec![HoursRow::Closed(Weekday::Mon)]),
    ];
    let segments = pack_hours(shard(), &source(), stores.clone());
    assert_eq!(decode(&segments[0].bytes), Ok(hours(source(), stores)));

    let stores = vec![(store("5"), None), (store("6"), Some(zone("UTC"))), (store("7"), None)];
    let segments = pack_zones(shard(), &source(), stores.clone());
    assert_eq!(decode(&segments[0].bytes), Ok(zones(source(), stores)));
}

#[test]
fn rows_without_effect_are_not_packed() {
    let closed = HoursRow::Closed(Weekday::Mon);
    let pack =
        |rows: &[HoursRow]| pack_hours(shard(), &source(), vec![(store("5"), rows.to_vec())]);
    let opens = row(0, 0, 60);
    assert_eq!(pack(&[closed, HoursRow::Unknown, opens, closed]), pack(&[opens]));
    assert_eq!(pack(&[HoursRow::Unknown, closed, HoursRow::Unknown]), pack(&[closed]));
    assert_ne!(pack(&[closed]), pack(&[HoursRow::Unknown]));
}

#[test]
fn a_row_of_hours_of_an_unknown_form_is_an_error() {
    let mut bytes =
        pack_hours(shard(), &source(), vec![(store("5"), vec![HoursRow::Unknown])]).remove(0).bytes;
    let at = bytes.len() - 3;
    assert_eq!(bytes[at], 1 << 6);
    for form in [7, 1 << 5 | 7, 1 << 5 | 1 << 3, 1 << 6 | 1, 1 << 6 | 1 << 5, 1 << 7] {
        bytes[at] = form;
        assert_eq!(decode(&bytes), Err(DecodeError("a row of hours has no weekday")), "{form}");
    }
}

#[test]
fn hours_and_zones_that_an_older_program_stored_are_read_as_the_oldest_of_their_second() {
    // Version 1: upload instant 5, key `k`, version `v1`.
    let preamble = |kind| vec![1, kind, 10, 1, b'k', 2, b'v', b'1'];
    let id = vec![1, 0, 0, 0, 0, 0, 0, 0, 5];
    let rows = vec![2, 0b1_0010, 0x1c, 0x02, 0x3d, 0xf0, 0, 0b110, 0, 0, 0xa0, 0x05, 0, 0];
    let of_hours = [preamble(HOURS), id.clone(), rows].concat();
    let of_zones = [preamble(ZONES), b"\x01\x03UTC".to_vec(), id, vec![0, 0, 0]].concat();

    let oldest = Source::new(Timestamp::from_micros(5), "k", "v1");
    let rows = vec![row(2, 9 * 3600, 61_501), row(6, 0, 86_400)];
    let expected = hours(oldest.clone(), vec![(store("5"), rows)]);
    assert_eq!(decode(&of_hours), Ok(expected));
    let expected = zones(oldest.clone(), vec![(store("5"), Some(zone("UTC")))]);
    assert_eq!(decode(&of_zones), Ok(expected));

    let event = UploadEvent::new(oldest.uploaded_at, oldest.uploaded_at, sequencer(""));
    for (rank, event) in [(0, Some(event)), (1, None)] {
        assert!(oldest < Source { rank, event, ..oldest.clone() });
    }
}

/// The key of a segment is the hash of its bytes. With other bytes, the same polls would be stored
/// a second time.
#[test]
fn the_bytes_of_packed_polls_never_change() {
    let segments = pack_polls(shard(), vec![(store("5"), polls(&[(3, true), (5, false)]))]);
    assert_eq!(segments[0].bytes, [1, POLLS, 6, 1, 0, 0, 0, 0, 0, 0, 0, 5, 2, 1, 4, 0, 0]);
}

#[test]
fn special_days_count_their_days_from_the_row_before() {
    let rows = [special_row(3, 3_600, 86_399), SpecialRow::Closed(date(131)), SpecialRow::Unknown];
    let oldest = Source::new(Timestamp::from_micros(5), "k", "v1");
    let segments = pack_special_days(shard(), &oldest, vec![(store("5"), rows.to_vec())]);
    let preamble = vec![2, SPECIAL_DAYS, 10, 1, b'k', 2, b'v', b'1', 0, 0];
    let of_store = vec![1, 0, 0, 0, 0, 0, 0, 0, 5, 2, 3, 1 << 4, 60, 0, 0x7f, 0x51, 1];
    let closed = vec![0x80, 0x01, 1 << 5, 0, 0];
    assert_eq!(segments[0].bytes, [preamble, of_store, closed].concat());
    let expected = vec![(store("5"), ReplacingRows::SpecialDays(rows[..2].to_vec()))];
    assert_eq!(decode(&segments[0].bytes), Ok(Decoded::Replacing(oldest, expected)));
}

#[test]
fn a_special_day_out_of_range_or_of_an_unknown_form_is_an_error() {
    let last = SpecialRow::Closed(date(36_524));
    let of_store = vec![(store("5"), vec![last])];
    let bytes = pack_special_days(shard(), &source(), of_store).remove(0).bytes;
    let at = bytes.len() - 6;
    let [varint @ .., closed] = [0xac, 0x9d, 0x02, 1 << 5];
    assert_eq!(bytes[at..at + 4], [&varint[..], &[closed]].concat());
    for (place, byte, fault) in [
        (at, 0xad, "the date of a special day is out of range"),
        (at + 2, 0x7f, "the date of a special day is out of range"),
        (at + 3, 1 << 5 | 1, "a row of special days has a weekday"),
        (at + 3, 1, "a row of special days has a weekday"),
    ] {
        let mut bytes = bytes.clone();
        bytes[place] = byte;
        assert_eq!(decode(&bytes), Err(DecodeError(fault)), "{place} {byte}");
    }
}

#[test]
fn the_most_rows_a_store_may_have_fit_one_segment() {
    let times = || (0_u32..).take(MAX_OPENING_ROWS).map(|number| number * 4 + 1);
    let rows: Vec<HoursRow> = times().map(|start| row(0, start, 86_399)).collect();
    let special: Vec<_> =
        (0..).zip(times()).map(|(day, at)| special_row(day, at, 86_399)).collect();
    let mut segments = pack_hours(shard(), &source(), vec![(store("5"), rows)]);
    segments.extend(pack_special_days(shard(), &source(), vec![(store("5"), special)]));
    assert_eq!(segments.len(), 2);
    assert!(segments.iter().all(|segment| segment.bytes.len() <= MAX_SEGMENT_BYTES));
}

#[test]
fn segments_with_the_longest_ids_keys_and_versions_stay_within_the_size_limit() {
    let (key, version) = ("k".repeat(1024), "v".repeat(1024));
    let uploaded_at = Timestamp::from_micros(i64::MAX);
    let sequencer = Sequencer::new(&"f".repeat(128)).unwrap();
    let event = Some(UploadEvent { time: uploaded_at, sequencer });
    let source = Source { rank: u32::MAX, event, ..Source::new(uploaded_at, key, version) };
    let rows: Vec<HoursRow> = (0_u32..2_090).map(|number| row(6, number * 4 + 1, 86_399)).collect();
    let name = |number: u32| store(&format!("{number:x>128}"));

    // Without the bytes reserved for the source, these rows would fill a segment.
    let stores = (0..27).map(|number| (name(number), rows.clone())).collect();
    let segments = pack_hours(shard(), &source, stores);

    assert!(segments.len() > 1);
    assert!(segments.iter().all(|segment| segment.bytes.len() <= MAX_SEGMENT_BYTES));
}

#[test]
fn no_stores_give_no_segments() {
    assert!(pack_polls(shard(), Vec::new()).is_empty());
    assert!(pack_hours(shard(), &source(), Vec::new()).is_empty());
    assert!(pack_zones(shard(), &source(), Vec::new()).is_empty());
    assert!(pack_special_days(shard(), &source(), Vec::new()).is_empty());
}

#[test]
fn an_unknown_version_or_kind_is_an_error() {
    let mut bytes = pack_polls(shard(), vec![(store("5"), polls(&[(1, true)]))]).remove(0).bytes;
    bytes[1] = 9;
    assert_eq!(decode(&bytes), Err(DecodeError("its kind is not known to this program")));
    for (version, kind) in [
        (2, POLLS),
        (0, HOURS),
        (3, HOURS),
        (3, ZONES),
        (1, SPECIAL_DAYS),
        (3, SPECIAL_DAYS),
        (3, 9),
    ] {
        bytes[..2].copy_from_slice(&[version, kind]);
        assert_eq!(decode(&bytes), Err(DecodeError::UNKNOWN_VERSION));
    }
}

#[test]
fn a_truncated_segment_or_one_with_further_bytes_is_an_error() {
    let rows = vec![row(0, 0, 86_400), row(6, 1, 86_399)];
    let mut segments = pack_hours(shard(), &source(), vec![(store("x"), rows)]);
    segments.extend(pack_polls(shard(), vec![(store("5"), polls(&[(1, true), (2, true)]))]));
    segments.extend(pack_zones(shard(), &source(), vec![(store("5"), Some(zone("UTC")))]));
    let special = vec![special_row(26_000, 0, 60), special_row(26_000, 1, 86_399)];
    segments.extend(pack_special_days(shard(), &source(), vec![(store("5"), special)]));
    for Segment { mut bytes, .. } in segments {
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length]).is_err(), "{length}");
        }
        bytes.push(0);
        assert_eq!(decode(&bytes), Err(DecodeError("bytes follow its end")));
    }
}

#[test]
fn huge_counts_and_numbers_are_errors() {
    let largest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let over = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
    for number in [largest, over] {
        for kind in [POLLS, HOURS, ZONES, SPECIAL_DAYS] {
            let mut bytes = vec![if kind == POLLS { VERSION } else { SOURCED_VERSION }, kind];
            bytes.extend(number);
            bytes.extend(number);
            assert!(decode(&bytes).is_err());
        }
    }
}

#[test]
fn two_polls_at_one_instant_and_instants_out_of_range_are_errors() {
    let largest = i64::MAX / 2;
    let (twice, out_of_range) =
        ("a store has two polls at one instant", "an instant is out of range");
    check_polls(0, &[0], Ok(()));
    check_polls(0, &[1, 0], Err(twice));
    check_polls(largest, &[0], Ok(()));
    check_polls(-largest, &[0, largest.unsigned_abs()], Ok(()));
    check_polls(largest, &[1], Err(out_of_range));
    check_polls(largest + 1, &[0], Err(out_of_range));
    check_polls(-largest - 1, &[0], Err(out_of_range));
}

/// Decodes a store with one poll for each distance. The first distance is from `base`, the others
/// from the poll before.
#[track_caller]
fn check_polls(base: i64, distances: &[u64], expected: Result<(), &'static str>) {
    let mut bytes = vec![VERSION, POLLS];
    write_signed(&mut bytes, base);
    bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, 5]);
    write_count(&mut bytes, distances.len());
    for distance in distances {
        write_varint(&mut bytes, distance << 1);
    }
    bytes.extend([0, 0]);
    assert_eq!(decode(&bytes).map(drop), expected.map_err(DecodeError));
}

fn polls_of(segment: &Segment) -> Vec<(String, Timestamp, Status)> {
    let Ok(Decoded::Polls(stores)) = decode(&segment.bytes) else {
        panic!("no segment of polls");
    };
    stores.iter().flat_map(|(store, set)| of_store(store, set)).collect()
}

fn of_store(store: &StoreId, set: &PollSet) -> Vec<(String, Timestamp, Status)> {
    set.as_slice().iter().map(|poll| (store.to_string(), poll.at(), poll.status())).collect()
}

fn hours(source: Source, stores: Vec<(StoreId, Vec<HoursRow>)>) -> Decoded {
    let rows = |(store, rows)| (store, ReplacingRows::Hours(rows));
    Decoded::Replacing(source, stores.into_iter().map(rows).collect())
}

fn zones(source: Source, stores: Vec<(StoreId, Option<Zone>)>) -> Decoded {
    let rows = |(store, zone)| (store, ReplacingRows::Zone(zone));
    Decoded::Replacing(source, stores.into_iter().map(rows).collect())
}

fn polls(polls: &[(i64, bool)]) -> PollSet {
    let poll = |&(micros, is_up): &(i64, bool)| {
        let status = if is_up { Status::Active } else { Status::Inactive };
        Poll::new(Timestamp::from_micros(micros), status)
    };
    PollSet::new(polls.iter().map(poll).collect())
}

fn row(day: u8, start: u32, end: u32) -> HoursRow {
    let time = |seconds: u32| LocalTime::from_seconds(seconds).unwrap_or(LocalTime::DAY_END);
    let day = Weekday::try_from(day).unwrap();
    HoursRow::Opens(Opening { day, start: time(start), end: time(end) })
}

fn special_row(number: u16, start: u32, end: u32) -> SpecialRow {
    let [start, end] =
        [start, end].map(|seconds| LocalTime::from_seconds(seconds).unwrap_or(LocalTime::DAY_END));
    SpecialRow::Opens(Opening { day: date(number), start, end })
}

/// Returns the date this many days after 2000-01-01.
fn date(number: u16) -> SpecialDate {
    SpecialDate::from_number(number).unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

fn store(id: &str) -> StoreId {
    StoreId::new(id).unwrap()
}

fn shard() -> Shard {
    store("5").shard()
}

fn source() -> Source {
    let uploaded_at = Timestamp::from_micros(-3);
    let event = UploadEvent::new(uploaded_at, uploaded_at.plus(7), sequencer("1A2b00"));
    Source { rank: 2, event: Some(event), ..Source::new(uploaded_at, "incoming/a b.csv", "v1") }
}

fn sequencer(text: &str) -> Sequencer {
    Sequencer::new(text).unwrap()
}

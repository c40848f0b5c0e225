//! Segments keep what is packed into them. The files of a report do not depend on how its data was
//! split into loads, or on the order and repetition of these loads.

mod stored_data;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;

use chrono::Weekday;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use stored_data::{
    AS_OF, PollsOf, RowsOf, ZonesOf, any_id, any_source, few_ids, hours_of, one_id, polls_of,
    special_days_of, zones_of,
};
use uptime::business_hours::{OpeningRow, SpecialDate};
use uptime::interval::SECOND;
use uptime::output::report_files;
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{
    Decoded, MAX_SEGMENT_BYTES, ReplacingRows, Segment, SegmentKind, Sequencer, Source,
    UploadEvent, UtcDay, decode, pack_hours, pack_polls, pack_special_days, pack_zones,
};
use uptime::shard_data::ShardData;
use uptime::timeline::MaxHold;
use uptime::{Poll, PollSet, Shard, Status, StoreId, Timestamp};

proptest! {
    #![proptest_config(random_cases())]

    #[test]
    fn packed_polls_decode_to_the_same(polls in polls_of(any_id().boxed())) {
        let segments = pack_all_polls(&polls);

        let mut decoded: BTreeMap<StoreId, Vec<Poll>> = BTreeMap::new();
        for segment in &segments {
            let Ok(Decoded::Polls(stores)) = decode(&segment.bytes) else {
                return Err(TestCaseError::fail("no segment of polls"));
            };
            for (store, set) in stores {
                let on_its_day =
                    |poll: &Poll| segment.kind == SegmentKind::Polls(UtcDay::of(poll.at()));
                prop_assert!(set.as_slice().iter().all(on_its_day));
                decoded.entry(store).or_default().extend(set.as_slice());
            }
        }
        prop_assert_eq!(as_sets(decoded), as_sets(polls));
    }

    #[test]
    fn packed_hours_decode_to_the_same(hours in hours_of(any_id().boxed()), source in any_source()) {
        let segments = pack_hours(shard(), &source, hours.clone().into_iter().collect());

        check_decoded(&segments, &source, hours, |rows| match rows {
            ReplacingRows::Hours(rows) => Some(rows),
            ReplacingRows::Zone(_) | ReplacingRows::SpecialDays(_) => None,
        })?;
    }

    #[test]
    fn packed_special_days_decode_to_the_same(
        days in special_days_of(any_id().boxed()),
        source in any_source(),
    ) {
        let segments = pack_special_days(shard(), &source, days.clone().into_iter().collect());

        check_decoded(&segments, &source, days, |rows| match rows {
            ReplacingRows::SpecialDays(rows) => Some(rows),
            ReplacingRows::Zone(_) | ReplacingRows::Hours(_) => None,
        })?;
    }

    #[test]
    fn packed_zones_decode_to_the_same(zones in zones_of(any_id().boxed()), source in any_source()) {
        let segments = pack_zones(shard(), &source, zones.clone().into_iter().collect());

        let mut decoded = BTreeMap::new();
        for segment in &segments {
            let Ok(Decoded::Replacing(from, stores)) = decode(&segment.bytes) else {
                return Err(TestCaseError::fail("no segment of zones"));
            };
            prop_assert_eq!(&from, &source);
            decoded.extend(stores);
        }
        let zones = zones.into_iter().map(|(store, zone)| (store, ReplacingRows::Zone(zone)));
        prop_assert_eq!(decoded, zones.collect());
    }

    #[test]
    fn equal_content_gives_equal_bytes(polls in polls_of(any_id().boxed())) {
        let reversed = polls.iter().rev().map(|(store, polls)| {
            let twice = polls.iter().rev().chain(polls).copied().collect();
            (store.clone(), PollSet::new(twice))
        });
        prop_assert_eq!(pack_polls(shard(), reversed.collect()), pack_all_polls(&polls));
    }

    #[test]
    fn a_segment_cut_short_or_lengthened_is_an_error(
        polls in polls_of(any_id().boxed()),
        cut in any::<prop::sample::Index>(),
    ) {
        for segment in pack_all_polls(&polls) {
            let mut bytes = segment.bytes;
            prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
            bytes.push(0);
            prop_assert!(decode(&bytes).is_err());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_crash(
        version in 0..4_u8,
        kind in 0..5_u8,
        rest in vec(any::<u8>(), 0..80),
    ) {
        let bytes: Vec<u8> = [version, kind].into_iter().chain(rest).collect();
        let mut data = ShardData::new(time_weighted());
        prop_assert_eq!(decode(&bytes).is_err(), data.add(&bytes).is_err());
    }

    #[test]
    fn the_split_order_and_repetition_of_loads_change_nothing(
        (whole, parts) in few_ids().prop_flat_map(data_in_parts),
    ) {
        for parameters in [time_weighted(), of_period(), poll_count()] {
            prop_assert_eq!(report(&parts, parameters), report(&whole, parameters));
        }
    }

    #[test]
    fn an_incomplete_load_of_hours_never_replaces_a_complete_one(
        whole in hours_of(one_id().boxed()),
        polls in polls_of(one_id().boxed()),
        source in any_source(),
        last_row in any::<prop::sample::Index>(),
    ) {
        let part = first_rows(&whole, last_row);
        let part = pack_hours(shard(), &source, part.into_iter().collect());
        let whole = pack_hours(shard(), &source, whole.into_iter().collect());
        check_complete_load_counts(&pack_all_polls(&polls), &part, &whole)?;
    }

    #[test]
    fn an_incomplete_load_of_special_days_never_replaces_a_complete_one(
        whole in special_days_of(one_id().boxed()),
        polls in polls_of(one_id().boxed()),
        source in any_source(),
        last_row in any::<prop::sample::Index>(),
    ) {
        let part = first_rows(&whole, last_row);
        let part = pack_special_days(shard(), &source, part.into_iter().collect());
        let whole = pack_special_days(shard(), &source, whole.into_iter().collect());
        check_complete_load_counts(&pack_all_polls(&polls), &part, &whole)?;
    }
}

/// Checks that the segments hold the packed rows, except those without effect. `of_kind` returns the
/// rows if they are of the right kind.
fn check_decoded<Day: Debug + Copy + Eq + Hash>(
    segments: &[Segment],
    source: &Source,
    packed: RowsOf<Day>,
    of_kind: impl Fn(ReplacingRows) -> Option<Vec<OpeningRow<Day>>>,
) -> Result<(), TestCaseError> {
    let mut decoded = BTreeMap::new();
    for segment in segments {
        let Ok(Decoded::Replacing(from, stores)) = decode(&segment.bytes) else {
            return Err(TestCaseError::fail("no segment of this kind"));
        };
        prop_assert_eq!(&from, source);
        for (store, rows) in stores {
            let rows = of_kind(rows).ok_or(TestCaseError::fail("no rows of this kind"))?;
            decoded.insert(store, rows);
        }
    }
    prop_assert!(decoded.values().all(|rows| rows.len() == set_of(rows).len()));
    prop_assert_eq!(rows_as_sets(decoded), kept_rows_as_sets(packed));
    Ok(())
}

fn first_rows<Day: Copy>(whole: &RowsOf<Day>, last_row: prop::sample::Index) -> RowsOf<Day> {
    let first = |rows: &[OpeningRow<Day>]| rows[..=last_row.index(rows.len())].to_vec();
    whole.iter().map(|(store, rows)| (store.clone(), first(rows))).collect()
}

fn check_complete_load_counts(
    polls: &[Segment],
    part: &[Segment],
    whole: &[Segment],
) -> Result<(), TestCaseError> {
    let expected = report(&[polls, whole].concat(), time_weighted());
    for order in [[polls, part, whole], [polls, whole, part]] {
        prop_assert_eq!(&report(&order.concat(), time_weighted()), &expected);
    }
    Ok(())
}

fn random_cases() -> ProptestConfig {
    ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() }
}

#[test]
fn a_day_of_more_stores_than_fit_a_segment_becomes_several_and_loses_nothing() {
    let poll = |number: i64| Poll::new(AS_OF.plus(number * 250_001), Status::Active);
    let stores = (0..9_000).map(|id: i64| {
        let polls = (0..10).map(|hour| poll(id + hour * 14_400)).collect();
        (StoreId::new(&id.to_string()).unwrap(), PollSet::new(polls))
    });

    let segments = pack_polls(shard(), stores.collect());

    assert!(segments.len() > 1);
    assert!(segments.iter().all(|segment| segment.bytes.len() <= MAX_SEGMENT_BYTES));
    let decoded = segments.iter().map(|segment| match decode(&segment.bytes).unwrap() {
        Decoded::Polls(stores) => {
            stores.iter().map(|(_, polls)| polls.as_slice().len()).sum::<usize>()
        }
        Decoded::Replacing(..) => panic!("no segment of polls"),
    });
    assert_eq!(decoded.sum::<usize>(), 90_000);
}

/// Returns the same data twice: packed at once, and packed in parts, in any order and with repeats.
fn data_in_parts(ids: Vec<StoreId>) -> impl Strategy<Value = (Vec<Segment>, Vec<Segment>)> {
    let id = select(ids).boxed();
    // Some files have the same source, as after several loads of one file.
    let rows = (hours_of(id.clone()), zones_of(id.clone()), special_days_of(id.clone()));
    let files = vec((source_of_two_seconds(), rows), 1..=4);
    let loads = vec(polls_of(id), 1..=4);
    (files, loads).prop_flat_map(|(files, loads)| {
        let stores: Vec<_> = files.iter().flat_map(pack_stores).collect();
        let mut polls = PollsOf::new();
        for (store, taken) in loads.iter().flatten() {
            polls.entry(store.clone()).or_default().extend(taken);
        }
        let whole = [stores.clone(), pack_all_polls(&polls)].concat();

        let parts = loads.iter().flat_map(pack_all_polls).chain(stores).collect::<Vec<_>>();
        let again = select(parts.clone());
        let parts =
            vec(again, 0..=5).prop_map(move |again| [parts.clone(), again].concat()).prop_shuffle();
        (Just(whole), parts)
    })
}

type ReplacingOf = (RowsOf<Weekday>, ZonesOf, RowsOf<SpecialDate>);

fn pack_stores((source, (hours, zones, days)): &(Source, ReplacingOf)) -> Vec<Segment> {
    let hours = pack_hours(shard(), source, hours.clone().into_iter().collect());
    let zones = pack_zones(shard(), source, zones.clone().into_iter().collect());
    let days = pack_special_days(shard(), source, days.clone().into_iter().collect());
    [hours, zones, days].concat()
}

/// Returns one of few sources, so that the same one is often drawn again, and so that each field
/// sometimes decides the order.
fn source_of_two_seconds() -> impl Strategy<Value = Source> {
    let event = (0..2_i64, "[12]").prop_map(|(millis, digits)| {
        let time = Timestamp::from_micros(millis * 1_000);
        Some(UploadEvent { time, sequencer: Sequencer::new(&digits)? })
    });
    (0..2_i64, 0..2_u32, prop_oneof![Just(None), event], "[ab]", "[vw]").prop_map(
        |(second, rank, event, key, version)| Source {
            rank,
            event,
            ..Source::new(Timestamp::from_micros(second * SECOND), key, version)
        },
    )
}

fn pack_all_polls(polls: &PollsOf) -> Vec<Segment> {
    let set = |(store, polls): (&StoreId, &Vec<Poll>)| (store.clone(), PollSet::new(polls.clone()));
    pack_polls(shard(), polls.iter().map(set).collect())
}

/// Returns all files of the report, as texts.
fn report(segments: &[Segment], parameters: ReportParameters) -> Option<Vec<String>> {
    let mut data = ShardData::new(parameters);
    for segment in segments {
        data.add(&segment.bytes).ok()?;
    }
    let files = report_files(data.fleet());
    files.iter().map(|file| String::from_utf8(file.bytes.clone()).ok()).collect()
}

fn time_weighted() -> ReportParameters {
    let max_hold = MaxHold::from_minutes(90);
    ReportParameters { as_of: AS_OF, method: Method::TimeWeighted { max_hold, period: None } }
}

/// Five days, of which the last is cut.
fn of_period() -> ReportParameters {
    let period = "2023-01-21/2023-01-25".parse().ok();
    ReportParameters { as_of: AS_OF, method: Method::TimeWeighted { max_hold: None, period } }
}

fn poll_count() -> ReportParameters {
    ReportParameters { as_of: AS_OF, method: Method::PollCount }
}

/// Returns any shard. The content of a segment does not depend on it.
fn shard() -> Shard {
    Shard::all().last().unwrap_or_else(|| unreachable!("there are 64 shards"))
}

fn as_sets(polls: PollsOf) -> BTreeMap<StoreId, PollSet> {
    polls.into_iter().map(|(store, polls)| (store, PollSet::new(polls))).collect()
}

type SetsOf<Day> = BTreeMap<StoreId, HashSet<OpeningRow<Day>>>;

fn rows_as_sets<Day: Copy + Eq + Hash>(rows: RowsOf<Day>) -> SetsOf<Day> {
    rows.into_iter().map(|(store, rows)| (store, set_of(&rows))).collect()
}

fn set_of<Day: Copy + Eq + Hash>(rows: &[OpeningRow<Day>]) -> HashSet<OpeningRow<Day>> {
    rows.iter().copied().collect()
}

/// Like [`rows_as_sets`], without rows that have no effect.
fn kept_rows_as_sets<Day: Copy + Eq + Hash>(rows: RowsOf<Day>) -> SetsOf<Day> {
    let kept = |rows: Vec<OpeningRow<Day>>| {
        let set = set_of(&rows);
        let opens_on = |day| {
            rows.iter().any(|row| matches!(row, OpeningRow::Opens(opening) if opening.day == day))
        };
        let is_kept = |row: &OpeningRow<Day>| match *row {
            OpeningRow::Opens(_) => true,
            OpeningRow::Closed(day) => !opens_on(day),
            OpeningRow::Unknown => set.len() == 1,
        };
        set.iter().copied().filter(is_kept).collect()
    };
    rows.into_iter().map(|(store, rows)| (store, kept(rows))).collect()
}

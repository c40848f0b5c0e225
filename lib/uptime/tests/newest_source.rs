//! A store's hours, zone and special days are those of the newest file that names it. This also holds
//! for two files of the same second, for any order of loads, and for files of several segments.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

use std::fmt::Write as _;

use uptime::ingest::{Counts, Ingest, IngestSettings};
use uptime::interval::SECOND;
use uptime::output::report_csv;
use uptime::parameters::{Method, ReportParameters};
use uptime::report::StoreCounts;
use uptime::segment::{Segment, Source};
use uptime::shard_data::ShardData;
use uptime::{Shard, StoreId, Timestamp};

/// Monday, 2023-01-23 12:00 UTC.
const AS_OF: Timestamp = Timestamp::from_micros(1_674_475_200 * SECOND);

const POLLS: &str = "store_id,timestamp_utc,status\n7,2023-01-23 09:30:00,active\n";
const UTC: &str = "store_id,timezone_str\n7,UTC\n";

#[test]
fn within_one_second_the_file_with_the_greater_key_is_newer() {
    check_newest(&[("1 a v9", 10), ("1 b v1", 11)], 11);
    check_newest(&[("1 a/b v9", 10), ("1 a v9", 11)], 10);
    check_newest(&[("1 9 v1", 10), ("1 10 v1", 11)], 10);
}

#[test]
fn within_one_second_and_key_the_file_with_the_greater_version_is_newer() {
    check_newest(&[("1 a v1", 10), ("1 a v2", 11)], 11);
}

#[test]
fn the_upload_second_decides_before_key_and_version() {
    check_newest(&[("1 b v2", 10), ("2 a v1", 11)], 11);
}

#[test]
fn a_file_that_is_uploaded_again_after_another_replaces_it() {
    check_newest(&[("1 a v1", 10), ("2 b v1", 11), ("3 a v2", 10)], 10);
}

#[test]
fn if_a_file_was_loaded_twice_the_load_with_more_rows_of_a_store_counts() {
    let [part, whole] = ["7,1,9:00,10:00\n", "7,0,9:00,11:00\n7,1,9:00,10:00\n"].map(hours_of);
    let [other, greater] = ["7,0,9:00,10:00\n", "7,0,9:00,11:00\n"].map(hours_of);
    for (lesser, expected) in [(part, whole), (other, greater)] {
        let [lesser, expected] = [lesser, expected].map(|file| load(&source("1 a v1"), &file).0);
        let alone = report(&expected);
        assert_ne!(report(&lesser), alone);
        assert_eq!(report(&[lesser.clone(), expected.clone()].concat()), alone);
        assert_eq!(report(&[expected, lesser].concat()), alone);
    }
}

#[test]
fn an_interrupted_load_never_replaces_the_complete_one() {
    for (part, rest) in [
        ("7,,,\n", "7,0,9:00,11:00\n"),
        ("7,,,\n", "7,0,,\n"),
        ("7,0,,\n", "7,0,9:00,11:00\n"),
        ("7,0,,\n7,1,,\n7,6,,\n", "7,0,9:00,11:00\n"),
    ] {
        let whole = hours_of(&format!("{part}{rest}"));
        let [part, whole] = [hours_of(part), whole].map(|file| load(&source("1 a v1"), &file).0);
        let expected = report(&whole);
        assert_ne!(report(&part), expected);
        assert_eq!(report(&[part.clone(), whole.clone()].concat()), expected);
        assert_eq!(report(&[whole, part].concat()), expected);
    }
}

#[test]
fn an_interrupted_load_of_special_days_never_replaces_the_complete_one() {
    for (part, rest) in [
        ("7,,,\n", "7,2023-01-23,9:00,11:00\n"),
        ("7,,,\n", "7,2023-01-23,,\n"),
        ("7,2023-01-23,,\n", "7,2023-01-23,9:00,11:00\n"),
        ("7,2023-01-22,,\n7,2023-01-24,,\n", "7,2023-01-23,9:00,11:00\n"),
    ] {
        let whole = special_days_of(&format!("{part}{rest}"));
        let [part, whole] =
            [special_days_of(part), whole].map(|file| load(&source("1 a v1"), &file).0);
        let expected = report(&whole);
        assert_ne!(report(&part), expected);
        assert_eq!(report(&[part.clone(), whole.clone()].concat()), expected);
        assert_eq!(report(&[whole, part].concat()), expected);
    }
}

#[test]
fn special_days_of_the_newest_file_count_in_any_order_of_loads() {
    let older = load(&source("1 z v9"), &special_days_of("7,2023-01-23,,\n8,2023-01-23,,\n")).0;
    let newer = load(&source("2 a v1"), &special_days_of("7,2023-01-23,9:00,11:00\n")).0;
    let hours = load(&source("3 h v1"), &hours_of("7,0,9:00,12:00\n8,0,9:00,12:00\n")).0;
    // Store 8 keeps what the older file says.
    let of_8 = load(&source("1 z v9"), &special_days_of("8,2023-01-23,,\n")).0;
    let expected = report(&[newer.clone(), of_8, hours.clone()].concat());
    for order in [[&older, &newer, &hours], [&newer, &older, &hours], [&hours, &newer, &older]] {
        let segments: Vec<Segment> = order.into_iter().flatten().cloned().collect();
        assert_eq!(report(&segments), expected);
        assert_eq!(report(&[segments.clone(), segments].concat()), expected);
    }
}

#[test]
fn a_store_that_only_special_days_name_has_a_row() {
    let (segments, _) = load(&source("1 a v1"), &special_days_of("only,2023-01-23,,\n"));
    let mut data = ShardData::new(parameters());
    data.add(&segments[0].bytes).unwrap();
    let report = data.report();
    assert_eq!(report.rows.len(), 1);
    let expected =
        StoreCounts { stores: 1, without_polls: 1, with_default_hours: 1, with_default_zone: 1 };
    assert_eq!(report.counts, expected);
}

#[test]
fn stores_with_unknown_hours_or_zone_count_as_stores_without() {
    let hours = hours_of("a,,,\nb,0,,\nc,0,9:00,10:00\n");
    let zones = "store_id,timezone_str\na,\nb,UTC\nd,\n";
    let mut counts = StoreCounts::default();
    // Special days are no hours.
    let files = [hours.as_str(), zones, &special_days_of("a,2023-01-23,,\n")];
    let segments: Vec<Segment> =
        files.iter().flat_map(|file| load(&source("1 a v1"), file).0).collect();
    for shard in Shard::all() {
        let mut data = ShardData::new(parameters());
        for segment in segments.iter().filter(|segment| segment.shard == shard) {
            data.add(&segment.bytes).unwrap();
        }
        counts += data.report().counts;
    }
    // a and d have unknown hours. a, c and d have an unknown zone.
    let expected =
        StoreCounts { stores: 4, without_polls: 4, with_default_hours: 2, with_default_zone: 3 };
    assert_eq!(counts, expected);
}

#[test]
fn a_file_with_several_segments_in_a_shard_keeps_all_rows_until_a_newer_file_replaces_them() {
    let shard = Shard::all().nth(3).unwrap();
    let ids = (0_u32..).map(|number| StoreId::new(&number.to_string()).unwrap());
    let stores: Vec<StoreId> = ids.filter(|id| id.shard() == shard).take(6).collect();
    let mut crowded = "store_id,day,start_time_local,end_time_local\n".to_owned();
    for store in &stores {
        for row in 0..20_000_u32 {
            let (day, minute) = (row % 7, row / 7 % 1_440);
            let end = 11 + row / 10_080;
            let (hour, minute) = (minute / 60, minute % 60);
            writeln!(crowded, "{store},{day},{hour}:{minute:02},{end}:00").unwrap();
        }
    }
    let (older, counts) = load(&source("1 a v1"), &crowded);
    assert_eq!(counts, Counts { rows: 120_000, loaded: 120_000, ..Counts::default() });
    assert!(older.len() > 1, "{} segments", older.len());
    assert!(older.iter().all(|segment| segment.shard == shard));
    let one_row = |store: &StoreId| format!("{store},0,9:00,10:00\n");
    let newer = crowded.lines().next().unwrap().to_owned()
        + "\n"
        + &stores[1..].iter().map(one_row).collect::<String>();
    let (newer, _) = load(&source("2 b v1"), &newer);
    let all = [older.clone(), newer.clone()].concat();
    let reversed: Vec<_> = all.iter().rev().cloned().collect();

    // A store with 20,000 rows is open all week. With the newer row it is open one hour.
    for segments in [all, reversed] {
        let mut data = ShardData::new(parameters());
        for segment in &segments {
            data.add(&segment.bytes).unwrap();
        }
        let rows = data.report().rows;
        assert_eq!(rows.len(), 6);
        for row in rows {
            let week = row.uptimes[2].unknown_micros;
            let hour = 3_600 * SECOND;
            assert_eq!(week == hour, row.store != stores[0], "{} {week}", row.store);
        }
    }
}

/// Loads files with an opening from 9:00 to the given hour, in every order, and checks which file
/// counts. A poll at 9:30 says that the store is up while it is open.
#[track_caller]
fn check_newest(files: &[(&str, u32)], expected_end: u32) {
    let named = |end| hours_of(&format!("7,0,9:00,{end}:00\n"));
    let of_file = |(name, end): &(&str, u32)| load(&source(name), &named(*end)).0;
    let mut segments: Vec<Vec<Segment>> = files.iter().map(of_file).collect();
    let expected = report(&load(&source("1 a v1"), &named(expected_end)).0);
    for _ in 0..files.len() {
        segments.rotate_left(1);
        assert_eq!(report(&segments.concat()), expected);
        let reversed: Vec<_> = segments.iter().rev().flatten().cloned().collect();
        assert_eq!(report(&reversed), expected);
        let repeated = [reversed.clone(), segments.concat()].concat();
        assert_eq!(report(&repeated), expected);
    }
}

fn report(hours: &[Segment]) -> String {
    let mut data = ShardData::new(parameters());
    let others = [POLLS, UTC].map(|file| load(&source("0 z v"), file).0);
    for segment in others.iter().flatten().chain(hours) {
        data.add(&segment.bytes).unwrap();
    }
    String::from_utf8(report_csv(&parameters(), &data.report().rows)).unwrap()
}

fn load(source: &Source, file: &str) -> (Vec<Segment>, Counts) {
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll: AS_OF,
        batch_bytes: 1 << 20,
        gzip_ratio_limit: 100,
    });
    ingest.feed(file.as_bytes()).unwrap();
    ingest.finish(source).unwrap();
    (ingest.take_segments(), ingest.counts())
}

fn hours_of(rows: &str) -> String {
    format!("store_id,day,start_time_local,end_time_local\n{rows}")
}

fn special_days_of(rows: &str) -> String {
    format!("store_id,date,start_time_local,end_time_local\n{rows}")
}

/// Returns a source from its upload second, key and version.
fn source(name: &str) -> Source {
    let mut parts = name.split(' ').map(str::to_owned);
    let seconds: i64 = parts.next().unwrap().parse().unwrap();
    let uploaded_at = Timestamp::from_micros(seconds * SECOND);
    Source::new(uploaded_at, parts.next().unwrap(), parts.next().unwrap())
}

fn parameters() -> ReportParameters {
    ReportParameters { as_of: AS_OF, method: Method::TIME_WEIGHTED }
}

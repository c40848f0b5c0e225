//! Loads plain and compressed source files with [`Ingest`].

use std::collections::BTreeSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uptime::Timestamp;
use uptime::ingest::{Counts, Ingest, IngestError, IngestSettings, Warnings};
use uptime::input::{FileKind, RefusedFile, ReplacingKind};
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{
    Decoded, MAX_SEGMENT_BYTES, ReplacingRows, Segment, SegmentKind, Source, UtcDay, decode,
};
use uptime::shard_data::ShardData;

use crate::damage::{damaged, damages};
use crate::file::file;

/// 2023-02-01. Later polls are rejected.
const LATEST_POLL: Timestamp = Timestamp::from_micros(1_675_209_600_000_000);

/// Everything that a load makes of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Loaded {
    result: Result<(), IngestError>,
    kind: Option<FileKind>,
    counts: Counts,
    warnings: Warnings,
    span: Option<(Timestamp, Timestamp)>,
    pub(crate) segments: Vec<Segment>,
    rejects: Vec<u8>,
    rejected_rows: Vec<u8>,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_file_is_read_or_refused_and_all_of_its_rows_are_counted(file in file()) {
        check_whole(&load(&file, &[]))?;
    }

    #[test]
    fn a_file_gives_the_same_in_pieces_of_any_size(
        file in file(),
        lengths in vec(1_usize..400, 1..10),
    ) {
        let whole = load(&file, &[]);
        for lengths in [&lengths[..], &[1]] {
            prop_assert_eq!(&load(&file, lengths), &whole);
        }
    }

    #[test]
    fn a_file_compressed_in_several_members_gives_the_same(
        file in file().prop_filter("not gzip itself", |file| !file.starts_with(b"\x1f\x8b")),
        members in vec(1_usize..2_000, 1..4),
        lengths in vec(1_usize..400, 1..10),
    ) {
        let packed = packed(&file, &members);
        prop_assert_eq!(load(&packed, &lengths), load(&file, &[]));
    }

    #[test]
    fn a_damaged_gzip_file_keeps_the_promises_and_gives_the_same_in_pieces_of_any_size(
        file in file(),
        members in vec(1_usize..2_000, 1..4),
        damages in damages(&[b"\x1f\x8b\x08", b"\0\0\0\0", b"\xff\xff\xff\xff", b"x"]),
        lengths in vec(1_usize..400, 1..10),
    ) {
        let packed = damaged(packed(&file, &members), &damages);
        let whole = load(&packed, &[]);
        check_whole(&whole)?;
        prop_assert_eq!(load(&packed, &lengths), whole);
    }

    #[test]
    fn rejected_rows_loaded_again_unchanged_are_rejected_again(file in file()) {
        let first = load(&file, &[]);
        if first.counts.rejected > 0 {
            let again = load(&first.rejected_rows, &[]);
            // The rejected rows may include a day 7 and leave out the rows with a day 0.
            if matches!(again.result, Err(IngestError::Refused(RefusedFile::DaysFromOne { .. }))) {
                prop_assert!(again.segments.is_empty());
                return Ok(());
            }
            prop_assert_eq!(again.kind, first.kind);
            // For hours and special days they include the good rows of the same stores.
            let includes_good_rows = [ReplacingKind::Hours, ReplacingKind::SpecialDays]
                .map(|kind| Some(FileKind::Replacing(kind)))
                .contains(&first.kind);
            prop_assert!(includes_good_rows || again.counts.loaded == 0);
            prop_assert_eq!(again.counts.rejected, first.counts.rejected);
            prop_assert_eq!(again.rejected_rows, first.rejected_rows);
        }
    }
}

#[test]
fn every_kind_every_reason_to_reject_and_every_end_is_reached() {
    let mut reached = BTreeSet::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..4_000 {
        let file = file().new_tree(&mut runner).unwrap().current();
        let Loaded { result, kind, rejects, counts, warnings, .. } = load(&file, &[]);
        reached.insert(match result {
            Ok(()) => "whole".to_owned(),
            Err(IngestError::Refused(RefusedFile::OtherFormat(_))) => "another format".to_owned(),
            Err(IngestError::Refused(refused)) => {
                refused.to_string().split([':', ';']).next().unwrap_or_default().to_owned()
            }
            Err(IngestError::Packed(_)) => "packed".to_owned(),
        });
        reached.extend(kind.map(|kind| kind.name().to_owned()));
        reached.extend((counts.conflicts > 0).then(|| "conflict".to_owned()));
        let Warnings { only_rejected_stores, spreadsheet_ids } = warnings;
        reached.extend((only_rejected_stores > 0).then(|| "only_rejected_stores".to_owned()));
        reached.extend((spreadsheet_ids > 0).then(|| "spreadsheet_ids".to_owned()));
        let mut reader = csv::Reader::from_reader(&rejects[..]);
        reached.extend(reader.records().map(|record| record.unwrap()[2].to_owned()));
    }
    let reached: Vec<String> = reached.into_iter().collect();
    assert_eq!(
        reached,
        [
            "another format",
            "bad_date",
            "bad_day",
            "bad_status",
            "bad_store_id",
            "bad_time",
            "bad_timestamp",
            "business_hours",
            "conflict",
            "control_character",
            "field_count",
            "field_too_long",
            "not_utf8",
            "only_rejected_stores",
            "polls",
            "record_too_long",
            "special_days",
            "spreadsheet_ids",
            "the file counts days from 1",
            "the file has no usable header",
            "the file is in UTF-16 or UTF-32, or not text",
            "the file is in another encoding, such as Windows-1252",
            "time_zones",
            "timestamp_too_early",
            "timestamp_too_late",
            "unclosed_quote",
            "unknown_zone",
            "whole",
        ]
    );
}

/// Checks the promises that hold for every file.
fn check_whole(loaded: &Loaded) -> Result<(), TestCaseError> {
    let Loaded { counts, segments, rejects, span, warnings, .. } = loaded;
    let Counts { rows, loaded: kept, duplicate, conflicts, rejected } = *counts;
    prop_assert_eq!(rows, kept + duplicate + rejected);
    prop_assert!(conflicts <= duplicate);
    prop_assert!(warnings.only_rejected_stores <= rejected);
    prop_assert!(warnings.spreadsheet_ids <= rows);
    if matches!(loaded.result, Err(IngestError::Refused(_))) {
        prop_assert!(segments.is_empty() && rows == 0 && *warnings == Warnings::default());
    }
    let listed = csv::Reader::from_reader(&rejects[..]).records().count();
    prop_assert_eq!(listed as u64, rejected);
    prop_assert_eq!(loaded.rejected_rows.is_empty(), rejected == 0);

    let as_of = span.map_or(LATEST_POLL, |(_, last)| last);
    let mut data = ShardData::new(ReportParameters { as_of, method: Method::PollCount });
    let mut stored = 0;
    for segment in segments {
        prop_assert!(segment.bytes.len() <= MAX_SEGMENT_BYTES);
        stored += rows_of(segment)?;
        prop_assert!(data.add(&segment.bytes).is_ok());
    }
    prop_assert_eq!(stored as u64, kept);
    data.report();
    Ok(())
}

/// Counts the rows of a segment, and checks that all belong to its shard and kind.
fn rows_of(segment: &Segment) -> Result<usize, TestCaseError> {
    let decoded = decode(&segment.bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let (stores, rows): (Vec<_>, Vec<_>) = match decoded {
        Decoded::Polls(stores) => {
            let days = stores.iter().flat_map(|(_, polls)| polls.as_slice());
            for poll in days {
                prop_assert_eq!(segment.kind, SegmentKind::Polls(UtcDay::of(poll.at())));
                prop_assert!(poll.at() <= LATEST_POLL);
            }
            stores.into_iter().map(|(store, polls)| (store, polls.as_slice().len())).unzip()
        }
        Decoded::Replacing(_, stores) => {
            stores.into_iter().map(|(store, rows)| (store, row_count(&rows))).unzip()
        }
    };
    prop_assert!(stores.iter().all(|store| store.shard() == segment.shard));
    Ok(rows.into_iter().sum())
}

pub(crate) fn row_count(rows: &ReplacingRows) -> usize {
    match rows {
        ReplacingRows::Hours(rows) => rows.len(),
        ReplacingRows::Zone(_) => 1,
        ReplacingRows::SpecialDays(rows) => rows.len(),
    }
}

/// Loads a file in pieces of these lengths, repeated as needed. Without lengths, loads it in one
/// piece.
pub(crate) fn load(file: &[u8], lengths: &[usize]) -> Loaded {
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll: LATEST_POLL,
        batch_bytes: 20_000,
        gzip_ratio_limit: 100,
    });
    let mut rest = file;
    let mut lengths = lengths.iter().copied().cycle();
    let mut result = Ok(());
    let (mut segments, mut rejects, mut rejected_rows) = (Vec::new(), Vec::new(), Vec::new());
    while result.is_ok() && !rest.is_empty() {
        let length = lengths.next().unwrap_or(rest.len()).min(rest.len());
        result = ingest.feed(&rest[..length]);
        rest = &rest[length..];
        segments.extend(ingest.take_segments());
        rejects.extend(ingest.take_rejects());
        rejected_rows.extend(ingest.take_rejected_rows());
    }
    let result = result.and(ingest.finish(&Source::new(LATEST_POLL, "k", "v")));
    segments.extend(ingest.take_segments());
    rejects.extend(ingest.take_rejects());
    rejected_rows.extend(ingest.take_rejected_rows());
    let (kind, counts, span) = (ingest.kind(), ingest.counts(), ingest.poll_span());
    let warnings = ingest.warnings();
    Loaded { result, kind, counts, warnings, span, segments, rejects, rejected_rows }
}

/// Compresses a file in members of these lengths. A last member takes the rest.
fn packed(file: &[u8], lengths: &[usize]) -> Vec<u8> {
    let mut rest = file;
    let mut packed = Vec::new();
    for (place, &length) in lengths.iter().enumerate() {
        let is_last = place + 1 == lengths.len();
        let length = if is_last { rest.len() } else { length.min(rest.len()) };
        let mut encoder = GzEncoder::new(&mut packed, Compression::fast());
        encoder.write_all(&rest[..length]).unwrap();
        encoder.finish().unwrap();
        rest = &rest[length..];
    }
    packed
}

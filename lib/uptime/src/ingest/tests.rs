//! Checks what a load makes of a file's bytes: segments, counts and the two files of rejects.

mod gathering;
mod gzip_files;
mod odd_rows;
mod packing;
mod pieces;
mod reject_tables;

use super::*;
use crate::Zone;
use crate::input::ReplacingKind;
use crate::segment::{Decoded, ReplacingRows, decode};
use crate::test_text::row_text;

const POLLS: &str = "store_id,timestamp_utc,status\n";
const HOURS: &str = "store_id,dayOfWeek,start_time_local,end_time_local\n";
const ZONES: &str = "store_id,timezone_str\n";
const SPECIAL_DAYS: &str = "store_id,date,start_time_local,end_time_local\n";

/// Everything that a load makes of a file.
#[derive(Debug, PartialEq)]
struct Loaded {
    result: Result<(), IngestError>,
    kind: Option<FileKind>,
    counts: Counts,
    segments: Vec<Segment>,
    rejects: String,
    rejected_rows: Vec<u8>,
}

fn source() -> Source {
    Source::new(Timestamp::from_rfc3339("2023-02-01T00:00:00Z").unwrap(), "k", "v")
}

fn settings() -> IngestSettings {
    let uploaded_at = source().uploaded_at;
    IngestSettings { latest_poll: uploaded_at, batch_bytes: 1 << 20, gzip_ratio_limit: 100 }
}

/// Feeds `file` in pieces of `length` bytes and takes what is ready after each piece.
fn load_in_pieces(settings: IngestSettings, file: &[u8], length: usize) -> Loaded {
    let mut ingest = Ingest::new(settings);
    let mut segments = Vec::new();
    let mut rejects = Vec::new();
    let mut rejected_rows = Vec::new();
    let mut take = |ingest: &mut Ingest| {
        segments.extend(ingest.take_segments());
        rejects.extend(ingest.take_rejects());
        rejected_rows.extend(ingest.take_rejected_rows());
        let Counts { rows, loaded, duplicate, rejected, .. } = ingest.counts();
        assert_eq!(rows, loaded + duplicate + rejected);
    };
    let fed = file.chunks(length).try_for_each(|piece| {
        let fed = ingest.feed(piece);
        take(&mut ingest);
        fed
    });
    let result = ingest.finish(&source());
    assert!(fed.is_ok() || fed == result, "an error is final");
    take(&mut ingest);
    assert_eq!(ingest.finish(&source()), result, "the end is final");
    loaded(&ingest, result, segments, rejects, rejected_rows)
}

fn loaded(
    ingest: &Ingest,
    result: Result<(), IngestError>,
    segments: Vec<Segment>,
    rejects: Vec<u8>,
    rejected_rows: Vec<u8>,
) -> Loaded {
    Loaded {
        result,
        kind: ingest.kind(),
        counts: ingest.counts(),
        segments,
        rejects: String::from_utf8(rejects).unwrap(),
        rejected_rows,
    }
}

/// Loads `file` in pieces of several sizes and checks that the result is always the same.
#[track_caller]
fn load_with(settings: &IngestSettings, file: &[u8]) -> Loaded {
    let whole = load_in_pieces(*settings, file, usize::MAX);
    for length in [1, 7, 4096] {
        let pieces = load_in_pieces(*settings, file, length);
        assert!(pieces == whole, "in pieces of {length}: {pieces:?}\nwhole: {whole:?}");
    }
    whole
}

#[track_caller]
fn load(file: impl AsRef<[u8]>) -> Loaded {
    load_with(&settings(), file.as_ref())
}

/// Builds counts. `rows` is the sum of loaded, duplicate and rejected rows.
fn counts(loaded: u64, duplicate: u64, conflicts: u64, rejected: u64) -> Counts {
    Counts { rows: loaded + duplicate + rejected, loaded, duplicate, conflicts, rejected }
}

/// Returns what is stored, one value per line, sorted.
fn stored(segments: &[Segment]) -> Vec<String> {
    let mut lines = Vec::new();
    for segment in segments {
        match decode(&segment.bytes).unwrap() {
            Decoded::Polls(stores) => {
                for (store, polls) in stores {
                    assert_eq!(store.shard(), segment.shard);
                    let polls = polls.as_slice().iter();
                    lines.extend(polls.map(|poll| format!("{store} {poll:?}")));
                }
            }
            Decoded::Replacing(source, stores) => {
                assert_eq!(source, self::source());
                lines.extend(stores.iter().map(|(store, rows)| format!("{store} {}", shown(rows))));
            }
        }
    }
    lines.sort_unstable();
    lines
}

fn shown(rows: &ReplacingRows) -> String {
    match rows {
        ReplacingRows::Hours(rows) => rows.iter().map(row_text).collect::<Vec<_>>().join(", "),
        ReplacingRows::SpecialDays(rows) => {
            rows.iter().map(row_text).collect::<Vec<_>>().join(", ")
        }
        ReplacingRows::Zone(zone) => zone.map_or("unknown", Zone::name).to_owned(),
    }
}

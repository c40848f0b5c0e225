//! How a file is read, line by line: `check(file, outcome)`.
//!
//! Each file is read in one piece, byte by byte, and without the fast paths. The results must be
//! the same.

mod bad_files;
mod bad_rows;
mod good_files;
mod open_quotes;
mod paths;
mod usual_lines;

use super::*;
use crate::Timestamp;
use crate::test_text::row_text;

/// 2023-02-01. Later polls are rejected.
const LATEST_POLL: Timestamp = Timestamp::from_micros(1_675_209_600_000_000);
/// A good row of polls, and the line of [`Found`] for it.
const GOOD_LINE: &str = "good,2023-01-24 09:06:42,active\n";
const GOOD: &str = "good 2023-01-24T09:06:42Z Active";
const POLLS: &str = "store_id,timestamp_utc,status\n";
const HOURS: &str = "store_id,dayOfWeek,start_time_local,end_time_local\n";
const ZONES: &str = "store_id,timezone_str\n";
const SPECIAL_DAYS: &str = "store_id,date,start_time_local,end_time_local\n";

/// What a reader found: one line for each row or reject.
#[derive(Debug, Default, PartialEq)]
struct Found {
    lines: Vec<String>,
    records: Vec<Vec<u8>>,
    rejects: Vec<Reject>,
}

impl Records for Found {
    fn header(&mut self, kind: FileKind, record: &[u8]) {
        self.lines.push(kind.name().to_owned());
        self.records.push(record.to_vec());
    }

    fn poll(&mut self, store: StoreId, poll: Poll, record: &[u8]) {
        self.lines.push(format!("{store} {poll:?}"));
        self.records.push(record.to_vec());
    }

    fn replacing(
        &mut self,
        store: StoreId,
        row: ReplacingRow,
        record: &[u8],
    ) -> Result<(), Problem> {
        let row = match row {
            ReplacingRow::Hours(row) => row_text(&row),
            ReplacingRow::SpecialDay(row) => row_text(&row),
            ReplacingRow::Zone(zone) => zone.map_or("unknown", Zone::name).to_owned(),
        };
        self.lines.push(format!("{store} {row}"));
        self.records.push(record.to_vec());
        Ok(())
    }

    fn reject(&mut self, reject: Reject, record: &[u8]) {
        let store = reject.store.as_ref().map_or("no store".to_owned(), ToString::to_string);
        let column = reject.column.unwrap_or("row");
        self.lines.push(format!("{}: {} {column} of {store}", reject.line, reject.code.name()));
        self.records.push(record.to_vec());
        self.rejects.push(reject);
    }
}

/// Reads `file` in pieces of these lengths. The last length is repeated.
fn read_in_pieces(
    mut reader: SourceReader,
    file: &[u8],
    lengths: &[usize],
) -> Result<Found, RefusedFile> {
    let mut found = Found::default();
    let mut rest = file;
    let last = lengths.last().copied().unwrap_or(file.len());
    let mut lengths = lengths.iter().copied().chain(std::iter::repeat(last));
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(lengths.next().unwrap().clamp(1, rest.len()));
        reader.feed(piece, &mut found)?;
        rest = later;
    }
    reader.finish(&mut found)?;
    Ok(found)
}

#[track_caller]
fn read(file: &[u8]) -> Result<Found, RefusedFile> {
    let whole = read_in_pieces(SourceReader::new(LATEST_POLL), file, &[]);
    let bytewise = read_in_pieces(SourceReader::new(LATEST_POLL), file, &[1]);
    assert_eq!(bytewise, whole, "byte by byte");
    let slow = read_in_pieces(SourceReader::without_fast_paths(LATEST_POLL), file, &[]);
    assert_eq!(slow, whole, "without the fast paths");
    whole
}

/// Checks what is found in `file` after its header.
#[track_caller]
fn check(file: impl AsRef<[u8]>, expected: &[&str]) {
    let found = read(file.as_ref()).unwrap();
    assert_eq!(found.lines[1..], *expected);
}

#[track_caller]
fn check_refused(file: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(read(file.as_ref()).unwrap_err().to_string(), expected);
}

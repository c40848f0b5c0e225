//! Reading source files: from bytes to instants, rows and segments.

use std::io::Write as _;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use flate2::Compression;
use flate2::write::GzEncoder;
use uptime::input::{FileKind, Problem, Records, Reject, ReplacingRow, SourceReader};
use uptime::{Poll, StoreId, Timestamp};

use crate::data::{SAMPLE, ingest, latest_poll};

/// Reads the timestamps of polls one after the other.
#[divan::bench]
fn timestamps(bencher: Bencher) {
    let text = str::from_utf8(&SAMPLE.files.polls).unwrap();
    let fields = text.lines().skip(1).take(100_000).map(|line| line.rsplit(',').next().unwrap());
    let texts: Vec<&[u8]> = fields.map(str::as_bytes).collect();
    bencher
        .counter(ItemsCount::new(texts.len()))
        .counter(BytesCount::new(texts.concat().len()))
        .bench_local(|| {
            for text in &texts {
                black_box(Timestamp::from_source(black_box(text))).unwrap();
            }
        });
}

/// Reads polls in the form that nearly all files have: with the reader of usual lines.
#[divan::bench(sample_count = 20)]
fn rows_of_polls(bencher: Bencher) {
    read_rows(bencher, &SAMPLE.files.polls);
}

/// Reads polls with every field in quotes: with the reader of usual lines too.
#[divan::bench(sample_count = 20)]
fn rows_of_polls_in_quotes(bencher: Bencher) {
    read_rows(bencher, &in_quotes(&SAMPLE.files.polls));
}

/// Reads polls with one more column: with the reader of plain records.
#[divan::bench(sample_count = 20)]
fn rows_of_polls_with_a_note(bencher: Bencher) {
    read_rows(bencher, &with_note("note", &SAMPLE.files.polls));
}

/// Reads polls with one more column that is not ASCII: with the reader of any record.
#[divan::bench(sample_count = 20)]
fn rows_of_polls_with_a_note_in_french(bencher: Bencher) {
    read_rows(bencher, &with_note("fermé", &SAMPLE.files.polls));
}

#[divan::bench(sample_count = 20)]
fn rows_of_business_hours(bencher: Bencher) {
    read_rows(bencher, &SAMPLE.files.hours);
}

#[divan::bench(sample_count = 20)]
fn rows_of_business_hours_in_quotes(bencher: Bencher) {
    read_rows(bencher, &in_quotes(&SAMPLE.files.hours));
}

#[divan::bench(sample_count = 20)]
fn rows_of_time_zones(bencher: Bencher) {
    read_rows(bencher, &SAMPLE.files.zones);
}

/// Does everything that a load computes: reads rows, groups them by store, sorts and packs them.
#[divan::bench(sample_count = 20)]
fn ingest_polls(bencher: Bencher) {
    ingest_file(bencher, &SAMPLE.files.polls, &SAMPLE.files.polls);
}

/// Like [`ingest_polls`], for a file with every field in quotes.
#[divan::bench(sample_count = 20)]
fn ingest_polls_in_quotes(bencher: Bencher) {
    let file = in_quotes(&SAMPLE.files.polls);
    ingest_file(bencher, &file, &file);
}

/// Like [`ingest_polls`], for a compressed file. Bytes are counted uncompressed.
#[divan::bench(sample_count = 10)]
fn ingest_polls_gzip(bencher: Bencher) {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&SAMPLE.files.polls).unwrap();
    ingest_file(bencher, &gzip.finish().unwrap(), &SAMPLE.files.polls);
}

#[divan::bench(sample_count = 20)]
fn ingest_business_hours(bencher: Bencher) {
    ingest_file(bencher, &SAMPLE.files.hours, &SAMPLE.files.hours);
}

fn read_rows(bencher: Bencher, file: &[u8]) {
    let read = || {
        let mut rows = Rows::default();
        let mut reader = SourceReader::new(latest_poll());
        reader.feed(black_box(file), &mut rows).unwrap();
        reader.finish(&mut rows).unwrap();
        rows
    };
    assert_eq!(read().count, row_count(file), "a row is missing");
    with_rates(bencher, file).bench_local(read);
}

fn ingest_file(bencher: Bencher, file: &[u8], unpacked: &[u8]) {
    with_rates(bencher, unpacked).bench_local(|| ingest(black_box(file)).take_segments());
}

/// Returns a file with every field in quotes.
fn in_quotes(file: &[u8]) -> Vec<u8> {
    let text = str::from_utf8(file).unwrap();
    let quoted = |line: &str| format!("\"{}\"\n", line.replace(',', "\",\""));
    text.lines().map(quoted).collect::<String>().into_bytes()
}

/// Returns the first rows of a file with one more column.
fn with_note(note: &str, file: &[u8]) -> Vec<u8> {
    let text = str::from_utf8(file).unwrap();
    let with_note = |line: &str| format!("{line},{note}\n");
    text.lines().take(200_000).map(with_note).collect::<String>().into_bytes()
}

fn with_rates<'a, 'b>(bencher: Bencher<'a, 'b>, file: &[u8]) -> Bencher<'a, 'b> {
    bencher.counter(ItemsCount::new(row_count(file))).counter(BytesCount::of_slice(file))
}

fn row_count(file: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', file).count() - 1
}

/// Receives rows at the lowest possible cost.
#[derive(Default)]
struct Rows {
    count: usize,
}

impl Records for Rows {
    fn header(&mut self, _: FileKind, _: &[u8]) {}

    fn poll(&mut self, store: StoreId, poll: Poll, _: &[u8]) {
        black_box((&store, poll));
        self.count += 1;
    }

    fn replacing(&mut self, store: StoreId, row: ReplacingRow, _: &[u8]) -> Result<(), Problem> {
        black_box((&store, row));
        self.count += 1;
        Ok(())
    }

    fn reject(&mut self, _: Reject, _: &[u8]) {}
}

//! A source file -> segments, rejects and counts.

use thiserror::Error;

use crate::Timestamp;
use crate::input::{FileKind, RefusedFile};
use crate::segment::{Segment, Source};

/// What an ingest needs to know of its file.
#[derive(Debug, Clone)]
pub struct IngestSettings {
    /// Where the file came from.
    pub source: Source,
    /// Later polls are rejected.
    pub latest_poll: Timestamp,
    /// How many bytes of memory a batch of polls may take.
    pub batch_bytes: usize,
    /// How many times its size a gzip file may unpack to.
    pub gzip_ratio_limit: u32,
}

/// What became of the rows; `rows = loaded + duplicate + rejected`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Data rows read.
    pub rows: u64,
    /// Rows that are in segments.
    pub loaded: u64,
    /// Rows that repeat another of their batch.
    pub duplicate: u64,
    /// Those of them that contradict the one kept.
    pub conflicts: u64,
    /// Rows not accepted.
    pub rejected: u64,
}

/// Why a file is not read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IngestError {
    /// Nothing of it is acceptable; there are no segments.
    #[error(transparent)]
    Refused(#[from] RefusedFile),
    /// It breaks off or cannot be unpacked; what was read so far is ready, as at the file's end.
    #[error("{0}")]
    Damaged(String),
}

/// Turns a source file, plain or gzip, pushed at it in pieces of any size, into segments.
#[derive(Debug)]
pub struct Ingest {}

impl Ingest {
    /// Begins a file.
    pub fn new(_settings: IngestSettings) -> Ingest {
        todo!()
    }

    /// Takes the next bytes. Afterwards segments and rejects may be ready. An error is final.
    pub fn feed(&mut self, _bytes: &[u8]) -> Result<(), IngestError> {
        todo!()
    }

    /// Ends the file; the rest becomes ready.
    pub fn finish(&mut self) -> Result<(), IngestError> {
        todo!()
    }

    /// Returns the segments that are ready, and forgets them.
    pub fn take_segments(&mut self) -> Vec<Segment> {
        todo!()
    }

    /// Returns the next bytes of `rejects.csv`, and forgets them. Empty if no row was rejected.
    pub fn take_rejects(&mut self) -> Vec<u8> {
        todo!()
    }

    /// The same of `rejected_rows.csv`.
    pub fn take_rejected_rows(&mut self) -> Vec<u8> {
        todo!()
    }

    /// Counts so far; final after the end or an error.
    pub fn counts(&self) -> Counts {
        todo!()
    }

    /// Known once the header is read.
    pub fn kind(&self) -> Option<FileKind> {
        todo!()
    }

    /// The first and the last poll accepted so far.
    pub fn poll_span(&self) -> Option<(Timestamp, Timestamp)> {
        todo!()
    }
}

//! The bytes of a source file -> validated rows; rejects with line, column and code (spec section 2).

use crate::business_hours::HoursRow;
use crate::{Poll, StoreId, Timestamp};
use chrono_tz::Tz;

/// What a source file holds, told by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// polls
    Polls,
    /// business hours
    BusinessHours,
    /// time zones
    TimeZones,
}

impl FileKind {
    /// `polls`, `business_hours`, `time_zones`: the stable names used in manifests.
    pub fn name(self) -> &'static str {
        todo!()
    }
}

/// A validated row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// poll
    Poll(StoreId, Poll),
    /// hours
    Hours(StoreId, HoursRow),
    /// zone
    Zone(StoreId, Tz),
}

/// A row that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Physical line of the record's first byte, from 1.
    pub line: u64,
    /// Column concerned, by its canonical name.
    pub column: Option<&'static str>,
    /// stable code
    pub code: RejectCode,
    /// for people: what was wrong, what is accepted
    pub message: String,
    /// The store the row names, if its id can be read (needed for hours files).
    pub store: Option<StoreId>,
}

/// Stable reason codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectCode {
    /// see helper
    UnclosedQuote,
}
impl RejectCode {
    /// The code's stable text, `unclosed_quote`.
    pub fn name(self) -> &'static str {
        todo!()
    }
}

/// Why a file was refused whole; nothing of it was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedFile {
    /// No usable header.
    #[error("x")]
    Header(String),
}

/// Receives what a [`SourceReader`] finds, in the order of the file. `record` is the record's bytes unaltered, without line end.
pub trait Records {
    /// The header record; called once, before anything else.
    fn header(&mut self, kind: FileKind, record: &[u8]);
    /// An accepted row.
    fn row(&mut self, row: Row, record: &[u8]);
    /// A rejected one.
    fn reject(&mut self, reject: Reject, record: &[u8]);
}

/// Reads a source file pushed at it in pieces of any size.
#[derive(Debug)]
pub struct SourceReader {}

impl SourceReader {
    /// Polls later than `latest_poll` are rejected.
    pub fn new(_latest_poll: Timestamp) -> SourceReader {
        todo!()
    }
    /// Takes the next bytes.
    pub fn feed(&mut self, _bytes: &[u8], _records: &mut impl Records) -> Result<(), RefusedFile> {
        todo!()
    }
    /// Ends the file.
    pub fn finish(&mut self, _records: &mut impl Records) -> Result<(), RefusedFile> {
        todo!()
    }
}

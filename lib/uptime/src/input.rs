//! Turns the bytes of a source file into validated rows and into rejects with line, column and code
//! (`RULES.md`, "Source files").
//!
//! **A bad row never stops a good row and is never dropped silently**: every record that is not
//! blank becomes one row or one reject. Three modules read records: `usual_line` reads polls and hours
//! whose values all have the usual form, `plain` reads records of printable ASCII, and `record` reads
//! any record. The choice between them affects only speed.

mod checks;
mod first_lines;
mod header;
mod plain;
mod reader;
mod record;
mod reject;
#[cfg(test)]
mod tests;
mod usual_line;
mod values;

use thiserror::Error;

use crate::business_hours::{HoursRow, Opening, SpecialRow};
use crate::{Poll, StoreId, Zone};

pub(crate) use header::Header;
pub(crate) use record::leaves_quote_open;
pub use values::{EARLIEST_POLL, latest_poll};

pub use header::HoursColumns;
pub use reader::SourceReader;
pub use record::{MAX_FIELD_BYTES, MAX_RECORD_BYTES};
pub use reject::{Problem, Reject, RejectCode};

/// What a source file holds. Its header decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Polls. They are a set, so a file adds to what is stored.
    Polls,
    /// Rows that replace what older files have for the same stores.
    Replacing(ReplacingKind),
}

/// The kinds of rows that replace. All rows of a store come from the newest file that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplacingKind {
    /// Business hours.
    Hours,
    /// Time zones.
    Zones,
    /// Special days: dates with opening times of their own.
    SpecialDays,
}

impl FileKind {
    /// Returns `polls`, `business_hours`, `time_zones` or `special_days`: the stable names used in
    /// manifests.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Polls => "polls",
            FileKind::Replacing(ReplacingKind::Hours) => "business_hours",
            FileKind::Replacing(ReplacingKind::Zones) => "time_zones",
            FileKind::Replacing(ReplacingKind::SpecialDays) => "special_days",
        }
    }
}

/// A valid row of a file whose rows replace those of older files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplacingRow {
    /// A row of business hours.
    Hours(HoursRow),
    /// A row of time zones. `None` means that the row leaves the zone empty.
    Zone(Option<Zone>),
    /// A row of special days.
    SpecialDay(SpecialRow),
}

/// Why a whole file is refused. Nothing of it may be stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RefusedFile {
    /// Its header fits no kind of file, or more than one.
    #[error("the file has no usable header: {0}")]
    Header(String),
    /// It is not in UTF-8.
    #[error("the file is {0}; only UTF-8 is accepted")]
    Encoding(&'static str),
    /// Its first bytes show that it has another format.
    #[error("the file is {0}; only CSV in UTF-8, plain or compressed once by gzip, is accepted")]
    OtherFormat(&'static str),
    /// It is a file of hours with a day 7 and without a day 0. Its days count from 1, so every row
    /// would be stored for the wrong day.
    #[error(
        "the file counts days from 1: line {line} has the day 7 and no row has the day 0; days are \
         accepted from 0 (Monday) to 6 (Sunday)"
    )]
    DaysFromOne {
        /// The physical line of the first row with the day 7.
        line: u64,
    },
}

/// Receives what a [`SourceReader`] finds, in the order of the file. `record` is the unchanged
/// bytes of the record, without its line end. If the record is longer than [`MAX_RECORD_BYTES`],
/// `record` is its first `MAX_RECORD_BYTES + 1` bytes.
pub trait Records {
    /// Receives the header record. Called once, before the other methods.
    fn header(&mut self, kind: FileKind, record: &[u8]);

    /// Receives a valid row of a file of polls.
    fn poll(&mut self, store: StoreId, poll: Poll, record: &[u8]);

    /// Receives a valid row of a file of another kind. If this returns an error, the row is rejected
    /// for that reason.
    fn replacing(
        &mut self,
        store: StoreId,
        row: ReplacingRow,
        record: &[u8],
    ) -> Result<(), Problem>;

    /// Like [`Records::replacing`], for a row of hours whose `record` is the usual form of `opening`
    /// with `columns`. So there is no need to keep the record.
    fn usual_hours(
        &mut self,
        store: StoreId,
        opening: Opening,
        columns: HoursColumns,
        record: &[u8],
    ) -> Result<(), Problem> {
        let _ = columns;
        self.replacing(store, ReplacingRow::Hours(HoursRow::Opens(opening)), record)
    }

    /// Receives a rejected row.
    fn reject(&mut self, reject: Reject, record: &[u8]);
}

//! The packed form of the polls, hours, zones or special days of many stores
//! (`lib/uptime_aws/README.md`, "Segments").
//!
//! **Equal content gives equal bytes**, so a segment's hash can be its key. Numbers are LEB128
//! varints, and signed numbers are zigzag encoded. A segment has these parts, in this order:
//!
//! | part | form |
//! |---|---|
//! | version | one byte: 1 for polls, 2 for the others; 1 for hours and zones of an older program |
//! | kind | one byte: 1 polls, 2 hours, 3 zones, 4 special days |
//! | preamble | polls: first instant; others: [`Source`], and of zones also all names |
//! | stores | three groups, by form of id: integers (8 bytes), UUIDs, texts |
//!
//! A group is the number of its stores, then the id and the data of each. A UUID has 16 bytes; a
//! text has its length, then its bytes.
//!
//! A [`Source`] is the upload instant, the key and the version. In version 2 the rank follows, then
//! 0 if no event is known, or else 1, the event's time and its sequencer. Segments of polls have no
//! source. They stay in version 1, so that equal polls still give the bytes that older programs
//! stored.
//!
//! The data of a store:
//!
//! - Polls: their number, then for each poll the microseconds since the poll before it (for the
//!   first poll: since the instant in the preamble), doubled, plus 1 if active.
//! - Hours: the number of rows, then each row: the day, start and end; or the day and that the
//!   store does not open on it; or that nothing is known.
//! - Zone: the index of its name in the preamble. An empty name means that no zone is known.
//! - Special days: the number of rows, then each row: the days since the date of the row before it
//!   (for the first row: since 2000-01-01), then start and end as for hours; or that the store does
//!   not open on the date; or that it has no special days.

mod decode;
mod encode;
mod opening_form;
mod reader;
mod source;
#[cfg(test)]
mod tests;
pub(crate) mod varint;

use std::fmt;

use chrono::{DateTime, Datelike};
use thiserror::Error;

use crate::business_hours::{HoursRow, SpecialRow};
use crate::input::ReplacingKind;
use crate::interval::DAY;
use crate::{PollSet, Shard, StoreId, Timestamp, Zone};

pub use decode::decode;
pub(crate) use decode::{Visitor, visit};
pub(crate) use encode::{
    order_in_segment, pack_ordered_hours, pack_ordered_special_days, pack_sorted_polls,
};
pub use encode::{pack_hours, pack_polls, pack_special_days, pack_zones};
pub use source::{Sequencer, Source, UploadEvent};

/// A UTC day, as days since 1970-01-01. Displayed as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay(i64);

impl UtcDay {
    /// Returns the day of an instant.
    pub fn of(at: Timestamp) -> UtcDay {
        UtcDay(at.micros().div_euclid(DAY))
    }

    fn end(self) -> Timestamp {
        Timestamp::from_micros((self.0 + 1) * DAY)
    }
}

impl fmt::Display for UtcDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = DateTime::from_timestamp_micros(self.0 * DAY).unwrap_or_default();
        write!(formatter, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

/// What a segment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SegmentKind {
    /// Polls of one UTC day.
    Polls(UtcDay),
    /// Rows that replace those of older files.
    Replacing(ReplacingKind),
}

/// Packed data of many stores of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The shard of its stores.
    pub shard: Shard,
    /// What it holds.
    pub kind: SegmentKind,
    /// Its content, at most [`MAX_SEGMENT_BYTES`].
    pub bytes: Vec<u8>,
}

/// The longest segment. Together with keys and attribute names it stays below `DynamoDB`'s item
/// limit of 400 KB (409,600 bytes).
pub const MAX_SEGMENT_BYTES: usize = 400_000;

/// The most rows of business hours that a store may have, and the most rows of special days. They
/// always fit into one segment.
pub const MAX_OPENING_ROWS: usize = 20_000;

/// The content of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Polls, by store.
    Polls(Vec<(StoreId, PollSet)>),
    /// The rows that a file has for these stores. All are of one kind.
    Replacing(Source, Vec<(StoreId, ReplacingRows)>),
}

/// All rows that a file has for a store, of a kind that replaces those of older files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplacingRows {
    /// The rows of business hours.
    Hours(Vec<HoursRow>),
    /// The time zone. `None` means that the file leaves it empty.
    Zone(Option<Zone>),
    /// The rows of special days.
    SpecialDays(Vec<SpecialRow>),
}

/// Why bytes are not a segment that this version of the program can read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the segment cannot be read: {0}")]
pub struct DecodeError(&'static str);

impl DecodeError {
    const CUT_OFF: DecodeError = DecodeError("it is cut off");
    const UNKNOWN_VERSION: DecodeError = DecodeError("its version is not known to this program");
}

const VERSION: u8 = 1;
/// The version of everything but polls. Its [`Source`] has a rank and an event.
const SOURCED_VERSION: u8 = 2;
const POLLS: u8 = 1;
const HOURS: u8 = 2;
const ZONES: u8 = 3;
const SPECIAL_DAYS: u8 = 4;

//! The packed form of many stores' polls, hours or zones (`lib/uptime_aws/README.md`, "Segments").
//!
//! **Equal content gives equal bytes**, so a segment's hash can be its key. Numbers are LEB128
//! varints, signed ones zigzag. A segment is, in this order:
//!
//! | part | form |
//! |---|---|
//! | version | one byte: polls 1; hours, zones 2, or 1 if an older program wrote them |
//! | kind | one byte: 1 polls, 2 hours, 3 zones |
//! | preamble | polls: the first instant; hours, zones: the [`Source`]; zones: their names as well
//! |
//! | stores | three groups in order: integers (8 bytes), UUIDs (16 bytes), texts (length, bytes);
//! each group its count, then each store's id and data |
//!
//! A [`Source`]: upload instant, key and version; in version 2 then the rank, and 0 if no event is
//! known, else 1, the event's time and its sequencer. Segments of polls have no source. They stay
//! in version 1, so that equal polls still give the bytes that earlier programs stored.
//!
//! A store's polls: how many; then for each the distance to the one before (of the first: to the
//! preamble's instant), doubled, plus 1 if active. A store's hours: how many rows; then for each
//! day, start and end, or the day alone on which it does not open, or that nothing is known. A
//! zone: its place among the names, of which an empty one says that no zone is known.

mod decode;
mod encode;
mod hours_form;
mod reader;
mod source;
#[cfg(test)]
mod tests;
mod varint;

use std::fmt;

use chrono::{DateTime, Datelike};
use thiserror::Error;

use crate::business_hours::HoursRow;
use crate::interval::DAY;
use crate::{PollSet, Shard, StoreId, Timestamp, Zone};

pub use decode::decode;
pub(crate) use decode::{Visitor, visit};
pub use encode::{pack_hours, pack_polls, pack_zones};
pub(crate) use encode::{pack_ordered_hours, pack_sorted_polls};
pub use source::{Sequencer, Source, UploadEvent};

/// A UTC day: days since 1970-01-01. Prints as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay(i64);

impl UtcDay {
    /// The day an instant falls on.
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
    /// Business hours.
    Hours,
    /// Time zones.
    Zones,
}

/// Data of many stores of one shard, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Whose stores it holds.
    pub shard: Shard,
    /// What it holds of them.
    pub kind: SegmentKind,
    /// At most [`MAX_SEGMENT_BYTES`].
    pub bytes: Vec<u8>,
}

/// Below `DynamoDB`'s item limit of 400 KB (409,600 bytes) with keys and attribute names.
pub const MAX_SEGMENT_BYTES: usize = 400_000;

/// How many rows of business hours a store may have, so that they fit one segment.
pub const MAX_HOURS_ROWS: usize = 20_000;

/// The content of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Polls, by store.
    Polls(Vec<(StoreId, PollSet)>),
    /// All hours rows that a file has of these stores.
    Hours(Source, Vec<(StoreId, Vec<HoursRow>)>),
    /// The zones that a file gives these stores; `None`: it says that none is known.
    Zones(Source, Vec<(StoreId, Option<Zone>)>),
}

/// Why bytes are no segment that this version of the program reads.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the segment cannot be read: {0}")]
pub struct DecodeError(&'static str);

impl DecodeError {
    const CUT_OFF: DecodeError = DecodeError("it is cut off");
    const UNKNOWN_VERSION: DecodeError = DecodeError("its version is not known to this program");
}

const VERSION: u8 = 1;
/// The version of hours and zones, whose [`Source`] has a rank and an event.
const SOURCED_VERSION: u8 = 2;
const POLLS: u8 = 1;
const HOURS: u8 = 2;
const ZONES: u8 = 3;

//! The packed form of many stores' polls, hours or zones: encode, decode (architecture 3).

use std::fmt;

use chrono_tz::Tz;
use thiserror::Error;

use crate::business_hours::HoursRow;
use crate::{PollSet, Shard, StoreId, Timestamp};

/// Which upload a row of hours or zones came from. Ordered: the newer is greater (spec section 2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// When the object was uploaded.
    pub uploaded_at: Timestamp,
    /// The object's key.
    pub key: String,
    /// Its version id, or its `ETag`.
    pub version: String,
}

/// A UTC day: days since 1970-01-01. Prints as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay(i32);

impl UtcDay {
    /// The day an instant falls on.
    pub fn of(_at: Timestamp) -> UtcDay {
        todo!()
    }
}

impl fmt::Display for UtcDay {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
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

/// Data of many stores of one shard, packed. Equal content gives equal bytes.
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

/// The content of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Polls, by store.
    Polls(Vec<(StoreId, PollSet)>),
    /// All hours rows that a file has of these stores.
    Hours(Source, Vec<(StoreId, Vec<HoursRow>)>),
    /// The zones that a file gives these stores.
    Zones(Source, Vec<(StoreId, Tz)>),
}

/// Why bytes are no segment that this version of the program reads.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the segment cannot be read: {0}")]
pub struct DecodeError(pub(crate) &'static str);

/// Packs polls of stores of one shard: a segment for each UTC day, more where a day is too large.
///
/// Stores may come in any order, each once.
pub fn pack_polls(_shard: Shard, _stores: Vec<(StoreId, PollSet)>) -> Vec<Segment> {
    todo!()
}

/// Packs the hours rows that a file has of stores of one shard. A store's rows stay together.
pub fn pack_hours(
    _shard: Shard,
    _source: &Source,
    _stores: Vec<(StoreId, Vec<HoursRow>)>,
) -> Vec<Segment> {
    todo!()
}

/// Packs the zones that a file gives stores of one shard.
pub fn pack_zones(_shard: Shard, _source: &Source, _stores: Vec<(StoreId, Tz)>) -> Vec<Segment> {
    todo!()
}

/// Decodes any segment.
pub fn decode(_bytes: &[u8]) -> Result<Decoded, DecodeError> {
    todo!()
}

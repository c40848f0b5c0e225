//! The rules of store uptime, pure: bytes and values in, values and bytes out. Nothing here reads a
//! clock, the environment, a file or a socket, and nothing knows AWS.
//!
//! # Layout, in reading order
//!
//! - [`interval`]: instants and spans of UTC time; [`timestamp`]: how instants are read and written.
//! - `blanks`: what stands around values; `digits`: digits, eight at a time.
//! - [`store`]: stores, polls, shards.
//! - [`input`]: the bytes of a source file to validated rows and rejects.
//! - [`zone`]: time zones by name, with their rules.
//! - [`zone_clock`]: what the clocks of a zone show, and the way back to instants.
//! - [`business_hours`]: weekly local hours to open intervals.
//! - [`parameters`]: what a report is about.
//! - [`timeline`]: polls and open intervals to uptime, downtime and unknown; the heart.
//! - [`poll_count`]: the plain count of polls.
//! - [`segment`]: the packed form in which data is stored.
//! - [`gzip`]: packed files, unpacked as they come.
//! - [`ingest`]: a source file to segments, rejects and counts.
//! - [`shard_data`]: the segments of a shard, united.
//! - [`report`]: all stores of a shard to rows; [`output`]: rows to CSV.
//!
#![doc = include_str!("../RULES.md")]

mod blanks;
mod digits;
pub mod interval;
pub mod timestamp;

pub mod store;

pub mod input;

pub mod zone;

pub mod zone_clock;

pub mod business_hours;

pub mod parameters;

pub mod timeline;

pub mod poll_count;

pub mod segment;

pub mod gzip;

pub mod ingest;

pub mod shard_data;

pub mod report;

pub mod output;

pub use interval::{Interval, Timestamp};
pub use store::{Poll, PollSet, Shard, Status, StoreId};
pub use zone::Zone;

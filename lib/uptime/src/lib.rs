//! The rules of store uptime, as pure functions: they take bytes and values and return values and
//! bytes. Nothing here reads a clock, the environment, a file or a socket, and nothing knows AWS.
//!
//! # Layout, in reading order
//!
//! - [`interval`]: instants and spans of UTC time; [`timestamp`]: reads and writes instants.
//! - `blanks`: removes blanks around values; `digits`: reads digits, eight at a time; `buckets`:
//!   counting sort.
//! - [`store`]: stores, polls, shards.
//! - [`input`]: turns the bytes of a source file into validated rows and rejected rows.
//! - [`zone`]: time zones by name, with their rules.
//! - [`zone_clock`]: converts between instants and the local time of a zone.
//! - [`business_hours`]: turns weekly local hours into open intervals.
//! - [`period`]: local dates by name; [`parameters`]: the instant, method and windows of a report;
//!   [`times`]: what these mean by the clock of a zone; [`retention`]: for how long polls are kept.
//! - [`timeline`]: the core: turns polls and open intervals into uptime, downtime and unknown time.
//! - [`certainty`]: which open time polls settle, and which they cover; [`outage`]: runs of inactive
//!   polls.
//! - [`poll_count`]: the method that only counts polls.
//! - [`segment`]: the packed form in which data is stored.
//! - [`gzip`]: unpacks gzip files as their bytes arrive.
//! - [`ingest`]: turns a source file into segments, rejected rows and counts.
//! - [`shard_data`]: merges the segments of a shard.
//! - [`report`]: turns the stores of a shard into rows.
//! - [`account`]: everything that the files of a report say about one store; [`day_sums`]: the sums of
//!   each local date; [`accounts`]: the accounts of many stores.
//! - [`poller`]: times in which no store was polled; [`heat_map`]: when stores were down;
//!   [`fleet`]: the stores of all shards.
//! - [`output`]: writes the files of a report.
//! - `error_line`: joins an error and its causes into one line.
//!
#![doc = include_str!("../RULES.md")]

mod blanks;
mod buckets;
mod digits;
pub mod interval;
pub mod timestamp;

pub mod store;

pub mod input;

pub mod zone;

pub mod zone_clock;

pub mod business_hours;

pub mod period;

pub mod parameters;

pub mod times;

pub mod retention;

pub mod timeline;

pub mod certainty;

pub mod outage;

pub mod poll_count;

pub mod segment;

pub mod gzip;

pub mod ingest;

pub mod shard_data;

pub mod report;

pub mod account;

pub mod accounts;

pub mod day_sums;

pub mod poller;

pub mod heat_map;

pub mod fleet;

pub mod output;

mod error_line;

#[cfg(test)]
mod test_text;

pub use error_line::describe;
pub use interval::{Interval, Timestamp};
pub use store::{Poll, PollSet, Shard, Status, StoreId};
pub use zone::Zone;

//! The adapters against emulators that speak the wire protocols of AWS.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod broken_downloads;
mod damaged_segments;
mod limited_tables;
mod load_files;
mod many_items;
mod pinned_version;
mod reading_on;
mod report_files;
mod report_table;
mod retention;
mod scripted;
mod source_files;
mod stalls;
mod store_data;
mod superseded;
mod throttling;
mod unprocessed;
mod versions;

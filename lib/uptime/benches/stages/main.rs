//! How fast each stage of a report is, from the bytes of a file to `report.csv`, with rates:
//! `cargo bench -p uptime`.
//!
//! All stages work on one sample of the size that a report usually has, so their times add up to
//! that of the whole. Of wall times on a machine with other work the column `fastest` says most.

#![expect(clippy::unwrap_used, reason = "a failed setup should stop the measurement")]

mod data;
mod packing;
mod reading;
mod reporting;
mod whole;

fn main() {
    divan::main();
}

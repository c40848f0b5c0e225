//! Measures the time and rate of each stage of a report, from the bytes of a file to `report.csv`:
//! `cargo bench -p uptime`.
//!
//! All stages work on one sample of the usual size of a report, so their times add up to the time
//! of the whole. If other work runs on the machine, the column `fastest` is the most meaningful.

#![expect(clippy::unwrap_used, reason = "a failed setup should stop the measurement")]

mod data;
mod packing;
mod reading;
mod reporting;
mod whole;

fn main() {
    divan::main();
}

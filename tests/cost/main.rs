//! The counted cost of loads and reports: budgets for calls, units and stored bytes.
//!
//! - [`rules`]: the meter agrees with the consumed capacity that DynamoDB's emulator returns.
//! - [`bulk`], [`hourly`]: one week of a fleet in one file, and in one file per hour; a month in one
//!   file. `--nocapture` prints the figures, also those of a small fleet, which has no budget.
//! - [`calls`]: the calls that each function makes; its role allows the same calls.
//! - [`limits`]: the largest file and fleet that functions/README.md states fit the time-outs and the
//!   capacity of a new table, and not much larger ones do.
//! - [`repeats`]: the cost of files that are loaded repeatedly.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod budget;
mod bulk;
mod calls;
mod fleet;
mod hourly;
mod limits;
mod repeats;
mod rules;

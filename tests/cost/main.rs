//! What loads and reports cost, counted: the budgets of calls, units and stored bytes.
//!
//! - [`rules`]: the meter agrees with what DynamoDB's emulator says a request consumed.
//! - [`bulk`], [`hourly`]: a week of a fleet in one file, and in a file an hour; `--nocapture` tells
//!   the figures, those of a small fleet too, which has no budget.
//! - [`calls`]: which calls each function makes, the same that its role is held to.
//! - [`repeats`]: what files cost that are loaded again and again.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod budget;
mod bulk;
mod calls;
mod fleet;
mod hourly;
mod repeats;
mod rules;

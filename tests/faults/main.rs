//! Stored data and reports stay right when calls break, processes die or many callers come at once.
//!
//! - [`broken_calls`]: proxies break calls between the functions and DynamoDB, S3 and SQS.
//! - [`kills`]: the whole process is killed, in every phase of a load and of a report.
//! - [`patience`]: work fails again and again, and is retried until it is done.
//! - [`burst`]: many reports are requested at once, while many callers poll their status.
//!
//! By default all of these tests are short. `STORY_SEEDS=1..20`, `STORY_STALL_SECONDS`,
//! `STORY_TRIGGERS` and `STORY_POLLERS` make them longer. `--nocapture` shows on stderr what they
//! did.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod broken_calls;
mod burst;
mod kills;
mod patience;

/// Splits a file of polls into several, each with the header.
fn parts(polls: &str, count: usize) -> Vec<String> {
    let (header, rows) = polls.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let part = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    rows.chunks(rows.len().div_ceil(count)).map(part).collect()
}

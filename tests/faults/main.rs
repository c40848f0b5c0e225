//! What is stored and told stays right when calls break, processes die and callers come in crowds.
//!
//! - [`broken_calls`]: proxies break calls between the functions and DynamoDB, S3 and SQS.
//! - [`kills`]: the whole process dies, in every phase of a load and of a report.
//! - [`patience`]: work fails again and again, and is tried until it is done.
//! - [`burst`]: many reports are asked for at once, and many callers ask how they do.
//!
//! All are short here. `STORY_SEEDS=1..20`, `STORY_STALL_SECONDS`, `STORY_TRIGGERS` and
//! `STORY_POLLERS` make them long; what they saw is on stderr (`--nocapture`).
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod broken_calls;
mod burst;
mod kills;
mod patience;

/// A file of polls as several, each with the header.
fn parts(polls: &str, count: usize) -> Vec<String> {
    let (header, rows) = polls.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let part = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    rows.chunks(rows.len().div_ceil(count)).map(part).collect()
}

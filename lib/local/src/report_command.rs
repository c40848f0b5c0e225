//! `local report`: makes `report.csv` from CSV files with the engine alone. The bytes are the same
//! as the service writes.
//!
//! Two threads ingest the files and group their segments by shard. Then each shard is reported. If
//! only some rows of a file are accepted, they count, as in the service, and the command fails.

use std::cmp::Reverse;
use std::io::{self, Write, stderr};
use std::panic;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::ValueEnum;
use thiserror::Error;
use uptime::Timestamp;
use uptime::input::latest_poll;
use uptime::parameters::{Method, ReportParameters};
use uptime::report::StoreCounts;
use uptime::segment::{DecodeError, Source};
use uptime::timeline::MaxHold;

use crate::failure::Failure;
use destination::OutIsSource;
use source_file::{FileError, Shortcoming, Summary};
use stored::Stored;

mod destination;
mod source_file;
mod stored;
#[cfg(test)]
mod tests;

/// Computes a report from files, with the same bytes as the service writes
///
/// The kind of each file is read from its header. Files may be gzip-compressed. If several files
/// hold business hours or time zones, a later file on the command line counts as the newer upload.
/// For each file, stderr shows how many rows were loaded, duplicate or rejected. It also shows how
/// many stores the report has: in total, without polls, with default hours and with the default
/// time zone.
///
/// The exit code is 1 if there is no report. That is so if a file cannot be read, if a file is
/// refused as a whole (no usable header, another encoding or format, days counted from 1), or if no
/// poll was accepted. The exit code is also 1 if a file is damaged or if more than 10 % of its rows
/// are rejected. In that case the report is still written from the accepted rows.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files of polls, business hours and time zones, as CSV or gzip-compressed CSV
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The file to write, whole or not at all; must not be one of the sources [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The instant that the report is about, in RFC 3339 [default: the newest poll]
    #[arg(long, value_name = "T")]
    as_of: Option<String>,
    /// How uptime is computed from polls
    #[arg(long, value_name = "M", value_enum, default_value_t = MethodName::TimeWeighted)]
    method: MethodName,
    /// How many minutes a status holds before and after its poll, 1 to 11520 [default: no limit]
    #[arg(long, value_name = "N")]
    max_hold_minutes: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum MethodName {
    TimeWeighted,
    PollCount,
}

/// Why there is no report, or why the report is incomplete.
#[derive(Debug, Error)]
enum ReportError {
    #[error("--max-hold-minutes cannot be used with --method poll_count; leave one of them out")]
    MaxHoldOfPollCount,
    #[error("--max-hold-minutes is {0}; it must be a whole number from 1 to 11520")]
    MaxHold(u32),
    #[error(
        "--as-of is {0:?}; it must be an RFC 3339 instant from 2000-01-01T00:00:00Z to 24 hours \
         from now"
    )]
    AsOf(String),
    #[error("there is nothing to report on: no poll was accepted from any file{}", listed(.0))]
    NoPolls(Vec<Shortcoming>),
    #[error(transparent)]
    OutIsSource(#[from] OutIsSource),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Segment(#[from] DecodeError),
    #[error("the report is written, but rows are missing{}", listed(.0))]
    RowsMissing(Vec<Shortcoming>),
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let made = make(arguments, uptime_aws::now(), &mut stderr())?;
    destination::write(arguments.out.as_deref(), &made.csv)?;
    if made.shortcomings.is_empty() {
        return Ok(());
    }
    Err(ReportError::RowsMissing(made.shortcomings).into())
}

/// Returns the problems of single files, to append to an error message.
fn listed(shortcomings: &[Shortcoming]) -> String {
    shortcomings.iter().map(|one| format!("; {one}")).collect::<Vec<_>>().concat()
}

struct Made {
    csv: Vec<u8>,
    shortcomings: Vec<Shortcoming>,
}

/// Makes the report. Writes the row counts of each file to `notes`.
fn make(
    arguments: &Arguments,
    now: Timestamp,
    notes: &mut impl Write,
) -> Result<Made, ReportError> {
    let method = method(arguments)?;
    let as_of = arguments.as_of.as_deref().map(|text| as_of(text, now)).transpose()?;
    destination::check(arguments.out.as_deref(), &arguments.files)?;

    let stored = Mutex::new(Stored::new());
    let mut shortcomings = Vec::new();
    for summary in ingest_all(&arguments.files, now, &stored) {
        let summary = summary?;
        // If stderr is closed, the report is still worth making.
        let _ = summary.write_to(notes);
        shortcomings.extend(summary.shortcoming());
    }
    let stored = stored.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Some(newest_poll) = stored.newest_poll() else {
        return Err(ReportError::NoPolls(shortcomings));
    };
    let parameters = ReportParameters { as_of: as_of.unwrap_or(newest_poll), method };
    let (csv, counts) = stored.report(parameters)?;
    let _ = write_counts(counts, notes);
    Ok(Made { csv, shortcomings })
}

/// Writes one line with the store counts that the service records of a report.
fn write_counts(counts: StoreCounts, notes: &mut impl Write) -> io::Result<()> {
    let StoreCounts { stores, without_polls, with_default_hours, with_default_zone } = counts;
    writeln!(
        notes,
        "{stores} stores: {without_polls} without polls, {with_default_hours} without known hours \
         (always open), {with_default_zone} without a known time zone (America/Chicago)"
    )
}

/// Ingests files, two at a time. Returns a summary of each, in the order of the command line.
fn ingest_all(
    files: &[PathBuf],
    now: Timestamp,
    stored: &Mutex<Stored>,
) -> Vec<Result<Summary, FileError>> {
    let mut places: Vec<(i64, &PathBuf)> = (0..).zip(files).collect();
    // Start with the largest file: the other thread does the small ones meanwhile.
    places.sort_by_key(|(_, path)| Reverse(source_file::length(path)));
    let places = Mutex::new(places.into_iter());
    let ingest_some = || {
        let mut summaries = Vec::new();
        loop {
            let next = places.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((place, path)) = next else { return summaries };
            let source = Source::new(now.plus(place), path.display().to_string(), "");
            let summary = source_file::ingest(path, &source, latest_poll(now), stored);
            summaries.push((place, summary));
        }
    };
    let mut summaries = thread::scope(|scope| {
        let other = scope.spawn(ingest_some);
        let mut summaries = ingest_some();
        summaries.extend(other.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        summaries
    });
    summaries.sort_unstable_by_key(|(place, _)| *place);
    summaries.into_iter().map(|(_, summary)| summary).collect()
}

fn method(arguments: &Arguments) -> Result<Method, ReportError> {
    let read = |minutes| MaxHold::from_minutes(minutes).ok_or(ReportError::MaxHold(minutes));
    let max_hold = arguments.max_hold_minutes.map(read).transpose()?;
    let method = match arguments.method {
        MethodName::TimeWeighted => Method::TimeWeighted { max_hold: None },
        MethodName::PollCount => Method::PollCount,
    };
    method.with_max_hold(max_hold).ok_or(ReportError::MaxHoldOfPollCount)
}

fn as_of(text: &str, now: Timestamp) -> Result<Timestamp, ReportError> {
    let accepted = ReportParameters::as_of_accepted(now);
    let as_of = Timestamp::from_rfc3339(text).ok().filter(|as_of| accepted.contains(as_of));
    as_of.ok_or_else(|| ReportError::AsOf(text.to_owned()))
}

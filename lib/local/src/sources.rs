//! The source files of `report` and `explain`, and the parameters of the report.
//!
//! Two files are ingested at a time, and a plain file of polls on all cores. If only some rows of a file are
//! accepted, they count, as in the service, and the command fails.

use std::cmp::Reverse;
use std::io::Write;
use std::panic;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::ValueEnum;
use thiserror::Error;
use uptime::Timestamp;
use uptime::input::latest_poll;
use uptime::parameters::{Method, ReportParameters};
use uptime::period::{Period, PeriodError};
use uptime::segment::Source;
use uptime::timeline::MaxHold;

use source_file::{FileError, Summary};

mod cores;
mod pieces;
mod source_file;
mod stored;

pub(crate) use source_file::Shortcoming;
pub(crate) use stored::Stored;

/// The arguments that both commands share.
#[derive(Debug, clap::Args)]
pub struct Sources {
    /// Files of polls, business hours and time zones, as CSV or gzip-compressed CSV
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The instant that the report is about, in RFC 3339 [default: the newest poll]
    #[arg(long, value_name = "T")]
    as_of: Option<String>,
    /// How uptime is computed from polls
    #[arg(long, value_name = "M", value_enum, default_value_t = MethodName::TimeWeighted)]
    method: MethodName,
    /// How many minutes a status holds before and after its poll, 1 to 11520 [default: no limit]
    #[arg(long, value_name = "N")]
    max_hold_minutes: Option<u32>,
    /// The dates to report on, by each store's own clock, instead of the last hour, day and week: a day
    /// (2026-10-24), an ISO week (2026-W43), a month (2026-10) or a range (2026-10-01/2026-10-15)
    #[arg(long, value_name = "P")]
    period: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum MethodName {
    TimeWeighted,
    PollCount,
}

/// Why there is nothing to report on.
#[derive(Debug, Error)]
pub(crate) enum SourcesError {
    #[error("--max-hold-minutes cannot be used with --method poll_count; leave one of them out")]
    MaxHoldOfPollCount,
    #[error("--max-hold-minutes is {0}; it must be a whole number from 1 to 11520")]
    MaxHold(u32),
    #[error("--period cannot be used with --method poll_count; leave one of them out")]
    PeriodOfPollCount,
    #[error("--period {0:?} {1}; it must be {accepted}", accepted = Period::ACCEPTED)]
    Period(String, PeriodError),
    #[error(
        "--period {0} has not begun anywhere at {1}, the instant that the report is about; choose an \
         earlier period, or a later instant with --as-of"
    )]
    PeriodNotBegun(Period, Timestamp),
    #[error(
        "--as-of is {0:?}; it must be an RFC 3339 instant from 2000-01-01T00:00:00Z to 24 hours \
         from now"
    )]
    AsOf(String),
    #[error("there is nothing to report on: no poll was accepted from any file{}", listed(.0))]
    NoPolls(Vec<Shortcoming>),
    #[error(transparent)]
    File(#[from] FileError),
}

/// Returns the problems of single files, to append to an error message.
pub(crate) fn listed(shortcomings: &[Shortcoming]) -> String {
    shortcomings.iter().map(|one| format!("; {one}")).collect::<Vec<_>>().concat()
}

/// The parameters of the report that is asked for. Without an instant, it is about the newest poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    as_of: Option<Timestamp>,
    method: Method,
}

/// What the files hold.
pub(crate) struct Ingested {
    pub(crate) stored: Stored,
    pub(crate) parameters: ReportParameters,
    pub(crate) shortcomings: Vec<Shortcoming>,
}

impl Sources {
    /// Checks the parameters before any file is read.
    pub(crate) fn request(&self, now: Timestamp) -> Result<Request, SourcesError> {
        let as_of = self.as_of.as_deref().map(|text| as_of(text, now)).transpose()?;
        Ok(Request { as_of, method: self.method()? })
    }

    /// Ingests the files. Writes the row counts of each file to `notes`.
    pub(crate) fn ingest(
        &self,
        request: Request,
        now: Timestamp,
        notes: &mut impl Write,
    ) -> Result<Ingested, SourcesError> {
        let stored = Mutex::new(Stored::new());
        let mut shortcomings = Vec::new();
        for summary in ingest_all(&self.files, now, &stored) {
            let summary = summary?;
            // If stderr is closed, the report is still worth making.
            let _ = summary.write_to(notes);
            shortcomings.extend(summary.shortcoming());
        }
        let stored = stored.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some(newest_poll) = stored.newest_poll() else {
            return Err(SourcesError::NoPolls(shortcomings));
        };
        let Request { as_of, method } = request;
        let parameters = ReportParameters { as_of: as_of.unwrap_or(newest_poll), method };
        if let Some(period) = method.period().filter(|period| !period.has_begun(parameters.as_of)) {
            return Err(SourcesError::PeriodNotBegun(period, parameters.as_of));
        }
        Ok(Ingested { stored, parameters, shortcomings })
    }

    fn method(&self) -> Result<Method, SourcesError> {
        let read = |minutes| MaxHold::from_minutes(minutes).ok_or(SourcesError::MaxHold(minutes));
        let max_hold = self.max_hold_minutes.map(read).transpose()?;
        let method = match self.method {
            MethodName::TimeWeighted => Method::TIME_WEIGHTED,
            MethodName::PollCount => Method::PollCount,
        };
        let read =
            |text: &String| text.parse().map_err(|error| SourcesError::Period(text.clone(), error));
        let period = self.period.as_ref().map(read).transpose()?;
        let method = method.with_max_hold(max_hold).ok_or(SourcesError::MaxHoldOfPollCount)?;
        method.with_period(period).ok_or(SourcesError::PeriodOfPollCount)
    }
}

fn as_of(text: &str, now: Timestamp) -> Result<Timestamp, SourcesError> {
    let accepted = ReportParameters::as_of_accepted(now);
    let as_of = Timestamp::from_rfc3339(text).ok().filter(|as_of| accepted.contains(as_of));
    as_of.ok_or_else(|| SourcesError::AsOf(text.to_owned()))
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

//! `local report`: makes the files of a report from CSV files with the engine alone. The bytes are
//! the same as the service writes.

use std::io::{self, Write, stderr};
use std::path::PathBuf;
use std::time::SystemTime;

use thiserror::Error;
use uptime::Timestamp;
use uptime::output::ReportWriter;
use uptime::report::StoreCounts;
use uptime::segment::DecodeError;

use crate::counted::counted;
use crate::failure::Failure;
use crate::sources::{Ingested, Shortcoming, Sources, SourcesError, listed};
use destination::OutIsSource;

mod destination;
#[cfg(test)]
mod tests;

/// Computes a report from files, with the same bytes as the service writes
///
/// The kind of each file is read from its header. Files may be gzip-compressed. If several files
/// hold business hours, time zones or special days, a later file on the command line counts as the
/// newer upload. For each file, stderr shows how many rows were loaded, duplicate or rejected. It
/// also shows how many stores the report has: in total, without polls, with default hours and with
/// the default time zone.
///
/// Without --out-dir, only report.csv is made. With it, all files of the report are made:
/// report.csv, stores.csv, outages.csv, report.html, which a browser opens, and report.json.
///
/// The exit code is 1 if there is no report. That is so if a file cannot be read, if a file is
/// refused as a whole (no usable header, another encoding or format, days counted from 1), or if no
/// poll was accepted. The exit code is also 1 if a file is damaged or if more than 10 % of its rows
/// are rejected. In that case the report is still written from the accepted rows.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    sources: Sources,
    /// The file to write report.csv to, whole or not at all; must not be one of the sources
    /// [default: stdout]
    #[arg(long, value_name = "FILE", conflicts_with = "out_dir")]
    out: Option<PathBuf>,
    /// The folder to write all files of the report to, each whole or not at all; made if it does
    /// not exist
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
}

/// Why there is no report, or why the report is incomplete.
#[derive(Debug, Error)]
enum ReportError {
    #[error(transparent)]
    OutIsSource(#[from] OutIsSource),
    #[error(transparent)]
    Sources(#[from] SourcesError),
    #[error(transparent)]
    Segment(#[from] DecodeError),
    #[error("the report is written, but rows are missing{}", listed(.0))]
    RowsMissing(Vec<Shortcoming>),
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Made { contents, shortcomings } = make(arguments, SystemTime::now().into(), &mut stderr())?;
    match contents {
        Contents::Csv(csv) => destination::write(arguments.out.as_deref(), &csv)?,
        Contents::All(folder, report) => destination::write_folder(&folder, report)?,
    }
    if shortcomings.is_empty() {
        return Ok(());
    }
    Err(ReportError::RowsMissing(shortcomings).into())
}

struct Made {
    contents: Contents,
    shortcomings: Vec<Shortcoming>,
}

/// What was asked for.
enum Contents {
    Csv(Vec<u8>),
    All(PathBuf, ReportWriter),
}

/// Makes the report. Writes the row counts of each file to `notes`.
fn make(
    arguments: &Arguments,
    now: Timestamp,
    notes: &mut impl Write,
) -> Result<Made, ReportError> {
    let Arguments { sources, out, out_dir } = arguments;
    let request = sources.request(now)?;
    destination::check(out.as_deref(), out_dir.as_deref(), &sources.files)?;
    let Ingested { stored, parameters, shortcomings } = sources.ingest(request, now, notes)?;
    let (contents, counts) = if let Some(folder) = out_dir {
        let fleet = stored.fleet(parameters)?;
        let counts = fleet.about.counts;
        (Contents::All(folder.clone(), ReportWriter::new(fleet)), counts)
    } else {
        let (csv, counts) = stored.report(parameters)?;
        (Contents::Csv(csv), counts)
    };
    let _ = write_counts(counts, notes);
    Ok(Made { contents, shortcomings })
}

/// Writes one line with the store counts that the service records of a report.
fn write_counts(counts: StoreCounts, notes: &mut impl Write) -> io::Result<()> {
    let StoreCounts { stores, without_polls, with_default_hours, with_default_zone } = counts;
    writeln!(
        notes,
        "{}: {without_polls} without polls, {with_default_hours} without known hours \
         (always open), {with_default_zone} without a known time zone (America/Chicago)",
        counted(stores, "store"),
    )
}

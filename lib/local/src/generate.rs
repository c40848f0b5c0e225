//! Makes realistic sample data: the source files, with the known properties of the real ones.
//!
//! **Equal arguments give equal bytes**, on any machine and in any later version: the code uses
//! neither a clock nor floating point, and its random number generator has a stable stream. This
//! command made `data/`, and a test checks that it still makes the same files.

use std::path::{Path, PathBuf};

use thiserror::Error;
use uptime::Timestamp;
use uptime::input::EARLIEST_POLL;
use uptime::interval::{DAY, SECOND};

use crate::counted::counted;
use crate::failure::Failure;
use crate::terminal::say;
use files::{BUSINESS_HOURS, SPECIAL_DAYS, STORE_STATUS, TIMEZONES};
use random::Random;
use sample::Sample;

mod files;
mod hours;
mod polls;
mod random;
mod sample;
mod special_days;
mod stores;
#[cfg(test)]
mod tests;

/// Writes realistic sample data; equal arguments give equal files
///
/// Writes `store_status.csv`, `business_hours.csv` and `timezones.csv` and replaces files of these
/// names. 14,000 stores and 8 days make about 1.8 million polls, 119 MB. With `--special-days` it also
/// writes `special_days.csv`; the other files stay the same.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The number of stores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    stores: u32,
    /// For how many days the stores are polled
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// The seed of the random choices; another seed makes another sample
    #[arg(long, value_name = "N")]
    seed: u64,
    /// When polling ends, in RFC 3339 [default: 2023-01-25T18:13:22Z]
    #[arg(long, value_name = "T")]
    end: Option<String>,
    /// Give about one store in ten some special days
    #[arg(long)]
    special_days: bool,
    /// The folder to write to; created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Why no sample was made.
#[derive(Debug, Error)]
enum GenerateError {
    #[error("--end is {0:?}; it must be an RFC 3339 instant such as 2023-01-25T18:13:22Z")]
    EndUnreadable(String),
    #[error("--end is {end} and --days is {days}; all days must be from 2000-01-01 to 9999-12-30")]
    OutOfRange { end: String, days: u32 },
    #[error("cannot write {path}")]
    Write { path: String, source: std::io::Error },
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sample = written(arguments)?;
    let mut files = vec![
        (STORE_STATUS, sample.polls.len()),
        (BUSINESS_HOURS, sample.hours.len()),
        (TIMEZONES, sample.zones.len()),
    ];
    files.extend(sample.special_days.as_ref().map(|rows| (SPECIAL_DAYS, rows.len())));
    let written: Vec<String> = files
        .iter()
        .map(|(name, rows)| format!("{name} ({})", counted(*rows as u64, "row")))
        .collect();
    let written = written.join(", ");
    say(format_args!("wrote {written} to {}", arguments.out.display()));
    Ok(())
}

/// Writes the files of `data/` into `folder`. Returns their paths, polls last.
pub fn write_sample(folder: &Path) -> Result<[PathBuf; 4], Failure> {
    let out = folder.to_owned();
    let special_days = true;
    written(&Arguments { stores: 300, days: 8, seed: 7, end: None, special_days, out })?;
    let names = [BUSINESS_HOURS, TIMEZONES, SPECIAL_DAYS, STORE_STATUS];
    Ok(names.map(|name| folder.join(name)))
}

fn written(arguments: &Arguments) -> Result<Sample, GenerateError> {
    let sample = make(arguments)?;
    files::write_all(&sample, &arguments.out).map_err(|(path, source)| GenerateError::Write {
        path: path.display().to_string(),
        source,
    })?;
    Ok(sample)
}

fn make(arguments: &Arguments) -> Result<Sample, GenerateError> {
    let end = polling_end(arguments)?;
    let start = end.plus(-i64::from(arguments.days) * DAY);
    let mut random = Random::new(arguments.seed);
    let mut sample = Sample::new(arguments.stores, start..=end, &mut random);
    if arguments.special_days {
        // Last, so that the other files are the same with and without special days.
        sample.add_special_days(&mut random);
    }
    Ok(sample)
}

fn polling_end(arguments: &Arguments) -> Result<Timestamp, GenerateError> {
    let Some(text) = &arguments.end else {
        return Ok(DEFAULT_END);
    };
    let end =
        Timestamp::from_rfc3339(text).map_err(|_| GenerateError::EndUnreadable(text.clone()))?;
    let earliest = EARLIEST_POLL.plus(i64::from(arguments.days) * DAY);
    if end < earliest || end > LATEST_END {
        return Err(GenerateError::OutOfRange { end: text.clone(), days: arguments.days });
    }
    Ok(end)
}

/// 2023-01-25 18:13:22 UTC: the newest known poll of the real data is in that minute.
const DEFAULT_END: Timestamp = Timestamp::from_micros(1_674_670_402 * SECOND);
/// 9999-12-31: later years have five digits, which no source file can hold.
const LATEST_END: Timestamp = Timestamp::from_micros(253_402_214_400 * SECOND);

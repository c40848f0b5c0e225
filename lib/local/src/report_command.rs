//! CSV in, report.csv out; owned by helper `cli`.

use crate::cli::Failure;

/// Computes a report from files, byte for byte what the service writes.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_arguments: &Arguments) -> Result<(), Failure> {
    Err("not written yet".into())
}

//! Makes realistic sample data; owned by helper `cli`.

use crate::cli::Failure;

/// Writes realistic sample data, equal for equal arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_arguments: &Arguments) -> Result<(), Failure> {
    Err("not written yet".into())
}

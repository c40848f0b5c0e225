//! Reads the command line and runs one command.

use std::process::ExitCode;

use clap::Parser;
use local::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}

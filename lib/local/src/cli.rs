//! The command line (spec section 10): what can be asked for, and how a failure is told.
//!
//! A command that fails says so in one line on stderr and ends with exit code 1.

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{generate, report_command};

/// Why a command failed, in words for the person at the keyboard; its sources are appended.
pub type Failure = Box<dyn Error + Send + Sync>;

/// How long each store was online while it was meant to be open.
#[derive(Debug, Parser)]
#[command(name = "local", version, about, long_about = LONG_ABOUT)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const LONG_ABOUT: &str = "How long each store was online while it was meant to be open: \
the whole system on this machine, or its engine alone on files.";

#[derive(Debug, Subcommand)]
enum Command {
    Generate(generate::Arguments),
    Report(report_command::Arguments),
}

impl Cli {
    /// Runs the command. Prints a failure and turns it into the exit code 1.
    pub fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Generate(arguments) => generate::run(&arguments),
            Command::Report(arguments) => report_command::run(&arguments),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("local: {}", one_line(failure.as_ref()));
                ExitCode::FAILURE
            }
        }
    }
}

/// Joins an error and its sources into one line.
fn one_line(failure: &dyn Error) -> String {
    let mut line = failure.to_string();
    let mut source = failure.source();
    while let Some(error) = source {
        line.push_str(": ");
        line.push_str(&error.to_string());
        source = error.source();
    }
    line.replace('\n', " ")
}

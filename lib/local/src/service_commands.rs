//! The commands that need the service.

use clap::Subcommand;

use crate::failure::Failure;
use crate::{load_command, logs, serve};

pub(crate) use serve::Arguments as ServeArguments;

/// What `--help` says about the program.
pub(crate) const ABOUT: &str = "Reports how long each store was online during its business hours. \
Runs the whole system on this machine, or computes a report from files alone. Without a command, \
it runs `serve`.";

/// A command that needs the service.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    Serve(ServeArguments),
    Load(load_command::Arguments),
}

impl ServiceCommand {
    /// The command that runs if none is given.
    pub(crate) fn without_a_name(arguments: ServeArguments) -> ServiceCommand {
        ServiceCommand::Serve(arguments)
    }

    /// Runs the command.
    pub(crate) fn run(self) -> Result<(), Failure> {
        logs::start();
        match self {
            ServiceCommand::Serve(arguments) => to_the_end(serve::run(&arguments)),
            ServiceCommand::Load(arguments) => to_the_end(load_command::run(&arguments)),
        }
    }
}

fn to_the_end(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(command);
    // Do not wait for work that is still running: the next start continues it.
    runtime.shutdown_background();
    outcome
}

//! Stands for `service_commands` in a build without the service: its commands fail and name the build
//! that has them.

use std::ffi::OsString;

use clap::Subcommand;
use thiserror::Error;

use crate::failure::Failure;

/// What `--help` says about the program.
pub(crate) const ABOUT: &str = "Reports how long each store was online during its business hours, \
from files alone. This build has no service, so it has no `serve` and no `load`: \
`cargo run --release -p local` builds the whole system and starts it.";

/// What may stand in place of a command: nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArguments {}

/// A command that needs the service.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    #[command(hide = true, disable_help_flag = true)]
    Serve(AnyArguments),
    #[command(hide = true, disable_help_flag = true)]
    Load(AnyArguments),
}

/// Accepts all arguments, so that the command fails for the right reason.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct AnyArguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    _ignored: Vec<OsString>,
}

/// The command needs the service.
#[derive(Debug, Error)]
#[error(
    "this build has no service, so it cannot run {command}; it can run report, explain and generate. \
     The build with the service: cargo run --release -p local -- {command}"
)]
struct NoService {
    command: &'static str,
}

impl ServiceCommand {
    /// The command that runs if none is given.
    pub(crate) fn without_a_name(_: ServeArguments) -> ServiceCommand {
        ServiceCommand::Serve(AnyArguments::default())
    }

    /// Fails.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let command = match self {
            ServiceCommand::Serve(_) => "serve",
            ServiceCommand::Load(_) => "load",
        };
        Err(NoService { command }.into())
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_command_that_needs_the_service_fails_and_names_the_build_that_has_it() {
        let error = ServiceCommand::without_a_name(ServeArguments {}).run().unwrap_err();
        assert_eq!(
            error.to_string(),
            "this build has no service, so it cannot run serve; it can run report, explain and \
             generate. The build with the service: cargo run --release -p local -- serve"
        );
        let error = ServiceCommand::Load(AnyArguments::default()).run().unwrap_err().to_string();
        assert!(error.ends_with("cargo run --release -p local -- load"), "{error}");
    }

    #[test]
    fn the_arguments_of_a_command_that_needs_the_service_are_accepted_and_not_listed() {
        Cli::command().debug_assert();
        for line in ["local", "local serve --port 4000", "local load a.csv --s3-port 1"] {
            Cli::try_parse_from(line.split(' ')).unwrap();
        }
        let help = Cli::command().render_help().to_string();
        assert!(help.contains("\n  report ") && !help.contains("serve"), "{help}");
    }
}

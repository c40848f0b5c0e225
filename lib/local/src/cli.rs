//! The command line (`lib/local/README.md`, "The command line"): the commands, and how a failure is
//! printed.
//!
//! A command that fails prints one line on stderr and exits with code 1.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use uptime::describe;

use crate::service_commands::{ABOUT, ServeArguments, ServiceCommand};
use crate::{explain_command, generate, report_command, terminal};

/// Reports how long each store was online during its business hours
#[derive(Debug, Parser)]
#[command(name = "local", version, about, long_about = ABOUT)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Service(ServiceCommand),
    Report(report_command::Arguments),
    Explain(explain_command::Arguments),
    Generate(generate::Arguments),
}

impl Cli {
    /// Runs the command. If it fails, prints the failure and returns exit code 1.
    pub fn run(self) -> ExitCode {
        terminal::start();
        let outcome = match self.into_command() {
            Command::Service(command) => command.run(),
            Command::Report(arguments) => report_command::run(&arguments),
            Command::Explain(arguments) => explain_command::run(&arguments),
            Command::Generate(arguments) => generate::run(&arguments),
        };
        let code = match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                terminal::complain(format_args!("local: {}", describe(failure.as_ref())));
                ExitCode::FAILURE
            }
        };
        terminal::finish();
        code
    }

    fn into_command(self) -> Command {
        let unnamed = Command::Service(ServiceCommand::without_a_name(self.serve));
        self.command.unwrap_or(unnamed)
    }
}

#[cfg(all(test, feature = "service"))]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_guide_lists_each_option_of_each_command() {
        let guide = include_str!("../README.md").lines();
        let rows = guide.filter(|line| line.starts_with("| `") && line.contains("| `--"));
        let listed = rows.map(|row| {
            let cells: Vec<&str> =
                row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            format!("{} {}", cells[1], cells[2])
        });
        let cli = Cli::command();
        let options = cli.get_subcommands().flat_map(|command| {
            let options = command.get_arguments().filter_map(clap::Arg::get_long);
            let options = options.filter(|option| *option != "help");
            options.map(|option| format!("{} --{option}", command.get_name())).collect::<Vec<_>>()
        });
        assert_eq!(listed.collect::<Vec<_>>(), options.collect::<Vec<_>>());
    }

    #[test]
    fn without_a_command_it_serves_with_the_options_of_serve() {
        check("local", "serve");
        check("local --port 4000 --data-dir x", "serve");
        check("local serve --port 4000", "serve");
        check("local load a.csv --s3-port 1", "load");
        check("local load", "refused");
        check("local --port 4000 load a.csv", "refused");
        check("local --port x", "refused");
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let command = match Cli::try_parse_from(line.split(' ')).map(Cli::into_command) {
            Ok(Command::Service(ServiceCommand::Serve(_))) => "serve",
            Ok(Command::Service(ServiceCommand::Load(_))) => "load",
            Ok(_) => "another",
            Err(_) => "refused",
        };
        assert_eq!(command, expected, "{line}");
    }
}

//! `local serve`: the whole system on this machine, until Ctrl-C.
//!
//! Starts everything except the API and loads the first data into an empty system. **Then** it
//! opens the API, makes a report through it as a client would, and prints the commands to do the
//! same. Two printed lines are stable, so that other programs can start it:
//! `S3 on http://127.0.0.1:<port>` and `API on http://127.0.0.1:<port>`. The second one is
//! printed once the API answers.

mod first_load;
mod http_client;
mod report;
mod sam_local;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::dynamodb::TableLimits;
use crate::emulators::Addresses;
use crate::failure::Failure;
use crate::handles;
use crate::s3::{shell_quoted, signed_curl};
use crate::system::{ContinuedWork, DATA_BUCKET, System, SystemSettings};
use crate::terminal::{complain, say};
use crate::uploads::Uploads;

/// The default port of the API.
pub const API_PORT: u16 = 3000;
/// The default port of S3.
pub const S3_PORT: u16 = 3001;

/// The default data folder.
pub const DATA_DIR: &str = "local-data";

/// Runs the whole system over HTTP; this is also the default command
///
/// Starts emulators of DynamoDB, S3 and SQS and the deployed functions, all on 127.0.0.1. If there
/// is no data yet, it first loads the files of a folder and shows the errors of files that cannot
/// be loaded. Then it opens the API, makes a report through it and prints the curl commands to do
/// the same. Data stays in the data folder. It survives the end of the process, even `kill -9`, but
/// not a power failure. Ctrl-C stops the system; a second Ctrl-C stops it at once.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The port of the API; 0 means any free port
    #[arg(long, value_name = "PORT", default_value_t = API_PORT)]
    port: u16,
    /// The port of S3, for uploads and for links to reports; 0 means any free port
    #[arg(long, value_name = "PORT", default_value_t = S3_PORT)]
    s3_port: u16,
    /// The port of DynamoDB; 0 means any free port
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    dynamodb_port: u16,
    /// The port of SQS; 0 means any free port
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    sqs_port: u16,
    /// An address of this machine on which S3, DynamoDB and SQS also listen, for containers, such as
    /// 10.88.0.1 for podman; the API stays on 127.0.0.1
    #[arg(long, value_name = "ADDRESS", value_parser = sam_local::further_address)]
    listen: Option<Ipv4Addr>,
    /// The file to write for `sam local --env-vars`: the addresses and names of this system
    #[arg(long, value_name = "FILE", requires = "listen")]
    sam_env: Option<PathBuf>,
    /// Limit each table as DynamoDB limits a new one with on-demand capacity, to see how long loads
    /// and reports take then
    #[arg(long)]
    limit_tables: bool,
    /// The data folder; created if it does not exist, and used by one process at a time
    #[arg(long, value_name = "DIR", default_value = DATA_DIR)]
    data_dir: PathBuf,
    /// The folder to load when there is no data yet: CSV files, plain or .gz, whose kind is read
    /// from their header [default: data, if that folder exists]
    #[arg(long, value_name = "DIR")]
    load: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    if let Some(folder) = &arguments.load {
        // Only the default folder may be missing.
        check_folder(folder)?;
    }
    if let Some(warning) = handles::check(handles::raise_limit())? {
        complain(format_args!("local: {warning}"));
    }
    let mut settings = SystemSettings::patient_in_folder(&arguments.data_dir);
    (settings.api_port, settings.s3_port) = (arguments.port, arguments.s3_port);
    (settings.dynamodb_port, settings.sqs_port) = (arguments.dynamodb_port, arguments.sqs_port);
    settings.further_address = arguments.listen;
    settings.table_limits = arguments.limit_tables.then_some(TableLimits::NEW_ON_DEMAND);
    // Runs in its own task, so that signals are still handled during the start.
    let start = tokio::spawn(async move { System::prepare(&settings).await });
    let mut system = tokio::select! {
        started = start => started??,
        () = signals.next() => {
            // The next start does what this one did not finish, as after a kill.
            say("stopping");
            return Ok(());
        }
    };
    let outcome = tokio::select! {
        outcome = session(&mut system, arguments) => outcome,
        () = signals.next() => Ok(()),
    };
    if outcome.is_ok() {
        say("stopping");
    }
    tokio::select! {
        () = system.stop() => {}
        () = signals.next() => say("stopping at once"),
    }
    outcome
}

/// Listens for Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Starts listening. A signal before this call ends the process at once.
    fn new() -> std::io::Result<Signals> {
        let (interrupt, terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Signals { interrupt, terminate })
    }

    /// Waits for the next signal of either kind.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Does everything until a signal arrives. Returns only if something fails.
async fn session(system: &mut System, arguments: &Arguments) -> Result<(), Failure> {
    if let Some(listen) = arguments.listen {
        complain(format_args!("local: {}", sam_local::warning(system, listen)));
        if let Some(file) = &arguments.sam_env {
            sam_local::write(file, system.addresses(), listen)?;
        }
    }
    say(format_args!("S3 on http://{}", system.addresses().s3));
    say_continued(system.continued_work());
    let source = arguments.load.as_deref().unwrap_or(Path::new("data"));
    let uploads = Uploads::new(&system.sdk_config(), system.addresses().s3, system.secret().file());
    first_load::run(&uploads, &arguments.data_dir, source).await?;
    system.open_api()?;
    say(format_args!("API on http://{}", system.api_address()));
    let report = report::run(system.api_address(), &arguments.data_dir).await;
    let report_id = match &report {
        Ok(id) => id.as_deref(),
        // The system works even without this report.
        Err(failure) => {
            complain(format_args!("local: {}", uptime_aws::describe(failure.as_ref())));
            None
        }
    };
    say(instructions(system, arguments, report_id));
    std::future::pending().await
}

fn check_folder(folder: &Path) -> Result<(), Failure> {
    let reason = match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => "it is not a folder".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(format!("cannot load from {}: {reason}", folder.display()).into())
}

fn say_continued(ContinuedWork { reports, files }: ContinuedWork) {
    if reports + files > 0 {
        say(format_args!("continuing unfinished work: {files} files, {reports} reports"));
    }
    if files > 0 {
        say("until these files are loaded, reports cover only the data loaded so far");
    }
}

fn instructions(system: &System, arguments: &Arguments, report_id: Option<&str>) -> String {
    let (api, Addresses { dynamodb, s3, sqs }) = (system.api_address(), system.addresses());
    let data_dir = &arguments.data_dir;
    let id = report_id.unwrap_or("<report_id>");
    // The program's name as it was called: `cargo run` does not put it on the PATH.
    let program = std::env::args().next().unwrap_or("local".to_owned());
    let signed_curl = signed_curl(system.secret().file());
    let data_dir = if data_dir.as_os_str() == DATA_DIR {
        String::new()
    } else {
        format!(" --data-dir {}", shell_quoted(data_dir))
    };
    let page = report_id.map_or(String::new(), |id| {
        format!("\nOpen the report in a browser:\n  http://{api}/get_report/{id}\n")
    });
    let sam_local = arguments.sam_env.as_deref();
    let sam_local = sam_local.map(|file| sam_local::instructions(file, system.secret()));
    let sam_local = sam_local.unwrap_or_default();
    format!(
        "
Load files and make reports in a browser:
  http://{api}/
{page}
Request a report, check its status, download it:
  curl http://{api}/trigger_report
  curl http://{api}/get_report/{id}
  curl -fL -H 'Accept: text/csv' -o report.csv http://{api}/get_report/{id}

Load a file of polls, business hours, time zones or special days, and see the result:
  {program} load --s3-port {s3_port}{data_dir} FILE
or
  {signed_curl} \\
       -T FILE http://{s3}/{DATA_BUCKET}/incoming/NAME.csv
  {signed_curl} \\
       'http://{s3}/{DATA_BUCKET}?list-type=2&prefix=loads%2F'
  {signed_curl} \\
       -fO 'http://{s3}/{DATA_BUCKET}/loads/NAME.csv/<16 digits>/rejects.csv'
{sam_local}
DynamoDB is on http://{dynamodb}, SQS on http://{sqs}.
Ctrl-C stops the system; its data stays.",
        s3_port = s3.port(),
    )
}

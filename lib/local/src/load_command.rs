//! `local load`: loads files into a running system.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::terminal::{complain, say_result};
use crate::uploads::{Uploads, check_readable, file_name, own_key};

/// Loads files into the running system and waits for the outcome
///
/// Each file is uploaded to the data bucket under a key of its own,
/// `incoming/<instant>-<number>/<file name>`, so it replaces no earlier upload. If several files
/// hold business hours, time zones or special days, a later file on the command line counts as
/// newer. The manifest of each load is printed on stdout. The result in words is printed on stderr,
/// with the first rejected rows and their reasons. The exit code is 1 if a load ended as Failed.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// CSV files, plain or .gz; the kind of each is read from its header
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The port of the running system's S3
    #[arg(long, value_name = "PORT", default_value_t = crate::serve::S3_PORT)]
    s3_port: u16,
    /// The running system's data folder; it holds the secret that signs uploads
    #[arg(long, value_name = "DIR", default_value = crate::serve::DATA_DIR)]
    data_dir: PathBuf,
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let s3_address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.s3_port));
    let uploads = Uploads::to_system_at(s3_address, &arguments.data_dir).await?;
    for path in &arguments.files {
        check_readable(path).await?;
    }
    let mut folders = Vec::new();
    let now = uptime_aws::now();
    for (number, path) in arguments.files.iter().enumerate() {
        let name = file_name(path)?;
        let progress = Progress::begin(&format!("uploading {}", path.display()));
        let put = uploads.put(path, &own_key(now, number, &name)).await;
        progress.end();
        folders.push((path, put?));
    }
    let mut failed = 0;
    for (path, folder) in &folders {
        let progress = Progress::begin(&format!("loading {}", path.display()));
        let outcome = uploads.outcome(path, folder).await;
        progress.end();
        let outcome = outcome?;
        say_result(serde_json::to_string_pretty(&outcome.manifest)?);
        complain(&outcome);
        failed += usize::from(outcome.is_failed());
    }
    if failed == 0 {
        return Ok(());
    }
    Err(format!("{failed} of {} loads failed; the reasons are above", folders.len()).into())
}

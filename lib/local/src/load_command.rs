//! `local load`: loads files into a running system.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use uptime::Timestamp;
use uptime_aws::load_files::INCOMING;

use crate::failure::Failure;
use crate::terminal::{Progress, complain, say_result};
use crate::uploads::{Uploads, check_readable, file_name};

/// Loads files into the running system and waits for the outcome
///
/// Each file is uploaded to the data bucket under a key of its own,
/// `incoming/<instant>-<number>/<file name>`, so it replaces no earlier upload. If several files
/// hold business hours or time zones, a later file on the command line counts as newer. The
/// manifest of each load is printed on stdout. The result in words is printed on stderr, with the
/// first rejected rows and their reasons. The exit code is 1 if a load ended as Failed.
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
        let put = uploads.put(path, &key(now, number, &name)).await;
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

/// Returns a key that sorts after the keys of earlier files and of earlier commands. Files are
/// uploaded one after another, so a later file has a later event. Events have millisecond
/// precision: if two files share a millisecond, the key decides which is newer.
fn key(now: Timestamp, number: usize, name: &str) -> String {
    let text = now.to_string();
    let (seconds, fraction) = text.trim_end_matches('Z').split_once('.').unwrap_or((&text, ""));
    let digits: String = seconds.chars().filter(char::is_ascii_alphanumeric).collect();
    let digits = digits.trim_end_matches('Z');
    format!("{INCOMING}{digits}.{fraction:0<6}Z-{number:06}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_instant_then_by_place_on_the_command_line() {
        let [one, next] = [999, 1_000].map(|number| key(Timestamp::from_micros(0), number, "x"));
        assert!(one < next);
        check(1_674_554_802_605_777, 0, "incoming/20230124T100642.605777Z-000000/polls.csv");
        check(1_674_554_802_000_000, 1_000, "incoming/20230124T100642.000000Z-001000/polls.csv");
    }

    #[track_caller]
    fn check(micros: i64, number: usize, expected: &str) {
        assert_eq!(key(Timestamp::from_micros(micros), number, "polls.csv"), expected);
    }
}

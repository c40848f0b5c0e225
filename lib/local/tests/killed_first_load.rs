//! Kills the binary at random instants, again and again. In the end the files of its report are the
//! same as those that `local report --out-dir` makes.
//!
//! `LOCAL_KILLS=50` makes the test long. `LOCAL_SEED` selects other instants.

#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LOCAL: &str = env!("CARGO_BIN_EXE_local");
/// Longer than a first start takes with its load and its report.
const LATEST_KILL_MILLIS: u64 = 2_500;

#[test]
fn a_first_start_that_is_killed_again_and_again_ends_with_the_right_report() {
    let (kills, seed) = (setting("LOCAL_KILLS", 5), setting("LOCAL_SEED", 1));
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    let generated = Command::new(LOCAL)
        .args(["generate", "--stores", "80", "--days", "9", "--special-days"])
        .args(["--seed", &seed.to_string(), "--out"])
        .arg(&source)
        .stdout(Stdio::null())
        .status();
    assert!(generated.unwrap().success());

    for number in 0..kills {
        let mut child = serve(folder.path());
        // Neighbouring numbers give distant instants; the same seed gives the same ones.
        let millis = (seed * 7_919 + number * 1_009) % LATEST_KILL_MILLIS;
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    let mut child = serve(folder.path());
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first_report = lines.map(Result::unwrap).find(|line| line.starts_with("report of "));
    assert!(first_report.is_some(), "it ended without a report");
    child.kill().unwrap();
    child.wait().unwrap();
    let expected = folder.path().join("expected");
    report_of_files(&source, &expected);
    for file in std::fs::read_dir(&expected).unwrap() {
        let name = file.unwrap().file_name();
        let (saved, expected) = (folder.path().join("data").join(&name), expected.join(&name));
        assert!(
            std::fs::read(saved).unwrap() == std::fs::read(expected).unwrap(),
            "{} differs",
            name.display()
        );
    }
}

fn serve(folder: &Path) -> Child {
    Command::new(LOCAL)
        .args("--port 0 --s3-port 0 --data-dir data --load source".split(' '))
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Makes all files of the report from the source files alone.
fn report_of_files(source: &Path, out: &Path) {
    let files = ["business_hours.csv", "timezones.csv", "special_days.csv", "store_status.csv"];
    let mut command = Command::new(LOCAL);
    command.arg("report").args(files.map(|name| source.join(name))).arg("--out-dir").arg(out);
    assert!(command.stderr(Stdio::null()).status().unwrap().success());
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

//! The command line's `generate` and `report`, called as functions, on texts instead of files.

use std::path::Path;

use clap::{Args, Parser};
use local::{generate, report_command};
use tempfile::TempDir;

/// The three source files, as `local generate` makes them.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Polls.
    pub polls: String,
    /// Business hours.
    pub hours: String,
    /// Time zones.
    pub zones: String,
}

impl Sample {
    /// Makes a sample; equal arguments give equal texts.
    pub fn generate(stores: u32, days: u32, seed: u64) -> Sample {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("--stores {stores} --days {days} --seed {seed} --out");
        let words = options.split(' ').map(str::to_owned).chain([path_text(folder.path())]);
        generate::run(&arguments(words)).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        Sample {
            polls: read("store_status.csv"),
            hours: read("business_hours.csv"),
            zones: read("timezones.csv"),
        }
    }

    /// The texts in an order in which they may be loaded.
    pub fn files(&self) -> [&str; 3] {
        [&self.hours, &self.zones, &self.polls]
    }
}

/// Runs `local report` on files with these contents, in this order, and returns what it writes.
///
/// `options` are those of the command line, apart by blanks. Files with too many rejects make the
/// command fail but give a report all the same.
pub fn local_report(contents: &[impl AsRef<[u8]>], options: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.csv");
    let options = options.split_whitespace().map(str::to_owned);
    let words = options.chain(["--out".to_owned(), path_text(&out)]);
    let words = words.chain(write_all(&folder, contents));
    report_command::run(&arguments(words)).ok();
    std::fs::read_to_string(&out).expect("local report gives a report")
}

fn write_all(folder: &TempDir, contents: &[impl AsRef<[u8]>]) -> Vec<String> {
    let write = |(place, content)| {
        let path = folder.path().join(format!("{place}.csv"));
        std::fs::write(&path, content).unwrap();
        path_text(&path)
    };
    contents.iter().enumerate().map(write).collect()
}

fn path_text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Reads a command's arguments as its command line would.
fn arguments<A: Args>(words: impl Iterator<Item = String>) -> A {
    #[derive(Parser)]
    struct Line<A: Args> {
        #[command(flatten)]
        arguments: A,
    }
    Line::parse_from(["local".to_owned()].into_iter().chain(words)).arguments
}

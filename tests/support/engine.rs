//! The `generate` and `report` commands, called as functions on texts instead of files, and the
//! engine alone.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, Parser};
use local::{generate, report_command};
use tempfile::TempDir;
use uptime::Timestamp;
use uptime::fleet::Fleet;
use uptime::ingest::{Ingest, IngestSettings};
use uptime::output::{ReportFile, report_files};
use uptime::parameters::ReportParameters;
use uptime::segment::Source;
use uptime::shard_data::ShardData;

/// The source files that `local generate` makes.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Polls.
    pub polls: String,
    /// Business hours.
    pub hours: String,
    /// Time zones.
    pub zones: String,
    /// Special days.
    pub special_days: String,
}

impl Sample {
    /// Makes a sample. Equal arguments give equal texts.
    pub fn generate(stores: u32, days: u32, seed: u64) -> Sample {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("--stores {stores} --days {days} --seed {seed} --special-days --out");
        let words = options.split(' ').map(str::to_owned).chain([path_text(folder.path())]);
        generate::run(&arguments(words)).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        Sample {
            polls: read("store_status.csv"),
            hours: read("business_hours.csv"),
            zones: read("timezones.csv"),
            special_days: read("special_days.csv"),
        }
    }

    /// The four texts. Polls come last.
    pub fn files(&self) -> [&str; 4] {
        [&self.hours, &self.zones, &self.special_days, &self.polls]
    }
}

/// Runs `local report` on files with these contents, in this order. Returns the report.
///
/// `options` are command-line options, separated by spaces. If a file has too many rejects, the
/// command fails but still writes the report.
pub fn local_report(contents: &[impl AsRef<[u8]>], options: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.csv");
    let options = options.split_whitespace().map(str::to_owned);
    let words = options.chain(["--out".to_owned(), path_text(&out)]);
    let words = words.chain(write_all(&folder, contents));
    report_command::run(&arguments(words)).ok();
    std::fs::read_to_string(&out).expect("local report gives a report")
}

/// Makes all files of a report of sources with these contents; a later one counts as a newer upload.
pub fn files_of(contents: &[&str], parameters: ReportParameters) -> Vec<ReportFile> {
    report_files(fleet_of(contents, parameters))
}

/// Unites all stores of sources with these contents; a later one counts as a newer upload.
pub fn fleet_of(contents: &[&str], parameters: ReportParameters) -> Fleet {
    let mut shards = BTreeMap::new();
    for (place, content) in (0..).zip(contents) {
        let mut ingest = Ingest::new(IngestSettings {
            latest_poll: Timestamp::from_micros(i64::MAX),
            batch_bytes: usize::MAX,
            gzip_ratio_limit: 1,
        });
        ingest.feed(content.as_bytes()).unwrap();
        ingest.finish(&Source::new(Timestamp::from_micros(place), "", "")).unwrap();
        for segment in ingest.take_segments() {
            let shard = shards.entry(segment.shard.index());
            let shard = shard.or_insert_with(|| ShardData::new(parameters));
            shard.add(&segment.bytes).unwrap();
        }
    }
    let mut fleet = Fleet::new(parameters);
    for shard in shards.into_values() {
        fleet.unite(shard.fleet());
    }
    fleet
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

/// Parses arguments like the command line does.
fn arguments<A: Args>(words: impl Iterator<Item = String>) -> A {
    #[derive(Parser)]
    struct Line<A: Args> {
        #[command(flatten)]
        arguments: A,
    }
    Line::parse_from(["local".to_owned()].into_iter().chain(words)).arguments
}

//! The moments in the life of a load or a report at which a process is killed.

use crate::proxies::{Call, Fate, Service};

/// A moment, marked by the first call of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// A file is stored and announced, and its load has not read it yet.
    ObjectStored,
    /// The first batch of segments is written, and the load has no response yet.
    FirstBatchWritten,
    /// All segments are stored, and the newest poll is about to be raised.
    BeforeNewestPoll,
    /// A worker holds a report's lease, and has no response yet.
    LeaseTaken,
    /// A report is computed; its files are about to be stored.
    BeforeFilesPut,
    /// `report.csv` is sent, and no other file is stored.
    BetweenFiles,
    /// A report's files are stored, and the worker has no response yet.
    FilesPut,
    /// A worker knows that all files are stored, and is about to complete the report.
    BeforeComplete,
}

/// The phases of a load, in order.
pub const OF_A_LOAD: [Phase; 3] =
    [Phase::ObjectStored, Phase::FirstBatchWritten, Phase::BeforeNewestPoll];
/// The phases of a report, in order.
pub const OF_A_REPORT: [Phase; 5] = [
    Phase::LeaseTaken,
    Phase::BeforeFilesPut,
    Phase::BetweenFiles,
    Phase::FilesPut,
    Phase::BeforeComplete,
];

impl Phase {
    /// The name of the phase.
    pub fn name(self) -> &'static str {
        match self {
            Phase::ObjectStored => "object stored",
            Phase::FirstBatchWritten => "first batch written",
            Phase::BeforeNewestPoll => "before the newest poll is raised",
            Phase::LeaseTaken => "lease taken",
            Phase::BeforeFilesPut => "before the files are put",
            Phase::BetweenFiles => "between two files",
            Phase::FilesPut => "files put",
            Phase::BeforeComplete => "before complete",
        }
    }

    /// The phase with this name.
    pub fn named(name: &str) -> Option<Phase> {
        OF_A_LOAD.into_iter().chain(OF_A_REPORT).find(|phase| phase.name() == name)
    }

    /// The fate of a call that keeps its caller in this phase.
    pub fn fate_of(self, call: &Call) -> Fate {
        let is_s3 = |verb: &str, path: &str| {
            call.service == Service::S3 && call.operation == verb && call.path.starts_with(path)
        };
        let changes_report = call.operation == "UpdateItem" && call.is_of_table("reports");
        let (is_now, fate) = match self {
            Phase::ObjectStored => {
                let reads = is_s3("GET", "/data/incoming/") || is_s3("HEAD", "/data/incoming/");
                (reads, Fate::HeldBefore)
            }
            Phase::FirstBatchWritten => (call.operation == "BatchWriteItem", Fate::HeldAfter),
            Phase::BeforeNewestPoll => {
                let raises = call.operation == "UpdateItem" && call.is_of_table("data");
                (raises && call.says("newest_poll"), Fate::HeldBefore)
            }
            Phase::LeaseTaken => (changes_report && call.says("ADD #attempt"), Fate::HeldAfter),
            Phase::BeforeFilesPut => (is_s3("PUT", "/reports/reports/"), Fate::HeldBefore),
            Phase::BetweenFiles => {
                let is_csv = call.path.contains("/report.csv");
                (is_s3("PUT", "/reports/reports/") && !is_csv, Fate::HeldBefore)
            }
            Phase::FilesPut => (is_s3("PUT", "/reports/reports/"), Fate::HeldAfter),
            Phase::BeforeComplete => {
                (changes_report && call.says("\"Complete\""), Fate::HeldBefore)
            }
        };
        if is_now { fate } else { Fate::Pass }
    }
}

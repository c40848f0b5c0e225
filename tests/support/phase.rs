//! The moments of a load's and a report's life at which a process is killed.

use crate::proxies::{Call, Fate, Service};

/// A moment, seen as the first call of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// A file is stored and announced; its load has not read it.
    ObjectStored,
    /// The first batch of segments is written; the load does not know yet.
    FirstBatchWritten,
    /// All segments are stored, and the newest poll is about to be raised.
    BeforeNewestPoll,
    /// A worker holds a report's lease; it does not know yet.
    LeaseTaken,
    /// A report is computed; its CSV is about to be stored.
    BeforeCsvPut,
    /// A report's CSV is stored; the worker does not know yet.
    CsvPut,
    /// A worker knows that its CSV is stored, and is about to complete the report.
    BeforeComplete,
}

/// Those of a load, in its order.
pub const OF_A_LOAD: [Phase; 3] =
    [Phase::ObjectStored, Phase::FirstBatchWritten, Phase::BeforeNewestPoll];
/// Those of a report, in its order.
pub const OF_A_REPORT: [Phase; 4] =
    [Phase::LeaseTaken, Phase::BeforeCsvPut, Phase::CsvPut, Phase::BeforeComplete];

impl Phase {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Phase::ObjectStored => "object stored",
            Phase::FirstBatchWritten => "first batch written",
            Phase::BeforeNewestPoll => "before the newest poll is raised",
            Phase::LeaseTaken => "lease taken",
            Phase::BeforeCsvPut => "before the csv is put",
            Phase::CsvPut => "csv put",
            Phase::BeforeComplete => "before complete",
        }
    }

    /// The phase of this name.
    pub fn named(name: &str) -> Option<Phase> {
        OF_A_LOAD.into_iter().chain(OF_A_REPORT).find(|phase| phase.name() == name)
    }

    /// What befalls a call so that its caller stays in this phase.
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
            Phase::BeforeCsvPut => (is_s3("PUT", "/reports/reports/"), Fate::HeldBefore),
            Phase::CsvPut => (is_s3("PUT", "/reports/reports/"), Fate::HeldAfter),
            Phase::BeforeComplete => {
                (changes_report && call.says("\"Complete\""), Fate::HeldBefore)
            }
        };
        if is_now { fate } else { Fate::Pass }
    }
}

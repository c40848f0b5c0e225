//! What a local system is told at its start, and the names of what it consists of.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::emulators::Addresses;

/// The bucket of `incoming/` and `loads/`.
pub const DATA_BUCKET: &str = "data";
/// The bucket of the reports' CSVs.
pub const REPORT_BUCKET: &str = "reports";
/// The table of the segments.
pub const DATA_TABLE: &str = "data";
/// The table of the reports.
pub const REPORT_TABLE: &str = "reports";
/// The queue of the reports' work.
pub const REPORT_QUEUE: &str = "reports";
/// Where that work goes when nobody could do it.
pub const REPORT_DEAD_LETTER_QUEUE: &str = "reports-dead";
/// The queue of the objects to load.
pub const LOAD_QUEUE: &str = "loads";
/// Where those go that nobody could load.
pub const LOAD_DEAD_LETTER_QUEUE: &str = "loads-dead";

/// How a local system is set up. Everything but the folder has the deployment's defaults.
#[derive(Debug, Clone)]
pub struct SystemSettings {
    /// Where its data is; made if it does not exist.
    pub folder: PathBuf,
    /// The port of the API; 0 is any free one.
    pub api_port: u16,
    /// The port of S3, which links and uploads name; 0 is any free one.
    pub s3_port: u16,
    /// The function that computes reports, and its queue.
    pub reports: Worker,
    /// The function that loads files, and its queue.
    pub loads: Worker,
    /// How often a message is received before it goes to its dead-letter queue; `None`: it never
    /// does, and is tried until it is handled.
    pub receives_allowed: Option<u32>,
    /// Further settings of all functions, `("REJECT_LIMIT_PERCENT", "50")`; they win.
    pub function_settings: Vec<(String, String)>,
    /// Where the functions reach DynamoDB, S3 and SQS, if not directly: proxies before them.
    pub proxies: Option<Addresses>,
}

/// A function that is fed from a queue.
#[derive(Debug, Clone, Copy)]
pub struct Worker {
    /// How long one invocation may take.
    pub timeout: Duration,
    /// How long a received message is invisible; whole seconds.
    pub visibility: Duration,
    /// How long a message waits that was not handled once; whole seconds. On AWS: the visibility.
    pub retry_after: Duration,
    /// What that wait grows to while it is not handled; whole seconds.
    pub longest_retry: Duration,
    /// How many invocations run at once.
    pub concurrency: usize,
}

impl SystemSettings {
    /// The deployment's settings, on any free ports.
    pub fn in_folder(folder: &Path) -> SystemSettings {
        let reports = Worker {
            timeout: Duration::from_mins(1),
            visibility: Duration::from_mins(6),
            // A failed worker gives its lease back. Five receives last as long as one that a
            // worker holds to its time-out.
            retry_after: Duration::from_secs(15),
            longest_retry: Duration::from_secs(15),
            concurrency: CONCURRENCY,
        };
        let loads = Worker {
            timeout: Duration::from_mins(15),
            // As the template's load queue: the time-out and a minute.
            visibility: Duration::from_mins(16),
            retry_after: Duration::from_secs(5),
            longest_retry: Duration::from_secs(5),
            concurrency: CONCURRENCY,
        };
        SystemSettings {
            folder: folder.to_owned(),
            api_port: 0,
            s3_port: 0,
            reports,
            loads,
            receives_allowed: Some(5),
            function_settings: Vec::new(),
            proxies: None,
        }
    }

    /// The settings of a system that somebody works with: what fails is tried until it is done.
    ///
    /// **A difference from AWS**, where five failures make a dead letter that an operator sees to. On
    /// one machine a failure is most often the machine's, such as a full disk, and the person who
    /// makes room expects the work to go on.
    pub fn patient_in_folder(folder: &Path) -> SystemSettings {
        let mut settings = SystemSettings::in_folder(folder);
        settings.receives_allowed = None;
        for worker in [&mut settings.reports, &mut settings.loads] {
            (worker.retry_after, worker.longest_retry) = PATIENT_RETRIES;
        }
        settings
    }
}

/// The first pause of a system that tries without end, and the longest: work goes on within a minute
/// once it can.
const PATIENT_RETRIES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// As many as the smallest machine has cores; each load holds a batch of polls in memory.
const CONCURRENCY: usize = 2;

//! The settings of a local system, and the names of its parts.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::dynamodb::TableLimits;
use crate::emulators::Addresses;

/// The bucket of `incoming/` and `loads/`.
pub const DATA_BUCKET: &str = "data";
/// The bucket of the reports' files.
pub const REPORT_BUCKET: &str = "reports";
/// The table of the segments.
pub const DATA_TABLE: &str = "data";
/// The table of the reports.
pub const REPORT_TABLE: &str = "reports";
/// The queue of reports to compute.
pub const REPORT_QUEUE: &str = "reports";
/// The dead-letter queue of reports that could not be computed.
pub const REPORT_DEAD_LETTER_QUEUE: &str = "reports-dead";
/// The queue of objects to load.
pub const LOAD_QUEUE: &str = "loads";
/// The dead-letter queue of objects that could not be loaded.
pub const LOAD_DEAD_LETTER_QUEUE: &str = "loads-dead";

/// How a local system is set up. Everything except the folder has the deployment's defaults.
#[derive(Debug, Clone)]
pub struct SystemSettings {
    /// The data folder; created if it does not exist.
    pub folder: PathBuf,
    /// The port of the API; 0 means any free port.
    pub api_port: u16,
    /// The port of S3, which links and uploads use; 0 means any free port.
    pub s3_port: u16,
    /// The port of `DynamoDB`; 0 means any free port.
    pub dynamodb_port: u16,
    /// The port of SQS; 0 means any free port.
    pub sqs_port: u16,
    /// An address of this machine on which S3, `DynamoDB` and SQS also listen. The API does not.
    pub further_address: Option<Ipv4Addr>,
    /// The function that computes reports, and its queue.
    pub reports: Worker,
    /// The function that loads files, and its queue.
    pub loads: Worker,
    /// How often a message is received before it goes to its dead-letter queue. With `None` it
    /// never goes there, and is retried until it is handled.
    pub receives_allowed: Option<u32>,
    /// Further settings of all functions, such as `("REJECT_LIMIT_PERCENT", "50")`. They override
    /// the others.
    pub function_settings: Vec<(String, String)>,
    /// Where the functions reach DynamoDB, S3 and SQS if a test puts proxies in front of them.
    pub proxies: Option<Addresses>,
    /// How much the tables accept per second; `None` means any amount.
    pub table_limits: Option<TableLimits>,
}

/// A function that is fed from a queue.
#[derive(Debug, Clone, Copy)]
pub struct Worker {
    /// How long one invocation may take.
    pub timeout: Duration,
    /// How long a received message is invisible; whole seconds.
    pub visibility: Duration,
    /// How long a message waits after its first failure; whole seconds. On AWS this is the
    /// visibility time-out.
    pub retry_after: Duration,
    /// The longest that this wait grows to after further failures; whole seconds.
    pub longest_retry: Duration,
    /// How many invocations run at once.
    pub concurrency: usize,
}

impl SystemSettings {
    /// The deployment's settings, with any free ports.
    pub fn in_folder(folder: &Path) -> SystemSettings {
        let reports = Worker {
            timeout: Duration::from_mins(5),
            // As the template's report queue: the time-out plus one minute.
            visibility: Duration::from_mins(6),
            // A failed worker gives its lease back. Five receives last as long as one that a worker
            // holds until its time-out.
            retry_after: Duration::from_secs(15),
            longest_retry: Duration::from_secs(15),
            concurrency: CONCURRENCY,
        };
        let loads = Worker {
            timeout: Duration::from_mins(15),
            // As the template's load queue: the time-out plus one minute.
            visibility: Duration::from_mins(16),
            retry_after: Duration::from_secs(5),
            longest_retry: Duration::from_secs(5),
            concurrency: CONCURRENCY,
        };
        SystemSettings {
            folder: folder.to_owned(),
            api_port: 0,
            s3_port: 0,
            dynamodb_port: 0,
            sqs_port: 0,
            further_address: None,
            reports,
            loads,
            receives_allowed: Some(5),
            function_settings: Vec::new(),
            proxies: None,
            table_limits: None,
        }
    }

    /// The settings of a system that a user works with: failed work is retried until it succeeds.
    ///
    /// **This differs from AWS**, where five failures make a dead letter, which an operator
    /// handles. On one machine, the cause of a failure is usually the machine, such as a full disk.
    /// A user who frees space expects the work to go on.
    pub fn patient_in_folder(folder: &Path) -> SystemSettings {
        let mut settings = SystemSettings::in_folder(folder);
        settings.receives_allowed = None;
        for worker in [&mut settings.reports, &mut settings.loads] {
            (worker.retry_after, worker.longest_retry) = PATIENT_RETRIES;
        }
        settings
    }
}

/// The first and the longest pause of a system that retries without end. Work continues within a
/// minute after the cause is gone.
const PATIENT_RETRIES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// The number of cores of the smallest machine; each load holds a batch of polls in memory.
const CONCURRENCY: usize = 2;

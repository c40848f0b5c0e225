//! A report's life: Running, then Complete or Failed, which are final (`README.md`, "A report's
//! life").

use std::iter;

use uptime::output::FileName;
use uptime::parameters::ReportParameters;
use uptime::report::StoreCounts;
use uptime::{Timestamp, interval};

use crate::ReportId;

/// How long after its deadline a report that is still Running starts to read as Failed.
const DEADLINE_GRACE_MICROS: i64 = interval::MINUTE;

/// A report that is about to be recorded as Running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// Its id.
    pub id: ReportId,
    /// What it is about; never changes.
    pub parameters: ReportParameters,
    /// The instant from which polls are kept, if the report considers time before it; never changes.
    pub polls_kept_from: Option<Timestamp>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When work on it ends: creation + (receives allowed + 1) x visibility time-out.
    pub deadline: Timestamp,
    /// When its record may be deleted: creation + `ReportDays` + 60 days.
    pub expires_at: Timestamp,
}

/// A report as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// What it is about.
    pub parameters: ReportParameters,
    /// The instant from which polls were kept when it was requested, if it considers time before it.
    pub polls_kept_from: Option<Timestamp>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When work on it ends.
    pub deadline: Timestamp,
    /// How many workers have claimed it so far.
    pub attempt: u32,
    /// Whether its message is known to have been in the queue.
    pub queued: bool,
    /// Why the last failed attempt failed, if any failed.
    pub last_failure: Option<Failure>,
    /// Where it is in its life.
    pub state: ReportState,
}

/// Where a report is in its life. Complete and Failed are final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportState {
    /// Queued or being computed.
    Running {
        /// Shards done, of [`uptime::Shard::COUNT`].
        shards_done: u32,
    },
    /// Its files are stored.
    Complete(Completion),
    /// It has no files and never will.
    Failed(Failure),
}

/// What is recorded about a complete report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// When it was completed.
    pub completed_at: Timestamp,
    /// How many stores it has, and how many of them lack data.
    pub counts: StoreCounts,
    /// The tz release that it was computed with, such as `2026f`.
    pub tz_release: String,
    /// Its files in the report bucket.
    pub files: StoredFiles,
    /// The instant from which its files count as deleted.
    pub files_expire_at: Timestamp,
}

/// The files of a report, which always include `report.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFiles {
    /// `report.csv`.
    pub csv: StoredFile,
    /// The other files, in the order in which the report lists them. A report of an earlier version
    /// has none.
    pub others: Vec<(FileName, StoredFile)>,
}

/// A file that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its key in the bucket.
    pub key: String,
    /// Its length in bytes. A page is stored compressed; this is its length before that.
    pub size_bytes: u64,
    /// Its SHA-256, 64 hexadecimal digits in lower case; of a page, before it is compressed.
    pub sha256: String,
}

impl StoredFiles {
    /// Returns all files, in the order in which the report lists them.
    pub fn iter(&self) -> impl Iterator<Item = (FileName, &StoredFile)> {
        let others = self.others.iter().map(|(name, file)| (*name, file));
        iter::once((FileName::ReportCsv, &self.csv)).chain(others)
    }

    /// Returns the file of this name.
    pub fn get(&self, name: FileName) -> Option<&StoredFile> {
        self.iter().find(|(stored, _)| *stored == name).map(|(_, file)| file)
    }
}

/// Why a report failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For programs.
    pub code: FailureCode,
    /// For people; contains no internal text.
    pub detail: String,
}

/// Why a report can fail, with stable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// Its message could not be queued.
    EnqueueFailed,
    /// It was not complete by its deadline.
    TimedOut,
    /// All attempts to compute it failed; tables, buckets or AWS were unavailable.
    ComputeFailed,
    /// Stored data cannot be read by this version of the program.
    DataUnreadable,
}

impl FailureCode {
    const ALL: [FailureCode; 4] = [
        FailureCode::EnqueueFailed,
        FailureCode::TimedOut,
        FailureCode::ComputeFailed,
        FailureCode::DataUnreadable,
    ];

    /// Returns the stable name, such as `timed_out`.
    pub fn name(self) -> &'static str {
        match self {
            FailureCode::EnqueueFailed => "enqueue_failed",
            FailureCode::TimedOut => "timed_out",
            FailureCode::ComputeFailed => "compute_failed",
            FailureCode::DataUnreadable => "data_unreadable",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<FailureCode> {
        FailureCode::ALL.into_iter().find(|code| code.name() == name)
    }

    /// Returns whether a new request for the same report may succeed.
    pub fn retryable(self) -> bool {
        self != FailureCode::DataUnreadable
    }
}

impl ReportState {
    /// The name of [`ReportState::Running`].
    pub const RUNNING: &'static str = "Running";
    /// The name of [`ReportState::Complete`].
    pub const COMPLETE: &'static str = "Complete";
    /// The name of [`ReportState::Failed`].
    pub const FAILED: &'static str = "Failed";

    /// Returns the stable name that callers see and the record holds.
    pub fn name(&self) -> &'static str {
        match self {
            ReportState::Running { .. } => ReportState::RUNNING,
            ReportState::Complete(_) => ReportState::COMPLETE,
            ReportState::Failed(_) => ReportState::FAILED,
        }
    }
}

impl Report {
    /// Returns the report as it reads at `now`: if it is still Running more than a minute after its
    /// deadline, it reads as Failed. Nothing is written.
    #[must_use]
    pub fn seen_at(mut self, now: Timestamp) -> Report {
        let running = matches!(self.state, ReportState::Running { .. });
        if running && now > self.deadline.plus(DEADLINE_GRACE_MICROS) {
            let mut detail = "the report was not complete by its deadline".to_owned();
            if let Some(Failure { detail: reason, .. }) = &self.last_failure {
                detail.push_str("; its last attempt failed: ");
                detail.push_str(reason);
            }
            self.state = ReportState::Failed(Failure { code: FailureCode::TimedOut, detail });
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use uptime::parameters::Method;

    use super::*;

    const DEADLINE: Timestamp = Timestamp::from_micros(1_000 * interval::HOUR);
    const FAILED: ReportState =
        ReportState::Failed(Failure { code: FailureCode::EnqueueFailed, detail: String::new() });

    #[test]
    fn a_running_report_reads_as_timed_out_from_a_minute_after_its_deadline() {
        let running = ReportState::Running { shards_done: 3 };
        check(running.clone(), interval::MINUTE, "Running");
        check(running, interval::MINUTE + 1, "timed_out");
    }

    #[test]
    fn a_report_that_timed_out_says_why_its_last_attempt_failed() {
        let detail = "a file of the report could not be stored".to_owned();
        let failure = Failure { code: FailureCode::ComputeFailed, detail };
        let mut report = report(ReportState::Running { shards_done: 3 });
        report.last_failure = Some(failure);

        let seen = report.seen_at(DEADLINE.plus(interval::HOUR)).state;

        let ReportState::Failed(Failure { code, detail }) = seen else {
            panic!("it should read as Failed, not as {seen:?}");
        };
        assert_eq!(code, FailureCode::TimedOut);
        assert!(
            detail.ends_with("its last attempt failed: a file of the report could not be stored")
        );
    }

    #[test]
    fn a_final_state_never_changes() {
        check(FAILED, 1_000 * interval::DAY, "enqueue_failed");
    }

    #[test]
    fn names_of_failures_read_back() {
        for code in FailureCode::ALL {
            assert_eq!(FailureCode::from_name(code.name()), Some(code));
        }
        assert_eq!(FailureCode::from_name("unheard_of"), None);
    }

    #[track_caller]
    fn check(state: ReportState, micros_after_deadline: i64, expected: &str) {
        let seen = match report(state).seen_at(DEADLINE.plus(micros_after_deadline)).state {
            ReportState::Failed(failure) => failure.code.name(),
            state => state.name(),
        };
        assert_eq!(seen, expected);
    }

    fn report(state: ReportState) -> Report {
        let as_of = Timestamp::from_micros(0);
        let method = Method::PollCount;
        Report {
            id: ReportId::random(),
            parameters: ReportParameters { as_of, method },
            polls_kept_from: None,
            created_at: as_of,
            deadline: DEADLINE,
            attempt: 1,
            queued: true,
            last_failure: None,
            state,
        }
    }
}

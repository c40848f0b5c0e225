//! The table of reports: one item a report, and a condition on every transition (spec section 8).
//!
//! Running is recorded once; Complete and Failed are only ever reached from Running. Reads are
//! consistent.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use uptime::Timestamp;

use crate::{CallError, Completion, Failure, NewReport, Report, ReportId};

/// The table of reports.
#[derive(Debug, Clone)]
pub struct ReportTable {
    client: Client,
    table: String,
}

/// Why the table gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReportTableError {
    /// The call failed; it may have had its effect all the same. Calling again is safe.
    #[error("the report table did not answer for report {report_id}")]
    Unavailable {
        /// The report concerned.
        report_id: ReportId,
        /// The call.
        source: CallError,
    },
    /// The record is not one this version of the program writes.
    #[error("the record of report {report_id} is unreadable at {attribute}")]
    Unreadable {
        /// The report concerned.
        report_id: ReportId,
        /// The attribute that is missing or malformed.
        attribute: &'static str,
    },
    /// Another report has this id.
    #[error("report {report_id} is recorded already, with other parameters")]
    Taken {
        /// The report concerned.
        report_id: ReportId,
    },
}

/// What a worker that wants to compute a report gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The lease; `attempt` already counts this one.
    Granted(Report),
    /// Nothing to do: the report is Complete or Failed.
    Final,
    /// Another worker holds a lease that has not ended.
    Held,
    /// There is no such report.
    Unknown,
    /// Its deadline has passed; it can no longer be completed.
    Expired,
}

impl ReportTable {
    /// Makes the client; nothing is called yet.
    pub fn new(sdk_config: &SdkConfig, table: &str) -> ReportTable {
        ReportTable { client: Client::new(sdk_config), table: table.to_owned() }
    }

    /// Records a new report as Running. Recording the same one again changes nothing and is fine.
    pub async fn record_running(&self, report: &NewReport) -> Result<(), ReportTableError> {
        todo!()
    }

    /// Reads a report, as of everything written before the call.
    pub async fn get(&self, report_id: ReportId) -> Result<Option<Report>, ReportTableError> {
        todo!()
    }

    /// Fails a report that is Running, whoever works on it. `false`: it was not Running.
    pub async fn mark_failed(
        &self,
        report_id: ReportId,
        failure: &Failure,
    ) -> Result<bool, ReportTableError> {
        todo!()
    }

    /// Claims a report for `lease_owner` until `lease_until` and counts the attempt.
    pub async fn claim(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Claim, ReportTableError> {
        todo!()
    }

    /// Records progress. `false`: the lease is no longer `lease_owner`'s, or the report is final.
    pub async fn record_progress(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        shards_done: u32,
    ) -> Result<bool, ReportTableError> {
        todo!()
    }

    /// Fails a report on its worker's last try. `false`: as with [`ReportTable::record_progress`].
    pub async fn record_attempt_failure(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        failure: &Failure,
    ) -> Result<bool, ReportTableError> {
        todo!()
    }

    /// Completes a report whose CSV is stored. `false`: it is final already, the lease is no
    /// longer `lease_owner`'s, or its deadline has passed; then nothing changed.
    pub async fn complete(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        now: Timestamp,
        completion: &Completion,
    ) -> Result<bool, ReportTableError> {
        todo!()
    }
}

//! The table of reports: one item a report, and a condition on every transition (spec section 8).
//!
//! Running is recorded once; Complete and Failed are only ever reached from Running. Reads are
//! consistent.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use aws_types::SdkConfig;
use uptime::Timestamp;

use crate::attributes::{DEADLINE, REPORT_ID, SHARDS_DONE, STATE};
use crate::item_key::Item;
use crate::report_item::{self, RUNNING, Unreadable};
use crate::report_transition::Transition;
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

    /// Records a new report as Running. Recording the same one again changes nothing and is fine,
    /// whatever has become of it.
    pub async fn record_running(&self, report: &NewReport) -> Result<(), ReportTableError> {
        let report_id = report.id;
        let recorded = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(report_item::running_item(report)))
            .condition_expression("attribute_not_exists(#report_id)")
            .expression_attribute_names("#report_id", REPORT_ID)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = recorded else {
            return Ok(());
        };
        let Some(PutItemError::ConditionalCheckFailedException(taken)) = error.as_service_error()
        else {
            return Err(unavailable(report_id, "PutItem", error));
        };
        let item = taken.item().ok_or_else(|| unreadable(report_id, REPORT_ID))?;
        let parameters = report_item::parameters(item);
        if parameters.map_err(|attribute| unreadable(report_id, attribute))? == report.parameters {
            Ok(())
        } else {
            Err(ReportTableError::Taken { report_id })
        }
    }

    /// Reads a report, as of everything written before the call.
    pub async fn get(&self, report_id: ReportId) -> Result<Option<Report>, ReportTableError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(REPORT_ID, report_item::key(report_id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable(report_id, "GetItem", error))?;
        answer.item.map(|item| read(report_id, &item)).transpose()
    }

    /// Fails a report that is Running, whoever works on it. `false`: it was not Running.
    pub async fn mark_failed(
        &self,
        report_id: ReportId,
        failure: &Failure,
    ) -> Result<bool, ReportTableError> {
        let failed = Transition::of_running(report_item::failure_attributes(failure));
        self.happens(report_id, failed).await
    }

    /// Claims a report for `lease_owner` until `lease_until` and counts the attempt.
    pub async fn claim(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Claim, ReportTableError> {
        let claim = Transition::claim(lease_owner, now, lease_until);
        match self.update(report_id, claim).await? {
            Outcome::Changed(item) => read(report_id, &item).map(Claim::Granted),
            Outcome::Unchanged(None) => Ok(Claim::Unknown),
            Outcome::Unchanged(Some(item)) => {
                refusal(&item, now).map_err(|attribute| unreadable(report_id, attribute))
            }
        }
    }

    /// Records progress. `false`: the lease is no longer `lease_owner`'s, or the report is final.
    pub async fn record_progress(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        shards_done: u32,
    ) -> Result<bool, ReportTableError> {
        let done = (SHARDS_DONE, report_item::number(shards_done));
        let progress = Transition::of_running(vec![done]).leased_by(lease_owner);
        self.happens(report_id, progress).await
    }

    /// Fails a report on its worker's last try. `false`: as with [`ReportTable::record_progress`].
    pub async fn record_attempt_failure(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        failure: &Failure,
    ) -> Result<bool, ReportTableError> {
        let failed = Transition::of_running(report_item::failure_attributes(failure));
        self.happens(report_id, failed.leased_by(lease_owner)).await
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
        let complete = Transition::of_running(report_item::completion_attributes(completion));
        self.happens(report_id, complete.leased_by(lease_owner).in_time(now)).await
    }

    async fn happens(
        &self,
        report_id: ReportId,
        transition: Transition,
    ) -> Result<bool, ReportTableError> {
        let outcome = self.update(report_id, transition).await?;
        Ok(matches!(outcome, Outcome::Changed(_)))
    }

    async fn update(
        &self,
        report_id: ReportId,
        transition: Transition,
    ) -> Result<Outcome, ReportTableError> {
        let updated = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(REPORT_ID, report_item::key(report_id))
            .update_expression(transition.update_expression())
            .condition_expression(transition.condition_expression())
            .set_expression_attribute_names(Some(transition.names))
            .set_expression_attribute_values(Some(transition.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match updated {
            Ok(answer) => Ok(Outcome::Changed(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Outcome::Unchanged(failed.item.clone()))
                }
                _ => Err(unavailable(report_id, "UpdateItem", error)),
            },
        }
    }
}

/// What became of a conditional change.
#[derive(Debug)]
enum Outcome {
    /// The item after it.
    Changed(Item),
    /// The item that did not meet the condition; there may be none.
    Unchanged(Option<Item>),
}

/// Tells why a report could not be claimed at `now`.
fn refusal(item: &Item, now: Timestamp) -> Result<Claim, Unreadable> {
    if report_item::read_text(item, STATE)? != RUNNING {
        Ok(Claim::Final)
    } else if report_item::read_instant(item, DEADLINE)? < now {
        Ok(Claim::Expired)
    } else {
        Ok(Claim::Held)
    }
}

fn read(report_id: ReportId, item: &Item) -> Result<Report, ReportTableError> {
    report_item::report(report_id, item).map_err(|attribute| unreadable(report_id, attribute))
}

fn unreadable(report_id: ReportId, attribute: &'static str) -> ReportTableError {
    ReportTableError::Unreadable { report_id, attribute }
}

fn unavailable<E, R>(
    report_id: ReportId,
    operation: &'static str,
    error: SdkError<E, R>,
) -> ReportTableError
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    ReportTableError::Unavailable { report_id, source: CallError::new(operation, error) }
}

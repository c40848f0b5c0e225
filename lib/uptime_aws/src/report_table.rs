//! The report table: one item per report, and a condition on every transition (`README.md`,
//! "A report's life").
//!
//! A report is recorded once, as Running. It becomes Complete or Failed only from Running. Reads
//! are strongly consistent.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use aws_sdk_dynamodb::{Client, Config};
use uptime::Timestamp;

use crate::attributes::{DEADLINE, QUEUED_AT, REPORT_ID, SHARDS_DONE, STATE};
use crate::backoff::Backoff;
use crate::item_key::Item;
use crate::report_item::{self, Unreadable};
use crate::report_transition::Transition;
use crate::throttling::is_throttled;
use crate::{
    CallError, Clients, Completion, Deadline, Failure, NewReport, Report, ReportId, ReportState,
    describe,
};

/// How often completing a report is tried, throttled tries not counted; the same as the SDK's
/// number.
const COMPLETION_TRIES: u32 = 3;

/// The report table.
#[derive(Debug, Clone)]
pub struct ReportTable {
    client: Client,
    table: String,
}

/// Why a call to the report table failed.
#[derive(Debug, thiserror::Error)]
pub enum ReportTableError {
    /// The call failed, although it may have had its effect. Calling again is safe.
    #[error("the report table did not answer for item {item}")]
    Unavailable {
        /// The item's key: a report's id, or the key that stands for an idempotency key.
        item: String,
        /// The failed call.
        source: CallError,
    },
    /// The item was not written by this version of the program.
    #[error("item {item} of the report table is unreadable at {attribute}")]
    Unreadable {
        /// The item's key, as above.
        item: String,
        /// The attribute that is missing or malformed.
        attribute: &'static str,
    },
    /// Another report has this id.
    #[error("report {report_id} is already recorded with other parameters")]
    Taken {
        /// The id.
        report_id: ReportId,
    },
}

impl ReportTableError {
    /// Whether the same call may succeed soon.
    pub fn is_temporary(&self) -> bool {
        match self {
            ReportTableError::Unavailable { .. } => true,
            ReportTableError::Unreadable { .. } | ReportTableError::Taken { .. } => false,
        }
    }
}

/// What a worker gets when it requests the lease of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The lease. The report's `attempt` already counts this attempt.
    Granted(Box<Report>),
    /// No lease, and the reason.
    Refused(Refusal),
}

/// Why a worker does not get the lease of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
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
    pub fn new(clients: &impl Clients, table: &str) -> ReportTable {
        ReportTable { client: clients.dynamodb(), table: table.to_owned() }
    }

    /// Records a new report as Running. Recording the same report again changes nothing and is no
    /// error, whatever state it has by then.
    pub async fn record_running(&self, report: &NewReport) -> Result<(), ReportTableError> {
        match self.record_or_find(report).await? {
            Some(found) if found.parameters != report.parameters => {
                Err(ReportTableError::Taken { report_id: report.id })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Records a new report as Running. If a report with this id exists, returns that report
    /// instead; its parameters may differ.
    pub async fn record_or_find(
        &self,
        report: &NewReport,
    ) -> Result<Option<Report>, ReportTableError> {
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
            return Ok(None);
        };
        let Some(PutItemError::ConditionalCheckFailedException(taken)) = error.as_service_error()
        else {
            return Err(unavailable(report_id, "PutItem", error));
        };
        let item = taken.item().ok_or_else(|| unreadable(report_id, REPORT_ID))?;
        read(report_id, item).map(Some)
    }

    /// Records that a Running report's message is in the queue. `false`: the report was not
    /// Running.
    pub async fn mark_queued(
        &self,
        report_id: ReportId,
        now: Timestamp,
    ) -> Result<bool, ReportTableError> {
        let queued = Transition::of_running(vec![(QUEUED_AT, report_item::instant(now))]);
        self.happens(report_id, queued).await
    }

    /// Reads a report, including everything written before the call.
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

    /// Records a report that could not be queued as Failed. `false`: it was not Running, or its
    /// message is known to have been in the queue, because a worker claimed it or another request
    /// queued it.
    pub async fn mark_failed(
        &self,
        report_id: ReportId,
        failure: &Failure,
    ) -> Result<bool, ReportTableError> {
        let failed = Transition::of_running(report_item::failure_attributes(failure)).not_queued();
        let outcome = self.update(report_id, failed).await?;
        Ok(outcome.ends_in(&ReportState::Failed(failure.clone()), None))
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
            Outcome::Changed(item) => read(report_id, &item).map(Box::new).map(Claim::Granted),
            Outcome::Unchanged(None) => Ok(Claim::Refused(Refusal::Unknown)),
            Outcome::Unchanged(Some(item)) => refusal(&item, now)
                .map(Claim::Refused)
                .map_err(|attribute| unreadable(report_id, attribute)),
        }
    }

    /// Records progress. `false`: `lease_owner` no longer holds the lease, or the report is final.
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

    /// Releases the lease of a failed attempt, so that the next delivery can claim the report at
    /// once, and records why it failed. `false`: this attempt no longer holds the lease; nothing
    /// changed.
    pub async fn release(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        attempt: u32,
        failure: &Failure,
    ) -> Result<bool, ReportTableError> {
        let reason = report_item::attempt_failure_attributes(failure);
        self.happens(report_id, Transition::release(lease_owner, attempt, reason)).await
    }

    /// Records a report as Failed after its last attempt. `false`: as with
    /// [`ReportTable::record_progress`].
    pub async fn record_attempt_failure(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        failure: &Failure,
    ) -> Result<bool, ReportTableError> {
        let failed = Transition::of_running(report_item::failure_attributes(failure));
        let outcome = self.update(report_id, failed.leased_by(lease_owner)).await?;
        Ok(outcome.ends_in(&ReportState::Failed(failure.clone()), Some(lease_owner)))
    }

    /// Completes a report whose files are stored. `false`: nothing changed, because the report is
    /// already final, `lease_owner` no longer holds the lease, or the report's deadline has passed.
    /// Completing it again with the same files, as after a lost answer, returns `true`.
    ///
    /// Retries until `deadline` while `DynamoDB` throttles, and a few times after other failures.
    /// Reads `clock` before each try. The SDK's own retries would send the time of the first try
    /// again. A worker that had stood still in between could then complete a report that callers
    /// have already seen as timed out.
    pub async fn complete(
        &self,
        report_id: ReportId,
        lease_owner: &str,
        clock: impl Fn() -> Timestamp,
        deadline: Deadline,
        completion: &Completion,
    ) -> Result<bool, ReportTableError> {
        let state = ReportState::Complete(completion.clone());
        let mut backoff = Backoff::default();
        let mut tries_left = COMPLETION_TRIES;
        loop {
            let complete = Transition::of_running(report_item::completion_attributes(completion));
            let complete = complete.leased_by(lease_owner).in_time(clock());
            let once = Config::builder().retry_config(RetryConfig::disabled());
            let tried = self.update_request(report_id, complete).customize().config_override(once);
            let answer = tried.send().await;
            let is_throttled = answer.as_ref().is_err_and(is_throttled);
            tries_left -= u32::from(!is_throttled);
            let may_pass = is_throttled || tries_left > 0 && answer.as_ref().is_err_and(may_pass);
            match outcome(report_id, answer) {
                Ok(outcome) => return Ok(outcome.ends_in(&state, Some(lease_owner))),
                Err(error) if may_pass && backoff.wait(deadline).await => {
                    let cause = describe(&error);
                    tracing::warn!(report.id = %report_id, tries_left, cause, "completion retried");
                }
                Err(error) => return Err(error),
            }
        }
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
        outcome(report_id, self.update_request(report_id, transition).send().await)
    }

    fn update_request(
        &self,
        report_id: ReportId,
        transition: Transition,
    ) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key(REPORT_ID, report_item::key(report_id))
            .update_expression(transition.update_expression())
            .condition_expression(transition.condition_expression())
            .set_expression_attribute_names(Some(transition.names))
            .set_expression_attribute_values(Some(transition.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// The outcome of a conditional change.
#[derive(Debug)]
enum Outcome {
    /// The item after the change.
    Changed(Item),
    /// The item, if there is one, that did not meet the condition.
    Unchanged(Option<Item>),
}

impl Outcome {
    /// Returns whether the report now has this final state because of this call, or of an earlier
    /// try whose answer was lost; the SDK repeats such calls.
    fn ends_in(&self, state: &ReportState, lease_owner: Option<&str>) -> bool {
        match self {
            Outcome::Changed(_) => true,
            Outcome::Unchanged(None) => false,
            Outcome::Unchanged(Some(item)) => report_item::is_already(item, state, lease_owner),
        }
    }
}

fn outcome(
    report_id: ReportId,
    updated: Result<UpdateItemOutput, SdkError<UpdateItemError, HttpResponse>>,
) -> Result<Outcome, ReportTableError> {
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

/// Whether a call that failed for another reason than throttling may soon succeed. Decides as the
/// SDK does for its own retries.
fn may_pass(error: &SdkError<UpdateItemError, HttpResponse>) -> bool {
    let SdkError::ServiceError(refusal) = error else {
        return !matches!(error, SdkError::ConstructionFailure(_));
    };
    refusal.err().is_transaction_conflict_exception() || refusal.raw().status().is_server_error()
}

/// Returns why a report could not be claimed at `now`.
fn refusal(item: &Item, now: Timestamp) -> Result<Refusal, Unreadable> {
    if report_item::read_text(item, STATE)? != ReportState::RUNNING {
        Ok(Refusal::Final)
    } else if report_item::read_instant(item, DEADLINE)? < now {
        Ok(Refusal::Expired)
    } else {
        Ok(Refusal::Held)
    }
}

fn read(report_id: ReportId, item: &Item) -> Result<Report, ReportTableError> {
    report_item::report(report_id, item).map_err(|attribute| unreadable(report_id, attribute))
}

fn unreadable(report_id: ReportId, attribute: &'static str) -> ReportTableError {
    ReportTableError::Unreadable { item: report_id.to_string(), attribute }
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
    let source = CallError::new(operation, error);
    ReportTableError::Unavailable { item: report_id.to_string(), source }
}

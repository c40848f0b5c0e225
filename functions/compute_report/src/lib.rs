//! Computes reports from SQS events of the report queue, one report per message.
//!
//! Claims the report, reads and computes it shard by shard, stores its files, **then** completes
//! the report. So no report is Complete without all its files. Only a message that fails is
//! delivered again. A failed attempt records why it failed and releases its lease, so that the next
//! delivery need not wait for the lease to end. The last attempt allowed records the report as
//! Failed.

mod attempt;
mod invocation;
mod progress;
mod resources;

use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::FutureExt as _;
use lambda_runtime::{Error, LambdaEvent};
use uptime::Timestamp;
use uptime_aws::{
    Claim, FailureCode, Metric, Refusal, Report, ReportId, ReportState, describe, report_message,
};

pub use resources::Resources;

use crate::attempt::{AttemptError, Outcome, compute};
use crate::invocation::{Invocation, receive_count};

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// It is deleted, because nothing is left to do.
    Done,
    /// It is delivered again, or goes to the dead-letter queue.
    Again,
}

/// Handles the messages of one event and returns the ids of those that failed.
pub async fn handle(
    resources: &Resources,
    event: LambdaEvent<SqsEvent>,
    clock: fn() -> Timestamp,
) -> Result<SqsBatchResponse, Error> {
    let invocation = Invocation::of(&event.context, clock);
    let mut response = SqsBatchResponse::default();
    for message in &event.payload.records {
        if settle(resources, &invocation, message).await == Settled::Again {
            response.add_failure(message.message_id.clone().unwrap_or_default());
        }
    }
    resources.data.send_consumed_units();
    Ok(response)
}

async fn settle(resources: &Resources, invocation: &Invocation, message: &SqsMessage) -> Settled {
    let report_id = match report_message::read(message.body.as_deref().unwrap_or_default()) {
        Ok(report_id) => report_id,
        Err(error) => {
            let cause = describe(&error);
            tracing::error!(message.id = message.message_id, cause, "a message cannot be read");
            return Settled::Again;
        }
    };
    let Invocation { lease_owner, ends_at, .. } = invocation;
    let claim = resources.reports.claim(report_id, lease_owner, invocation.now(), *ends_at).await;
    match claim {
        Ok(Claim::Granted(report)) => work_on(resources, invocation, message, &report).await,
        Ok(Claim::Refused(refusal)) => unclaimed(report_id, refusal),
        Err(error) => {
            let cause = describe(&error);
            tracing::error!(report.id = %report_id, cause, "the report could not be claimed");
            Settled::Again
        }
    }
}

/// Decides about the message of a report that could not be claimed. The message of an unknown
/// report is delivered again, because the record may still be on its way.
fn unclaimed(report_id: ReportId, refusal: Refusal) -> Settled {
    match refusal {
        Refusal::Held => {
            tracing::info!(report.id = %report_id, "another worker holds the lease of the report");
            Settled::Again
        }
        Refusal::Unknown => {
            tracing::error!(report.id = %report_id, "the report is not recorded");
            Settled::Again
        }
        Refusal::Final => {
            tracing::info!(report.id = %report_id, "the report is already final");
            Settled::Done
        }
        Refusal::Expired => {
            tracing::warn!(report.id = %report_id, "the report's deadline has passed");
            Metric::ReportFailed(FailureCode::TimedOut).send();
            Settled::Done
        }
    }
}

/// Makes one attempt, which ends before the invocation does. So a time-out or a panic is a failure
/// like any other and does not affect other messages.
async fn work_on(
    resources: &Resources,
    invocation: &Invocation,
    message: &SqsMessage,
    report: &Report,
) -> Settled {
    let attempt = AssertUnwindSafe(compute(resources, invocation, report)).catch_unwind();
    let error = match tokio::time::timeout(invocation.time_left(), attempt).await {
        Ok(Ok(Ok(Outcome::Completed))) => return Settled::Done,
        Ok(Ok(Ok(Outcome::Lost))) => return settled_by_others(resources, report.id).await,
        Ok(Ok(Err(error))) => error,
        Ok(Err(_panic)) => AttemptError::Panicked,
        Err(_elapsed) => AttemptError::OutOfTime,
    };

    let receives = receive_count(message);
    let cause = describe(&error);
    tracing::error!(
        report.id = %report.id,
        attempt = report.attempt,
        receives,
        cause,
        "the attempt at the report failed"
    );
    let is_last = receives >= error.receives_allowed(resources.receives_allowed);
    let recorded = record_failure(resources, invocation, report, &error, is_last);
    // If the failure cannot be recorded in time, the report reads as Failed after its deadline.
    // Other messages still get their answer.
    match tokio::time::timeout(invocation.time_to_the_end(), recorded).await {
        Ok(settled) => settled,
        Err(_elapsed) => {
            tracing::error!(report.id = %report.id, "there was no time to record the failure");
            Settled::Again
        }
    }
}

/// The message is kept even after the last attempt, so that operators find it in the dead-letter
/// queue.
async fn record_failure(
    resources: &Resources,
    invocation: &Invocation,
    report: &Report,
    error: &AttemptError,
    is_last: bool,
) -> Settled {
    let failure = error.failure();
    let (reports, owner) = (&resources.reports, &invocation.lease_owner);
    let recorded = if is_last {
        reports.record_attempt_failure(report.id, owner, &failure).await
    } else {
        reports.release(report.id, owner, report.attempt, &failure).await
    };
    match recorded {
        Ok(true) => {
            if is_last {
                Metric::ReportFailed(failure.code).send();
            }
            Settled::Again
        }
        Ok(false) => settled_by_others(resources, report.id).await,
        Err(error) => {
            let cause = describe(&error);
            tracing::error!(report.id = %report.id, cause, "the failure could not be recorded");
            Settled::Again
        }
    }
}

/// Decides about the message of a report whose lease this worker lost: nothing is left to do if
/// another worker has ended the report.
async fn settled_by_others(resources: &Resources, report_id: ReportId) -> Settled {
    tracing::info!(report.id = %report_id, "this worker no longer holds the lease of the report");
    match resources.reports.get(report_id).await {
        Ok(Some(report)) if !matches!(report.state, ReportState::Running { .. }) => Settled::Done,
        Ok(_) => Settled::Again,
        Err(error) => {
            let cause = describe(&error);
            tracing::error!(report.id = %report_id, cause, "the report's state could not be read");
            Settled::Again
        }
    }
}

#[cfg(test)]
mod tests {
    use uptime_aws::Settings;

    use super::*;

    #[test]
    fn only_the_message_of_an_ended_report_is_deleted() {
        check(Refusal::Final, Settled::Done);
        check(Refusal::Expired, Settled::Done);
        check(Refusal::Held, Settled::Again);
        check(Refusal::Unknown, Settled::Again);
    }

    #[tokio::test]
    async fn an_unreadable_message_fails_without_a_call_to_aws() {
        let pairs = ["DATA_TABLE", "REPORT_TABLE", "REPORT_BUCKET"];
        let pairs = pairs.map(|name| (name.to_owned(), "xxx".to_owned()));
        let aws = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let aws = aws.map(|name| (name.to_owned(), "x".to_owned()));
        let sdk_config = uptime_aws::sdk_config(&Settings::from_pairs(aws)).unwrap();
        let resources = Resources::new(&sdk_config, &Settings::from_pairs(pairs)).unwrap();
        let records = r#"{"Records": [{"messageId": "a", "body": "{}"}, {"messageId": "b"}]}"#;
        let event: SqsEvent = serde_json::from_str(records).unwrap();

        let event = LambdaEvent::new(event, lambda_runtime::Context::default());
        let response = handle(&resources, event, uptime_aws::now).await.unwrap();

        let failed: Vec<_> =
            response.batch_item_failures.iter().map(|item| &item.item_identifier).collect();
        assert_eq!(failed, ["a", "b"]);
    }

    #[test]
    fn the_sample_event_holds_a_readable_message() {
        let event = include_str!("../../../tests/events/compute_report.json");
        let event: SqsEvent = serde_json::from_str(event).unwrap();
        let body = event.records[0].body.as_deref().unwrap();
        assert!(report_message::read(body).is_ok());
    }

    #[track_caller]
    fn check(refusal: Refusal, expected: Settled) {
        assert_eq!(unclaimed(ReportId::random(), refusal), expected);
    }
}

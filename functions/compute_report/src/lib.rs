//! SQS event of the report queue: computes reports, one a message.
//!
//! Claims the report, reads and computes shard by shard, stores the CSV, **then** completes the
//! report: none is Complete without its CSV. A message that fails alone is delivered again; an
//! attempt that fails says why and gives its lease back, so that the next delivery need not wait
//! for its end; the last one allowed fails the report.

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

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// It is deleted: nothing is left to do.
    Done,
    /// It is delivered again, or ends in the dead-letter queue.
    Again,
}

/// Handles the messages of one event and names those that failed.
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
    resources.data.tell_consumed_units();
    Ok(response)
}

async fn settle(resources: &Resources, invocation: &Invocation, message: &SqsMessage) -> Settled {
    let report_id = match report_message::read(message.body.as_deref().unwrap_or_default()) {
        Ok(report_id) => report_id,
        Err(error) => {
            let cause = describe(&error);
            tracing::error!(message.id = message.message_id, cause, "a message is no work order");
            return Settled::Again;
        }
    };
    let Invocation { lease_owner, ends_at, .. } = invocation;
    let claim = resources.reports.claim(report_id, lease_owner, invocation.now(), *ends_at).await;
    match claim {
        Ok(Claim::Granted(report)) => work_on(resources, invocation, message, &report).await,
        Ok(Claim::Refused(refusal)) => unclaimed(report_id, refusal),
        Err(error) => {
            tracing::error!(report.id = %report_id, cause = describe(&error), "no claim was made");
            Settled::Again
        }
    }
}

/// An unknown report is tried again: nothing says that its record is not on its way.
fn unclaimed(report_id: ReportId, refusal: Refusal) -> Settled {
    match refusal {
        Refusal::Held => {
            tracing::info!(report.id = %report_id, "another worker holds the report");
            Settled::Again
        }
        Refusal::Unknown => {
            tracing::error!(report.id = %report_id, "the report is not recorded");
            Settled::Again
        }
        Refusal::Final => {
            tracing::info!(report.id = %report_id, "the report is final already");
            Settled::Done
        }
        Refusal::Expired => {
            tracing::warn!(report.id = %report_id, "the report's deadline has passed");
            Metric::ReportFailed(FailureCode::TimedOut).send();
            Settled::Done
        }
    }
}

/// Makes one attempt, ended before the invocation is: a time-out or a panic is then a failure like
/// others, and costs other messages nothing.
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
    tracing::error!(report.id = %report.id, attempt = report.attempt, receives, cause, "no report");
    let is_last = receives >= error.receives_allowed(resources.receives_allowed);
    let recorded = record_failure(resources, invocation, report, &error, is_last);
    // What cannot be recorded in time is found by the deadline; others still get their answer.
    match tokio::time::timeout(invocation.time_to_the_end(), recorded).await {
        Ok(settled) => settled,
        Err(_elapsed) => {
            tracing::error!(report.id = %report.id, "there was no time to record a failure");
            Settled::Again
        }
    }
}

/// The message is kept even if there is no further attempt: the dead-letter queue is where
/// operators look.
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
            tracing::error!(report.id = %report.id, cause, "a failure is not recorded");
            Settled::Again
        }
    }
}

/// A worker that lost its report has nothing to do if the winner has ended it.
async fn settled_by_others(resources: &Resources, report_id: ReportId) -> Settled {
    tracing::info!(report.id = %report_id, "the report is no longer this worker's");
    match resources.reports.get(report_id).await {
        Ok(Some(report)) if !matches!(report.state, ReportState::Running { .. }) => Settled::Done,
        Ok(_) => Settled::Again,
        Err(error) => {
            let cause = describe(&error);
            tracing::error!(report.id = %report_id, cause, "whether the report has ended is unknown");
            Settled::Again
        }
    }
}

#[cfg(test)]
mod tests {
    use uptime_aws::Settings;

    use super::*;

    #[test]
    fn only_a_report_that_has_ended_lets_its_message_go() {
        check(Refusal::Final, Settled::Done);
        check(Refusal::Expired, Settled::Done);
        check(Refusal::Held, Settled::Again);
        check(Refusal::Unknown, Settled::Again);
    }

    #[tokio::test]
    async fn a_message_that_is_no_work_order_fails_alone_and_without_a_call() {
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
    fn the_sample_event_holds_a_work_order() {
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

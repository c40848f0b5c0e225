//! Queues the message of a recorded report, or records the report as Failed.

use http_api::{Problem, ProblemKind};
use uptime_aws::{
    CallError, Deadline, Failure, FailureCode, Metric, ReportId, ReportTableError, describe,
};

use crate::resources::Resources;

/// `Retry-After` of a report that could not be queued, in seconds.
const QUEUE_RETRY_SECONDS: u32 = 5;

pub(crate) fn started(report_id: ReportId) -> ReportId {
    tracing::info!(report.id = %report_id, "the report is queued");
    Metric::ReportStarted.send();
    report_id
}

pub(crate) fn not_recorded(error: &ReportTableError) -> Problem {
    Problem::of_failed_call(error.is_temporary(), describe(error))
}

pub(crate) async fn enqueue(
    resources: &Resources,
    report_id: ReportId,
    giving_up_at: Deadline,
) -> Result<(), CallError> {
    let queued = tokio::time::timeout(giving_up_at.left(), resources.queue.enqueue(report_id));
    queued.await.unwrap_or_else(|elapsed| Err(CallError::new("SendMessage", elapsed)))
}

/// Records a report that could not be queued as Failed. If that fails as well, the report reads as
/// Failed after its deadline, so the caller gets the same answer. `Ok`: the report was queued after
/// all.
pub(crate) async fn give_up(
    resources: &Resources,
    report_id: ReportId,
    error: CallError,
) -> Result<(), Problem> {
    let detail = "the report's work could not be queued".to_owned();
    let failure = Failure { code: FailureCode::EnqueueFailed, detail };
    match resources.reports.mark_failed(report_id, &failure).await {
        Ok(true) => {}
        Ok(false) => return Ok(()),
        Err(error) => {
            let cause = describe(&error);
            tracing::error!(report.id = %report_id, cause, "an unqueued report stays Running");
        }
    }
    Metric::ReportFailed(failure.code).send();

    let detail = "the report could not be queued and was given up; request it again";
    Err(Problem {
        retry_after_seconds: Some(QUEUE_RETRY_SECONDS),
        cause: Some(describe(&error)),
        ..Problem::new(ProblemKind::NotQueued, detail)
    })
}

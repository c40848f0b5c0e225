//! Requests with an `Idempotency-Key`, which may be repeated until they succeed
//! (`lib/http_api/README.md`, "Requesting a report").
//!
//! The steps in order: take the key for a report id, record a report with that id, queue its
//! message, and record that it is queued. **A request does each step that it finds undone.** So the
//! repeat of a request that broke off completes it, and requests at the same time give one report.
//! Requests that overlap may send the message more than once, which does no harm.
//!
//! All keys of a deployment share one name space. A key is kept for 24 hours from when it was
//! taken. It is free again at once if its report Failed because queueing failed.

use http_api::{Parameter, Problem, ProblemKind, header};
use lambda_http::Request;
use uptime::Timestamp;
use uptime::parameters::ReportParameters;
use uptime_aws::{
    Deadline, Failure, FailureCode, IdempotencyKey, KeyUse, Report, ReportId, ReportState,
};

use crate::queueing::{enqueue, give_up, not_recorded, started};
use crate::resources::Resources;

const IDEMPOTENCY_KEY: Parameter =
    Parameter { name: "Idempotency-Key", accepted: "1 to 255 visible ASCII characters" };

/// How often a request tries. Each further round means that another request with the same key
/// failed to queue the report in the meantime.
const ROUNDS: u32 = 5;

/// A request with a key.
#[derive(Debug)]
pub(crate) struct Keyed {
    pub(crate) key: IdempotencyKey,
    /// Its parameters as the caller gave them.
    pub(crate) asked: String,
    /// The same parameters with today's defaults filled in.
    pub(crate) parameters: ReportParameters,
    pub(crate) now: Timestamp,
    /// When queueing counts as failed. It leaves enough time to record the failure.
    pub(crate) giving_up_at: Deadline,
}

impl Keyed {
    /// What the key stands for if this is the first request with it.
    fn first_use(&self) -> KeyUse {
        KeyUse { report_id: ReportId::random(), asked: self.asked.clone() }
    }
}

/// The outcome of one round.
enum Round {
    Accepted,
    /// The report Failed because queueing failed, so the key is free.
    KeyFree,
    /// Another request changed the report in the meantime.
    Changed,
}

/// Reads the key of a request, if it has one.
pub(crate) fn read_key(request: &Request) -> Result<Option<IdempotencyKey>, Problem> {
    header(request, IDEMPOTENCY_KEY, |text| text.parse().ok())
}

/// Ensures that the key's report is recorded and its message queued, and returns its id.
pub(crate) async fn accept(resources: &Resources, keyed: &Keyed) -> Result<ReportId, Problem> {
    let Keyed { key, asked, now, .. } = keyed;
    let taken = resources.keys.take(key, keyed.first_use(), *now).await;
    let mut stands_for = taken.map_err(|error| not_recorded(&error))?;
    for _ in 0..ROUNDS {
        if stands_for.asked != *asked {
            return Err(reused());
        }
        let report_id = stands_for.report_id;
        match record_and_queue(resources, keyed, report_id).await? {
            Round::Accepted => return Ok(report_id),
            Round::Changed => {}
            Round::KeyFree => {
                let next = keyed.first_use();
                let taken = resources.keys.take_from(report_id, key, next, *now).await;
                stands_for = taken.map_err(|error| not_recorded(&error))?;
            }
        }
    }
    Err(Problem::unavailable("other requests with the same idempotency key kept failing"))
}

/// A report that was recorded before keeps its `as_of` and its deadline.
async fn record_and_queue(
    resources: &Resources,
    keyed: &Keyed,
    report_id: ReportId,
) -> Result<Round, Problem> {
    let report = resources.lifetimes.new_report(report_id, keyed.parameters, keyed.now);
    let found =
        resources.reports.record_or_find(&report).await.map_err(|error| not_recorded(&error))?;
    match found {
        Some(report) if has_failed_to_queue(&report) => return Ok(Round::KeyFree),
        Some(report) if !may_lack_its_message(&report, keyed.now) => return Ok(Round::Accepted),
        Some(_) | None => {}
    }

    if let Err(error) = enqueue(resources, report_id, keyed.giving_up_at).await {
        return give_up(resources, report_id, error).await.map(|()| Round::Changed);
    }
    match resources.reports.mark_queued(report_id, keyed.now).await {
        Ok(true) => {
            started(report_id);
            Ok(Round::Accepted)
        }
        Ok(false) => Ok(Round::Changed),
        // The message is queued, but without the mark another request with this key, whose own
        // queueing failed, may record the report as Failed. So only a marked report is accepted. A
        // repeat of this request queues the message again.
        Err(error) => Err(not_recorded(&error)),
    }
}

fn has_failed_to_queue(report: &Report) -> bool {
    let unqueued = FailureCode::EnqueueFailed;
    matches!(report.state, ReportState::Failed(Failure { code, .. }) if code == unqueued)
}

/// After its deadline a report is Failed, whether or not it has a message.
fn may_lack_its_message(report: &Report, now: Timestamp) -> bool {
    let is_running = matches!(report.state, ReportState::Running { .. });
    is_running && !report.queued && report.attempt == 0 && now <= report.deadline
}

fn reused() -> Problem {
    let detail = "the Idempotency-Key was used with other parameters less than 24 hours ago; \
                  repeat those, or use a new key";
    Problem::new(ProblemKind::KeyReused, detail)
}

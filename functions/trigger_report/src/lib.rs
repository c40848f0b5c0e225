//! `GET` and `POST /trigger_report`: accepts a request for a report and returns the report's id at
//! once.
//!
//! Fixes the report's parameters, records it as Running, **then** queues its message. So
//! `get_report` knows every id that a caller has. If queueing fails, the report is recorded as
//! Failed and the caller gets a 503. This call computes nothing.
//!
//! With an `Idempotency-Key` the key is taken first, and a repeat does the steps that are missing:
//! see `keyed`.

mod keyed;
mod lifetimes;
mod queueing;
mod request_parameters;
mod resources;
mod scheduled;

use std::time::Duration;

use http_api::{Problem, ProblemKind, invocation_ends_at, json_answer};
use lambda_http::http::StatusCode;
use lambda_http::http::header::{LOCATION, RETRY_AFTER};
use lambda_http::{Body, Error, Request, Response};
use serde::Serialize;
use uptime::Timestamp;
use uptime::parameters::ReportParameters;
use uptime_aws::{Deadline, ReportId, ReportState, StoreData, describe};

pub use resources::Resources;

use crate::keyed::Keyed;
use crate::queueing::{enqueue, give_up, not_recorded, started};
use crate::request_parameters::{RequestParameters, refuse_period_not_kept};
use crate::scheduled::is_scheduled;

/// `Retry-After` of an accepted report, in seconds. Most reports are complete by then.
const RETRY_AFTER_SECONDS: u32 = 1;
/// The part of an invocation's time that is reserved for recording that queueing failed.
const TIME_TO_RECORD_FAILURE: Duration = Duration::from_secs(3);

/// The body of the answer to an accepted report.
#[derive(Debug, Serialize)]
struct Accepted {
    report_id: String,
    status: &'static str,
}

/// Handles one request.
pub async fn handle(
    resources: &Resources,
    request: Request,
    clock: fn() -> Timestamp,
) -> Result<Response<Body>, Error> {
    let now = clock();
    let ends = Deadline::of_invocation(invocation_ends_at(&request), now);
    let answering =
        accept_report(resources, &request, now, ends.earlier_by(TIME_TO_RECORD_FAILURE));
    let answered = tokio::time::timeout(ends.left(), answering).await;
    match answered.unwrap_or_else(|elapsed| Err(Problem::unavailable(describe(&elapsed)))) {
        Ok(report_id) => accepted(report_id),
        Err(problem) => {
            let kind = problem.kind.name();
            let answer = problem.into_answer(&request)?;
            // The scheduler does not read the answer. An error makes Lambda retry and raises an
            // alarm.
            let unread = format!("the scheduled report was not made: {kind}").into();
            if is_scheduled(&request) { Err(unread) } else { Ok(answer) }
        }
    }
}

async fn accept_report(
    resources: &Resources,
    request: &Request,
    now: Timestamp,
    giving_up_at: Deadline,
) -> Result<ReportId, Problem> {
    let asked = RequestParameters::read(request, resources.default_method, now)?;
    let key = keyed::read_key(request)?;
    let newest_poll = newest_poll(&resources.data).await?;
    let as_of = asked.as_of.unwrap_or(newest_poll);
    asked.refuse_future_period(as_of)?;
    let parameters = ReportParameters { as_of, method: asked.method };
    // A scheduled report has no caller who could ask for another period.
    if let Some(retention) = resources.lifetimes.polls.filter(|_| !is_scheduled(request)) {
        refuse_period_not_kept(&parameters, retention, now)?;
    }

    if let Some(key) = key {
        let asked = asked.as_given();
        let keyed = Keyed { key, asked, parameters, now, giving_up_at };
        return keyed::accept(resources, &keyed).await;
    }
    let report = resources.lifetimes.new_report(ReportId::random(), parameters, now);
    resources.reports.record_running(&report).await.map_err(|error| not_recorded(&error))?;

    if let Err(error) = enqueue(resources, report.id, giving_up_at).await {
        give_up(resources, report.id, error).await?;
    }
    Ok(started(report.id))
}

async fn newest_poll(data: &StoreData) -> Result<Timestamp, Problem> {
    let newest = data
        .newest_poll()
        .await
        .map_err(|error| Problem::of_failed_call(error.is_temporary(), describe(&error)))?;
    let no_polls = || Problem::new(ProblemKind::NoPolls, "load a file of polls first");
    newest.ok_or_else(no_polls)
}

/// The location is relative to the call's own address, so it is correct behind every stage.
fn accepted(report_id: ReportId) -> Result<Response<Body>, Error> {
    let headers = [
        (LOCATION, format!("get_report/{report_id}")),
        (RETRY_AFTER, RETRY_AFTER_SECONDS.to_string()),
    ];
    let document = Accepted { report_id: report_id.to_string(), status: ReportState::RUNNING };
    json_answer(StatusCode::ACCEPTED, &headers, &document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accepted_report_is_found_by_its_id_and_its_relative_location() {
        let report_id: ReportId = "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b".parse().unwrap();

        let answer = accepted(report_id).unwrap();

        assert_eq!(answer.status(), 202);
        assert_eq!(answer.headers()["location"], format!("get_report/{report_id}"));
        assert_eq!(answer.headers()["retry-after"], "1");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let body = format!("{{\"report_id\":\"{report_id}\",\"status\":\"Running\"}}\n");
        assert_eq!(&answer.body()[..], body.as_bytes());
    }
}

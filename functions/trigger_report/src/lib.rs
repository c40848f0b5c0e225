//! `GET` and `POST /trigger_report`: accepts a report and answers with its id at once.
//!
//! Fixes what the report is about, records it as Running, **then** queues its work: so every id a
//! caller holds is known to `get_report`. If queueing fails, the report is recorded as Failed and
//! the caller gets a 503. Nothing is computed in this call.
//!
//! With an `Idempotency-Key` the key is taken first, and a repeat does again what may be missing:
//! see `keyed`.

mod keyed;
mod lifetimes;
mod request_parameters;

use std::time::Duration;

use http_api::{Problem, ProblemKind, json_answer, time_left};
use lambda_http::http::StatusCode;
use lambda_http::http::header::{LOCATION, RETRY_AFTER};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, Request, RequestExt as _, Response};
use serde::Serialize;
use uptime::Timestamp;
use uptime::parameters::{Method, ReportParameters};
use uptime_aws::settings::{DATA_TABLE, REPORT_QUEUE_URL, REPORT_TABLE};
use uptime_aws::{
    CallError, Clients, Deadline, Failure, FailureCode, KeyTable, Metric, ReportId, ReportQueue,
    ReportState, ReportTable, ReportTableError, Settings, SettingsError, StoreData, StoreDataError,
    describe,
};

use crate::keyed::Keyed;
use crate::lifetimes::Lifetimes;
use crate::request_parameters::RequestParameters;

/// When to ask for the report, in seconds: most are complete by then.
const RETRY_AFTER_SECONDS: u32 = 1;
/// When to ask again for a report that could not be queued, in seconds.
const QUEUE_RETRY_SECONDS: u32 = 5;
/// The stage that an event of the scheduler names (`template.yaml`); the API's own is another.
const STAGE_OF_SCHEDULER: &str = "schedule";
/// What is kept back of an invocation's time, to record that queueing failed.
const TIME_TO_GIVE_UP: Duration = Duration::from_secs(3);

/// What every invocation needs; built once per cold start.
#[derive(Debug)]
pub struct Resources {
    data: StoreData,
    reports: ReportTable,
    keys: KeyTable,
    queue: ReportQueue,
    default_method: Method,
    lifetimes: Lifetimes,
}

impl Resources {
    /// Makes the clients; nothing is called yet.
    pub fn new(clients: &impl Clients, settings: &Settings) -> Result<Resources, SettingsError> {
        let report_table = settings.table(REPORT_TABLE)?;
        Ok(Resources {
            data: StoreData::new(clients, settings.table(DATA_TABLE)?),
            reports: ReportTable::new(clients, report_table),
            keys: KeyTable::new(clients, report_table),
            queue: ReportQueue::new(clients, settings.queue_url(REPORT_QUEUE_URL)?),
            default_method: settings.default_method()?,
            lifetimes: Lifetimes::new(settings)?,
        })
    }
}

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
    let ends = Deadline::after(time_left(&request, now.micros()));
    let answering = accept_report(resources, &request, now, ends.earlier_by(TIME_TO_GIVE_UP));
    let answered = tokio::time::timeout(ends.left(), answering).await;
    match answered.unwrap_or_else(|elapsed| Err(Problem::unavailable(elapsed))) {
        Ok(report_id) => accepted(report_id),
        Err(problem) => {
            let kind = problem.kind.name();
            let answer = problem.into_answer(&request)?;
            // Nobody reads it: only an error makes Lambda try again, and tells the operators.
            let unread = format!("the scheduled report is not made: {kind}").into();
            if is_scheduled(&request) { Err(unread) } else { Ok(answer) }
        }
    }
}

/// Whether the scheduler asks, and no caller: API Gateway writes the stage, so nobody can say so.
fn is_scheduled(request: &Request) -> bool {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => {
            context.stage.as_deref() == Some(STAGE_OF_SCHEDULER)
        }
        _ => false,
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

    let parameters = ReportParameters { as_of, method: asked.method };
    if let Some(key) = key {
        let asked = asked.as_given();
        let keyed = Keyed { key, asked, parameters, now, giving_up_at };
        return keyed::accept(resources, &keyed).await;
    }
    let report = resources.lifetimes.new_report(ReportId::random(), parameters, now);
    resources.reports.record_running(&report).await.map_err(not_recorded)?;

    if let Err(error) = enqueue(resources, report.id, giving_up_at).await {
        give_up(resources, report.id, error).await?;
    }
    Ok(started(report.id))
}

fn started(report_id: ReportId) -> ReportId {
    tracing::info!(report.id = %report_id, "the report is queued");
    Metric::ReportStarted.send();
    report_id
}

async fn newest_poll(data: &StoreData) -> Result<Timestamp, Problem> {
    let newest = data.newest_poll().await.map_err(|error| match error {
        StoreDataError::Unreadable { .. } => Problem::internal(error),
        StoreDataError::Unavailable(_) | StoreDataError::Throttled { .. } => {
            Problem::unavailable(error)
        }
    })?;
    let no_polls = || Problem::new(ProblemKind::NoPolls, "load a file of polls first");
    newest.ok_or_else(no_polls)
}

fn not_recorded(error: ReportTableError) -> Problem {
    match error {
        ReportTableError::Unavailable { .. } => Problem::unavailable(error),
        ReportTableError::Unreadable { .. } | ReportTableError::Taken { .. } => {
            Problem::internal(error)
        }
    }
}

async fn enqueue(
    resources: &Resources,
    report_id: ReportId,
    giving_up_at: Deadline,
) -> Result<(), CallError> {
    let queued = tokio::time::timeout(giving_up_at.left(), resources.queue.enqueue(report_id));
    queued.await.unwrap_or_else(|elapsed| Err(CallError::new("SendMessage", elapsed)))
}

/// Records a report as Failed that could not be queued. If that fails too it reads as Failed once
/// its deadline has passed, so the caller is answered the same. `Ok`: it was queued all the same.
async fn give_up(
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
            tracing::error!(report.id = %report_id, cause, "a report not queued stays Running");
        }
    }
    Metric::ReportFailed(failure.code).send();

    let detail = "the report could not be queued and was given up; ask for it again";
    Err(Problem {
        retry_after_seconds: Some(QUEUE_RETRY_SECONDS),
        cause: Some(error.into()),
        ..Problem::new(ProblemKind::NotQueued, detail)
    })
}

/// The location is relative to the call's own address, so it is right behind any stage.
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

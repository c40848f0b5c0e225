//! `GET` and `POST /get_report`: returns a report's status, or redirects the caller to a file of it.
//!
//! Makes one consistent read and writes nothing: a report past its deadline only *reads* as Failed.
//! Each call signs a new link. A caller that requests `text/csv` gets a redirection or a problem,
//! never a status, so that **no JSON is ever saved as a CSV**.

mod accept;
mod links;
mod status;

use http_api::{
    Given, Parameter, Parameters, Problem, ProblemKind, invocation_ends_at, json_answer,
    redirect_answer,
};
use lambda_http::http::StatusCode;
use lambda_http::http::header::RETRY_AFTER;
use lambda_http::{Body, Error, Request, Response};
use uptime::Timestamp;
use uptime::output::FileName;
use uptime_aws::settings::{REPORT_BUCKET, REPORT_TABLE};
use uptime_aws::{
    Clients, Completion, Deadline, PresignedLink, Report, ReportFiles, ReportId, ReportState,
    ReportTable, Settings, SettingsError, describe,
};

use crate::accept::Wanted;
use crate::links::{Links, Signer};
use crate::status::StatusDocument;

const REPORT_ID: Parameter = Parameter {
    name: "report_id",
    accepted: "the report_id that trigger_report returned, a version 4 UUID of 36 characters",
};

/// `Retry-After` for a report that is Running, in seconds.
const RETRY_AFTER_SECONDS: u32 = 1;

/// What every invocation needs; built once per cold start.
#[derive(Debug)]
pub struct Resources {
    reports: ReportTable,
    files: ReportFiles,
}

impl Resources {
    /// Makes the clients; nothing is called yet.
    pub fn new(clients: &impl Clients, settings: &Settings) -> Result<Resources, SettingsError> {
        Ok(Resources {
            reports: ReportTable::new(clients, settings.table(REPORT_TABLE)?),
            files: ReportFiles::new(clients, settings.bucket(REPORT_BUCKET)?),
        })
    }
}

/// Handles one request.
pub async fn handle(
    resources: &Resources,
    request: Request,
    clock: fn() -> Timestamp,
) -> Result<Response<Body>, Error> {
    let now = clock();
    let answering = answer(resources, &request, now);
    let ends = Deadline::of_invocation(invocation_ends_at(&request), now);
    let answered = tokio::time::timeout(ends.left(), answering).await;
    match answered.unwrap_or_else(|elapsed| Err(Problem::unavailable(describe(&elapsed)))) {
        Ok(Answer::Status(status)) => status_answer(&status),
        Ok(Answer::File(link)) => redirect_answer(&link.url),
        Err(problem) => problem.into_answer(&request),
    }
}

enum Answer {
    Status(Box<StatusDocument>),
    File(PresignedLink),
}

impl Answer {
    fn status(report: &Report, links: Option<Links>) -> Answer {
        Answer::Status(Box::new(StatusDocument::of(report, links)))
    }
}

async fn answer(
    resources: &Resources,
    request: &Request,
    now: Timestamp,
) -> Result<Answer, Problem> {
    let report_id = read_report_id(request)?;
    let report = find_report(&resources.reports, report_id).await?.seen_at(now);
    let wanted = accept::wanted(request.headers());
    if let ReportState::Complete(completion) = &report.state {
        refuse_expired(completion, now)?;
        return complete_answer(resources, &report, completion, wanted, now).await;
    }
    match wanted {
        Wanted::Csv => Err(no_csv(&report.state)),
        Wanted::Json | Wanted::Page => Ok(Answer::status(&report, None)),
    }
}

/// Answers with the file that the caller wants, or with the status if the report has no such file.
async fn complete_answer(
    resources: &Resources,
    report: &Report,
    completion: &Completion,
    wanted: Wanted,
    now: Timestamp,
) -> Result<Answer, Problem> {
    let signer = Signer { bucket: &resources.files, report_id: report.id, now };
    let name = match wanted {
        Wanted::Json => None,
        Wanted::Csv => Some(FileName::ReportCsv),
        Wanted::Page => Some(FileName::ReportHtml),
    };
    match name.and_then(|name| Some((name, completion.files.get(name)?))) {
        Some((name, file)) => Ok(Answer::File(signer.link(name, file).await?)),
        None => Ok(Answer::status(report, Some(signer.links(&completion.files).await?))),
    }
}

fn read_report_id(request: &Request) -> Result<ReportId, Problem> {
    let given = Parameters::read(request, &[REPORT_ID])?;
    let report_id = given.parse(REPORT_ID, |given: &Given| given.text()?.parse().ok())?;
    report_id.ok_or_else(|| given.refuse(REPORT_ID, "report_id must be given"))
}

async fn find_report(reports: &ReportTable, report_id: ReportId) -> Result<Report, Problem> {
    let found = reports
        .get(report_id)
        .await
        .map_err(|error| Problem::of_failed_call(error.is_temporary(), describe(&error)))?;
    found.ok_or_else(|| {
        let detail = format!("there is no report {report_id}, or its record was deleted");
        Problem::new(ProblemKind::UnknownReport, detail)
    })
}

fn refuse_expired(completion: &Completion, now: Timestamp) -> Result<(), Problem> {
    let expired_at = completion.files_expire_at;
    if now < expired_at {
        return Ok(());
    }
    let detail = format!("the report's files were kept until {expired_at}; request a new report");
    Err(Problem::new(ProblemKind::ReportExpired, detail))
}

fn no_csv(state: &ReportState) -> Problem {
    match state {
        ReportState::Failed(_) => {
            let detail = "the report Failed and has no CSV; request its status as JSON to see why";
            Problem::new(ProblemKind::NoCsv, detail)
        }
        ReportState::Running { .. } | ReportState::Complete(_) => Problem {
            retry_after_seconds: Some(RETRY_AFTER_SECONDS),
            ..Problem::new(ProblemKind::NoCsv, "the report is still Running; try again")
        },
    }
}

fn status_answer(status: &StatusDocument) -> Result<Response<Body>, Error> {
    let retry_after = (RETRY_AFTER, RETRY_AFTER_SECONDS.to_string());
    let headers = if status.is_running() { vec![retry_after] } else { Vec::new() };
    json_answer(StatusCode::OK, &headers, status)
}

#[cfg(test)]
mod tests;

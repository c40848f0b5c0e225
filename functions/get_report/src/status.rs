//! The status of a report, as `get_report` returns it (`lib/http_api/README.md`, "Collecting a
//! report").

use std::iter;

use serde::Serialize;
use uptime::Shard;
use uptime::timeline::MaxHold;
use uptime_aws::{Completion, Failure, Report, ReportState, StoredFiles};

use crate::links::Links;

/// The document, with its members in reading order.
#[derive(Debug, Serialize)]
pub(crate) struct StatusDocument {
    report_id: String,
    status: &'static str,
    as_of: String,
    method: &'static str,
    max_hold_minutes: Option<u32>,
    period: Option<String>,
    created_at: String,
    #[serde(flatten)]
    details: Details,
}

/// The members that depend on the report's state.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Details {
    Running { progress: Progress },
    Complete(Box<CompleteDetails>),
    Failed { error: ErrorDetails },
}

#[derive(Debug, Serialize)]
struct Progress {
    shards_done: u32,
    shards: usize,
}

#[derive(Debug, Serialize)]
struct CompleteDetails {
    completed_at: String,
    stores: u64,
    stores_without_polls: u64,
    stores_with_default_hours: u64,
    stores_with_default_zone: u64,
    tz_release: String,
    #[serde(flatten)]
    links: Option<LinkDetails>,
}

#[derive(Debug, Serialize)]
struct LinkDetails {
    report_url: String,
    report_url_expires_at: String,
    files: Vec<FileDetails>,
}

/// A file of the report. Length and SHA-256 are those of the file unpacked.
#[derive(Debug, Serialize)]
struct FileDetails {
    name: &'static str,
    content_type: &'static str,
    length: u64,
    sha256: String,
    url: String,
}

#[derive(Debug, Serialize)]
struct ErrorDetails {
    code: &'static str,
    detail: String,
    retryable: bool,
}

impl StatusDocument {
    /// The status of a report. `links` are the links of a complete report.
    pub(crate) fn of(report: &Report, links: Option<Links>) -> StatusDocument {
        let status = report.state.name();
        let details = match &report.state {
            ReportState::Running { shards_done } => {
                let progress = Progress { shards_done: *shards_done, shards: Shard::COUNT };
                Details::Running { progress }
            }
            ReportState::Complete(completion) => {
                Details::Complete(Box::new(complete(completion, links)))
            }
            ReportState::Failed(failure) => Details::Failed { error: failed(failure) },
        };
        let method = report.parameters.method;
        StatusDocument {
            report_id: report.id.to_string(),
            status,
            as_of: report.parameters.as_of.to_string(),
            method: method.name(),
            max_hold_minutes: method.max_hold().map(MaxHold::minutes),
            period: method.period().map(|period| period.to_string()),
            created_at: report.created_at.to_string(),
            details,
        }
    }

    /// Returns whether a later call may return another status.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.details, Details::Running { .. })
    }
}

fn complete(completion: &Completion, links: Option<Links>) -> CompleteDetails {
    CompleteDetails {
        completed_at: completion.completed_at.to_string(),
        stores: completion.counts.stores,
        stores_without_polls: completion.counts.without_polls,
        stores_with_default_hours: completion.counts.with_default_hours,
        stores_with_default_zone: completion.counts.with_default_zone,
        tz_release: completion.tz_release.clone(),
        links: links.map(|links| link_details(&completion.files, links)),
    }
}

fn link_details(files: &StoredFiles, links: Links) -> LinkDetails {
    let Links { csv, others } = links;
    let (report_url, report_url_expires_at) = (csv.url.clone(), csv.expires_at.to_string());
    let urls = iter::once(csv).chain(others).map(|link| link.url);
    let details = files.iter().zip(urls).map(|((name, file), url)| FileDetails {
        name: name.as_str(),
        content_type: name.content_type(),
        length: file.size_bytes,
        sha256: file.sha256.clone(),
        url,
    });
    LinkDetails { report_url, report_url_expires_at, files: details.collect() }
}

fn failed(failure: &Failure) -> ErrorDetails {
    ErrorDetails {
        code: failure.code.name(),
        retryable: failure.code.retryable(),
        detail: failure.detail.clone(),
    }
}

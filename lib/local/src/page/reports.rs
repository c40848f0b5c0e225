//! The list of reports. Status, progress and files of one report come from `get_report`.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::extract::State;
use axum::http::StatusCode;
use futures::{StreamExt as _, stream};
use serde::Serialize;
use uptime::timeline::MaxHold;
use uptime_aws::{
    CallError, Report, ReportId, ReportState, ReportTableError, attributes, describe,
};

use super::{Answer, Page};
use crate::system::REPORT_TABLE;

/// How many reports are listed, the newest first.
const LISTED: usize = 100;
/// How many reports are read at once.
const AT_ONCE: usize = 8;

#[derive(Debug, Serialize)]
struct Reports {
    reports: Vec<Listed>,
}

/// A report as the list shows it. The members are named as in the answers of `get_report`.
#[derive(Debug, Serialize)]
struct Listed {
    report_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    max_hold_minutes: Option<u32>,
    period: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stores: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed>,
}

#[derive(Debug, Serialize)]
struct Failed {
    code: &'static str,
    detail: String,
}

/// `GET /local/reports`: the newest reports with their states.
pub(super) async fn list(State(page): State<Arc<Page>>) -> Answer {
    let newest = page.newest_reports().await?;
    let reports = stream::iter(newest).map(|id| page.listed(id)).buffered(AT_ONCE);
    let reports: Vec<Option<Listed>> = reports.collect().await;
    super::json(StatusCode::OK, &Reports { reports: reports.into_iter().flatten().collect() })
}

impl Page {
    async fn newest_reports(&self) -> Result<Vec<ReportId>, CallError> {
        let scan = self
            .dynamodb
            .scan()
            .table_name(REPORT_TABLE)
            .consistent_read(true)
            .projection_expression("#id, #created_at")
            .expression_attribute_names("#id", attributes::REPORT_ID)
            .expression_attribute_names("#created_at", attributes::CREATED_AT);
        let mut items = scan.into_paginator().items().send();
        let mut found: Vec<(i64, ReportId)> = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|source| CallError::new("Scan", source))?;
            let id = item.get(attributes::REPORT_ID).and_then(|id| id.as_s().ok());
            // The table also holds idempotency keys, whose keys are no report ids.
            let Some(id) = id.and_then(|id| id.parse().ok()) else { continue };
            let created_at = item.get(attributes::CREATED_AT).map(AttributeValue::as_n);
            let created_at = created_at.and_then(|at| at.ok()?.parse().ok()).unwrap_or_default();
            found.push((created_at, id));
        }
        found.sort_unstable_by_key(|&(created_at, _)| std::cmp::Reverse(created_at));
        found.truncate(LISTED);
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    /// Returns a report as it reads now. If it cannot be read, it is listed with the reason.
    async fn listed(&self, id: ReportId) -> Option<Listed> {
        match self.reports.get(id).await {
            Ok(report) => Some(Listed::of(&report?.seen_at(uptime_aws::now()))),
            Err(error) => Some(Listed::unreadable(id, &error)),
        }
    }
}

impl Listed {
    fn of(report: &Report) -> Listed {
        let (stores, error) = match &report.state {
            ReportState::Running { .. } => (None, None),
            ReportState::Complete(completion) => (Some(completion.counts.stores), None),
            ReportState::Failed(failure) => {
                let detail = failure.detail.clone();
                (None, Some(Failed { code: failure.code.name(), detail }))
            }
        };
        let method = report.parameters.method;
        Listed {
            report_id: report.id.to_string(),
            status: report.state.name(),
            created_at: Some(report.created_at.to_string()),
            as_of: Some(report.parameters.as_of.to_string()),
            method: Some(method.name()),
            max_hold_minutes: method.max_hold().map(MaxHold::minutes),
            period: method.period().map(|period| period.to_string()),
            stores,
            error,
        }
    }

    fn unreadable(id: ReportId, error: &ReportTableError) -> Listed {
        Listed {
            report_id: id.to_string(),
            status: "Unreadable",
            created_at: None,
            as_of: None,
            method: None,
            max_hold_minutes: None,
            period: None,
            stores: None,
            error: Some(Failed { code: "unreadable", detail: describe(error) }),
        }
    }
}

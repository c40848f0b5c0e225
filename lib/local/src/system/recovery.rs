//! Continues the work that an earlier process left unfinished. The rule: **when a process starts,
//! no worker is running, and no message is left.**
//!
//! So all leases are ended. Each report that is Running gets a message. Each object under
//! `incoming/` without a finished manifest gets one too. All of this may be done twice: every
//! handler may run twice on the same event. The message of an object has the event time of its
//! first message, so the order of uploads stays the same. Dead letters of an earlier process are
//! tried again too. A kill of the process does not count as a failed delivery, because delivery
//! counts end with the process.
//!
//! An object or a report that cannot be checked stops nothing: the log names it with the reason,
//! and the next start checks it again.

#[cfg(test)]
mod tests;

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::SdkConfig;
use futures::{StreamExt, stream};
use uptime::Timestamp;
use uptime::segment::{Sequencer, Source, UploadEvent};
use uptime_aws::load_files::INCOMING;
use uptime_aws::{
    CallError, Clients as _, LoadFiles, LoadFolder, OpenError, Pin, ReportId, ReportState,
    SourceFiles, attributes, describe, report_message,
};

use super::SystemError;
use super::settings::{DATA_BUCKET, REPORT_QUEUE, REPORT_TABLE};
use crate::progress::Progress;
use crate::s3::{CreatedObject, Notification};
use crate::sqs::Queues;
use crate::stored_objects;

/// The unfinished work that a start found and continued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContinuedWork {
    /// Reports that were Running.
    pub reports: usize,
    /// Files whose load had not ended.
    pub files: usize,
}

/// How many objects are checked at once.
const AT_ONCE: usize = 8;
/// From this number of objects on, a start says that it checks them; fewer take hardly any time.
const MANY: usize = 500;

/// Continues the work that an earlier process left, including the reports in `running`. Call it
/// before anything else uses the stores.
pub(super) async fn continue_work(
    sdk_config: &SdkConfig,
    running: &[ReportId],
    notification: &Notification,
) -> Result<ContinuedWork, SystemError> {
    continue_reports(&sdk_config.dynamodb(), running, &notification.queues).await?;
    let files = continue_loads(sdk_config, notification).await?;
    Ok(ContinuedWork { reports: running.len(), files })
}

async fn continue_reports(
    client: &aws_sdk_dynamodb::Client,
    running: &[ReportId],
    queues: &Queues,
) -> Result<(), SystemError> {
    for &id in running {
        if let Err(error) = void_lease(client, id).await {
            let cause = describe(&error);
            tracing::error!(report.id = %id, cause, "could not end a lease of an earlier process");
        }
        queues.send(REPORT_QUEUE, &report_message::body_of(id), Duration::ZERO)?;
    }
    Ok(())
}

/// Returns the reports that are Running.
pub(super) async fn running_reports(
    client: &aws_sdk_dynamodb::Client,
) -> Result<Vec<ReportId>, CallError> {
    let scan = client
        .scan()
        .table_name(REPORT_TABLE)
        .consistent_read(true)
        .projection_expression("#id")
        .filter_expression("#state = :running")
        .expression_attribute_names("#id", attributes::REPORT_ID)
        .expression_attribute_names("#state", attributes::STATE)
        .expression_attribute_values(
            ":running",
            AttributeValue::S(ReportState::RUNNING.to_owned()),
        );
    let mut items = scan.into_paginator().items().send();
    let mut ids = Vec::new();
    while let Some(item) = items.next().await {
        let item = item.map_err(|source| CallError::new("Scan", source))?;
        let id = item.get(attributes::REPORT_ID).and_then(|id| id.as_s().ok());
        ids.extend(id.and_then(|id| id.parse::<ReportId>().ok()));
    }
    Ok(ids)
}

/// Ends a lease whose holder ended with its process.
async fn void_lease(client: &aws_sdk_dynamodb::Client, id: ReportId) -> Result<(), CallError> {
    let voided = client
        .update_item()
        .table_name(REPORT_TABLE)
        .key(attributes::REPORT_ID, AttributeValue::S(id.to_string()))
        .update_expression("REMOVE #owner, #until")
        .expression_attribute_names("#owner", attributes::LEASE_OWNER)
        .expression_attribute_names("#until", attributes::LEASE_UNTIL)
        .send()
        .await;
    voided.map(drop).map_err(|source| CallError::new("UpdateItem", source))
}

async fn continue_loads(
    sdk_config: &SdkConfig,
    notification: &Notification,
) -> Result<usize, SystemError> {
    let objects = stored_objects::under(&sdk_config.s3(), INCOMING).await?;
    let sources = SourceFiles::new(sdk_config, DATA_BUCKET);
    let loads = LoadFiles::new(sdk_config, DATA_BUCKET);
    let all = objects.len();
    let progress = (all >= MANY)
        .then(|| Progress::begin(&format!("checking {all} files for unfinished loads")));
    let mut looks = stream::iter(objects)
        .map(|object| looked_at(&sources, &loads, object))
        .buffered(AT_ONCE)
        .enumerate();
    let mut files = 0;
    while let Some((place, unfinished)) = looks.next().await {
        if let Some(object) = unfinished {
            notification.announce(&object)?;
            files += 1;
        }
        if let Some(progress) = &progress {
            progress.show(place as u64 + 1, all as u64);
        }
    }
    if let Some(progress) = progress {
        progress.end();
    }
    Ok(files)
}

/// Like [`unfinished_object`]. If the object cannot be checked, the log names it.
async fn looked_at(
    sources: &SourceFiles,
    loads: &LoadFiles,
    (key, written_at): (String, Timestamp),
) -> Option<CreatedObject> {
    match unfinished_object(sources, loads, &key, written_at).await {
        Ok(unfinished) => unfinished,
        Err(error) => {
            let cause = describe(&error);
            tracing::error!(
                object.key = key,
                cause,
                "cannot check whether a file is loaded; the next start checks it again"
            );
            None
        }
    }
}

/// Returns the object as its event describes it, or `None` if its load has ended.
async fn unfinished_object(
    sources: &SourceFiles,
    loads: &LoadFiles,
    key: &str,
    written_at: Timestamp,
) -> Result<Option<CreatedObject>, CallError> {
    let object = match sources.open(key, &Pin::Newest).await {
        Ok(object) => object,
        Err(OpenError::Gone) => return Ok(None),
        Err(OpenError::Unavailable(error)) => return Err(error),
    };
    let source = Source::new(object.uploaded_at, key, &object.version);
    let manifest = loads.manifest(&LoadFolder::of(DATA_BUCKET, &source)).await?;
    let event = UploadEvent::new(source.uploaded_at, written_at, Sequencer::default());
    if manifest.is_some_and(|manifest| manifest.covers(Some(&event))) {
        return Ok(None);
    }
    Ok(Some(CreatedObject {
        bucket: DATA_BUCKET.to_owned(),
        key: source.key,
        size: object.size_bytes,
        e_tag: source.version,
        last_modified: UNIX_EPOCH
            + Duration::from_micros(u64::try_from(written_at.micros()).unwrap_or_default()),
        cause: "Put",
    }))
}

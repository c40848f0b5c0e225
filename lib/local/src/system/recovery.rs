//! Takes up what a kill left behind. The rule: **nobody works any more when a process starts.**
//!
//! So messages in flight are visible again and leases are void; a report that is Running without a
//! message gets one, and so does an object under `incoming/` without a finished manifest. All of
//! it may be done twice: every handler may run twice on the same event. The message of an object has
//! the event time that its first one had or should have had, so the order of uploads stays as it was.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::types::EncodingType;
use aws_types::SdkConfig;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use uptime::Timestamp;
use uptime::segment::{Sequencer, Source, UploadEvent};
use uptime_aws::load_files::INCOMING;
use uptime_aws::{
    CallError, Clients as _, LoadFiles, LoadFolder, OpenError, Pin, ReportId, ReportState,
    SourceFiles, attributes, decoded_key, report_message, timestamp,
};

use super::SystemError;
use super::settings::{DATA_BUCKET, LOAD_QUEUE, REPORT_QUEUE, REPORT_TABLE};
use crate::s3::{CreatedObject, Notification};
use crate::sqs::{Queues, SqsError};

/// What a start found unfinished and took up again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenUp {
    /// Reports that were Running.
    pub reports: usize,
    /// Files that were not loaded to the end.
    pub files: usize,
}

/// How many objects are asked about at once.
const AT_ONCE: usize = 8;

/// Takes up what an earlier process left; call it before anything else uses the stores.
pub(super) async fn take_up(
    sdk_config: &SdkConfig,
    notification: &Notification,
) -> Result<TakenUp, SystemError> {
    let queues = &notification.queues;
    queues.void_receives()?;
    let reports = take_up_reports(&sdk_config.dynamodb(), queues).await?;
    let files = take_up_files(sdk_config, notification).await?;
    Ok(TakenUp { reports, files })
}

async fn take_up_reports(
    client: &aws_sdk_dynamodb::Client,
    queues: &Queues,
) -> Result<usize, SystemError> {
    let have_messages = queued_reports(queues)?;
    let running = running_reports(client).await?;
    for &id in &running {
        void_lease(client, id).await?;
        if !have_messages.contains(&id) {
            queues.send(REPORT_QUEUE, &report_message::body_of(id), Duration::ZERO)?;
        }
    }
    Ok(running.len())
}

fn queued_reports(queues: &Queues) -> Result<HashSet<ReportId>, SqsError> {
    let bodies = queues.bodies(REPORT_QUEUE)?;
    Ok(bodies.iter().filter_map(|body| report_message::read(body).ok()).collect())
}

async fn running_reports(client: &aws_sdk_dynamodb::Client) -> Result<Vec<ReportId>, CallError> {
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

/// Ends a lease whose holder died with its process.
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

async fn take_up_files(
    sdk_config: &SdkConfig,
    notification: &Notification,
) -> Result<usize, SystemError> {
    let queued = queued_objects(&notification.queues)?;
    let objects = incoming_objects(sdk_config).await?;
    let sources = SourceFiles::new(sdk_config, DATA_BUCKET);
    let loads = LoadFiles::new(sdk_config, DATA_BUCKET);
    let unfinished = stream::iter(objects)
        .map(|object| unfinished_object(&sources, &loads, object))
        .buffered(AT_ONCE);
    let unfinished: Vec<Option<CreatedObject>> = unfinished.try_collect().await?;
    let unfinished: Vec<CreatedObject> = unfinished.into_iter().flatten().collect();
    for object in &unfinished {
        let this = (object.key.clone(), object.e_tag.clone(), object.last_modified);
        if !queued.contains(&this) {
            notification.announce(object)?;
        }
    }
    Ok(unfinished.len())
}

/// Key, `ETag` and event time of every object that a message in the load queue is about. The same
/// bytes may have been put twice.
fn queued_objects(queues: &Queues) -> Result<HashSet<(String, String, SystemTime)>, SqsError> {
    let object_of = |record: &Value| {
        let object = &record["s3"]["object"];
        let key = decoded_key(object["key"].as_str()?).ok()?;
        let at = Timestamp::from_rfc3339(record["eventTime"].as_str()?).ok()?;
        Some((key, object["eTag"].as_str()?.to_owned(), instant(at.micros())))
    };
    let mut objects = HashSet::new();
    for body in queues.bodies(LOAD_QUEUE)? {
        let event: Value = serde_json::from_str(&body).unwrap_or_default();
        let records = event["Records"].as_array().map(Vec::as_slice).unwrap_or_default();
        objects.extend(records.iter().filter_map(object_of));
    }
    Ok(objects)
}

/// Returns the key of every source file, and when it was written. Unlike a read's answer, a listing
/// of the local S3 gives the milliseconds, as its events do.
async fn incoming_objects(sdk_config: &SdkConfig) -> Result<Vec<(String, Timestamp)>, CallError> {
    let list = sdk_config.s3().list_objects_v2().bucket(DATA_BUCKET).prefix(INCOMING);
    // Without it a key with a control character could not be listed, and nothing would start.
    let mut pages = list.encoding_type(EncodingType::Url).into_paginator().send();
    let mut objects = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|source| CallError::new("ListObjectsV2", source))?;
        let found = page.contents.unwrap_or_default().into_iter();
        let found = found.filter_map(|object| {
            Some((decoded_key(&object.key?).ok()?, timestamp(&object.last_modified?)))
        });
        objects.extend(found.filter(|(key, _)| !key.ends_with('/')));
    }
    Ok(objects)
}

/// Returns the object as its event describes it, unless its load has ended.
async fn unfinished_object(
    sources: &SourceFiles,
    loads: &LoadFiles,
    (key, written_at): (String, Timestamp),
) -> Result<Option<CreatedObject>, SystemError> {
    let object = match sources.open(&key, &Pin::Newest).await {
        Ok(object) => object,
        Err(OpenError::Gone) => return Ok(None),
        Err(OpenError::Unavailable(error)) => return Err(error.into()),
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
        last_modified: instant(written_at.micros()),
        cause: "Put",
    }))
}

fn instant(micros: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

//! Takes up what a kill left behind. The rule: **nobody works any more when a process starts.**
//!
//! So messages in flight are visible again and leases are void; a report that is Running without a
//! message gets one, and so does an object under `incoming/` without a finished manifest. All of
//! it may be done twice: every handler may run twice on the same event.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::types::EncodingType;
use aws_types::SdkConfig;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use uptime::segment::Source;
use uptime_aws::load_files::INCOMING;
use uptime_aws::{
    CallError, Clients as _, LoadFiles, LoadFolder, LoadStatus, OpenError, Pin, ReportId,
    ReportState, SourceFiles, attributes, report_message,
};

use super::SystemError;
use super::settings::{DATA_BUCKET, LOAD_QUEUE, REPORT_QUEUE, REPORT_TABLE};
use crate::s3::{CreatedObject, Notification, url_decoded};
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
    let keys = incoming_keys(sdk_config).await?;
    let sources = SourceFiles::new(sdk_config, DATA_BUCKET);
    let loads = LoadFiles::new(sdk_config, DATA_BUCKET);
    let unfinished =
        stream::iter(keys).map(|key| unfinished_object(&sources, &loads, key)).buffered(AT_ONCE);
    let unfinished: Vec<Option<CreatedObject>> = unfinished.try_collect().await?;
    let unfinished: Vec<CreatedObject> = unfinished.into_iter().flatten().collect();
    for object in &unfinished {
        if !queued.contains(&(object.key.clone(), object.e_tag.clone())) {
            notification.announce(object)?;
        }
    }
    Ok(unfinished.len())
}

/// Key and `ETag` of every object that a message in the load queue is about.
fn queued_objects(queues: &Queues) -> Result<HashSet<(String, String)>, SqsError> {
    let object_of = |record: &Value| {
        let object = &record["s3"]["object"];
        let key = url_decoded(object["key"].as_str()?);
        Some((key, object["eTag"].as_str()?.to_owned()))
    };
    let mut objects = HashSet::new();
    for body in queues.bodies(LOAD_QUEUE)? {
        let event: Value = serde_json::from_str(&body).unwrap_or_default();
        let records = event["Records"].as_array().map(Vec::as_slice).unwrap_or_default();
        objects.extend(records.iter().filter_map(object_of));
    }
    Ok(objects)
}

async fn incoming_keys(sdk_config: &SdkConfig) -> Result<Vec<String>, CallError> {
    let list = sdk_config.s3().list_objects_v2().bucket(DATA_BUCKET).prefix(INCOMING);
    // Without it a key with a control character could not be listed, and nothing would start.
    let mut pages = list.encoding_type(EncodingType::Url).into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|source| CallError::new("ListObjectsV2", source))?;
        let found = page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
        keys.extend(found.map(|key| url_decoded(&key)).filter(|key| !key.ends_with('/')));
    }
    Ok(keys)
}

/// Returns the object as its event describes it, unless its load has ended.
async fn unfinished_object(
    sources: &SourceFiles,
    loads: &LoadFiles,
    key: String,
) -> Result<Option<CreatedObject>, SystemError> {
    let object = match sources.open(&key, &Pin::Newest).await {
        Ok(object) => object,
        Err(OpenError::Gone) => return Ok(None),
        Err(OpenError::Unavailable(error)) => return Err(error.into()),
    };
    let (uploaded_at, version) = (object.uploaded_at, object.version.clone());
    let source = Source { uploaded_at, key, version };
    let manifest = loads.manifest(&LoadFolder::of(DATA_BUCKET, &source)).await?;
    if manifest.is_some_and(|manifest| manifest.status != LoadStatus::Running) {
        return Ok(None);
    }
    Ok(Some(CreatedObject {
        bucket: DATA_BUCKET.to_owned(),
        key: source.key,
        size: object.size_bytes,
        e_tag: source.version,
        last_modified: instant(uploaded_at.micros()),
        cause: "Put",
    }))
}

fn instant(micros: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

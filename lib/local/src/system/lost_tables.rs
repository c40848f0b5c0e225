//! Handles tables that are missing while the objects are still there, as after a user deleted their
//! file.
//!
//! The manifests then say that files are loaded, but their rows are stored nowhere. So the
//! manifests are removed, and [`recovery`](super::recovery) announces the files again. **The
//! manifests are removed before the tables are created:** if the process is killed in between, the
//! tables are still missing, and the next start begins again.

use std::path::Path;

use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_s3::types::EncodingType;
use aws_types::SdkConfig;
use futures::{StreamExt, TryStreamExt, stream};
use uptime_aws::load_files::{LOADS, is_manifest};
use uptime_aws::{CallError, Clients as _, decoded_key};

use super::settings::{DATA_BUCKET, DATA_TABLE};
use crate::terminal::say;

/// How many manifests are removed at once.
const AT_ONCE: usize = 8;

/// Whether the tables are missing: this is the first start, or they were lost.
pub(super) async fn are_missing(sdk_config: &SdkConfig) -> Result<bool, CallError> {
    let described = sdk_config.dynamodb().describe_table().table_name(DATA_TABLE).send().await;
    let Err(error) = described else { return Ok(false) };
    let is_missing =
        error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception);
    if is_missing { Ok(true) } else { Err(CallError::new("DescribeTable", error)) }
}

/// Removes the manifests of all loads, if there are any, and shows what that means.
pub(super) async fn forget_loads(sdk_config: &SdkConfig, folder: &Path) -> Result<(), CallError> {
    let client = sdk_config.s3();
    let manifests = manifests(&client).await?;
    if manifests.is_empty() {
        return Ok(());
    }
    say(format_args!(
        "the tables are missing from {}: {} files are loaded again; earlier reports are lost",
        folder.display(),
        manifests.len()
    ));
    let removals = stream::iter(manifests).map(|key| {
        let call = client.delete_object().bucket(DATA_BUCKET).key(key);
        async { call.send().await.map(drop) }
    });
    let removed = removals.buffer_unordered(AT_ONCE).try_collect::<()>().await;
    removed.map_err(|source| CallError::new("DeleteObject", source))
}

async fn manifests(client: &aws_sdk_s3::Client) -> Result<Vec<String>, CallError> {
    let list = client.list_objects_v2().bucket(DATA_BUCKET).prefix(LOADS);
    let mut pages = list.encoding_type(EncodingType::Url).into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|source| CallError::new("ListObjectsV2", source))?;
        let found = page.contents.unwrap_or_default().into_iter();
        let found = found.filter_map(|object| decoded_key(&object.key?).ok());
        keys.extend(found.filter(|key| is_manifest(key)));
    }
    Ok(keys)
}

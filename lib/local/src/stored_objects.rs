//! Lists the objects of the data bucket.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::EncodingType;
use uptime::Timestamp;
use uptime_aws::{CallError, decoded_key, timestamp};

use crate::system::DATA_BUCKET;

/// Returns the key of every object whose key starts with `prefix`, and when it was written. A
/// listing of the local S3 has milliseconds, as its events do; the response to a read has not.
pub(crate) async fn under(
    client: &Client,
    prefix: &str,
) -> Result<Vec<(String, Timestamp)>, CallError> {
    let list = client.list_objects_v2().bucket(DATA_BUCKET).prefix(prefix);
    // Without the encoding, a key with a control character could not be listed.
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

//! The place of an upload among those of its second: S3 dates to the second only (README, "Storage").
//!
//! S3 is only asked about files of hours and zones. Polls replace nothing, so they need no order.

use std::time::Duration;

use uptime::segment::UploadEvent;
use uptime_aws::Pin;

use crate::load_failure::LoadFailure;
use crate::opened_object::OpenedObject;
use crate::resources::Resources;

/// Adds to the source of an object of hours or zones what S3 says of its place in its second.
///
/// Two loads of one object have to end with the same source. Otherwise the fuller of two readings
/// might not count. So a load first takes what the manifest of an earlier one holds.
pub(crate) async fn complete_source(
    resources: &Resources,
    opened: &mut OpenedObject,
) -> Result<(), LoadFailure> {
    if opened.object.is_kept {
        let known = opened.earlier.as_ref().and_then(|manifest| manifest.file.rank);
        opened.source.rank = match known {
            Some(rank) => rank,
            None => resources.sources.rank(&opened.source).await?,
        };
    } else if opened.source.event.is_none() {
        opened.source.event = Some(last_of_its_second(resources, opened).await?);
    }
    Ok(())
}

/// Where no versions are kept, the object that is read is the current one. If it still is when the
/// second of its upload is over, it is the last of that second, and needs no event to say so.
///
/// The wait is at most a second, so the time that an invocation keeps back covers it.
async fn last_of_its_second(
    resources: &Resources,
    opened: &OpenedObject,
) -> Result<UploadEvent, LoadFailure> {
    // It was there at `opened_at`, so by any clock its second is over a second later.
    tokio::time::sleep_until(opened.opened_at + Duration::from_secs(1)).await;
    let pin = Pin::ETag(opened.source.version.clone());
    let current = resources.sources.open(&opened.source.key, &pin).await?;
    if current.uploaded_at != opened.source.uploaded_at {
        return Err(LoadFailure::Gone);
    }
    Ok(UploadEvent::last_of_second(opened.source.uploaded_at))
}

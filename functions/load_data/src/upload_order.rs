//! The place of an upload among the uploads of the same second, because S3 dates uploads in whole
//! seconds (`lib/uptime_aws/README.md`, "Which of two files is newer").
//!
//! Only files of hours and zones need it. Polls replace nothing, so they need no order.

use std::time::Duration;

use uptime::segment::UploadEvent;
use uptime_aws::Pin;

use crate::load_failure::LoadFailure;
use crate::opened_object::OpenedObject;
use crate::resources::Resources;

/// Completes the source of an object of hours or zones: adds its place within its second.
///
/// All loads of one object must have the same source. Otherwise the more complete of two readings
/// might not count. So a load first takes the place that the manifest of an earlier load has.
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

/// If the bucket keeps no versions, the object that is read is the current one. If it is still
/// current when the second of its upload is over, it is the last upload of that second, even
/// without an event.
///
/// The wait is at most one second, so the reserved part of an invocation's time covers it.
async fn last_of_its_second(
    resources: &Resources,
    opened: &OpenedObject,
) -> Result<UploadEvent, LoadFailure> {
    // The object existed at `opened_at`, so one second later its second is over by any clock.
    tokio::time::sleep_until(opened.opened_at + Duration::from_secs(1)).await;
    let pin = Pin::ETag(opened.source.version.clone());
    let current = resources.sources.open(&opened.source.key, &pin).await?;
    if current.uploaded_at != opened.source.uploaded_at {
        return Err(LoadFailure::Gone);
    }
    Ok(UploadEvent::last_of_second(opened.source.uploaded_at))
}

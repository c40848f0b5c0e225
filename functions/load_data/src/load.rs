//! One load: from an object's name to its final manifest (`lib/uptime_aws/README.md`, "Loads").

use uptime::Timestamp;
use uptime_aws::{Deadline, LoadErrorCode, LoadFolder, Manifest, Metric};

use crate::file_reading::{FileRead, read_file};
use crate::load_failure::LoadFailure;
use crate::load_manifest::{ended, file_of, replaced, running};
use crate::notification::AnnouncedObject;
use crate::opened_object::{OpenedObject, open};
use crate::resources::{LoadTime, Resources};

/// Loads an object, unless it is already loaded and its message was only delivered again.
///
/// Skipping is safe, because the final manifest is written after everything else. The newest poll
/// is raised again anyway, which costs one conditional write.
pub(crate) async fn load_unless_loaded(
    resources: &Resources,
    announced: &AnnouncedObject,
    time: LoadTime,
) -> Result<(), LoadFailure> {
    let opened = open(resources, announced, (time.clock)()).await?;
    let event = opened.source.event.as_ref();
    match opened.earlier.as_ref().filter(|manifest| manifest.covers(event)) {
        Some(manifest) => {
            tracing::info!(load.folder = %opened.folder, "the object is already loaded");
            raise_newest_poll(resources, last_poll(manifest), time.deadline).await
        }
        None => load_opened(resources, opened, announced, time).await.map(drop),
    }
}

/// Loads an object, even if it was loaded before, because a direct invocation asks for exactly
/// that.
pub(crate) async fn load(
    resources: &Resources,
    announced: &AnnouncedObject,
    time: LoadTime,
) -> Result<Manifest, LoadFailure> {
    let opened = open(resources, announced, (time.clock)()).await?;
    load_opened(resources, opened, announced, time).await
}

/// An attempt that was killed may have done any of these steps before. Doing a step twice has the
/// same result as doing it once.
async fn load_opened(
    resources: &Resources,
    mut opened: OpenedObject,
    announced: &AnnouncedObject,
    time: LoadTime,
) -> Result<Manifest, LoadFailure> {
    let started_at = (time.clock)();
    let begun = running(&opened, &announced.bucket, started_at);
    resources.loads.begin_manifest(&opened.folder, &begun).await?;

    let read = match read_file(resources, &mut opened, time.deadline).await {
        Err(LoadFailure::Gone) => {
            let manifest = replaced(begun, started_at, (time.clock)());
            return end_as_replaced(resources, &opened.folder, manifest).await;
        }
        read => read?,
    };
    store_consequences(resources, &opened, &read, time).await?;

    let folder = opened.folder.to_string();
    let first_load = resources.data.first_load_of_content(&read.sha256, &folder, time.deadline);
    let first_load = first_load.await?;
    let mut manifest = ended(begun, &read, resources.limits, started_at, (time.clock)());
    manifest.file = file_of(&opened, &announced.bucket, &read);
    manifest.same_content_as = first_load;
    resources.loads.put_manifest(&opened.folder, &manifest).await?;
    log_end(&manifest);
    Ok(manifest)
}

/// Writes the manifest of an object that was replaced while it was read, unless another attempt at
/// the same load has read it to its end before.
async fn end_as_replaced(
    resources: &Resources,
    folder: &LoadFolder,
    replaced: Manifest,
) -> Result<Manifest, LoadFailure> {
    if let Some(manifest) = resources.loads.manifest(folder).await?.filter(Manifest::has_ended) {
        return Ok(manifest);
    }
    resources.loads.put_manifest(folder, &replaced).await?;
    log_end(&replaced);
    Ok(replaced)
}

/// The steps that must wait until all segments are stored.
async fn store_consequences(
    resources: &Resources,
    opened: &OpenedObject,
    read: &FileRead,
    time: LoadTime,
) -> Result<(), LoadFailure> {
    if !read.replacing.is_empty() {
        let superseded =
            resources.data.delete_superseded(&read.replacing, &opened.source, time.deadline);
        superseded.await?;
    }
    raise_newest_poll(resources, read.poll_span.map(|(_, last)| last), time.deadline).await
}

async fn raise_newest_poll(
    resources: &Resources,
    last_poll: Option<Timestamp>,
    deadline: Deadline,
) -> Result<(), LoadFailure> {
    if let Some(at) = last_poll {
        resources.data.raise_newest_poll(at, deadline).await?;
    }
    Ok(())
}

fn last_poll(manifest: &Manifest) -> Option<Timestamp> {
    manifest.last_poll.as_deref().and_then(|text| Timestamp::from_rfc3339(text).ok())
}

fn log_end(manifest: &Manifest) {
    let failure = manifest.error.as_ref().map(|error| error.code);
    tracing::info!(
        load.folder = manifest.folder,
        status = ?manifest.status,
        error = failure.map(LoadErrorCode::name),
        rows = manifest.rows,
        loaded = manifest.loaded,
        rejected = manifest.rejected,
        duration_ms = manifest.duration_ms,
        "the load has ended"
    );
    Metric::LoadEnded { loaded: manifest.loaded, rejected: manifest.rejected }.send();
    if let Some(code) = failure {
        Metric::LoadFailed(code).send();
    }
}

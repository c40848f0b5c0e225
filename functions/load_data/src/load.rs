//! One load: from an object's name to its final manifest (`lib/uptime_aws/README.md`, "Loads").

use tokio::time::Instant;
use uptime::Timestamp;
use uptime::segment::{Source, UploadEvent};
use uptime_aws::{
    CallError, Deadline, LoadErrorCode, LoadFolder, Manifest, Metric, OpenError, SourceObject,
    StoreDataError,
};

use crate::file_reading::{FileRead, read_file};
use crate::load_manifest::{ended, file_of, replaced, running};
use crate::notification::{AnnouncedObject, is_source_file};
use crate::{Invocation, Resources};

/// Why a load did not reach a final manifest. But for [`LoadFailure::Gone`] and
/// [`LoadFailure::NotASource`], loading again later may. A message that announces an object of the
/// latter kind is not acknowledged all the same: only a bucket that should not announce anything
/// does, and the dead-letter queue is where that is seen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadFailure {
    #[error(
        "{key:?} in the bucket {bucket:?} is no source file; accepted are keys under incoming/ that \
         do not end in a slash, in {accepted_bucket:?}"
    )]
    NotASource { bucket: String, key: String, accepted_bucket: String },
    #[error("the object is gone or was replaced")]
    Gone,
    #[error("S3 did not answer as expected")]
    Files(#[from] CallError),
    #[error("the segments could not be stored")]
    Data(#[from] StoreDataError),
    #[error("the invocation's time was over")]
    OutOfTime,
}

impl From<OpenError> for LoadFailure {
    fn from(error: OpenError) -> LoadFailure {
        match error {
            OpenError::Gone => LoadFailure::Gone,
            OpenError::Unavailable(error) => LoadFailure::Files(error),
        }
    }
}

/// An object that is being read, and where its load is told of.
#[derive(Debug)]
pub(crate) struct OpenedObject {
    pub(crate) object: SourceObject,
    /// Complete for files that replace others once [`complete_source`] has seen to it.
    ///
    /// [`complete_source`]: crate::upload_order::complete_source
    pub(crate) source: Source,
    pub(crate) folder: LoadFolder,
    /// The manifest of an earlier load of the same object.
    pub(crate) earlier: Option<Manifest>,
    /// When S3 had answered.
    pub(crate) opened_at: Instant,
}

/// Loads an object unless it is loaded already, as a redelivered message finds it.
///
/// That is safe, for a final manifest is written after everything else: nothing is missing then.
/// The newest poll is raised again all the same; it costs one conditional write.
pub(crate) async fn load_unless_loaded(
    resources: &Resources,
    announced: &AnnouncedObject,
    invocation: Invocation,
) -> Result<(), LoadFailure> {
    let opened = open(resources, announced).await?;
    let event = opened.source.event.as_ref();
    match opened.earlier.as_ref().filter(|manifest| manifest.covers(event)) {
        Some(manifest) => {
            tracing::info!(load.folder = %opened.folder, "the object is loaded already");
            raise_newest_poll(resources, last_poll(manifest), invocation.deadline).await
        }
        None => load_opened(resources, opened, announced, invocation).await.map(drop),
    }
}

/// Loads an object, again if it was loaded before: whoever names it directly wants just that.
pub(crate) async fn load(
    resources: &Resources,
    announced: &AnnouncedObject,
    invocation: Invocation,
) -> Result<Manifest, LoadFailure> {
    let opened = open(resources, announced).await?;
    load_opened(resources, opened, announced, invocation).await
}

async fn open(
    resources: &Resources,
    announced: &AnnouncedObject,
) -> Result<OpenedObject, LoadFailure> {
    let bucket = resources.sources.bucket();
    if announced.bucket != bucket || !is_source_file(&announced.key) {
        return Err(LoadFailure::NotASource {
            bucket: announced.bucket.clone(),
            key: announced.key.clone(),
            accepted_bucket: bucket.to_owned(),
        });
    }
    let object = resources.sources.open(&announced.key, &announced.pin).await?;
    let opened_at = Instant::now();
    let mut source = Source::new(object.uploaded_at, &announced.key, &object.version);
    let folder = LoadFolder::of(bucket, &source);
    let earlier = resources.loads.manifest(&folder).await?;
    let announced = announced.event.clone();
    let announced =
        announced.map(|event| UploadEvent::new(source.uploaded_at, event.time, event.sequencer));
    let known = earlier.as_ref().and_then(|manifest| manifest.file.event());
    // Where no versions are kept, this may be the older event of bytes that were put twice.
    source.event = announced.max(known);
    Ok(OpenedObject { object, source, folder, earlier, opened_at })
}

/// Every step may have been done before, by an attempt that was killed: each ends the same when
/// it is done twice.
async fn load_opened(
    resources: &Resources,
    mut opened: OpenedObject,
    announced: &AnnouncedObject,
    invocation: Invocation,
) -> Result<Manifest, LoadFailure> {
    let started_at = (invocation.clock)();
    let begun = running(&opened, &announced.bucket, started_at);
    resources.loads.begin_manifest(&opened.folder, &begun).await?;

    let read = match read_file(resources, &mut opened, invocation.deadline).await {
        Err(LoadFailure::Gone) => {
            let manifest = replaced(begun, started_at, (invocation.clock)());
            return end_as_replaced(resources, &opened.folder, manifest).await;
        }
        read => read?,
    };
    store_consequences(resources, &opened, &read, invocation).await?;

    let folder = opened.folder.to_string();
    let first_load =
        resources.data.first_load_of_content(&read.sha256, &folder, invocation.deadline);
    let first_load = first_load.await?;
    let mut manifest = ended(begun, &read, resources.limits, started_at, (invocation.clock)());
    manifest.file = file_of(&opened, &announced.bucket, &read);
    manifest.same_content_as = first_load;
    resources.loads.put_manifest(&opened.folder, &manifest).await?;
    tell_end(&manifest);
    Ok(manifest)
}

/// Says that the object was replaced while it was read, unless another attempt at the same load has
/// read it to its end before that.
async fn end_as_replaced(
    resources: &Resources,
    folder: &LoadFolder,
    replaced: Manifest,
) -> Result<Manifest, LoadFailure> {
    if let Some(manifest) = resources.loads.manifest(folder).await?.filter(Manifest::has_ended) {
        return Ok(manifest);
    }
    resources.loads.put_manifest(folder, &replaced).await?;
    tell_end(&replaced);
    Ok(replaced)
}

/// What may only be done once all segments are stored.
async fn store_consequences(
    resources: &Resources,
    opened: &OpenedObject,
    read: &FileRead,
    invocation: Invocation,
) -> Result<(), LoadFailure> {
    if !read.replacing.is_empty() {
        let superseded =
            resources.data.delete_superseded(&read.replacing, &opened.source, invocation.deadline);
        superseded.await?;
    }
    raise_newest_poll(resources, read.poll_span.map(|(_, last)| last), invocation.deadline).await
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

fn tell_end(manifest: &Manifest) {
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

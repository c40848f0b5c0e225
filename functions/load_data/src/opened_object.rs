//! An object of the data bucket, opened for reading.

use tokio::time::Instant;
use uptime::Timestamp;
use uptime::segment::{Source, UploadEvent};
use uptime_aws::{LoadFolder, Manifest, SourceObject};

use crate::load_failure::LoadFailure;
use crate::notification::{AnnouncedObject, is_source_file};
use crate::resources::Resources;

/// An object that is being read, and the folder of its load.
#[derive(Debug)]
pub(crate) struct OpenedObject {
    pub(crate) object: SourceObject,
    /// For files of hours and zones [`complete_source`] completes it.
    ///
    /// [`complete_source`]: crate::upload_order::complete_source
    pub(crate) source: Source,
    pub(crate) folder: LoadFolder,
    /// When its polls may be deleted. `None`: never.
    pub(crate) polls_expire_at: Option<Timestamp>,
    /// The manifest of an earlier load of the same object, if there is one.
    pub(crate) earlier: Option<Manifest>,
    /// An instant after S3's answer.
    pub(crate) opened_at: Instant,
}

/// Opens an object at `now`, and reads its earlier manifest and the event of its upload.
pub(crate) async fn open(
    resources: &Resources,
    announced: &AnnouncedObject,
    now: Timestamp,
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
    // If the bucket keeps no versions, the same bytes may have been put twice; the later event
    // counts.
    source.event = announced.max(known);
    // Counted from this load and not from the polls: a file of old history is kept as long as any
    // other.
    let polls_expire_at = resources.poll_retention.map(|retention| retention.expiry(now));
    Ok(OpenedObject { object, source, folder, polls_expire_at, earlier, opened_at })
}

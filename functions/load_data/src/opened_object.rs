//! An object of the data bucket, opened to be read.

use tokio::time::Instant;
use uptime::segment::{Source, UploadEvent};
use uptime_aws::{LoadFolder, Manifest, SourceObject};

use crate::load_failure::LoadFailure;
use crate::notification::{AnnouncedObject, is_source_file};
use crate::resources::Resources;

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

/// Opens an object, reads its earlier manifest and what is known of its order.
pub(crate) async fn open(
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

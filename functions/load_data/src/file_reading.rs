//! Reads a source file from its first byte to its last, and stores its rows while reading.

use uptime::Timestamp;
use uptime::ingest::{Counts, Ingest, IngestError, IngestSettings, Limits, Warnings};
use uptime::input::{FileKind, latest_poll};
use uptime::segment::Segment;
use uptime_aws::Deadline;
use uptime_aws::hash::RunningSha256;

use crate::load_failure::LoadFailure;
use crate::opened_object::OpenedObject;
use crate::reject_files::RejectFiles;
use crate::resources::Resources;
use crate::segment_writing::SegmentWriting;
use crate::upload_order::complete_source;

/// A file that was read to its end. Its segments and its rejected rows are stored.
#[derive(Debug)]
pub(crate) struct FileRead {
    /// The error if the rows were not ingested to the end of the file.
    pub(crate) ended: Result<(), IngestError>,
    pub(crate) sha256: String,
    pub(crate) kind: Option<FileKind>,
    pub(crate) counts: Counts,
    pub(crate) warnings: Warnings,
    pub(crate) poll_span: Option<(Timestamp, Timestamp)>,
    /// All segments that replace older ones.
    pub(crate) replacing: Vec<Segment>,
}

/// Reads the whole file, and stores segments and rejected rows while reading.
pub(crate) async fn read_file(
    resources: &Resources,
    opened: &mut OpenedObject,
    deadline: Deadline,
) -> Result<FileRead, LoadFailure> {
    let mut reject_files = RejectFiles::begin(&resources.loads, &opened.folder);
    // Boxed because the future, which makes many kinds of calls, has 18 KB.
    match Box::pin(stream_file(resources, opened, &mut reject_files, deadline)).await {
        Ok(read) => {
            reject_files.finish().await?;
            Ok(read)
        }
        Err(failure) => {
            reject_files.abort().await;
            Err(failure)
        }
    }
}

/// Segments are stored while the next ones are gathered. After an error in the file the rest is only
/// hashed, so that the manifest has the SHA-256 of all bytes.
async fn stream_file(
    resources: &Resources,
    opened: &mut OpenedObject,
    reject_files: &mut RejectFiles,
    deadline: Deadline,
) -> Result<FileRead, LoadFailure> {
    let mut ingest = Ingest::new(ingest_settings(resources.limits, opened.source.uploaded_at));
    let mut writing = SegmentWriting::new(&resources.data, opened.polls_expire_at, deadline);
    let mut sha256 = RunningSha256::default();
    let mut fed = Ok(());
    while let Some(chunk) = writing.beside(opened.object.next_chunk(deadline)).await?? {
        if deadline.left().is_zero() {
            return Err(LoadFailure::OutOfTime);
        }
        sha256.update(chunk.as_ref());
        if fed.is_ok() {
            fed = ingest.feed(chunk.as_ref());
            let OpenedObject { object, source, .. } = opened;
            writing.begin(ingest.take_segments(), source, || object.pause()).await?;
            writing.beside(reject_files.write_ready(&mut ingest)).await??;
        }
    }
    if matches!(ingest.kind(), Some(FileKind::Replacing(_))) {
        complete_source(resources, opened).await?;
    }
    let ended = ingest.finish(&opened.source);
    // The file is read, so no download stands still during this wait.
    writing.begin(ingest.take_segments(), &opened.source, || ()).await?;
    writing.beside(reject_files.write_ready(&mut ingest)).await??;
    Ok(FileRead {
        ended,
        sha256: sha256.finish(),
        kind: ingest.kind(),
        counts: ingest.counts(),
        warnings: ingest.warnings(),
        poll_span: ingest.poll_span(),
        replacing: writing.finish().await?,
    })
}

fn ingest_settings(limits: Limits, uploaded_at: Timestamp) -> IngestSettings {
    IngestSettings {
        latest_poll: latest_poll(uploaded_at),
        batch_bytes: limits.batch_bytes(),
        gzip_ratio_limit: limits.gzip_ratio_limit,
    }
}

#[cfg(test)]
mod tests {
    use uptime::interval::HOUR;

    use super::*;

    #[test]
    fn a_poll_may_be_an_hour_later_than_its_files_upload() {
        let settings = ingest_settings(Limits::default(), Timestamp::from_micros(0));
        assert_eq!(settings.latest_poll, Timestamp::from_micros(HOUR));
    }
}

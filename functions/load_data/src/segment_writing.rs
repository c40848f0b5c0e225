//! Stores the segments of one batch while the file is read on.
//!
//! **At most one batch is being stored while the next one is gathered.** So memory holds at most the
//! segments of one batch and the polls of another, however slowly the table accepts writes.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::timeout;
use uptime::Timestamp;
use uptime::segment::{Segment, SegmentKind, Source};
use uptime_aws::{Deadline, StoreData, StoreDataError};

use crate::load_failure::LoadFailure;

/// How long a download may stand unread. S3 closes connections from which nothing is read, and does
/// not document after what time.
const LONGEST_UNREAD: Duration = Duration::from_secs(5);

/// The segments of one file on their way to the table.
pub(crate) struct SegmentWriting<'d> {
    data: &'d StoreData,
    polls_expire_at: Option<Timestamp>,
    deadline: Deadline,
    // Returns the segments that were stored.
    under_way: Option<BoxFuture<'d, Result<Vec<Segment>, StoreDataError>>>,
    replacing: Vec<Segment>,
}

impl<'d> SegmentWriting<'d> {
    /// Segments must be stored by `deadline`. `None`: polls never expire.
    pub(crate) fn new(
        data: &'d StoreData,
        polls_expire_at: Option<Timestamp>,
        deadline: Deadline,
    ) -> SegmentWriting<'d> {
        SegmentWriting { data, polls_expire_at, deadline, under_way: None, replacing: Vec::new() }
    }

    /// Does `work` and stores segments meanwhile. An error in storing ends both.
    pub(crate) async fn beside<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, LoadFailure> {
        let mut work = pin!(work);
        if let Some(under_way) = &mut self.under_way {
            tokio::select! {
                // Storing first, so that equal events have equal results.
                biased;
                stored = under_way => self.stored(stored)?,
                done = &mut work => return Ok(done),
            }
        }
        Ok(work.await)
    }

    /// Begins to store the next segments, once the ones before are stored. Calls `pause` if that
    /// takes longer than a download may stand unread.
    pub(crate) async fn begin(
        &mut self,
        segments: Vec<Segment>,
        source: &Source,
        pause: impl FnOnce(),
    ) -> Result<(), LoadFailure> {
        if segments.is_empty() {
            return Ok(());
        }
        if let Some(under_way) = &mut self.under_way {
            let stored = match timeout(LONGEST_UNREAD, &mut *under_way).await {
                Ok(stored) => stored,
                Err(_elapsed) => {
                    pause();
                    under_way.await
                }
            };
            self.stored(stored)?;
        }
        let SegmentWriting { data, polls_expire_at, deadline, .. } = *self;
        let source = source.clone();
        let write = async move {
            data.write_segments(&segments, &source, polls_expire_at, deadline).await?;
            Ok(segments)
        };
        self.under_way = Some(write.boxed());
        Ok(())
    }

    /// Waits until all segments are stored, and returns those that replace older ones.
    pub(crate) async fn finish(mut self) -> Result<Vec<Segment>, LoadFailure> {
        if let Some(under_way) = self.under_way.take() {
            self.stored(under_way.await)?;
        }
        Ok(self.replacing)
    }

    fn stored(&mut self, stored: Result<Vec<Segment>, StoreDataError>) -> Result<(), LoadFailure> {
        self.under_way = None;
        let replaces = |segment: &Segment| matches!(segment.kind, SegmentKind::Replacing(_));
        self.replacing.extend(stored?.into_iter().filter(replaces));
        Ok(())
    }
}

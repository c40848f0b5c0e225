//! What was read of a file, and what is made of it.

use super::Counts;
use super::hours::HoursFile;
use super::polls::PollBatch;
use super::reject_files::RejectFiles;
use super::zones::ZonesFile;
use chrono_tz::Tz;

use crate::business_hours::HoursRow;
use crate::input::{FileKind, Problem, Records, Reject};
use crate::segment::{Segment, Source};
use crate::{Poll, StoreId, Timestamp};

/// The accepted rows on their way into segments, the rejected ones on theirs into files.
#[derive(Debug)]
pub(super) struct Content {
    source: Source,
    batch_bytes: usize,
    gathered: Option<Gathered>,
    pub(super) segments: Vec<Segment>,
    pub(super) reject_files: RejectFiles,
    pub(super) counts: Counts,
    pub(super) poll_span: Option<(Timestamp, Timestamp)>,
}

/// The accepted rows that are not packed yet.
#[derive(Debug)]
enum Gathered {
    Polls(PollBatch),
    Hours(HoursFile),
    Zones(ZonesFile),
}

impl Content {
    pub(super) fn new(source: Source, batch_bytes: usize) -> Content {
        Content {
            source,
            batch_bytes,
            gathered: None,
            segments: Vec::new(),
            reject_files: RejectFiles::default(),
            counts: Counts::default(),
            poll_span: None,
        }
    }

    pub(super) fn kind(&self) -> Option<FileKind> {
        self.gathered.as_ref().map(|gathered| match gathered {
            Gathered::Polls(_) => FileKind::Polls,
            Gathered::Hours(_) => FileKind::BusinessHours,
            Gathered::Zones(_) => FileKind::TimeZones,
        })
    }

    /// Makes what is left ready; nothing follows.
    pub(super) fn pack_rest(&mut self) {
        match &mut self.gathered {
            None => {}
            Some(Gathered::Polls(batch)) => batch.pack(&mut self.segments, &mut self.counts),
            Some(Gathered::Hours(file)) => {
                file.write_rejected_rows(&mut self.reject_files);
                file.pack(&self.source, &mut self.segments, &mut self.counts);
            }
            Some(Gathered::Zones(file)) => {
                file.pack(&self.source, &mut self.segments, &mut self.counts);
            }
        }
    }

    fn extend_span(&mut self, at: Timestamp) {
        let (first, last) = self.poll_span.unwrap_or((at, at));
        self.poll_span = Some((first.min(at), last.max(at)));
    }
}

impl Records for Content {
    fn header(&mut self, kind: FileKind, record: &[u8]) {
        self.reject_files.set_header(record);
        self.gathered = Some(match kind {
            FileKind::Polls => Gathered::Polls(PollBatch::default()),
            FileKind::BusinessHours => Gathered::Hours(HoursFile::default()),
            FileKind::TimeZones => Gathered::Zones(ZonesFile::default()),
        });
    }

    // A reader gives rows of the kind that the header told, and none before it.

    #[inline]
    fn poll(&mut self, store: StoreId, poll: Poll, _record: &[u8]) {
        if let Some(Gathered::Polls(batch)) = &mut self.gathered {
            batch.add(store, poll);
            if batch.memory_bytes() >= self.batch_bytes {
                batch.pack(&mut self.segments, &mut self.counts);
            }
            self.extend_span(poll.at());
        }
    }

    fn hours(&mut self, store: StoreId, row: HoursRow, record: &[u8]) -> Result<(), Problem> {
        match &mut self.gathered {
            Some(Gathered::Hours(file)) => file.add(store, row, record),
            _ => Ok(()),
        }
    }

    fn zone(&mut self, store: StoreId, zone: Tz, _record: &[u8]) {
        if let Some(Gathered::Zones(file)) = &mut self.gathered {
            file.add(store, zone);
        }
    }

    fn reject(&mut self, reject: Reject, record: &[u8]) {
        self.counts.add_rejected();
        self.reject_files.add_reject(&reject);
        match &mut self.gathered {
            Some(Gathered::Hours(file)) => file.add_rejected(reject.store, record),
            _ => self.reject_files.add_rejected_row(record),
        }
    }
}

//! Collects the rows of a file and packs them.

use super::openings::OpeningsFile;
use super::polls::{PackedShard, PollPacker, Rows, UnpackedShard};
use super::reject_tables::RejectTables;
use super::warnings::WarningFinder;
use super::zones::ZonesFile;
use super::{Counts, PollSpan, extended};

use crate::business_hours::{Opening, PackedRow};
use crate::input::{FileKind, HoursColumns, Problem, Records, Reject, ReplacingKind, ReplacingRow};
use crate::segment::{Segment, Source, pack_ordered_hours, pack_ordered_special_days};
use crate::{Poll, StoreId};

/// The accepted rows until they are in segments, and the rejected rows until they are in the two
/// files of rejects.
#[derive(Debug)]
pub(super) struct Content {
    kind: Option<FileKind>,
    // Of the next four, only the one of the file's kind receives rows.
    polls: PollPacker,
    hours: OpeningsFile,
    zones: ZonesFile,
    special_days: OpeningsFile,
    pub(super) segments: Vec<Segment>,
    pub(super) reject_tables: RejectTables,
    pub(super) warnings: WarningFinder,
    pub(super) counts: Counts,
    pub(super) poll_span: Option<PollSpan>,
}

impl Content {
    pub(super) fn new(batch_bytes: usize) -> Content {
        Content {
            kind: None,
            polls: PollPacker::new(batch_bytes),
            hours: OpeningsFile::default(),
            zones: ZonesFile::default(),
            special_days: OpeningsFile::default(),
            segments: Vec::new(),
            reject_tables: RejectTables::default(),
            warnings: WarningFinder::default(),
            counts: Counts::default(),
            poll_span: None,
        }
    }

    pub(super) fn kind(&self) -> Option<FileKind> {
        self.kind
    }

    /// Packs the remaining rows at the end of the file.
    pub(super) fn pack_rest(&mut self, source: &Source) {
        match self.kind {
            None => {}
            Some(FileKind::Polls) => {
                self.polls.pack(&mut self.warnings, false);
                self.take_packed();
            }
            Some(FileKind::Replacing(ReplacingKind::Hours)) => {
                self.warnings.accept(self.hours.stores(), false);
                self.hours.write_rejected_rows(&mut self.reject_tables);
                let Content { segments, counts, .. } = self;
                self.hours.pack(pack_ordered_hours, source, segments, counts);
            }
            Some(FileKind::Replacing(ReplacingKind::Zones)) => {
                self.warnings.accept(self.zones.stores(), false);
                self.zones.pack(source, &mut self.segments, &mut self.counts);
            }
            Some(FileKind::Replacing(ReplacingKind::SpecialDays)) => {
                self.warnings.accept(self.special_days.stores(), false);
                self.special_days.write_rejected_rows(&mut self.reject_tables);
                let Content { segments, counts, .. } = self;
                self.special_days.pack(pack_ordered_special_days, source, segments, counts);
            }
        }
    }

    /// Drops everything that was read, because the whole file is refused. Only a file of hours can
    /// be refused after its header, and nothing of it is returned before its end.
    pub(super) fn forget(&mut self) {
        self.hours = OpeningsFile::default();
        self.reject_tables = RejectTables::default();
        self.warnings = WarningFinder::default();
        self.counts = Counts::default();
    }

    /// Returns whether nothing may be returned before the file's end, because the whole file may be
    /// refused there.
    pub(super) fn is_held_back(&self) -> bool {
        self.kind == Some(FileKind::Replacing(ReplacingKind::Hours))
    }

    /// Takes the polls of the current batch, by shard.
    pub(super) fn take_unpacked(&mut self) -> Vec<UnpackedShard> {
        self.polls.take_unpacked()
    }

    /// Takes what was packed of a shard.
    pub(super) fn add_packed(&mut self, shard: PackedShard) {
        self.polls.add_packed(shard, &mut self.warnings, false);
        self.take_packed();
    }

    /// Adds polls of a piece of the file.
    pub(super) fn add_rows(&mut self, rows: &mut Rows) {
        self.polls.add_rows(rows, &mut self.warnings);
    }

    /// Moves the polls that were packed to `segments`, and adds their counts.
    pub(super) fn take_packed(&mut self) {
        let packed = std::mem::take(&mut self.polls.packed);
        self.segments.extend(packed.segments);
        self.counts += packed.counts;
    }

    /// Extends the span of the file's polls, so that it includes these two instants.
    #[inline]
    pub(super) fn extend_span(&mut self, span: PollSpan) {
        self.poll_span = Some(extended(self.poll_span, span));
    }
}

impl Records for Content {
    fn header(&mut self, kind: FileKind, record: &[u8]) {
        self.reject_tables.set_header(record);
        self.kind = Some(kind);
    }

    #[inline]
    fn poll(&mut self, store: StoreId, poll: Poll, _record: &[u8]) {
        self.polls.add(store, poll, &mut self.warnings);
        self.extend_span((poll.at(), poll.at()));
    }

    fn replacing(
        &mut self,
        store: StoreId,
        row: ReplacingRow,
        record: &[u8],
    ) -> Result<(), Problem> {
        match row {
            ReplacingRow::Hours(row) => self.hours.add(store, PackedRow::new(row), record)?,
            ReplacingRow::Zone(zone) => self.zones.add(store, zone),
            ReplacingRow::SpecialDay(row) => {
                self.special_days.add(store, PackedRow::new(row), record)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn usual_hours(
        &mut self,
        store: StoreId,
        opening: Opening,
        columns: HoursColumns,
        _record: &[u8],
    ) -> Result<(), Problem> {
        self.hours.add_usual(store, opening, columns)
    }

    fn reject(&mut self, reject: Reject, record: &[u8]) {
        self.counts.add_rejected();
        self.reject_tables.add_reject(&reject);
        // If it is not certain where the fields of a row begin, its store is not certain either.
        if let Some(store) = reject.store.as_ref().filter(|_| !reject.code.is_of_fields()) {
            self.warnings.reject(store.clone());
        }
        match self.kind {
            Some(FileKind::Replacing(ReplacingKind::Hours)) => {
                self.hours.add_rejected(reject.store, record);
            }
            Some(FileKind::Replacing(ReplacingKind::SpecialDays)) => {
                self.special_days.add_rejected(reject.store, record);
            }
            Some(FileKind::Polls | FileKind::Replacing(ReplacingKind::Zones)) | None => {
                self.reject_tables.add_rejected_row(record);
            }
        }
    }
}

//! Turns a source file into segments, rejected rows and counts.
//!
//! **The sizes of the pieces in which a file arrives change nothing**: not the rows, not the
//! counts, not where a batch of polls ends. Polls are packed batch by batch. All other rows
//! replace what is stored, so they are collected until the end of the file.

mod content;
mod entry;
mod limits;
mod openings;
mod pieces;
mod polls;
mod reject_tables;
#[cfg(test)]
mod tests;
mod warnings;
mod zones;

use std::ops::AddAssign;

use thiserror::Error;

use crate::gzip::{self, GzipError, Unpacker};
use crate::input::{FileKind, RefusedFile, SourceReader};
use crate::segment::{Segment, Source};
use crate::{Shard, StoreId, Timestamp};

pub use limits::{Limits, TooManyRejects};
pub use pieces::{Piece, PieceReader};
pub use polls::{PackedShard, PackingRoom, UnpackedShard};
pub use warnings::Warnings;

use content::Content;

/// The limits and settings for reading one file.
#[derive(Debug, Clone, Copy)]
pub struct IngestSettings {
    /// Polls later than this are rejected.
    pub latest_poll: Timestamp,
    /// How many bytes of memory a batch of polls may take.
    pub batch_bytes: usize,
    /// How many times its size a gzip file may unpack to; 1 MiB is always allowed.
    pub gzip_ratio_limit: u32,
}

/// How many rows were loaded, duplicate or rejected. Always `rows = loaded + duplicate + rejected`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Data rows read.
    pub rows: u64,
    /// Rows that are in segments.
    pub loaded: u64,
    /// Rows that repeat another row of their batch, and rows that have no effect because of another
    /// row of their store: a row without a day if there is any other row; a closed day if a row opens
    /// on that day; a row without a zone if there is any other row.
    pub duplicate: u64,
    /// Duplicates that contradict the row that is kept. A row without a zone contradicts no row.
    pub conflicts: u64,
    /// Rows that were rejected.
    pub rejected: u64,
}

impl Counts {
    fn add_packed(&mut self, loaded: u64, duplicate: u64, conflicts: u64) {
        self.rows += loaded + duplicate;
        self.loaded += loaded;
        self.duplicate += duplicate;
        self.conflicts += conflicts;
    }

    fn add_rejected(&mut self) {
        self.rows += 1;
        self.rejected += 1;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Counts) {
        self.rows += more.rows;
        self.loaded += more.loaded;
        self.duplicate += more.duplicate;
        self.conflicts += more.conflicts;
        self.rejected += more.rejected;
    }
}

/// Why a file cannot be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IngestError {
    /// The whole file is refused. It has no segments and no counts.
    #[error(transparent)]
    Refused(#[from] RefusedFile),
    /// It is a gzip file that cannot be unpacked to its end. The rows read so far are kept, except
    /// the incomplete record at the break.
    #[error(transparent)]
    Packed(#[from] GzipError),
}

/// Turns a source file into segments. The file may be plain or gzip, and the caller feeds it in
/// pieces of any size.
#[derive(Debug)]
pub struct Ingest {
    form: Packing,
    reader: SourceReader,
    content: Content,
    latest_poll: Timestamp,
    gzip_ratio_limit: u32,
    /// The error that ended the reading, if any.
    outcome: Result<(), IngestError>,
    is_read: bool,
    is_finished: bool,
}

/// Whether the file is plain or compressed.
#[derive(Debug)]
enum Packing {
    /// Not known yet. Holds the bytes so far, which are fewer than [`gzip::MAGIC`] has.
    Unknown(Vec<u8>),
    Plain,
    Gzip(Box<Unpacker>),
}

impl Ingest {
    /// Begins a file.
    pub fn new(settings: IngestSettings) -> Ingest {
        Ingest {
            form: Packing::Unknown(Vec::new()),
            reader: SourceReader::new(settings.latest_poll),
            latest_poll: settings.latest_poll,
            gzip_ratio_limit: settings.gzip_ratio_limit,
            content: Content::new(settings.batch_bytes),
            outcome: Ok(()),
            is_read: false,
            is_finished: false,
        }
    }

    /// Reads the next bytes. Afterwards segments and rejects may be ready. An error is final:
    /// call [`Ingest::finish`] to get what was read before it.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), IngestError> {
        self.outcome.clone()?;
        self.outcome = self.read(bytes);
        self.content.take_packed();
        self.outcome.clone()
    }

    /// Ends the file and makes the rest of what was read ready. Call this after an error too.
    /// Returns the error of [`Ingest::feed`] or of the end of the file, if any.
    ///
    /// Only rows that replace others use `source`, and they are packed here. So the caller can check
    /// [`Ingest::kind`] first and determine the rank of the upload only for these files.
    pub fn finish(&mut self, source: &Source) -> Result<(), IngestError> {
        let _ = self.finish_reading();
        if !self.is_finished {
            self.is_finished = true;
            // Also after an error: a truncated file must not store hours for the wrong days.
            match self.reader.check_days() {
                Ok(()) => self.content.pack_rest(source),
                Err(refused) => {
                    self.content.forget();
                    self.outcome = Err(refused.into());
                }
            }
        }
        self.outcome.clone()
    }

    /// Reads the end of the file. [`Ingest::finish`] does this too. Call it before, if
    /// [`Ingest::take_unpacked`] is to return all polls.
    pub fn finish_reading(&mut self) -> Result<(), IngestError> {
        if !self.is_read {
            self.is_read = true;
            if self.outcome.is_ok() {
                self.outcome = self.read_end();
            }
        }
        self.outcome.clone()
    }

    /// Takes the polls of the current batch, by shard, so that they can be packed on several cores.
    /// Pass the result of each to [`Ingest::add_packed`], in any order.
    pub fn take_unpacked(&mut self) -> Vec<UnpackedShard> {
        self.content.take_unpacked()
    }

    /// Makes the segments of a shard ready and adds its counts.
    pub fn add_packed(&mut self, packed: PackedShard) {
        self.content.add_packed(packed);
    }

    /// Returns a reader for pieces of the rest of the file, if the file is a plain file of polls and
    /// its next byte begins a row. The caller cuts the file anywhere, best after line ends.
    pub fn piece_reader(&self) -> Option<PieceReader> {
        let header = self.reader.at_row_of_polls()?;
        let is_plain = matches!(self.form, Packing::Plain) && self.outcome.is_ok();
        is_plain.then(|| PieceReader::new(header, self.latest_poll))
    }

    /// Adds the rows of a piece, which has to be the next of the file, and leaves the piece empty.
    ///
    /// Returns whether the piece ended between rows. If not, the next piece did not begin with a row:
    /// feed its bytes and all later ones ([`Ingest::feed`]).
    pub fn add_piece(&mut self, piece: &mut Piece) -> bool {
        piece.add_to(&mut self.reader, &mut self.content);
        self.content.take_packed();
        self.reader.at_row_of_polls().is_some()
    }

    /// Returns the segments that are ready and removes them from `self`.
    pub fn take_segments(&mut self) -> Vec<Segment> {
        std::mem::take(&mut self.content.segments)
    }

    /// Returns the next bytes of `rejects.csv` and removes them from `self`. Empty if no row was
    /// rejected. For a file of hours, empty until [`Ingest::finish`], because the whole file may
    /// still be refused there.
    pub fn take_rejects(&mut self) -> Vec<u8> {
        if !self.is_finished && self.content.is_held_back() {
            return Vec::new();
        }
        self.content.reject_tables.take_rejects()
    }

    /// Like [`Ingest::take_rejects`], for `rejected_rows.csv`.
    pub fn take_rejected_rows(&mut self) -> Vec<u8> {
        self.content.reject_tables.take_rejected_rows()
    }

    /// Returns the counts so far. They are final after [`Ingest::finish`].
    pub fn counts(&self) -> Counts {
        self.content.counts
    }

    /// Returns the file's warnings so far. They are final after [`Ingest::finish`].
    pub fn warnings(&self) -> Warnings {
        self.content.warnings.found()
    }

    /// Returns the kind of the file, or `None` until its header is read.
    pub fn kind(&self) -> Option<FileKind> {
        self.content.kind()
    }

    /// Returns the instants of the earliest and the latest poll accepted so far.
    pub fn poll_span(&self) -> Option<(Timestamp, Timestamp)> {
        self.content.poll_span
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), IngestError> {
        let Ingest { form, reader, content, .. } = self;
        match form {
            Packing::Plain => Ok(reader.feed(bytes, content)?),
            Packing::Gzip(unpacker) => {
                unpacker.feed(bytes, |unpacked| Ok(reader.feed(unpacked, content)?))
            }
            Packing::Unknown(first_bytes) => {
                let missing = gzip::MAGIC.len() - first_bytes.len();
                let (first, rest) = bytes.split_at(missing.min(bytes.len()));
                first_bytes.extend_from_slice(first);
                if first_bytes.len() < gzip::MAGIC.len() {
                    return Ok(());
                }
                self.begin()?;
                self.read(rest)
            }
        }
    }

    /// Decides by the first bytes whether the file is gzip, then reads these bytes.
    fn begin(&mut self) -> Result<(), IngestError> {
        let Packing::Unknown(first_bytes) = std::mem::replace(&mut self.form, Packing::Plain)
        else {
            return Ok(());
        };
        if first_bytes == gzip::MAGIC {
            self.form = Packing::Gzip(Box::new(Unpacker::new(self.gzip_ratio_limit)));
        }
        self.read(&first_bytes)
    }

    fn read_end(&mut self) -> Result<(), IngestError> {
        if matches!(self.form, Packing::Unknown(_)) {
            self.begin()?;
        }
        let Ingest { form, reader, content, .. } = self;
        if let Packing::Gzip(unpacker) = form {
            unpacker.finish(|unpacked| Ok::<_, IngestError>(reader.feed(unpacked, content)?))?;
        }
        Ok(reader.finish(content)?)
    }
}

/// The instants of the earliest and the latest poll.
type PollSpan = (Timestamp, Timestamp);

/// Returns the span that includes both.
#[inline]
fn extended(span: Option<PollSpan>, (first, last): PollSpan) -> PollSpan {
    let (from, to) = span.unwrap_or((first, last));
    (from.min(first), to.max(last))
}

/// Groups values of stores by shard.
fn by_shard<T>(
    stores: impl Iterator<Item = (StoreId, T)>,
) -> impl Iterator<Item = (Shard, Vec<(StoreId, T)>)> {
    let mut shards: Vec<Vec<(StoreId, T)>> = for_each_shard();
    for (store, value) in stores {
        shards[store.shard().index()].push((store, value));
    }
    Shard::all().zip(shards)
}

/// Returns a default value for each shard.
fn for_each_shard<T: Default>() -> Vec<T> {
    Shard::all().map(|_| T::default()).collect()
}

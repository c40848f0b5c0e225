//! A source file -> segments, rejects and counts.
//!
//! **Nothing depends on how a file is cut into pieces**: not the rows, not the counts, not where a
//! batch of polls ends. Polls are packed batch by batch; hours and zones, which replace what is
//! stored, are gathered whole.

mod buckets;
mod content;
mod entry;
mod hours;
mod limits;
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
use crate::{Shard, Timestamp};

pub use limits::{Limits, TooManyRejects};
pub use warnings::Warnings;

use content::Content;

/// What an ingest needs to know of its file.
#[derive(Debug, Clone, Copy)]
pub struct IngestSettings {
    /// Later polls are rejected.
    pub latest_poll: Timestamp,
    /// How many bytes of memory a batch of polls may take.
    pub batch_bytes: usize,
    /// How many times its size a gzip file may unpack to; 1 MiB is always allowed.
    pub gzip_ratio_limit: u32,
}

/// What became of the rows; `rows = loaded + duplicate + rejected`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Data rows read.
    pub rows: u64,
    /// Rows that are in segments.
    pub loaded: u64,
    /// Rows that repeat another of their batch, or add nothing beside another of their store: hours
    /// that are not known, beside any other row; a day without opening, beside a row that opens on
    /// it; a row without a zone, beside any other.
    pub duplicate: u64,
    /// Duplicates that contradict the row kept. A row without a zone contradicts none.
    pub conflicts: u64,
    /// Rows not accepted.
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

/// Why a file is not read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IngestError {
    /// Nothing of it is acceptable; there are no segments, and no counts.
    #[error(transparent)]
    Refused(#[from] RefusedFile),
    /// It is gzip that cannot be unpacked to its end. What was read so far counts, as it does at a
    /// file's end; the record in which it breaks off does not.
    #[error(transparent)]
    Packed(#[from] GzipError),
}

/// Turns a source file, plain or gzip, pushed at it in pieces of any size, into segments.
#[derive(Debug)]
pub struct Ingest {
    form: Packing,
    reader: SourceReader,
    content: Content,
    gzip_ratio_limit: u32,
    /// The error that ended the reading, if there was one.
    outcome: Result<(), IngestError>,
    is_finished: bool,
}

/// How the file's bytes hold its text.
#[derive(Debug)]
enum Packing {
    /// Not known yet; the bytes so far, fewer than gzip's first ones.
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
            gzip_ratio_limit: settings.gzip_ratio_limit,
            content: Content::new(settings.batch_bytes),
            outcome: Ok(()),
            is_finished: false,
        }
    }

    /// Takes the next bytes. Afterwards segments and rejects may be ready. An error is final;
    /// [`Ingest::finish`] makes ready what was read before it.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), IngestError> {
        self.outcome.clone()?;
        self.outcome = self.read(bytes);
        self.content.take_packed();
        self.outcome.clone()
    }

    /// Ends the file, also after an error: the rest of what was read becomes ready. Returns the
    /// error, if there was one.
    ///
    /// Only hours and zones use `source`, and they are packed here. So the caller can read the kind
    /// first, and look up an upload's place among others only if the file needs it.
    pub fn finish(&mut self, source: &Source) -> Result<(), IngestError> {
        if !self.is_finished {
            self.is_finished = true;
            if self.outcome.is_ok() {
                self.outcome = self.read_end();
            }
            // After an error too: a file that breaks off must not store hours for the wrong days.
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

    /// Returns the segments that are ready, and forgets them.
    pub fn take_segments(&mut self) -> Vec<Segment> {
        std::mem::take(&mut self.content.segments)
    }

    /// Returns the next bytes of `rejects.csv`, and forgets them. Empty if no row was rejected. Of
    /// a file of hours nothing is returned before its end, where the whole file may be refused.
    pub fn take_rejects(&mut self) -> Vec<u8> {
        if !self.is_finished && self.content.is_held_back() {
            return Vec::new();
        }
        self.content.reject_tables.take_rejects()
    }

    /// The same of `rejected_rows.csv`.
    pub fn take_rejected_rows(&mut self) -> Vec<u8> {
        self.content.reject_tables.take_rejected_rows()
    }

    /// Counts so far; final after [`Ingest::finish`].
    pub fn counts(&self) -> Counts {
        self.content.counts
    }

    /// The file's warnings; final after [`Ingest::finish`].
    pub fn warnings(&self) -> Warnings {
        self.content.warnings.found()
    }

    /// Known once the header is read.
    pub fn kind(&self) -> Option<FileKind> {
        self.content.kind()
    }

    /// The first and the last poll accepted so far.
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

    /// Settles the file's form by its first bytes, and reads them.
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

/// Something for each shard.
fn for_each_shard<T: Default>() -> Vec<T> {
    Shard::all().map(|_| T::default()).collect()
}

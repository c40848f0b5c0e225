//! One source file: reads it in pieces, stores its accepted rows and summarises the others.

use std::convert::Infallible;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use uptime::Timestamp;
use uptime::gzip::GzipError;
use uptime::ingest::{Counts, Ingest, IngestError, IngestSettings, Limits, PackingRoom, Warnings};
use uptime::input::FileKind;
use uptime::segment::Source;

use super::cores;
use super::pieces::Rest;
use super::stored::Stored;
use crate::counted::counted;
use crate::first_rejects;

/// Why no row of a file was used.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    #[error("cannot read {path}")]
    Unreadable { path: String, source: io::Error },
    #[error("{path} is refused")]
    Refused { path: String, source: IngestError },
}

/// What happened to the rows of a file.
#[derive(Debug)]
pub(crate) struct Summary {
    path: String,
    kind: Option<FileKind>,
    counts: Counts,
    warnings: Warnings,
    /// The start of `rejects.csv`, cut off at the end of a piece.
    rejects: Vec<u8>,
    damage: Option<GzipError>,
}

/// Why a file counts as failed although its accepted rows are stored.
#[derive(Debug)]
pub(crate) struct Shortcoming {
    path: String,
    reason: String,
}

impl fmt::Display for Shortcoming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.reason)
    }
}

/// Ingests a file.
pub(crate) fn ingest(
    path: &Path,
    source: &Source,
    latest_poll: Timestamp,
    stored: &Mutex<Stored>,
) -> Result<Summary, FileError> {
    let shown = path.display().to_string();
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll,
        batch_bytes: batch_bytes(path),
        gzip_ratio_limit: Limits::default().gzip_ratio_limit,
    });
    let mut rejects = Vec::new();
    let read = read_all(path, &mut ingest, source, |ingest| {
        lock(stored).add(ingest.take_segments());
        let more = ingest.take_rejects();
        if rejects.len() < first_rejects::ENOUGH_BYTES {
            rejects.extend(more);
        }
        // This command does not use the rejected rows, so they need not fill the memory.
        ingest.take_rejected_rows();
    });
    let damage = match read {
        Ok(()) => None,
        Err(ReadError::Ingest(IngestError::Packed(damage))) => Some(damage),
        Err(ReadError::Ingest(source)) => return Err(FileError::Refused { path: shown, source }),
        Err(ReadError::Io(source)) => return Err(FileError::Unreadable { path: shown, source }),
    };
    if let Some((_, last_poll)) = ingest.poll_span() {
        lock(stored).raise_newest_poll(last_poll);
    }
    Ok(Summary {
        path: shown,
        kind: ingest.kind(),
        counts: ingest.counts(),
        warnings: ingest.warnings(),
        rejects,
        damage,
    })
}

/// Returns the size of a file in bytes, or 0 if it is unknown.
pub(crate) fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |file| file.len())
}

/// Returns a batch size that holds the whole of a usual file: a row of at least 60 bytes becomes a
/// poll of eight bytes, and stores take little space. Two batches would store the polls of one
/// store and day in a sixth more bytes, and would take more time.
fn batch_bytes(path: &Path) -> usize {
    let most = Limits::default().batch_bytes();
    usize::try_from(length(path) / 6).unwrap_or(usize::MAX).clamp(BATCH_BYTES_MIN, most)
}

/// Locks the data even if another thread panicked: it leaves no half-done change.
fn lock(stored: &Mutex<Stored>) -> MutexGuard<'_, Stored> {
    stored.lock().unwrap_or_else(PoisonError::into_inner)
}

enum ReadError {
    Io(io::Error),
    Ingest(IngestError),
}

/// Feeds the whole file. Calls `take` whenever output may be ready, also after an error.
fn read_all(
    path: &Path,
    ingest: &mut Ingest,
    source: &Source,
    mut take: impl FnMut(&mut Ingest) + Send,
) -> Result<(), ReadError> {
    let mut file = File::open(path).map_err(ReadError::Io)?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ReadError::Io(error)),
        };
        let lines =
            piece[..length].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut fed = ingest.feed(&piece[..lines]);
        if let Some(reader) = ingest.piece_reader() {
            let rest = Rest::new(file, piece[lines..length].to_vec());
            rest.read(reader, ingest, &mut take).map_err(ReadError::Io)?;
            break;
        }
        fed = fed.and_then(|()| ingest.feed(&piece[lines..length]));
        if fed.is_err() {
            break;
        }
        take(ingest);
    }
    // An error is final, so finishing the file returns it again.
    let _ = ingest.finish_reading();
    pack_polls(ingest, &mut take);
    let finished = ingest.finish(source);
    take(ingest);
    finished.map_err(ReadError::Ingest)
}

/// Packs the rest of the polls on all cores. Calls `take` after each shard.
fn pack_polls(ingest: &mut Ingest, take: impl FnMut(&mut Ingest) + Send) {
    let shards = ingest.take_unpacked();
    let packed = Mutex::new((ingest, take));
    let Ok(_) = cores::divide(shards, PackingRoom::default, |room, shard| {
        let shard = shard.pack(room);
        let (ingest, take) = &mut *packed.lock().unwrap_or_else(PoisonError::into_inner);
        ingest.add_packed(shard);
        take(ingest);
        Ok::<_, Infallible>(())
    });
}

impl Summary {
    /// Writes one line with the counts, one line for each of the first rejected rows, then
    /// warnings.
    pub(crate) fn write_to(&self, notes: &mut impl Write) -> io::Result<()> {
        let Counts { rows, loaded, duplicate, conflicts, rejected } = self.counts;
        let kind = self.kind.map_or("nothing", FileKind::name);
        let conflicts =
            if conflicts > 0 { format!(" ({conflicts} in conflict)") } else { String::new() };
        writeln!(
            notes,
            "{}: {kind}, {}: {loaded} loaded, {duplicate} duplicate{conflicts}, {rejected} \
             rejected",
            self.path,
            counted(rows, "row"),
        )?;
        for line in first_rejects::lines(&self.rejects, rejected) {
            writeln!(notes, "  {line}")?;
        }
        for warning in self.warnings.to_string().lines() {
            writeln!(notes, "  {warning}")?;
        }
        Ok(())
    }

    /// Returns why the service would mark this load as Failed, or `None` if it would not.
    pub(crate) fn shortcoming(&self) -> Option<Shortcoming> {
        let too_many = || Limits::default().check_rejects(self.counts).err();
        let damage = self.damage.as_ref().map(ToString::to_string);
        let reason = damage.or_else(|| Some(too_many()?.to_string()))?;
        Some(Shortcoming { path: self.path.clone(), reason })
    }
}

const PIECE_BYTES: usize = 128 << 10;
/// The size of a compressed file does not show how many rows it has.
const BATCH_BYTES_MIN: usize = 24 << 20;

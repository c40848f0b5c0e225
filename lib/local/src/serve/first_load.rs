//! The first load: a folder of source files into an empty system.
//!
//! A marker in the data folder says that a first load began; until it ended, every start does it
//! again. That changes nothing: loads may be repeated, and the keys stay the same.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;
use uptime::Timestamp;
use uptime::ingest::{Ingest, IngestError, IngestSettings, Limits};
use uptime::input::FileKind;
use uptime::segment::Source;
use uptime_aws::load_files::INCOMING;
use uptime_aws::{LoadStatus, Manifest};

use crate::cli::Failure;
use crate::terminal::{Progress, say};
use crate::uploads::{Uploads, file_name};

/// Its presence says that the first load has not ended.
const MARKER: &str = "first-load";
/// Enough for any header: a record has at most 8 KiB.
const HEADER_BYTES: u64 = 64 * 1024;
/// What is unpacked at once.
const PIECE_BYTES: usize = 2 * 1024;

/// Loads the folder `source` unless the system holds data already; tells what it does.
///
/// Without the folder the system starts without data, but not with half of what a first load left.
pub(super) async fn run(
    uploads: &Uploads,
    data_folder: &Path,
    source: &Path,
) -> Result<(), Failure> {
    let marker = data_folder.join(MARKER);
    if !marker.exists() {
        if !uploads.is_empty().await? {
            say(format_args!("data is present in {}, nothing to load", data_folder.display()));
            return Ok(());
        }
        if !source.exists() {
            say(format_args!("there is no folder {}, starting without data", source.display()));
            return Ok(());
        }
    }
    let files = source_files(source)?;
    if files.is_empty() {
        say(format_args!("{} holds no source files, starting without data", source.display()));
        return Ok(());
    }
    File::create(&marker)?;
    let (polls, others): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(_, kind)| *kind == FileKind::Polls);
    for group in [others, polls] {
        load_all(uploads, group).await?;
    }
    std::fs::remove_file(&marker)?;
    Ok(())
}

async fn load_all(uploads: &Uploads, files: Vec<(PathBuf, FileKind)>) -> Result<(), Failure> {
    for (path, _) in files {
        let name = file_name(&path)?;
        let progress = Progress::begin(&format!("loading {}", path.display()));
        let loaded = async {
            let folder = uploads.put(&path, &format!("{INCOMING}{name}")).await?;
            uploads.ended(&folder).await
        };
        let loaded = loaded.await;
        progress.end();
        let manifest = loaded?;
        if manifest.status == LoadStatus::Failed {
            let reason = manifest.error.map(|error| error.detail).unwrap_or_default();
            return Err(format!("cannot load {}: {reason}", path.display()).into());
        }
        say(summary(&path, &manifest));
    }
    Ok(())
}

fn summary(path: &Path, manifest: &Manifest) -> String {
    let kind = manifest.kind.as_deref().unwrap_or("rows").replace('_', " ");
    let seconds = Seconds(manifest.duration_ms.unwrap_or_default());
    let Manifest { rows, duplicate, rejected, folder, .. } = manifest;
    let duplicates = match duplicate {
        0 => String::new(),
        _ => format!(", {duplicate} of them duplicates"),
    };
    let rejects = match rejected {
        0 => String::new(),
        _ => format!(", {rejected} rejected, see {folder}rejects.csv"),
    };
    format!("loaded {}: {rows} rows of {kind} in {seconds}{duplicates}{rejects}", path.display())
}

struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{} s", self.0 / 1000, self.0 % 1000 / 100)
    }
}

/// The source files of a folder with what they hold, in the order of their names.
///
/// Hidden files are passed over, and so are files of another ending without a usable header.
fn source_files(folder: &Path) -> Result<Vec<(PathBuf, FileKind)>, Failure> {
    let unreadable =
        |error: io::Error| format!("cannot read the folder {}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = file_name(&path)?;
        if name.starts_with('.') || path.is_dir() {
            continue;
        }
        let kind =
            kind_of(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let looks_like_one =
            [".csv", ".gz"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
        match kind {
            Ok(kind) => files.push((path, kind)),
            Err(refused) if looks_like_one => {
                return Err(format!("cannot load {}: {refused}", path.display()).into());
            }
            Err(_) => tracing::info!(file = name, "passed over, no usable header"),
        }
    }
    files.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(files)
}

/// Reads what a file holds from its header. What is wrong behind it is the load's to say.
fn kind_of(path: &Path) -> io::Result<Result<FileKind, NoKind>> {
    let mut start = Vec::new();
    File::open(path)?.take(HEADER_BYTES).read_to_end(&mut start)?;
    let epoch = Timestamp::from_micros(0);
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll: epoch,
        batch_bytes: start.len(),
        gzip_ratio_limit: Limits::default().gzip_ratio_limit,
    });
    // A header is at the start of what unpacks: the rest, which may be much, is left packed.
    let mut fed = Ok(());
    for piece in start.chunks(PIECE_BYTES) {
        fed = ingest.feed(piece);
        if fed.is_err() || ingest.kind().is_some() {
            break;
        }
    }
    // A file of a header alone, without a line end, is known at its end only.
    let no_source = Source::new(epoch, "", "");
    let read = if ingest.kind().is_none() { ingest.finish(&no_source) } else { fed };
    let no_kind = || read.err().map_or(NoKind::NotAtStart, NoKind::Unread);
    Ok(ingest.kind().ok_or_else(no_kind))
}

/// Why it is not known what a file holds.
#[derive(Debug, Error)]
enum NoKind {
    #[error(transparent)]
    Unread(IngestError),
    #[error("there is no header in its first {HEADER_BYTES} bytes")]
    NotAtStart,
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const POLLS: &[u8] = b"store_id,timestamp_utc,status\n";
    const ZONES: &[u8] = b"store_id,timezone_str\n1,Asia/Tokyo\n";

    #[test]
    fn source_files_are_told_by_their_header_packed_or_not() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(ZONES).unwrap();
        let packed = packed.finish().unwrap();
        let files: &[(&str, &[u8])] = &[("b", POLLS), ("a.gz", &packed), (".hidden.csv", b"x")];
        check(files, Ok(&[("a.gz", FileKind::TimeZones), ("b", FileKind::Polls)]));
    }

    #[test]
    fn a_packed_file_is_held_to_the_limit_of_its_load_and_no_other() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(POLLS).unwrap();
        packed.write_all(&b"\n".repeat(8 << 20)).unwrap();
        let packed = packed.finish().unwrap();
        check(&[("polls.csv.gz", &packed)], Err("unpacks to over 200 times its size"));
    }

    #[test]
    fn another_file_is_passed_over_unless_it_is_named_like_a_source_file() {
        check(
            &[("README.md", b"# Samples\n"), ("a.csv", ZONES)],
            Ok(&[("a.csv", FileKind::TimeZones)]),
        );
        check(&[("polls.CSV", b"store,status\n")], Err("polls.CSV"));
        check(&[("empty.csv", b"")], Err("empty.csv"));
    }

    #[track_caller]
    fn check(files: &[(&str, &[u8])], expected: Result<&[(&str, FileKind)], &str>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }

        match (source_files(folder.path()), expected) {
            (Ok(found), Ok(expected)) => {
                let expected =
                    expected.iter().map(|(name, kind)| (folder.path().join(name), *kind));
                assert!(expected.eq(found.iter().cloned()), "{found:?}");
            }
            (Err(failure), Err(named)) => assert!(failure.to_string().contains(named), "{failure}"),
            (found, _) => panic!("{found:?}"),
        }
    }
}

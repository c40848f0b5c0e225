//! The first load: a folder of source files into an empty system.
//!
//! **A file that cannot be loaded stops nothing:** it is shown with the reasons, and the system
//! starts with what the other files hold. A marker in the data folder says that a first load began;
//! until every file was tried, every start does it again. That changes nothing: loads may be
//! repeated, and the keys stay the same. A load that Failed has ended: it is not repeated, for it
//! would fail again.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use uptime::Timestamp;
use uptime::ingest::{Ingest, IngestSettings, Limits};
use uptime::input::FileKind;
use uptime::segment::Source;
use uptime_aws::load_files::INCOMING;

use crate::cli::{Failure, one_line};
use crate::load_outcome::LoadOutcome;
use crate::terminal::{Progress, say};
use crate::uploads::{UploadError, Uploads, file_name};

/// Its presence says that the first load has not ended.
const MARKER: &str = "first-load";
/// Enough for any header: a record has at most 8 KiB.
const HEADER_BYTES: u64 = 64 * 1024;
/// What is unpacked at once.
const PIECE_BYTES: usize = 2 * 1024;

/// Loads the folder `source` unless the system holds data already; shows what it does.
///
/// Without the folder the system starts without data, but not with half of what a first load left.
/// Fails only if the folder cannot be read, or if S3 or the data folder cannot be used.
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
    let mut failed = 0;
    for path in &files {
        failed += usize::from(!load(uploads, path).await);
    }
    std::fs::remove_file(&marker)?;
    if failed > 0 {
        say(format_args!(
            "{failed} of {} files failed; correct them, then load them as is shown below",
            files.len()
        ));
    }
    Ok(())
}

/// Loads one file and shows what became of it. Returns whether it was acceptable.
async fn load(uploads: &Uploads, path: &Path) -> bool {
    let progress = Progress::begin(&format!("loading {}", path.display()));
    let outcome = outcome(uploads, path).await;
    progress.end();
    match outcome {
        Ok(outcome) => {
            say(&outcome);
            !outcome.is_failed()
        }
        Err(error) => {
            say(format_args!("failed to load {}: {}", path.display(), one_line(&error)));
            false
        }
    }
}

async fn outcome(uploads: &Uploads, path: &Path) -> Result<LoadOutcome, UploadError> {
    let folder = uploads.put(path, &format!("{INCOMING}{}", file_name(path)?)).await?;
    uploads.outcome(path, &folder).await
}

/// The source files of a folder in the order of their names, those of polls last.
///
/// A source file has a usable header or is named like one: `.csv` or `.gz`. What is wrong with the
/// latter is for its load to say. Hidden files are passed over, and so are all others.
fn source_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable =
        |error: io::Error| format!("cannot read the folder {}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = file_name(&path)?;
        if name.starts_with('.') || path.is_dir() {
            continue;
        }
        let kind = kind_of(&path);
        let name = name.to_ascii_lowercase();
        let is_named_like_one = [".csv", ".gz"].iter().any(|ending| name.ends_with(ending));
        if kind.is_some() || is_named_like_one {
            files.push((kind == Some(FileKind::Polls), path));
        } else {
            tracing::info!(file = name, "passed over, no usable header");
        }
    }
    files.sort_unstable();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// Reads what a file holds from its header, if it can be read and has one at its start.
fn kind_of(path: &Path) -> Option<FileKind> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(HEADER_BYTES).read_to_end(&mut start).ok()?;
    let epoch = Timestamp::from_micros(0);
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll: epoch,
        batch_bytes: start.len(),
        gzip_ratio_limit: Limits::default().gzip_ratio_limit,
    });
    // A header is at the start of what unpacks: the rest, which may be much, is left packed.
    for piece in start.chunks(PIECE_BYTES) {
        let is_over = ingest.feed(piece).is_err();
        if is_over || ingest.kind().is_some() {
            return ingest.kind();
        }
    }
    // A file of a header alone, without a line end, is known at its end only.
    ingest.finish(&Source::new(epoch, "", "")).ok();
    ingest.kind()
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
    fn polls_come_after_hours_and_zones_packed_or_not() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(ZONES).unwrap();
        let packed = packed.finish().unwrap();
        let without_line_end = b"status,timestamp_utc,store_id";
        check(&[("b", POLLS), ("a", without_line_end), ("z.gz", &packed)], &["z.gz", "a", "b"]);
    }

    #[test]
    fn a_file_without_a_usable_header_counts_if_it_is_named_like_a_source_file() {
        check(&[("README.md", b"# Samples\n"), (".hidden.csv", POLLS)], &[]);
        let odd: &[(&str, &[u8])] =
            &[("polls.CSV", b"store,status\n"), ("empty.csv", b""), ("a.GZ", b"PK"), ("b", POLLS)];
        check(odd, &["a.GZ", "empty.csv", "polls.CSV", "b"]);
    }

    #[test]
    fn a_damaged_file_counts_if_its_header_can_be_read() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(POLLS).unwrap();
        let mut packed = packed.finish().unwrap();
        // Its checksum.
        let place = packed.len() - 8;
        packed[place] ^= 1;
        check(&[("b", &packed), ("c", &packed[..6])], &["b"]);
    }

    #[test]
    fn a_file_that_cannot_be_read_counts_if_it_is_named_like_a_source_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["gone.csv", "gone"] {
            std::os::unix::fs::symlink("nowhere", folder.path().join(name)).unwrap();
        }
        assert_eq!(source_files(folder.path()).unwrap(), [folder.path().join("gone.csv")]);
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, POLLS).unwrap();
        let failure = source_files(&file).unwrap_err().to_string();
        assert!(failure.contains(&file.display().to_string()), "{failure}");
    }

    #[track_caller]
    fn check(files: &[(&str, &[u8])], expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let found = source_files(folder.path()).unwrap();
        let expected = expected.iter().map(|name| folder.path().join(name));
        assert!(expected.eq(found.iter().cloned()), "{found:?}");
    }
}

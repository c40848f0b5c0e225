//! The first load: loads a folder of source files into an empty system.
//!
//! **A file that cannot be loaded does not stop the start:** the reasons are shown, and the system
//! starts with the data of the other files. A marker in the data folder records that a first load
//! began. Until every file was tried, every start repeats the first load. That is safe: loads may
//! be repeated, and the keys stay the same. A load that ended as Failed is not repeated, because it
//! would fail again. If S3 does not accept a file, for example because the disk is full, the upload
//! is retried until S3 accepts it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use uptime::Timestamp;
use uptime::ingest::{Ingest, IngestSettings, Limits};
use uptime::input::FileKind;
use uptime::segment::Source;
use uptime_aws::load_files::INCOMING;

use crate::failure::Failure;
use crate::load_outcome::LoadOutcome;
use crate::progress::Progress;
use crate::terminal::say;
use crate::uploads::{UploadError, Uploads, file_name};

/// While this file exists, the first load has not ended.
const MARKER: &str = "first-load";
/// Enough for any header: a record has at most 8 KiB.
const HEADER_BYTES: u64 = 64 * 1024;
/// The first and the longest pause before an upload is retried.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How many bytes are decompressed at once.
const PIECE_BYTES: usize = 2 * 1024;

/// Loads the folder `source`, unless the system already holds data. Shows its progress.
///
/// If the folder is missing, the system starts without data, unless an earlier first load was
/// interrupted. Fails only if the folder cannot be read, or if S3 or the data folder cannot be
/// used.
pub(super) async fn run(
    uploads: &Uploads,
    data_folder: &Path,
    source: &Path,
) -> Result<(), Failure> {
    let marker = data_folder.join(MARKER);
    if !marker.exists() {
        if !uploads.is_empty().await? {
            say(format_args!("data is present in {}", data_folder.display()));
            return Ok(());
        }
        if !source.exists() {
            say(format_args!(
                "the folder {} does not exist; starting without data",
                source.display()
            ));
            return Ok(());
        }
    }
    let Found { source_files: files, others } = look_into(source)?;
    for (path, reason) in others {
        say(format_args!("skipping {}: {reason}", path.display()));
    }
    if files.is_empty() {
        say(format_args!("{} contains no source files; starting without data", source.display()));
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
            "{failed} of {} files failed; correct them, then load them as shown below",
            files.len()
        ));
    }
    Ok(())
}

/// Loads one file and shows the result. Returns whether the file was accepted.
async fn load(uploads: &Uploads, path: &Path) -> bool {
    let progress = Progress::begin(&format!("loading {}", path.display()));
    let outcome = until_taken(path, async || outcome(uploads, path).await).await;
    progress.end();
    match outcome {
        Ok(outcome) => {
            say(&outcome);
            !outcome.is_failed()
        }
        Err(error) => {
            say(format_args!(
                "failed to load {}: {}",
                path.display(),
                uptime_aws::describe(&error)
            ));
            false
        }
    }
}

/// Retries, after growing pauses, while S3 returns an error. Its disk may be full, which is not the
/// fault of the file.
async fn until_taken<T>(
    path: &Path,
    mut load: impl AsyncFnMut() -> Result<T, UploadError>,
) -> Result<T, UploadError> {
    let (mut pause, longest) = PAUSES;
    loop {
        let error = match load().await {
            Err(UploadError::Call(error)) => error,
            ended => return ended,
        };
        say(format_args!(
            "cannot load {} yet: {}; retrying in {} s",
            path.display(),
            uptime_aws::describe(&error),
            pause.as_secs()
        ));
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

async fn outcome(uploads: &Uploads, path: &Path) -> Result<LoadOutcome, UploadError> {
    let folder = uploads.put(path, &format!("{INCOMING}{}", file_name(path)?)).await?;
    uploads.outcome(path, &folder).await
}

/// The files of a folder. Hidden files are in neither list.
#[derive(Debug, Default)]
struct Found {
    /// The source files in the order of their names, with files of polls last.
    source_files: Vec<PathBuf>,
    /// The other files, each with the reason why it is not a source file.
    others: Vec<(PathBuf, String)>,
}

/// Finds source files: files with a usable header, and files named `.csv` or `.gz`. If a file of
/// the second group is unusable, its load reports why.
fn look_into(folder: &Path) -> Result<Found, Failure> {
    let unreadable =
        |error: io::Error| format!("cannot read the folder {}: {error}", folder.display());
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = file_name(&path)?.to_ascii_lowercase();
        if name.starts_with('.') {
            continue;
        }
        // Opening a named pipe would block until something writes to it.
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            others.push((path, "it is not a file".to_owned()));
            continue;
        }
        let is_named_like_one = [".csv", ".gz"].iter().any(|ending| name.ends_with(ending));
        match kind_of(&path) {
            Ok(kind) => files.push((kind == FileKind::Polls, path)),
            Err(_) if is_named_like_one => files.push((false, path)),
            Err(reason) => others.push((path, reason)),
        }
    }
    files.sort_unstable();
    others.sort_unstable();
    Ok(Found { source_files: files.into_iter().map(|(_, path)| path).collect(), others })
}

/// Reads the kind of a file from its header. An error says why the kind is unknown.
fn kind_of(path: &Path) -> Result<FileKind, String> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEADER_BYTES).read_to_end(&mut start));
    read.map_err(|error| error.to_string())?;
    let epoch = Timestamp::from_micros(0);
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll: epoch,
        batch_bytes: start.len(),
        gzip_ratio_limit: Limits::default().gzip_ratio_limit,
    });
    // The header is at the start, so the rest, which may be large, is not decompressed.
    let mut read = Ok(());
    for piece in start.chunks(PIECE_BYTES) {
        read = ingest.feed(piece);
        if read.is_err() || ingest.kind().is_some() {
            break;
        }
    }
    // If a file is only a header without a line end, its kind is known only at the end.
    if ingest.kind().is_none() {
        read = ingest.finish(&Source::new(epoch, "", ""));
    }
    let reason =
        || read.err().map_or("it does not start with a header".to_owned(), |e| e.to_string());
    ingest.kind().ok_or_else(reason)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use uptime_aws::CallError;

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
        assert_eq!(
            look_into(folder.path()).unwrap().source_files,
            [folder.path().join("gone.csv")]
        );
    }

    #[test]
    fn a_skipped_file_is_named_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("hours.xlsx"), b"PK\x03\x04...").unwrap();
        std::fs::write(at("notes.txt"), b"storeid,status\n").unwrap();
        std::fs::create_dir(at("folder.csv")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket.csv")).unwrap();

        let Found { source_files, others } = look_into(folder.path()).unwrap();

        assert!(source_files.is_empty(), "{source_files:?}");
        let [first, second, third, fourth] = &others[..] else { panic!("{others:?}") };
        assert_eq!(*first, (at("folder.csv"), "it is not a file".to_owned()));
        assert!(second.0 == at("hours.xlsx") && second.1.contains("Excel"), "{second:?}");
        assert!(third.0 == at("notes.txt") && third.1.contains("storeid"), "{third:?}");
        assert_eq!(*fourth, (at("socket.csv"), "it is not a file".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_is_retried_while_s3_fails() {
        let begin = tokio::time::Instant::now();
        let mut tries = 0;
        let taken = until_taken(Path::new("polls.csv"), async || {
            tries += 1;
            let full = || UploadError::Call(CallError::new("PutObject", "the disk is full"));
            if tries > 7 { Ok(tries) } else { Err(full()) }
        });
        assert_eq!(taken.await.unwrap(), 8);
        assert_eq!(begin.elapsed().as_secs(), 1 + 2 + 4 + 8 + 16 + 30 + 30);
    }

    #[tokio::test]
    async fn an_upload_that_fails_because_of_its_file_is_not_retried() {
        let nameless = || UploadError::Nameless(PathBuf::from(".."));
        let mut tries = 0;
        let refused = until_taken(Path::new(".."), async || {
            tries += 1;
            Err::<(), _>(nameless())
        });
        assert!(matches!(refused.await, Err(UploadError::Nameless(_))));
        assert_eq!(tries, 1);
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, POLLS).unwrap();
        let failure = look_into(&file).unwrap_err().to_string();
        assert!(failure.contains(&file.display().to_string()), "{failure}");
    }

    #[track_caller]
    fn check(files: &[(&str, &[u8])], expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let found = look_into(folder.path()).unwrap().source_files;
        let expected = expected.iter().map(|name| folder.path().join(name));
        assert!(expected.eq(found.iter().cloned()), "{found:?}");
    }
}

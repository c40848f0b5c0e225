//! The content of a load's `manifest.json`, at its start and at its end.

use uptime::Timestamp;
use uptime::gzip::GzipError;
use uptime::ingest::{Counts, IngestError, Limits};
use uptime::input::RefusedFile;
use uptime_aws::manifest::{ManifestFile, ManifestWarnings};
use uptime_aws::{LoadError, LoadErrorCode, LoadStatus, Manifest};

use crate::file_reading::FileRead;
use crate::opened_object::OpenedObject;

/// The manifest of a load that starts.
pub(crate) fn running(opened: &OpenedObject, bucket: &str, started_at: Timestamp) -> Manifest {
    let file = ManifestFile::new(bucket, &opened.source, opened.object.size_bytes);
    begun(file, opened.folder.to_string(), started_at)
}

/// The file of a load at its end, when everything that S3 knows about it has been read.
pub(crate) fn file_of(opened: &OpenedObject, bucket: &str, read: &FileRead) -> ManifestFile {
    let was_ranked = opened.object.is_kept && !read.replacing.is_empty();
    ManifestFile {
        rank: was_ranked.then_some(opened.source.rank),
        ..ManifestFile::new(bucket, &opened.source, opened.object.size_bytes)
    }
}

fn begun(file: ManifestFile, folder: String, started_at: Timestamp) -> Manifest {
    Manifest {
        status: LoadStatus::Running,
        file,
        folder,
        kind: None,
        sha256: None,
        rows: 0,
        loaded: 0,
        duplicate: 0,
        conflicts: 0,
        rejected: 0,
        warnings: ManifestWarnings::default(),
        first_poll: None,
        last_poll: None,
        started_at: started_at.to_string(),
        completed_at: None,
        duration_ms: None,
        same_content_as: None,
        error: None,
    }
}

/// The manifest of a load whose file is read and stored.
pub(crate) fn ended(
    begun: Manifest,
    read: &FileRead,
    limits: Limits,
    started_at: Timestamp,
    now: Timestamp,
) -> Manifest {
    let error = load_error(&read.ended, read.counts, limits);
    let Counts { rows, loaded, duplicate, conflicts, rejected } = read.counts;
    let manifest = Manifest {
        kind: read.kind.map(|kind| kind.name().to_owned()),
        sha256: Some(read.sha256.clone()),
        rows,
        loaded,
        duplicate,
        conflicts,
        rejected,
        warnings: read.warnings.into(),
        first_poll: read.poll_span.map(|(first, _)| first.to_string()),
        last_poll: read.poll_span.map(|(_, last)| last.to_string()),
        error,
        ..begun
    };
    at_end(manifest, started_at, now)
}

fn at_end(manifest: Manifest, started_at: Timestamp, now: Timestamp) -> Manifest {
    let micros = now.micros().saturating_sub(started_at.micros());
    let has_failed = manifest.error.is_some();
    Manifest {
        status: if has_failed { LoadStatus::Failed } else { LoadStatus::Complete },
        completed_at: Some(now.to_string()),
        duration_ms: u64::try_from(micros / 1_000).ok(),
        ..manifest
    }
}

/// The manifest of a load whose object was replaced or deleted while it was read. It is not known
/// how many of its rows were stored before.
pub(crate) fn replaced(begun: Manifest, started_at: Timestamp, now: Timestamp) -> Manifest {
    let detail = "the object was replaced or deleted while it was read; some of its rows may be \
                  stored";
    let error = LoadError { code: LoadErrorCode::Replaced, detail: detail.to_owned() };
    at_end(Manifest { error: Some(error), ..begun }, started_at, now)
}

/// An error in the file takes precedence over the share of rejected rows.
fn load_error(
    ended: &Result<(), IngestError>,
    counts: Counts,
    limits: Limits,
) -> Option<LoadError> {
    if let Err(error) = ended {
        return Some(LoadError { code: code_of(error), detail: error.to_string() });
    }
    let too_many = limits.check_rejects(counts).err()?;
    Some(LoadError { code: LoadErrorCode::TooManyRejects, detail: too_many.to_string() })
}

fn code_of(error: &IngestError) -> LoadErrorCode {
    match error {
        IngestError::Refused(RefusedFile::Header(_)) => LoadErrorCode::NoUsableHeader,
        IngestError::Refused(RefusedFile::Encoding(_)) => LoadErrorCode::Encoding,
        IngestError::Refused(RefusedFile::OtherFormat(_)) => LoadErrorCode::OtherFormat,
        IngestError::Refused(RefusedFile::DaysFromOne { .. }) => LoadErrorCode::DaysFromOne,
        IngestError::Packed(GzipError::Damaged(_)) => LoadErrorCode::Damaged,
        IngestError::Packed(GzipError::OverRatio(_)) => LoadErrorCode::OverRatio,
    }
}

#[cfg(test)]
mod tests {
    use uptime::ingest::Warnings;
    use uptime::interval::{MINUTE, SECOND};
    use uptime::segment::Source;

    use super::*;

    #[test]
    fn a_load_fails_only_above_its_limit_of_rejected_rows() {
        check(Ok(()), (100, 10), "Complete");
        check(Ok(()), (100, 11), "Failed too_many_rejects");
    }

    #[test]
    fn a_file_that_is_not_read_to_its_end_fails_for_that_reason() {
        let refused = IngestError::Refused(RefusedFile::Header(String::new()));
        check(Err(refused), (0, 0), "Failed no_usable_header");
        let refused = IngestError::Refused(RefusedFile::Encoding("UTF-16"));
        check(Err(refused), (0, 0), "Failed encoding");
        let refused = IngestError::Refused(RefusedFile::OtherFormat("in Parquet"));
        check(Err(refused), (0, 0), "Failed other_format");
        let refused = IngestError::Refused(RefusedFile::DaysFromOne { line: 8 });
        check(Err(refused), (0, 0), "Failed days_from_1");
        let damaged = GzipError::Damaged("unexpected end of file".to_owned());
        check(Err(damaged.into()), (10, 9), "Failed damaged");
        check(Err(GzipError::OverRatio(200).into()), (10, 9), "Failed over_ratio");
    }

    #[test]
    fn the_manifest_of_an_ended_load_has_its_counts_and_times() {
        let span = (NOW.plus(-MINUTE), NOW);
        let warnings = Warnings { only_rejected_stores: 1, spreadsheet_ids: 2 };
        let read = FileRead { poll_span: Some(span), warnings, ..read(Ok(()), (20, 1)) };

        let manifest = ended(begun_at(NOW), &read, Limits::default(), NOW, NOW.plus(1_500_999));

        assert_eq!((manifest.rows, manifest.loaded, manifest.rejected), (20, 19, 1));
        assert_eq!(manifest.warnings, warnings.into());
        assert_eq!(manifest.first_poll.as_deref(), Some("2023-01-25T17:59:00Z"));
        assert_eq!(manifest.last_poll.as_deref(), Some("2023-01-25T18:00:00Z"));
        assert_eq!(manifest.started_at, "2023-01-25T18:00:00Z");
        assert_eq!(manifest.completed_at.as_deref(), Some("2023-01-25T18:00:01.500999Z"));
        assert_eq!(manifest.duration_ms, Some(1_500));
        assert_eq!(manifest.sha256.as_deref(), Some("abc"));
        assert_eq!(manifest.error, None);
    }

    #[test]
    fn a_load_whose_object_is_replaced_has_failed_for_that_reason() {
        let manifest = replaced(begun_at(NOW), NOW, NOW.plus(SECOND));

        assert_eq!(manifest.status, LoadStatus::Failed);
        assert_eq!(manifest.error.unwrap().code, LoadErrorCode::Replaced);
        assert_eq!(manifest.duration_ms, Some(1_000));
    }

    const NOW: Timestamp = Timestamp::from_micros(1_674_669_600 * SECOND);

    #[track_caller]
    fn check(file_ended: Result<(), IngestError>, rows_and_rejected: (u64, u64), expected: &str) {
        let read = read(file_ended, rows_and_rejected);
        let manifest = ended(begun_at(NOW), &read, Limits::default(), NOW, NOW);
        let code = manifest.error.map_or(String::new(), |error| format!(" {}", error.code.name()));
        assert_eq!(format!("{:?}{code}", manifest.status), expected);
    }

    fn read(ended: Result<(), IngestError>, (rows, rejected): (u64, u64)) -> FileRead {
        let counts = Counts { rows, loaded: rows - rejected, rejected, ..Counts::default() };
        let (sha256, replacing) = ("abc".to_owned(), Vec::new());
        let warnings = Warnings::default();
        FileRead { ended, sha256, kind: None, counts, warnings, poll_span: None, replacing }
    }

    fn begun_at(started_at: Timestamp) -> Manifest {
        let file = ManifestFile::new("data", &Source::new(NOW, "incoming/polls.csv", "v1"), 1);
        begun(file, "loads/polls.csv/0123456789abcdef/".to_owned(), started_at)
    }
}

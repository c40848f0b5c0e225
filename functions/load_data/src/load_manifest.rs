//! What a load's `manifest.json` says, at its begin and at its end.

use uptime::Timestamp;
use uptime::gzip::GzipError;
use uptime::ingest::{Counts, IngestError};
use uptime::input::RefusedFile;
use uptime_aws::manifest::ManifestFile;
use uptime_aws::{LoadError, LoadErrorCode, LoadStatus, Manifest};

use crate::file_reading::FileRead;
use crate::load::OpenedObject;

/// The manifest of a load that begins.
pub(crate) fn running(opened: &OpenedObject, bucket: &str, started_at: Timestamp) -> Manifest {
    let file = ManifestFile {
        bucket: bucket.to_owned(),
        key: opened.source.key.clone(),
        version: opened.source.version.clone(),
        uploaded_at: opened.source.uploaded_at.to_string(),
        size_bytes: opened.object.size_bytes,
    };
    begun(file, opened.folder.to_string(), started_at)
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
    reject_limit_percent: u32,
    started_at: Timestamp,
    now: Timestamp,
) -> Manifest {
    let error = load_error(&read.ended, read.counts, reject_limit_percent);
    let micros = now.micros().saturating_sub(started_at.micros());
    let Counts { rows, loaded, duplicate, conflicts, rejected } = read.counts;
    Manifest {
        status: if error.is_some() { LoadStatus::Failed } else { LoadStatus::Complete },
        kind: read.kind.map(|kind| kind.name().to_owned()),
        sha256: Some(read.sha256.clone()),
        rows,
        loaded,
        duplicate,
        conflicts,
        rejected,
        first_poll: read.poll_span.map(|(first, _)| first.to_string()),
        last_poll: read.poll_span.map(|(_, last)| last.to_string()),
        completed_at: Some(now.to_string()),
        duration_ms: u64::try_from(micros / 1_000).ok(),
        error,
        ..begun
    }
}

/// A file that breaks off is told as such, whatever share of its rows was rejected.
fn load_error(
    ended: &Result<(), IngestError>,
    counts: Counts,
    reject_limit_percent: u32,
) -> Option<LoadError> {
    let (code, detail) = match ended {
        Err(error) => (code_of(error), error.to_string()),
        Ok(()) if too_many_rejects(counts, reject_limit_percent) => {
            let Counts { rows, rejected, .. } = counts;
            let limit = reject_limit_percent;
            let detail = format!("{rejected} of {rows} rows were rejected; {limit} % are accepted");
            (LoadErrorCode::TooManyRejects, detail)
        }
        Ok(()) => return None,
    };
    Some(LoadError { code, detail })
}

fn code_of(error: &IngestError) -> LoadErrorCode {
    match error {
        IngestError::Refused(RefusedFile::Header(_)) => LoadErrorCode::NoUsableHeader,
        IngestError::Refused(RefusedFile::Encoding(_)) => LoadErrorCode::Encoding,
        IngestError::Packed(GzipError::Damaged(_)) => LoadErrorCode::Damaged,
        IngestError::Packed(GzipError::OverRatio(_)) => LoadErrorCode::OverRatio,
    }
}

fn too_many_rejects(counts: Counts, limit_percent: u32) -> bool {
    u128::from(counts.rejected) * 100 > u128::from(counts.rows) * u128::from(limit_percent)
}

#[cfg(test)]
mod tests {
    use uptime::interval::{MINUTE, SECOND};

    use super::*;

    #[test]
    fn a_load_fails_only_above_its_limit_of_rejects() {
        check(Ok(()), (0, 0), 10, "Complete");
        check(Ok(()), (100, 10), 10, "Complete");
        check(Ok(()), (100, 11), 10, "Failed too_many_rejects");
        check(Ok(()), (1_000_000, 100_001), 10, "Failed too_many_rejects");
        check(Ok(()), (100, 1), 0, "Failed too_many_rejects");
        check(Ok(()), (100, 100), 100, "Complete");
    }

    #[test]
    fn a_file_that_is_not_read_to_its_end_fails_for_that_reason() {
        let refused = IngestError::Refused(RefusedFile::Header(String::new()));
        check(Err(refused), (0, 0), 10, "Failed no_usable_header");
        let refused = IngestError::Refused(RefusedFile::Encoding("UTF-16"));
        check(Err(refused), (0, 0), 10, "Failed encoding");
        let damaged = GzipError::Damaged("unexpected end of file".to_owned());
        check(Err(damaged.into()), (10, 9), 10, "Failed damaged");
        check(Err(GzipError::OverRatio(200).into()), (10, 9), 10, "Failed over_ratio");
    }

    #[test]
    fn an_ended_load_tells_its_counts_and_its_times() {
        let span = (NOW.plus(-MINUTE), NOW);
        let read = FileRead { poll_span: Some(span), ..read(Ok(()), (20, 1)) };

        let manifest = ended(begun_at(NOW), &read, 10, NOW, NOW.plus(1_500_999));

        assert_eq!((manifest.rows, manifest.loaded, manifest.rejected), (20, 19, 1));
        assert_eq!(manifest.first_poll.as_deref(), Some("2023-01-25T17:59:00Z"));
        assert_eq!(manifest.last_poll.as_deref(), Some("2023-01-25T18:00:00Z"));
        assert_eq!(manifest.started_at, "2023-01-25T18:00:00Z");
        assert_eq!(manifest.completed_at.as_deref(), Some("2023-01-25T18:00:01.500999Z"));
        assert_eq!(manifest.duration_ms, Some(1_500));
        assert_eq!(manifest.sha256.as_deref(), Some("abc"));
        assert_eq!(manifest.error, None);
    }

    const NOW: Timestamp = Timestamp::from_micros(1_674_669_600 * SECOND);

    #[track_caller]
    fn check(
        file_ended: Result<(), IngestError>,
        rows_and_rejected: (u64, u64),
        limit_percent: u32,
        expected: &str,
    ) {
        let read = read(file_ended, rows_and_rejected);
        let manifest = ended(begun_at(NOW), &read, limit_percent, NOW, NOW);
        let code = manifest.error.map_or(String::new(), |error| format!(" {}", error.code.name()));
        assert_eq!(format!("{:?}{code}", manifest.status), expected);
    }

    fn read(ended: Result<(), IngestError>, (rows, rejected): (u64, u64)) -> FileRead {
        let counts = Counts { rows, loaded: rows - rejected, rejected, ..Counts::default() };
        let (sha256, replacing) = ("abc".to_owned(), Vec::new());
        FileRead { ended, sha256, kind: None, counts, poll_span: None, replacing }
    }

    fn begun_at(started_at: Timestamp) -> Manifest {
        let file = ManifestFile {
            bucket: "data".to_owned(),
            key: "incoming/polls.csv".to_owned(),
            version: "v1".to_owned(),
            uploaded_at: NOW.to_string(),
            size_bytes: 1,
        };
        begun(file, "loads/polls.csv/0123456789abcdef/".to_owned(), started_at)
    }
}

//! What is recorded about a load: `loads/<...>/manifest.json` (`README.md`, "Loads").

use std::fmt;

use serde::{Deserialize, Serialize};
use uptime::Timestamp;
use uptime::ingest::Warnings;
use uptime::input::FileKind;
use uptime::segment::{Sequencer, Source, UploadEvent};

/// The content of a load's `manifest.json`. Instants are RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Where the load is in its life.
    pub status: LoadStatus,
    /// The source file that it reads.
    pub file: ManifestFile,
    /// The folder this manifest is in, `loads/<...>/`.
    pub folder: String,
    /// `polls`, `business_hours`, `time_zones` or `special_days`; set once the header is read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// SHA-256 of the object's bytes; set once all are read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
    /// Data rows read; always `loaded + duplicate + rejected`.
    pub rows: u64,
    /// Rows stored.
    pub loaded: u64,
    /// Rows that repeat another row of their batch.
    pub duplicate: u64,
    /// Duplicate rows that contradict the other row.
    pub conflicts: u64,
    /// Rejected rows; `rejects.csv` lists them.
    pub rejected: u64,
    /// What is odd about the file. Warnings never stop a load. Manifests of earlier versions have
    /// no warnings.
    #[serde(default)]
    pub warnings: ManifestWarnings,
    /// The earliest poll accepted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_poll: Option<String>,
    /// The latest poll accepted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_poll: Option<String>,
    /// When this attempt at the load began.
    pub started_at: String,
    /// When the load ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub completed_at: Option<String>,
    /// How long this attempt took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duration_ms: Option<u64>,
    /// The folder of the first load of a file with the same bytes, if there was an earlier one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub same_content_as: Option<String>,
    /// Why the load failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<LoadError>,
}

/// Counts of what is odd about a file: [`Warnings`] with stable names. Prints one line for each
/// count that is not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ManifestWarnings {
    /// Stores that the file names only in rejected rows. They keep the hours or zone of older
    /// files. If there are none, they count as always open, or as in America/Chicago.
    pub only_rejected_stores: u64,
    /// Store ids that a spreadsheet seems to have changed, such as `1.48E+18`.
    pub spreadsheet_ids: u64,
}

impl From<Warnings> for ManifestWarnings {
    fn from(warnings: Warnings) -> ManifestWarnings {
        let Warnings { only_rejected_stores, spreadsheet_ids } = warnings;
        ManifestWarnings { only_rejected_stores, spreadsheet_ids }
    }
}

impl fmt::Display for ManifestWarnings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ManifestWarnings { only_rejected_stores, spreadsheet_ids } = *self;
        Warnings { only_rejected_stores, spreadsheet_ids }.fmt(formatter)
    }
}

/// The object that a load reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its version id, or its `ETag` if the bucket keeps no versions.
    pub version: String,
    /// When it was uploaded.
    pub uploaded_at: String,
    /// Its length in bytes, as stored.
    pub size_bytes: u64,
    /// The rank of its [`Source`]. Only known for hours and zones, in buckets that keep versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rank: Option<u32>,
    /// The time of its S3 event, if one is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event_time: Option<String>,
    /// That event's sequencer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sequencer: Option<String>,
}

impl ManifestFile {
    /// The object that a load reads.
    pub fn new(bucket: &str, source: &Source, size_bytes: u64) -> ManifestFile {
        let event = source.event.as_ref();
        ManifestFile {
            bucket: bucket.to_owned(),
            key: source.key.clone(),
            version: source.version.clone(),
            uploaded_at: source.uploaded_at.to_string(),
            size_bytes,
            rank: None,
            event_time: event.map(|event| event.time.to_string()),
            sequencer: event.map(|event| event.sequencer.as_str().to_owned()),
        }
    }

    /// The S3 event of the upload, if one is known.
    pub fn event(&self) -> Option<UploadEvent> {
        let time = Timestamp::from_rfc3339(self.event_time.as_deref()?).ok()?;
        let sequencer = self.sequencer.as_deref().and_then(Sequencer::new);
        Some(UploadEvent { time, sequencer: sequencer.unwrap_or_default() })
    }
}

impl Manifest {
    /// Whether this load is Complete, or Failed for good.
    ///
    /// A load that Failed because its object was replaced has not ended: if the same object is
    /// there again, it was uploaded a second time and must be loaded.
    pub fn has_ended(&self) -> bool {
        let is_replaced =
            self.error.as_ref().is_some_and(|error| error.code == LoadErrorCode::Replaced);
        self.status != LoadStatus::Running && !is_replaced
    }

    /// Whether this load has ended and also covers the upload of the same object that `event`
    /// announced.
    ///
    /// If the bucket keeps no versions, a file that is put, replaced and put again within a second
    /// gives two uploads that differ only in their events. The later upload is loaded too, unless
    /// it is a file of polls, which replaces nothing.
    pub fn covers(&self, event: Option<&UploadEvent>) -> bool {
        let replaces = self.kind.as_deref().is_some_and(|kind| kind != FileKind::Polls.name());
        self.has_ended() && (!replaces || self.file.event().as_ref() >= event)
    }
}

/// Where a load is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadStatus {
    /// The load has begun. If it was killed, it starts again when its message is delivered again.
    Running,
    /// All accepted rows are stored.
    Complete,
    /// The file, or too much of it, was not acceptable. The rows counted as loaded are stored.
    Failed,
}

/// Why a load failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadError {
    /// For programs.
    pub code: LoadErrorCode,
    /// For people: what was found and what is accepted.
    pub detail: String,
}

/// Why a load can fail, with stable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum LoadErrorCode {
    /// The header fits no kind of file: a column is missing, or two columns mean the same.
    NoUsableHeader,
    /// The text is not UTF-8.
    Encoding,
    /// The file has another format, such as Excel or Parquet.
    OtherFormat,
    /// The file of hours has a day 7 and no day 0, so it counts days from 1.
    DaysFromOne,
    /// The gzip file is truncated, does not match its checksum, or is followed by other bytes.
    Damaged,
    /// The gzip file unpacks to more than the configured multiple of its size.
    OverRatio,
    /// The share of rejected rows is above the configured limit.
    TooManyRejects,
    /// The object was replaced or deleted while it was read.
    Replaced,
}

/// A manifest names a code that this version of the program does not know.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a known code of a failed load")]
pub struct UnknownLoadErrorCode(String);

impl LoadErrorCode {
    const ALL: [LoadErrorCode; 8] = [
        LoadErrorCode::NoUsableHeader,
        LoadErrorCode::Encoding,
        LoadErrorCode::OtherFormat,
        LoadErrorCode::DaysFromOne,
        LoadErrorCode::Damaged,
        LoadErrorCode::OverRatio,
        LoadErrorCode::TooManyRejects,
        LoadErrorCode::Replaced,
    ];

    /// Returns the stable name, such as `over_ratio`.
    pub fn name(self) -> &'static str {
        match self {
            LoadErrorCode::NoUsableHeader => "no_usable_header",
            LoadErrorCode::Encoding => "encoding",
            LoadErrorCode::OtherFormat => "other_format",
            LoadErrorCode::DaysFromOne => "days_from_1",
            LoadErrorCode::Damaged => "damaged",
            LoadErrorCode::OverRatio => "over_ratio",
            LoadErrorCode::TooManyRejects => "too_many_rejects",
            LoadErrorCode::Replaced => "replaced",
        }
    }
}

impl From<LoadErrorCode> for &'static str {
    fn from(code: LoadErrorCode) -> &'static str {
        code.name()
    }
}

impl TryFrom<String> for LoadErrorCode {
    type Error = UnknownLoadErrorCode;

    fn try_from(name: String) -> Result<LoadErrorCode, UnknownLoadErrorCode> {
        let code = LoadErrorCode::ALL.into_iter().find(|code| code.name() == name);
        code.ok_or(UnknownLoadErrorCode(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_explains_each_error_code() {
        let guide = include_str!("../../local/README.md");
        let (_, table) = guide.split_once("| `error.code` of a manifest |").unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let codes: Vec<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
        assert_eq!(codes, LoadErrorCode::ALL.map(LoadErrorCode::name));
    }

    const UPLOADED_AT: Timestamp = Timestamp::from_micros(1_674_669_600_000_000);

    #[test]
    fn a_manifest_keeps_the_event_of_its_upload_unless_an_earlier_version_wrote_it() {
        for event in [None, Some(event(605))] {
            let json = serde_json::to_string(&file(event.clone())).unwrap();
            assert_eq!(serde_json::from_str::<ManifestFile>(&json).unwrap().event(), event);
        }
        let older =
            r#"{"bucket": "b", "key": "k", "version": "v", "uploaded_at": "", "size_bytes": 1}"#;
        let older: ManifestFile = serde_json::from_str(older).unwrap();
        assert_eq!((older.event(), older.rank), (None, None));
    }

    #[test]
    fn an_ended_load_covers_uploads_that_were_announced_no_later_than_its_own() {
        use LoadStatus::{Complete, Failed, Running};

        let covers = |status, kind, known, announced: Option<i64>| {
            manifest(status, kind, known).covers(announced.map(event).as_ref())
        };
        for kind in ["business_hours", "time_zones", "special_days"] {
            for status in [Complete, Failed] {
                assert!(covers(status, kind, Some(5), Some(5)));
                assert!(covers(status, kind, Some(5), Some(4)));
                assert!(covers(status, kind, None, None));
                assert!(!covers(status, kind, Some(5), Some(6)));
                assert!(!covers(status, kind, None, Some(1)));
            }
            assert!(!covers(Running, kind, Some(5), Some(5)));
        }
        assert!(covers(Complete, "polls", None, Some(6)));
        assert!(!covers(Running, "polls", Some(6), Some(6)));
    }

    fn event(millis: i64) -> UploadEvent {
        let sequencer = Sequencer::new("0055AED6").unwrap();
        UploadEvent::new(UPLOADED_AT, UPLOADED_AT.plus(millis * 1_000), sequencer)
    }

    fn file(event: Option<UploadEvent>) -> ManifestFile {
        ManifestFile::new("b", &Source { event, ..Source::new(UPLOADED_AT, "k", "v") }, 1)
    }

    fn manifest(status: LoadStatus, kind: &str, known: Option<i64>) -> Manifest {
        Manifest {
            warnings: ManifestWarnings::default(),
            status,
            file: file(known.map(event)),
            folder: String::new(),
            kind: Some(kind.to_owned()),
            sha256: None,
            rows: 0,
            loaded: 0,
            duplicate: 0,
            conflicts: 0,
            rejected: 0,
            first_poll: None,
            last_poll: None,
            started_at: String::new(),
            completed_at: None,
            duration_ms: None,
            same_content_as: None,
            error: None,
        }
    }

    #[test]
    fn every_code_reads_back_from_its_name_in_json() {
        for code in LoadErrorCode::ALL {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.name()));
            assert_eq!(serde_json::from_str::<LoadErrorCode>(&json).unwrap(), code);
        }
        assert!(serde_json::from_str::<LoadErrorCode>("\"bored\"").is_err());
    }

    #[test]
    fn a_manifest_of_an_earlier_version_has_no_warnings() {
        let json = r#"{
            "status": "Complete",
            "file": {
                "bucket": "data", "key": "incoming/a.csv", "version": "v", "size_bytes": 1,
                "uploaded_at": "2023-01-25T18:00:00Z"
            },
            "folder": "loads/a.csv/0123456789abcdef/", "rows": 1, "loaded": 1, "duplicate": 0,
            "conflicts": 0, "rejected": 0, "started_at": "2023-01-25T18:00:00Z"
        }"#;
        let manifest: Manifest = serde_json::from_str(json).unwrap();
        assert_eq!(manifest.warnings, ManifestWarnings::default());
        assert_eq!(manifest.warnings.to_string(), "");
    }

    #[test]
    fn warnings_have_stable_names_and_print_like_those_of_the_ingest() {
        let found = Warnings { only_rejected_stores: 3, spreadsheet_ids: 2 };
        let warnings = ManifestWarnings::from(found);
        let json = serde_json::to_string(&warnings).unwrap();
        assert_eq!(json, r#"{"only_rejected_stores":3,"spreadsheet_ids":2}"#);
        assert_eq!(warnings.to_string(), found.to_string());
        let of_one: ManifestWarnings = serde_json::from_str(r#"{"spreadsheet_ids":2}"#).unwrap();
        assert_eq!(of_one, ManifestWarnings { only_rejected_stores: 0, spreadsheet_ids: 2 });
    }
}

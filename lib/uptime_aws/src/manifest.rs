//! What is told of a load: `loads/<...>/manifest.json` (spec section 9).

use std::fmt;

use serde::{Deserialize, Serialize};
use uptime::ingest::Warnings;

/// A load, as its `manifest.json` tells it. Instants are RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Where the load is in its life.
    pub status: LoadStatus,
    /// The file it reads.
    pub file: ManifestFile,
    /// The folder this manifest is in, `loads/<...>/`.
    pub folder: String,
    /// `polls`, `business_hours` or `time_zones`, once the header is read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// SHA-256 of the object's bytes, once all are read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
    /// Data rows read; always `loaded + duplicate + rejected`.
    pub rows: u64,
    /// Rows stored.
    pub loaded: u64,
    /// Rows that repeat another of their batch.
    pub duplicate: u64,
    /// Those of them that contradict the other.
    pub conflicts: u64,
    /// Rows not accepted; told in `rejects.csv`.
    pub rejected: u64,
    /// What is odd about the file; nothing stops because of it. Manifests of earlier versions count
    /// nothing here.
    #[serde(default)]
    pub warnings: ManifestWarnings,
    /// The earliest poll accepted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_poll: Option<String>,
    /// The latest.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_poll: Option<String>,
    /// When this attempt at the load began.
    pub started_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub completed_at: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duration_ms: Option<u64>,
    /// The folder of the first load of a file with the same bytes, if there was one before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub same_content_as: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<LoadError>,
}

/// Counts of what is odd about a file, [`Warnings`] with stable names. Printed: a line for each that
/// there is a reason for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ManifestWarnings {
    /// Stores that the file names in rejected rows alone: they keep what older files say of them,
    /// and without any they count as always open, or as in America/Chicago.
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

/// The object a load reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its version id; its `ETag` where the bucket keeps no versions.
    pub version: String,
    /// When it was put there.
    pub uploaded_at: String,
    /// Its length in bytes, as stored.
    pub size_bytes: u64,
}

/// Where a load is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadStatus {
    /// It has begun; or it was killed, and begins again when its event is delivered again.
    Running,
    /// Everything acceptable is stored.
    Complete,
    /// The file, or part of it, was not acceptable; the rows counted as loaded are stored.
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

/// The reasons a load can fail for, with stable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum LoadErrorCode {
    /// No header of any kind of file: a column is missing, or two mean the same.
    NoUsableHeader,
    /// The text is not UTF-8.
    Encoding,
    /// The file is of another format, such as Excel or Parquet.
    OtherFormat,
    /// The file of hours has a day 7 and no day 0: it counts days from 1.
    DaysFromOne,
    /// The gzip file breaks off, is not what its checksum says, or something else follows it.
    Damaged,
    /// The gzip file unpacks to more times its size than is set.
    OverRatio,
    /// The share of rejected rows is above the one that is set.
    TooManyRejects,
    /// The object was replaced or deleted while it was read.
    Replaced,
}

/// A manifest names a reason that this version of the program does not know.
#[derive(Debug, thiserror::Error)]
#[error("no load fails for the reason {0:?}")]
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

    /// Returns the stable name, `over_ratio`.
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
    fn every_reason_reads_back_from_its_name_in_json() {
        for code in LoadErrorCode::ALL {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.name()));
            assert_eq!(serde_json::from_str::<LoadErrorCode>(&json).unwrap(), code);
        }
        assert!(serde_json::from_str::<LoadErrorCode>("\"bored\"").is_err());
    }

    #[test]
    fn a_manifest_of_a_version_without_warnings_counts_none() {
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
    fn warnings_have_stable_names_and_the_lines_of_the_ingest() {
        let found = Warnings { only_rejected_stores: 3, spreadsheet_ids: 2 };
        let warnings = ManifestWarnings::from(found);
        let json = serde_json::to_string(&warnings).unwrap();
        assert_eq!(json, r#"{"only_rejected_stores":3,"spreadsheet_ids":2}"#);
        assert_eq!(warnings.to_string(), found.to_string());
        let of_one: ManifestWarnings = serde_json::from_str(r#"{"spreadsheet_ids":2}"#).unwrap();
        assert_eq!(of_one, ManifestWarnings { only_rejected_stores: 0, spreadsheet_ids: 2 });
    }
}

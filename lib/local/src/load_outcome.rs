//! The outcome of a load, in words for the user who uploaded the file.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use uptime_aws::load_files::REJECTS;
use uptime_aws::{LoadStatus, Manifest};

use crate::counted::counted;
use crate::first_rejects;
use crate::s3::{signed_curl, url_of};
use crate::system::DATA_BUCKET;

/// A load that has ended. Its text has these lines, in this order: what was loaded or why the load
/// failed; the first rejected rows with their reasons; where all rejected rows are and how to
/// download them; the warnings.
#[derive(Debug)]
pub struct LoadOutcome {
    /// The file, as the user named it.
    pub path: PathBuf,
    /// The load's final manifest.
    pub manifest: Manifest,
    /// The start of its `rejects.csv`; empty if no row was rejected.
    pub rejects: Vec<u8>,
    /// Where the system's S3 listens.
    pub s3: SocketAddr,
    /// The file of the secret that signs calls to it.
    pub secret_file: PathBuf,
}

impl LoadOutcome {
    /// Whether the file, or part of it, was not accepted.
    pub fn is_failed(&self) -> bool {
        self.manifest.status == LoadStatus::Failed
    }

    fn first_line(&self) -> String {
        let (path, counts) = (self.path.display(), self.counts());
        let Some(error) = self.manifest.error.as_ref().filter(|_| self.is_failed()) else {
            return format!("loaded {path}: {counts}");
        };
        let failed = format!("failed to load {path}: {}", error.detail);
        if self.manifest.rows == 0 { failed } else { format!("{failed}\n  {counts}") }
    }

    fn counts(&self) -> String {
        let Manifest { rows, loaded, duplicate, rejected, .. } = self.manifest;
        let kind = self.manifest.kind.as_deref().unwrap_or("unknown kind").replace('_', " ");
        let millis = self.manifest.duration_ms.unwrap_or_default();
        format!(
            "of {} of {kind}, {loaded} loaded, {duplicate} duplicate, {rejected} rejected ({}.{} s)",
            counted(rows, "row"),
            millis / 1000,
            millis % 1000 / 100,
        )
    }
}

impl fmt::Display for LoadOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.first_line())?;
        for line in first_rejects::lines(&self.rejects, self.manifest.rejected) {
            write!(formatter, "\n  {line}")?;
        }
        if self.manifest.rejected > 0 {
            let key = format!("{}{REJECTS}", self.manifest.folder);
            let url = url_of(self.s3, DATA_BUCKET, &key);
            let curl = signed_curl(&self.secret_file);
            write!(formatter, "\n  all rejected rows are in {key}:\n    {curl} -fO '{url}'")?;
        }
        for warning in self.manifest.warnings.to_string().lines() {
            write!(formatter, "\n  {warning}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const REJECTS: &str = "line,column,code,message\n4,status,bad_status,it is \"gone\"\n";

    const DOWNLOAD: &str = "
  all rejected rows are in loads/a b.csv/0123/rejects.csv:
    curl --aws-sigv4 aws:amz:us-east-1:s3 \
             --user \"local:$(cat '/my data/secret')\" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -fO \
             'http://127.0.0.1:3001/data/loads/a%20b.csv/0123/rejects.csv'";

    #[test]
    fn a_complete_load_shows_its_counts() {
        check(
            &json!({ "rows": 20, "loaded": 20 }),
            "",
            "loaded in/a b.csv: of 20 rows of business hours, 20 loaded, 0 duplicate, 0 rejected \
             (1.2 s)",
        );
        check(
            &json!({ "rows": 20, "loaded": 17, "duplicate": 2, "rejected": 1 }),
            REJECTS,
            &format!(
                "loaded in/a b.csv: of 20 rows of business hours, 17 loaded, 2 duplicate, 1 rejected \
                 (1.2 s)\n  line 4, column status: it is \"gone\"{DOWNLOAD}"
            ),
        );
    }

    #[test]
    fn the_warnings_of_a_load_are_below_its_rejected_rows() {
        check(
            &json!({
                "rows": 20, "loaded": 19, "rejected": 1,
                "warnings": { "only_rejected_stores": 1, "spreadsheet_ids": 0 },
            }),
            REJECTS,
            &format!(
                "loaded in/a b.csv: of 20 rows of business hours, 19 loaded, 0 duplicate, 1 rejected \
                 (1.2 s)\n  line 4, column status: it is \"gone\"{DOWNLOAD}\n  \
                 warning: 1 store is named in rejected rows only, which change nothing; a \
                 store without hours from another file counts as always open, a store without a \
                 time zone as in America/Chicago"
            ),
        );
    }

    #[test]
    fn a_file_refused_whole_shows_the_reason_alone() {
        let error = json!({ "code": "encoding", "detail": "the text is UTF-16" });
        check(
            &json!({ "status": "Failed", "error": error, "kind": null }),
            "",
            "failed to load in/a b.csv: the text is UTF-16",
        );
    }

    #[test]
    fn a_file_with_too_many_rejected_rows_shows_how_many_are_loaded() {
        let error = json!({ "code": "too_many_rejects", "detail": "6 of 9 rows were rejected" });
        let rejects = format!("{REJECTS}{}", "5,,x,no\n".repeat(5));
        check(
            &json!({ "status": "Failed", "error": error, "rows": 9, "loaded": 3, "rejected": 6 }),
            &rejects,
            &format!(
                "failed to load in/a b.csv: 6 of 9 rows were rejected
  of 9 rows of business hours, 3 loaded, 0 duplicate, 6 rejected (1.2 s)
  line 4, column status: it is \"gone\"
  line 5: no
  line 5: no
  line 5: no
  line 5: no
  and 1 more{DOWNLOAD}"
            ),
        );
    }

    #[track_caller]
    fn check(members: &serde_json::Value, rejects: &str, expected: &str) {
        let mut manifest = json!({
            "status": "Complete",
            "file": {
                "bucket": "data", "key": "incoming/a b.csv", "version": "v", "uploaded_at": "",
                "size_bytes": 1,
            },
            "folder": "loads/a b.csv/0123/", "kind": "business_hours", "started_at": "",
            "rows": 0, "loaded": 0, "duplicate": 0, "conflicts": 0, "rejected": 0,
            "duration_ms": 1_234,
        });
        let members = members.as_object().unwrap().clone();
        manifest.as_object_mut().unwrap().extend(members);
        let outcome = LoadOutcome {
            path: PathBuf::from("in/a b.csv"),
            manifest: serde_json::from_value(manifest).unwrap(),
            rejects: rejects.as_bytes().to_vec(),
            s3: SocketAddr::from(([127, 0, 0, 1], 3001)),
            secret_file: PathBuf::from("/my data/secret"),
        };
        assert_eq!(outcome.to_string(), expected);
    }
}

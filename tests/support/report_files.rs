//! The files of reports: their names, and how callers download them.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;
use local::system::{REPORT_BUCKET, REPORT_TABLE};
use serde_json::Value;
use uptime::Timestamp;
use uptime::interval::{DAY, MINUTE};
use uptime::parameters::{Method, ReportParameters};
use uptime::report::StoreCounts;
use uptime_aws::{
    Claim, Completion, NewReport, ReportFiles, ReportId, ReportTable, StoredFiles, hash,
};

use crate::adapters::in_a_minute;
use crate::http::Answer;
use crate::story::Story;
use crate::story_data::Stored;

/// The files of a report by the method `time_weighted`, in the order in which a status lists them.
pub const FILES: [&str; 5] =
    ["report.csv", "stores.csv", "outages.csv", "report.html", "report.json"];

/// The contents of files, by name.
pub type Contents = BTreeMap<String, Vec<u8>>;

/// The keys of the objects of one whole attempt at a report, in order.
pub fn keys_of_attempt(id: &str, attempt: u32) -> Vec<String> {
    let mut keys = FILES.map(|name| format!("reports/{id}/{attempt}/{name}"));
    keys.sort_unstable();
    keys.into()
}

/// The keys by which a record names the files of its report, in order.
pub fn keys_named(files: &StoredFiles) -> Vec<String> {
    let mut keys: Vec<String> = files.iter().map(|(_, file)| file.key.clone()).collect();
    keys.sort_unstable();
    keys
}

/// The body of a download as a browser shows or saves it.
pub fn unpacked(answer: &Answer) -> Vec<u8> {
    match answer.header("content-encoding") {
        "" => answer.body.to_vec(),
        "gzip" => {
            let mut bytes = Vec::new();
            GzDecoder::new(&*answer.body).read_to_end(&mut bytes).unwrap();
            bytes
        }
        other => panic!("no tool unpacks {other}"),
    }
}

impl Story {
    /// Downloads each file that the status of a complete report lists. **Checks the length, the
    /// SHA-256 and the content type of each.**
    pub async fn files_in(&self, status: &Value) -> Contents {
        assert_eq!(status["status"], "Complete", "{status}");
        let mut contents = Contents::new();
        for file in status["files"].as_array().unwrap() {
            let answer = self.http().get(file["url"].as_str().unwrap()).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.header("content-type"), file["content_type"], "{file}");
            let bytes = unpacked(&answer);
            assert_eq!(bytes.len() as u64, file["length"], "{file}");
            assert_eq!(hash::sha256_hex(&bytes), file["sha256"], "{file}");
            contents.insert(file["name"].as_str().unwrap().to_owned(), bytes);
        }
        contents
    }

    /// The objects of all attempts at a report, in the order of their keys.
    pub async fn objects_of(&self, id: &str) -> Vec<Stored> {
        self.stored(REPORT_BUCKET, &format!("reports/{id}/")).await
    }

    /// The keys of the objects of all attempts at a report, in order.
    pub async fn keys_of(&self, id: &str) -> Vec<String> {
        self.keys(REPORT_BUCKET, &format!("reports/{id}/")).await
    }

    /// The adapter of the report table.
    pub fn report_table(&self) -> ReportTable {
        ReportTable::new(&self.system.sdk_config(), REPORT_TABLE)
    }

    /// The adapter of the report bucket.
    pub fn report_files(&self) -> ReportFiles {
        ReportFiles::new(&self.system.sdk_config(), REPORT_BUCKET)
    }

    /// Writes the record of a complete report with these files, which expire at a given instant.
    pub async fn record_complete(
        &self,
        id: ReportId,
        files: StoredFiles,
        files_expire_at: Timestamp,
    ) {
        let now = uptime_aws::now();
        let (report, table) = (new_report(id, now.plus(DAY)), self.report_table());
        table.record_running(&report).await.unwrap();
        let claim = table.claim(id, "somebody", now, now.plus(MINUTE)).await.unwrap();
        assert!(matches!(claim, Claim::Granted(_)));
        let completion = Completion {
            completed_at: now,
            counts: StoreCounts::default(),
            tz_release: "2026f".to_owned(),
            files,
            files_expire_at,
        };
        let completed = table.complete(id, "somebody", || now, in_a_minute(), &completion).await;
        assert!(completed.unwrap());
    }
}

/// A report that was requested a day before its deadline.
pub fn new_report(id: ReportId, deadline: Timestamp) -> NewReport {
    let created_at = deadline.plus(-DAY);
    let method = Method::TIME_WEIGHTED;
    let parameters = ReportParameters { as_of: created_at, method };
    let expires_at = deadline.plus(90 * DAY);
    NewReport { id, parameters, polls_kept_from: None, created_at, deadline, expires_at }
}

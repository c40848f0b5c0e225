//! The reports' CSVs in S3. Each attempt at a report writes its own object (`README.md`, "A
//! report's life").

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use uptime::{Timestamp, interval};

use crate::csv_upload::CSV_TYPE;
use crate::{CallError, Clients, ReportId, StoredCsv, hash};

/// The report bucket.
#[derive(Debug, Clone)]
pub struct ReportFiles {
    client: Client,
    bucket: String,
}

/// A link to a CSV. Anybody who has it can download the CSV until it expires. Never log it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignedLink {
    /// The link.
    pub url: String,
    /// When S3 starts to refuse it.
    pub expires_at: Timestamp,
}

/// How long a link is valid, in microseconds.
pub const LINK_LIFE: i64 = 15 * interval::MINUTE;

impl ReportFiles {
    /// Makes the client; nothing is called yet.
    pub fn new(clients: &impl Clients, bucket: &str) -> ReportFiles {
        let client = clients.s3();
        ReportFiles { client, bucket: bucket.to_owned() }
    }

    /// Stores the CSV of one attempt, `reports/<id>/<attempt>/report.csv`.
    pub async fn put(
        &self,
        report_id: ReportId,
        attempt: u32,
        csv: Vec<u8>,
    ) -> Result<StoredCsv, CallError> {
        let key = format!("reports/{report_id}/{attempt}/report.csv");
        let stored =
            StoredCsv { key, size_bytes: csv.len() as u64, sha256: hash::sha256_hex(&csv) };
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&stored.key)
            .content_type(CSV_TYPE)
            .body(csv.into())
            .send()
            .await
            .map_err(|source| CallError::new("PutObject", source))?;
        Ok(stored)
    }

    /// Makes a link that is valid for [`LINK_LIFE`] from `now`. A browser saves the CSV as
    /// `file_name`, which must not need escaping in a header. No call is made.
    pub async fn presigned_link(
        &self,
        key: &str,
        file_name: &str,
        now: Timestamp,
    ) -> Result<PresignedLink, CallError> {
        let life = Duration::from_micros(LINK_LIFE.unsigned_abs());
        let micros = u64::try_from(now.micros()).unwrap_or_default();
        let presigning = PresigningConfig::builder()
            .start_time(UNIX_EPOCH + Duration::from_micros(micros))
            .expires_in(life)
            .build()
            .map_err(|source| CallError::new("presigning GetObject", source))?;
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_type(CSV_TYPE)
            .response_content_disposition(format!("attachment; filename=\"{file_name}\""))
            .presigned(presigning)
            .await
            .map_err(|source| CallError::new("presigning GetObject", source))?;
        let expires_at = now.plus(LINK_LIFE);
        Ok(PresignedLink { url: request.uri().to_owned(), expires_at })
    }
}

//! The reports' files in S3. Each attempt at a report writes its own objects (`README.md`, "A
//! report's life").

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use uptime::output::{FileName, ReportFile};
use uptime::{Timestamp, gzip, interval};

use crate::{CallError, Clients, ReportId, StoredFile};

/// The report bucket.
#[derive(Debug, Clone)]
pub struct ReportFiles {
    client: Client,
    bucket: String,
}

/// A link to a file. Anybody who has it can download the file until it expires. Never log it.
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

    /// Stores a file of one attempt, `reports/<id>/<attempt>/<file>`. A page is stored as gzip with
    /// `Content-Encoding`, so browsers decompress it.
    pub async fn put(
        &self,
        report_id: ReportId,
        attempt: u32,
        file: ReportFile,
    ) -> Result<StoredFile, CallError> {
        let ReportFile { name, bytes, sha256 } = file;
        let key = format!("reports/{report_id}/{attempt}/{}", name.as_str());
        let stored = StoredFile { key, size_bytes: bytes.len() as u64, sha256 };
        let (bytes, encoding) = match name {
            FileName::ReportHtml => (gzip::pack(&bytes), Some("gzip".to_owned())),
            FileName::ReportCsv
            | FileName::StoresCsv
            | FileName::OutagesCsv
            | FileName::ReportJson => (bytes, None),
        };
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&stored.key)
            .content_type(name.content_type())
            .set_content_encoding(encoding)
            .body(bytes.into())
            .send()
            .await
            .map_err(|source| CallError::new("PutObject", source))?;
        Ok(stored)
    }

    /// Makes a link to the file with this key that is valid for [`LINK_LIFE`] from `now`. A browser
    /// opens a page and saves any other file, as `<file>-<report id>.<ending>`. No call is made.
    pub async fn presigned_link(
        &self,
        report_id: ReportId,
        name: FileName,
        key: &str,
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
            .response_content_type(name.content_type())
            .response_content_disposition(disposition(report_id, name))
            .presigned(presigning)
            .await
            .map_err(|source| CallError::new("presigning GetObject", source))?;
        let expires_at = now.plus(LINK_LIFE);
        Ok(PresignedLink { url: request.uri().to_owned(), expires_at })
    }
}

/// The header `Content-Disposition` (RFC 6266). The name needs no escaping.
fn disposition(report_id: ReportId, name: FileName) -> String {
    let kind = match name {
        FileName::ReportHtml => "inline",
        FileName::ReportCsv | FileName::StoresCsv | FileName::OutagesCsv | FileName::ReportJson => {
            "attachment"
        }
    };
    let (stem, ending) = name.as_str().split_once('.').unwrap_or((name.as_str(), ""));
    format!("{kind}; filename=\"{stem}-{report_id}.{ending}\"")
}

//! The reports' files in S3. Each attempt at a report writes its own objects (`README.md`, "A
//! report's life").

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::future::{OptionFuture, join_all, join3, try_join_all};
use uptime::output::{FileName, FileSum, ReportFile, ReportWriter, Table};
use uptime::{Timestamp, gzip, interval};

use crate::{CallError, Clients, CsvUpload, ReportId, StoredFile, StoredFiles};

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

/// A shorter table is sent whole, which takes one request in place of several. No table of 14,000 stores
/// is longer.
const FIRST_PART_BYTES: usize = 32 << 20;

impl ReportFiles {
    /// Makes the client; nothing is called yet.
    pub fn new(clients: &impl Clients, bucket: &str) -> ReportFiles {
        let client = clients.s3();
        ReportFiles { client, bucket: bucket.to_owned() }
    }

    /// Stores all files of one attempt, `reports/<id>/<attempt>/<file>`. A table is sent in parts while
    /// it is made, so memory does not grow with it. After an error some files may be stored; no
    /// unfinished upload is left.
    ///
    /// The files are sent side by side: S3 takes 100 to 200 ms for a small object (its performance
    /// guidelines), so one after the other they would add up to a second to each report.
    pub async fn put_all(
        &self,
        report_id: ReportId,
        attempt: u32,
        mut report: ReportWriter,
    ) -> Result<StoredFiles, CallError> {
        let page = report.take_page();
        let (mut tables, mut sums) = (Vec::new(), Vec::new());
        for table in report.tables() {
            let (made, sum) = oneshot::channel();
            tables.push(self.put_table(report_id, attempt, table, made));
            sums.push(sum);
        }
        let sum_of_page = page.as_ref().map(ReportFile::sum);
        let page = OptionFuture::from(page.map(|page| self.put(report_id, attempt, page).boxed()));
        let json = async {
            // If a sum is missing, its table was not stored, and the error of the table is returned.
            let mut sums = try_join_all(sums).await.ok()?;
            sums.extend(sum_of_page);
            Some(self.put(report_id, attempt, report.json(sums)).boxed().await)
        };
        // After an error the others are awaited as well, so that each can abort its upload.
        let (tables, page, json) = join3(join_all(tables), page, json).await;
        let all = tables.into_iter().chain(page).chain(json);
        let mut all = all.collect::<Result<Vec<_>, _>>()?;
        // The first table is `report.csv`.
        let (_, csv) = all.remove(0);
        Ok(StoredFiles { csv, others: all })
    }

    /// Stores a table of one attempt. `made` receives its sum as soon as the table is made.
    async fn put_table(
        &self,
        report_id: ReportId,
        attempt: u32,
        mut table: Table<'_>,
        made: oneshot::Sender<FileSum>,
    ) -> Result<(FileName, StoredFile), CallError> {
        let name = table.name();
        let key = key(report_id, attempt, name);
        let mut upload =
            CsvUpload::new(self.client.clone(), self.bucket.clone(), key.clone(), FIRST_PART_BYTES);
        while let Some(piece) = table.next_piece() {
            if let Err(error) = upload.write(piece).await {
                upload.abort().await;
                return Err(error);
            }
        }
        let sum = table.sum();
        let stored = StoredFile { key, size_bytes: sum.length, sha256: sum.sha256.clone() };
        // It is not received only if another table was not stored.
        let _ = made.send(sum);
        upload.finish().await?;
        Ok((name, stored))
    }

    /// Stores a file of one attempt, `reports/<id>/<attempt>/<file>`. A page is stored as gzip with
    /// `Content-Encoding`, so browsers decompress it.
    pub async fn put(
        &self,
        report_id: ReportId,
        attempt: u32,
        file: ReportFile,
    ) -> Result<(FileName, StoredFile), CallError> {
        let ReportFile { name, bytes, sha256 } = file;
        let key = key(report_id, attempt, name);
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
        Ok((name, stored))
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

fn key(report_id: ReportId, attempt: u32, name: FileName) -> String {
    format!("reports/{report_id}/{attempt}/{}", name.as_str())
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

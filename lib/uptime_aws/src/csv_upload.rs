//! Uploads a CSV of unknown length to S3 in constant memory: gathers bytes up to one part, then
//! sends part by part. The object appears in S3 only when all its parts are stored.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};

use crate::{CallError, describe};

/// A CSV that is being written.
#[derive(Debug)]
pub struct CsvUpload {
    client: Client,
    bucket: String,
    key: String,
    // A shorter file is sent whole.
    first_part_bytes: usize,
    gathered: Vec<u8>,
    // None: nothing was sent yet.
    sent: Option<SentParts>,
}

#[derive(Debug)]
struct SentParts {
    upload_id: String,
    parts: Vec<CompletedPart>,
}

/// S3 accepts at most 10,000 parts, of at least 5 MiB. Parts of 8 MiB are enough for 80 GiB.
pub(crate) const PART_BYTES: usize = 8 << 20;
/// The upload and its parts must name the same algorithm.
const CHECKSUM: ChecksumAlgorithm = ChecksumAlgorithm::Crc32;
/// The content type of every CSV that is stored.
pub(crate) const CSV_TYPE: &str = "text/csv; charset=utf-8";

impl CsvUpload {
    /// A file of less than `first_part_bytes` is sent whole. That must not be less than a part.
    pub(crate) fn new(
        client: Client,
        bucket: String,
        key: String,
        first_part_bytes: usize,
    ) -> CsvUpload {
        CsvUpload { client, bucket, key, first_part_bytes, gathered: Vec::new(), sent: None }
    }

    /// Takes the next bytes, and sends a part when there are enough. After an error the file is
    /// incomplete; call [`CsvUpload::abort`].
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), CallError> {
        while self.gathered.len() + bytes.len() >= self.part_bytes() {
            let (now, later) = bytes.split_at(self.part_bytes() - self.gathered.len());
            self.gathered.extend_from_slice(now);
            self.send_part().await?;
            bytes = later;
        }
        self.gathered.extend_from_slice(bytes);
        Ok(())
    }

    fn part_bytes(&self) -> usize {
        if self.sent.is_some() { PART_BYTES } else { self.first_part_bytes }
    }

    /// Stores the file. If no bytes were written, or after an error, no file is stored.
    pub async fn finish(mut self) -> Result<(), CallError> {
        let finished = if self.sent.is_some() {
            self.complete().await
        } else if self.gathered.is_empty() {
            Ok(())
        } else {
            self.put_whole().await
        };
        if finished.is_err() {
            self.abort().await;
        }
        finished
    }

    /// Deletes what was sent.
    pub async fn abort(self) {
        let Some(SentParts { upload_id, .. }) = self.sent else {
            return;
        };
        let aborted = self
            .client
            .abort_multipart_upload()
            .bucket(self.bucket)
            .key(self.key)
            .upload_id(upload_id)
            .send()
            .await;
        if let Err(error) = aborted {
            // The bucket's lifecycle rule removes the leftover parts.
            tracing::warn!(error = describe(&error), "an unfinished upload could not be aborted");
        }
    }

    async fn put_whole(&mut self) -> Result<(), CallError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&self.key)
            .content_type(CSV_TYPE)
            .body(std::mem::take(&mut self.gathered).into())
            .send()
            .await
            .map_err(|source| CallError::new("PutObject", source))?;
        Ok(())
    }

    async fn send_part(&mut self) -> Result<(), CallError> {
        let body = std::mem::take(&mut self.gathered);
        let sent = if let Some(sent) = &mut self.sent {
            sent
        } else {
            let upload_id = create(&self.client, &self.bucket, &self.key).await?;
            self.sent.insert(SentParts { upload_id, parts: Vec::new() })
        };
        let number = i32::try_from(sent.parts.len() + 1)
            .map_err(|source| CallError::new("UploadPart", source))?;
        let answer = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(&sent.upload_id)
            .part_number(number)
            .checksum_algorithm(CHECKSUM)
            .body(body.into())
            .send()
            .await
            .map_err(|source| CallError::new("UploadPart", source))?;
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(answer.e_tag)
            .set_checksum_crc32(answer.checksum_crc32)
            .build();
        sent.parts.push(part);
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), CallError> {
        if !self.gathered.is_empty() {
            self.send_part().await?;
        }
        let Some(sent) = &self.sent else {
            return Ok(());
        };
        let parts = CompletedMultipartUpload::builder().set_parts(Some(sent.parts.clone())).build();
        self.client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(&sent.upload_id)
            .multipart_upload(parts)
            .send()
            .await
            .map_err(|source| CallError::new("CompleteMultipartUpload", source))?;
        Ok(())
    }
}

async fn create(client: &Client, bucket: &str, key: &str) -> Result<String, CallError> {
    const OPERATION: &str = "CreateMultipartUpload";
    let answer = client
        .create_multipart_upload()
        .bucket(bucket)
        .key(key)
        .content_type(CSV_TYPE)
        .checksum_algorithm(CHECKSUM)
        .send()
        .await
        .map_err(|source| CallError::new(OPERATION, source))?;
    answer.upload_id.ok_or_else(|| CallError::new(OPERATION, "the answer has no upload id"))
}

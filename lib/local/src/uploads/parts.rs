//! Uploads a file that is too long for one call.

use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use uptime_aws::CallError;

use super::UploadError;

/// S3 accepts at most 10,000 parts, of 5 MiB to 5 GiB.
pub(super) const PART_BYTES: u64 = 1 << 30;

/// Puts the first `length` bytes of a file, in parts of `part_bytes`. Returns the `ETag`. After an
/// error no upload is left.
pub(super) async fn put_in_parts(
    client: &Client,
    path: &Path,
    length: u64,
    part_bytes: u64,
    to: (&str, &str),
) -> Result<String, UploadError> {
    let (bucket, key) = to;
    let create = client.create_multipart_upload().bucket(bucket).key(key).send().await;
    let created = create.map_err(|source| CallError::new("CreateMultipartUpload", source))?;
    let upload_id = created.upload_id.unwrap_or_default();
    let put = put_parts(client, path, length, part_bytes, (bucket, key, &upload_id)).await;
    if put.is_err() {
        let abort = client.abort_multipart_upload().bucket(bucket).key(key).upload_id(upload_id);
        // The error of the part is the one to show.
        let _ = abort.send().await;
    }
    put
}

async fn put_parts(
    client: &Client,
    path: &Path,
    length: u64,
    part_bytes: u64,
    (bucket, key, upload_id): (&str, &str, &str),
) -> Result<String, UploadError> {
    let mut parts = CompletedMultipartUpload::builder();
    for (number, offset) in
        (1..).zip((0..length).step_by(usize::try_from(part_bytes).unwrap_or(usize::MAX)))
    {
        let part = Length::Exact(part_bytes.min(length - offset));
        let body = ByteStream::read_from().path(path).offset(offset).length(part).build().await;
        let body = body.map_err(|error| UploadError::unreadable(path, error))?;
        let put = client.upload_part().bucket(bucket).key(key).upload_id(upload_id);
        let put = put.part_number(number).body(body).send().await;
        let put = put.map_err(|source| CallError::new("UploadPart", source))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(put.e_tag);
        parts = parts.parts(part.build());
    }
    let complete = client.complete_multipart_upload().bucket(bucket).key(key).upload_id(upload_id);
    let completed = complete.multipart_upload(parts.build()).send().await;
    let completed =
        completed.map_err(|source| CallError::new("CompleteMultipartUpload", source))?;
    Ok(completed.e_tag.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use uptime_aws::Clients as _;

    use super::*;
    use crate::emulators::{Emulators, Setup};

    #[tokio::test]
    async fn a_file_put_in_parts_is_stored_whole() {
        let folder = tempfile::tempdir().unwrap();
        let emulators = Emulators::start(&Setup::for_test(folder.path())).unwrap();
        let client = emulators.sdk_config().s3();
        client.create_bucket().bucket("data").send().await.unwrap();
        let bytes: Vec<u8> = (0_u32..3_000_000).flat_map(u32::to_le_bytes).collect();
        let path = folder.path().join("file");
        std::fs::write(&path, &bytes).unwrap();

        let length = bytes.len() as u64;
        let e_tag = put_in_parts(&client, &path, length, 5 << 20, ("data", "a.csv")).await.unwrap();

        let stored = client.get_object().bucket("data").key("a.csv").send().await.unwrap();
        assert_eq!(stored.e_tag(), Some(e_tag.as_str()));
        assert!(e_tag.trim_matches('"').ends_with("-3"), "{e_tag}: it has three parts");
        assert!(stored.body.collect().await.unwrap().into_bytes() == bytes);
    }
}

//! Receives a body into a file and compares it with what the client says about it.

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;

use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{Checksum, PutObjectInput, StreamingBlob, UploadPartInput};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result, TrailingHeaders, s3_error};
use tokio::io::{AsyncWriteExt, BufWriter};

use super::failure::failed;
use super::object_folder::NewFile;

/// A large body takes few writes, and many clients take little memory each.
const BUFFER_BYTES: usize = 128 * 1024;
/// The headers or trailers of the checksums, in the order of [`values`].
const CHECKSUMS: [&str; 5] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

const DECODED_LENGTH: &str = "x-amz-decoded-content-length";

/// A body, and what the client says about it.
pub(super) struct Upload {
    body: StreamingBlob,
    /// In base64.
    md5: Option<String>,
    /// In base64, in the order of [`CHECKSUMS`].
    checksums: [Option<String>; CHECKSUMS.len()],
    /// Which checksums follow the body.
    follow: [bool; CHECKSUMS.len()],
    trailers: Option<TrailingHeaders>,
    /// The length of a chunked body without its chunk headers. Only this length shows that a body
    /// was cut off between two chunks.
    decoded_length: Option<u64>,
}

/// A complete body that matches what the client says.
pub(super) struct Received {
    pub(super) body: NewFile,
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    /// The checksums that the client gave.
    pub(super) checksum: Checksum,
}

/// The inputs of two calls share these fields but no trait.
macro_rules! upload_from {
    ($($input:ty),+) => {$(
        impl TryFrom<&mut S3Request<$input>> for Upload {
            type Error = S3Error;

            fn try_from(request: &mut S3Request<$input>) -> S3Result<Upload> {
                let named = request.headers.get_all("x-amz-trailer");
                let follow = CHECKSUMS.map(|name| named.iter().any(|named| names(named, name)));
                let input = &mut request.input;
                Ok(Upload {
                    body: input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?,
                    md5: input.content_md5.take(),
                    checksums: [
                        input.checksum_crc32.take(),
                        input.checksum_crc32c.take(),
                        input.checksum_crc64nvme.take(),
                        input.checksum_sha1.take(),
                        input.checksum_sha256.take(),
                    ],
                    follow,
                    trailers: request.trailing_headers.take(),
                    decoded_length: decoded_length(&request.headers)?,
                })
            }
        }
    )+};
}

upload_from!(PutObjectInput, UploadPartInput);

impl Upload {
    /// Receives the body into `file`, however long that takes.
    pub(super) async fn receive(mut self, file: NewFile) -> S3Result<Received> {
        let not_written = |error| failed("write an object", error);
        let mut hasher = self.hasher();
        let (mut md5, mut size) = (Md5::new(), 0);
        let writer = tokio::fs::File::from_std(file.file);
        let mut writer = BufWriter::with_capacity(BUFFER_BYTES, writer);
        while let Some(bytes) = self.body.next().await {
            // The client is gone, or a chunk is malformed or has a wrong signature.
            let bytes = bytes.map_err(|error| {
                s3_error!(IncompleteBody, "the body ends early or is malformed: {error}")
            })?;
            md5.update(&bytes);
            hasher.update(&bytes);
            size += bytes.len() as u64;
            writer.write_all(&bytes).await.map_err(not_written)?;
        }
        writer.flush().await.map_err(not_written)?;
        if let Some(expected) = self.decoded_length.filter(|expected| *expected != size) {
            let message = format!("the body has {size} bytes, but {DECODED_LENGTH} is {expected}");
            return Err(S3Error::with_message(S3ErrorCode::IncompleteBody, message));
        }
        let body = NewFile { file: writer.into_inner().into_std().await, path: file.path };
        let (md5, checksum) = (md5.finalize(), hasher.finalize());
        self.check(&md5, &checksum)?;
        Ok(Received { body, size, md5, checksum })
    }

    fn hasher(&self) -> ChecksumHasher {
        let is_given = |place: usize| self.checksums[place].is_some() || self.follow[place];
        ChecksumHasher {
            crc32: is_given(0).then(Default::default),
            crc32c: is_given(1).then(Default::default),
            crc64nvme: is_given(2).then(Default::default),
            sha1: is_given(3).then(Default::default),
            sha256: is_given(4).then(Default::default),
        }
    }

    /// Refuses a body that does not match what the client says.
    fn check(&mut self, md5: &[u8; 16], checksum: &Checksum) -> S3Result<()> {
        if self.md5.as_ref().is_some_and(|given| *given != STANDARD.encode(md5)) {
            return Err(s3_error!(BadDigest, "the MD5 of the body does not match Content-MD5"));
        }
        let trailers = self.trailers.take().and_then(|trailers| trailers.take());
        for (place, computed) in values(checksum).into_iter().enumerate() {
            let Some(computed) = computed else { continue };
            let name = CHECKSUMS[place];
            let trailer = trailers.as_ref().and_then(|trailers| trailers.get(name)?.to_str().ok());
            let given = trailer.or(self.checksums[place].as_deref());
            if given != Some(computed) {
                return Err(s3_error!(BadDigest, "the body does not match {name}"));
            }
        }
        Ok(())
    }
}

fn decoded_length(headers: &HeaderMap) -> S3Result<Option<u64>> {
    let Some(length) = headers.get(DECODED_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    length.map(Some).ok_or_else(|| s3_error!(InvalidArgument, "{DECODED_LENGTH} is not a number"))
}

fn values(checksum: &Checksum) -> [Option<&String>; CHECKSUMS.len()] {
    [
        checksum.checksum_crc32.as_ref(),
        checksum.checksum_crc32c.as_ref(),
        checksum.checksum_crc64nvme.as_ref(),
        checksum.checksum_sha1.as_ref(),
        checksum.checksum_sha256.as_ref(),
    ]
}

/// Whether a value of `x-amz-trailer`, a list separated by commas, contains this name.
fn names(list: &HeaderValue, name: &str) -> bool {
    let mut names = list.to_str().unwrap_or_default().split(',');
    names.any(|listed| listed.trim().eq_ignore_ascii_case(name))
}

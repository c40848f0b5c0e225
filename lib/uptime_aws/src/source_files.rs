//! Source files in the data bucket, read as a stream of the very version that was announced.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use uptime::Timestamp;

use crate::CallError;

/// The data bucket's `incoming/`.
#[derive(Debug, Clone)]
pub struct SourceFiles {
    client: Client,
    bucket: String,
}

/// Which of the objects that a key has named over time is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// The version with this id.
    Version(String),
    /// The one with this `ETag`, if it is still the newest.
    ETag(String),
    /// Whatever is newest.
    Newest,
}

/// An object that is being read.
#[derive(Debug)]
pub struct SourceObject {
    /// When it was put there, to the second.
    pub uploaded_at: Timestamp,
    /// Its version id; its `ETag`, quotes removed, where the bucket keeps no versions.
    pub version: String,
    /// Its length in bytes, as stored.
    pub size_bytes: u64,
    body: ByteStream,
}

/// Why an object could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is gone, or was replaced by another.
    #[error("the object is gone or was replaced")]
    Gone,
    /// S3 did not answer as expected.
    #[error(transparent)]
    Unavailable(#[from] CallError),
}

impl SourceFiles {
    /// Makes the client; nothing is called yet.
    pub fn new(sdk_config: &SdkConfig, bucket: &str) -> SourceFiles {
        SourceFiles { client: s3_client(sdk_config), bucket: bucket.to_owned() }
    }

    /// Returns the bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Opens an object; its bytes follow by [`SourceObject::next_chunk`].
    pub async fn open(&self, key: &str, pin: &Pin) -> Result<SourceObject, OpenError> {
        todo!()
    }
}

impl SourceObject {
    /// Returns the next bytes, as they come; `None` at the end.
    pub async fn next_chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, CallError> {
        let next = self.body.next().await.transpose();
        next.map_err(|source| CallError::new("GetObject", source))
    }
}

/// Makes an S3 client. One with an endpoint of its own puts the bucket's name into the path: such
/// an endpoint has no name a bucket could stand before.
pub(crate) fn s3_client(sdk_config: &SdkConfig) -> Client {
    let path_style = sdk_config.endpoint_url().is_some();
    let config = aws_sdk_s3::config::Builder::from(sdk_config).force_path_style(path_style).build();
    Client::from_conf(config)
}

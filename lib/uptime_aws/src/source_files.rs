//! Source files in the data bucket, read as a stream of the very version that was announced.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_types::SdkConfig;
use uptime::{Timestamp, interval};

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
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let request = match pin {
            Pin::Version(id) => request.version_id(id),
            Pin::ETag(e_tag) => request.if_match(format!("\"{}\"", without_quotes(e_tag))),
            Pin::Newest => request,
        };
        let object = request.send().await.map_err(|error| {
            if error.code().is_some_and(|code| GONE.contains(&code)) {
                OpenError::Gone
            } else {
                CallError::new("GetObject", error).into()
            }
        })?;
        let version = version(object.version_id(), object.e_tag());
        Ok(SourceObject {
            uploaded_at: object.last_modified().map(timestamp).ok_or_else(|| lacks("date"))?,
            version: version.ok_or_else(|| lacks("version"))?.to_owned(),
            size_bytes: object
                .content_length()
                .and_then(|length| u64::try_from(length).ok())
                .ok_or_else(|| lacks("length"))?,
            body: object.body,
        })
    }
}

/// How S3 says that the object, or the version of it that was announced, is no more. The last is
/// the answer to an `ETag` that does not match.
const GONE: [&str; 3] = ["NoSuchKey", "NoSuchVersion", "PreconditionFailed"];

/// Where versions are not kept, or not any more, all objects of a key have the version `null`.
fn version<'o>(version_id: Option<&'o str>, e_tag: Option<&'o str>) -> Option<&'o str> {
    version_id.filter(|&id| id != "null").or_else(|| e_tag.map(without_quotes))
}

fn without_quotes(e_tag: &str) -> &str {
    e_tag.trim_matches('"')
}

fn timestamp(at: &DateTime) -> Timestamp {
    let micros = i64::from(at.subsec_nanos() / 1_000);
    Timestamp::from_micros(at.secs().saturating_mul(interval::SECOND)).plus(micros)
}

fn lacks(header: &str) -> CallError {
    CallError::new("GetObject", format!("the answer lacks the object's {header}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_its_id_or_else_the_e_tag_without_quotes() {
        let e_tag = Some("\"9e107d9d\"");
        assert_eq!(version(Some("3HL4kqtJ"), e_tag), Some("3HL4kqtJ"));
        assert_eq!(version(Some("null"), e_tag), Some("9e107d9d"));
        assert_eq!(version(None, e_tag), Some("9e107d9d"));
        assert_eq!(version(None, None), None);
    }

    #[test]
    fn an_upload_instant_is_read_to_the_microsecond() {
        let at = DateTime::from_secs_and_nanos(1_674_551_202, 605_777_999);
        assert_eq!(timestamp(&at).micros(), 1_674_551_202_605_777);
    }
}

//! Source files in the data bucket, read as a stream of the very version that was announced.

use std::str::Utf8Error;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{EncodingType, ObjectVersion};
use percent_encoding::percent_decode_str;
use uptime::segment::Source;
use uptime::{Timestamp, interval};

use crate::{CallError, Clients};

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
    /// Whether the bucket keeps it when another takes its place.
    pub is_kept: bool,
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
    pub fn new(clients: &impl Clients, bucket: &str) -> SourceFiles {
        SourceFiles { client: clients.s3(), bucket: bucket.to_owned() }
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
        let id = version_id(object.version_id());
        let version = id.or_else(|| object.e_tag().map(without_quotes));
        Ok(SourceObject {
            uploaded_at: object.last_modified().map(timestamp).ok_or_else(|| lacks("date"))?,
            version: version.ok_or_else(|| lacks("version"))?.to_owned(),
            is_kept: id.is_some(),
            size_bytes: object
                .content_length()
                .and_then(|length| u64::try_from(length).ok())
                .ok_or_else(|| lacks("length"))?,
            body: object.body,
        })
    }

    /// Returns how many earlier versions of a source's key were uploaded in the same second, which is
    /// the source's rank. Only for a version that the bucket keeps.
    ///
    /// S3 lists the versions of a key newest first, so reading begins behind the source's, and ends
    /// with the page whose last version is of an older second or of another key.
    pub async fn rank(&self, source: &Source) -> Result<u32, CallError> {
        let second = source.uploaded_at.micros().div_euclid(interval::SECOND);
        let mut behind = source.version.clone();
        let mut rank = 0_u32;
        loop {
            let page = self.versions_behind(&source.key, &behind).await?;
            let mut seconds = page.versions().iter().map(|version| {
                let date = version.last_modified().filter(|_| names(&page, version, &source.key));
                date.map(DateTime::secs)
            });
            let alike = seconds.clone().filter(|&other| other == Some(second)).count();
            rank = rank.saturating_add(u32::try_from(alike).unwrap_or(u32::MAX));
            let goes_on = seconds.next_back().flatten() >= Some(second);
            match page.next_version_id_marker().filter(|_| goes_on) {
                Some(next) => next.clone_into(&mut behind),
                None => return Ok(rank),
            }
        }
    }

    async fn versions_behind(
        &self,
        key: &str,
        version: &str,
    ) -> Result<ListObjectVersionsOutput, CallError> {
        let request = self.client.list_object_versions().bucket(&self.bucket).prefix(key);
        let request = request.key_marker(key).version_id_marker(version);
        // Without it a key that XML cannot hold would make the answer unreadable.
        let request = request.encoding_type(EncodingType::Url).max_keys(VERSIONS_A_PAGE);
        request.send().await.map_err(|source| CallError::new("ListObjectVersions", source))
    }
}

/// Whether a version is one of `key`: a listing goes on with longer keys. Emulators may not encode.
fn names(page: &ListObjectVersionsOutput, version: &ObjectVersion, key: &str) -> bool {
    let listed = version.key().unwrap_or_default();
    match page.encoding_type() {
        Some(EncodingType::Url) => decoded_key(listed).is_ok_and(|decoded| decoded == key),
        _ => listed == key,
    }
}

/// How many versions are asked for at once. A key is hardly put more often within a second.
const VERSIONS_A_PAGE: i32 = 100;

/// How S3 says that the object, or the version of it that was announced, is no more. The last is
/// the answer to an `ETag` that does not match.
const GONE: [&str; 3] = ["NoSuchKey", "NoSuchVersion", "PreconditionFailed"];

/// Where versions are not kept, or not any more, all objects of a key have the version `null`.
fn version_id(id: Option<&str>) -> Option<&str> {
    id.filter(|&id| id != "null")
}

/// Decodes a key as S3 encodes it in events and listings: a blank is a plus sign, a plus sign `%2B`.
pub fn decoded_key(key: &str) -> Result<String, Utf8Error> {
    let blanks_restored = key.replace('+', " ");
    Ok(percent_decode_str(&blanks_restored).decode_utf8()?.into_owned())
}

fn without_quotes(e_tag: &str) -> &str {
    e_tag.trim_matches('"')
}

/// Reads an instant of S3, cut to the microsecond.
pub fn timestamp(at: &DateTime) -> Timestamp {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_null_is_none() {
        assert_eq!(version_id(Some("3HL4kqtJ")), Some("3HL4kqtJ"));
        assert_eq!(version_id(Some("null")), None);
        assert_eq!(version_id(None), None);
    }

    #[test]
    fn a_key_is_decoded_once() {
        assert_eq!(decoded_key("a+b%2Bc%3D%C3%BC").unwrap(), "a b+c=ü");
        assert_eq!(decoded_key("a%252Bb").unwrap(), "a%2Bb");
        assert!(decoded_key("%FF").is_err());
    }

    #[test]
    fn an_upload_instant_is_read_to_the_microsecond() {
        let at = DateTime::from_secs_and_nanos(1_674_551_202, 605_777_999);
        assert_eq!(timestamp(&at).micros(), 1_674_551_202_605_777);
    }
}

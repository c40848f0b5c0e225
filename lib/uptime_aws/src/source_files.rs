//! Source files in the data bucket, read as a stream of exactly the version that was announced.
//!
//! **A broken or paused download resumes where it stopped, with the same version of the object, or it
//! fails.** A file of 2 GB that was read again from its first byte would often break again.

use std::str::Utf8Error;

use aws_sdk_s3::config::ResponseChecksumValidation;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{EncodingType, ObjectVersion};
use aws_sdk_s3::{Client, Config};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use uptime::segment::Source;
use uptime::{Timestamp, interval};

use crate::backoff::Backoff;
use crate::{CallError, Clients, Deadline, describe};

/// The data bucket's `incoming/`.
#[derive(Debug, Clone)]
pub struct SourceFiles {
    client: Client,
    bucket: String,
}

/// Which object of a key is meant; a key can have named several over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// The version with this id.
    Version(String),
    /// The object with this `ETag`, if it is still the newest.
    ETag(String),
    /// The newest object.
    Newest,
}

/// An object that is being read.
#[derive(Debug)]
pub struct SourceObject {
    /// When it was uploaded, to the second.
    pub uploaded_at: Timestamp,
    /// Its version id, or its `ETag` without quotes if the bucket keeps no versions.
    pub version: String,
    /// Whether the bucket keeps this version when the object is replaced.
    pub is_kept: bool,
    /// Its length in bytes, as stored.
    pub size_bytes: u64,
    e_tag: Option<String>,
    // Requests this version and no other. Boxed because it is large and objects are moved.
    request: Box<GetObjectFluentBuilder>,
    body: ByteStream,
    bytes_read: u64,
    breaks: Breaks,
    is_paused: bool,
}

/// How often a download broke since the last byte that it received.
#[derive(Debug, Default)]
struct Breaks {
    count: u32,
    backoff: Backoff,
}

/// A download is given up after more than this many breaks without a byte in between. Every byte
/// counts as progress, so only the deadline limits a download that makes progress.
const BREAKS_WITHOUT_PROGRESS: u32 = 5;

/// Why an object could not be opened or read to its end.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It was deleted or replaced.
    #[error("the object was deleted or replaced")]
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

    /// Opens an object. [`SourceObject::next_chunk`] returns its bytes.
    pub async fn open(&self, key: &str, pin: &Pin) -> Result<SourceObject, OpenError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let request = match pin {
            Pin::Version(id) => request.version_id(id),
            Pin::ETag(e_tag) => request.if_match(format!("\"{}\"", without_quotes(e_tag))),
            Pin::Newest => request,
        };
        let object = request.send().await.map_err(not_opened)?;
        let version = version(object.version_id(), object.e_tag());
        let rest = self.client.get_object().bucket(&self.bucket).key(key);
        let rest = rest.set_version_id(object.version_id.clone());
        let rest = rest.set_if_match(object.e_tag.clone());
        Ok(SourceObject {
            uploaded_at: object.last_modified().map(timestamp).ok_or_else(|| lacks("date"))?,
            version: version.ok_or_else(|| lacks("version"))?.to_owned(),
            is_kept: version_id(object.version_id()).is_some(),
            size_bytes: object
                .content_length()
                .and_then(|length| u64::try_from(length).ok())
                .ok_or_else(|| lacks("length"))?,
            e_tag: object.e_tag.clone(),
            request: Box::new(rest),
            body: object.body,
            bytes_read: 0,
            breaks: Breaks::default(),
            is_paused: false,
        })
    }

    /// Returns the source's rank: how many earlier versions of its key were uploaded in the same
    /// second. Only for a version that the bucket keeps.
    ///
    /// S3 lists the versions of a key newest first. So reading starts after the source's version,
    /// and ends with the page whose last version is from an earlier second or of another key.
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
        // Without URL encoding, a key that XML cannot contain would make the answer unreadable.
        let request = request.encoding_type(EncodingType::Url).max_keys(VERSIONS_A_PAGE);
        request.send().await.map_err(|source| CallError::new("ListObjectVersions", source))
    }
}

fn not_opened<E, R>(error: SdkError<E, R>) -> OpenError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    if error.code().is_some_and(|code| GONE.contains(&code)) {
        OpenError::Gone
    } else {
        CallError::new("GetObject", error).into()
    }
}

/// Whether a listed version belongs to `key`: a listing continues with longer keys. Some emulators
/// do not encode keys.
fn names(page: &ListObjectVersionsOutput, version: &ObjectVersion, key: &str) -> bool {
    let listed = version.key().unwrap_or_default();
    match page.encoding_type() {
        Some(EncodingType::Url) => decoded_key(listed).is_ok_and(|decoded| decoded == key),
        _ => listed == key,
    }
}

/// How many versions one page lists. A key is rarely put more often within a second.
const VERSIONS_A_PAGE: i32 = 100;

/// S3's error codes for an object or a version that no longer exists. The last one answers an
/// `ETag` that does not match.
const GONE: [&str; 3] = ["NoSuchKey", "NoSuchVersion", "PreconditionFailed"];

/// If a bucket keeps no versions, or no longer does, every object of a key has the version `null`.
fn version_id(id: Option<&str>) -> Option<&str> {
    id.filter(|&id| id != "null")
}

/// Returns the text that distinguishes an object from others with the same key.
fn version<'o>(version_id: Option<&'o str>, e_tag: Option<&'o str>) -> Option<&'o str> {
    self::version_id(version_id).or_else(|| e_tag.map(without_quotes))
}

/// Decodes a key from an event or a listing of S3, where a blank is `+` and a plus sign is `%2B`.
pub fn decoded_key(key: &str) -> Result<String, Utf8Error> {
    let blanks_restored = key.replace('+', " ");
    Ok(percent_decode_str(&blanks_restored).decode_utf8()?.into_owned())
}

fn without_quotes(e_tag: &str) -> &str {
    e_tag.trim_matches('"')
}

/// Converts an instant of S3, truncated to the microsecond.
pub fn timestamp(at: &DateTime) -> Timestamp {
    let micros = i64::from(at.subsec_nanos() / 1_000);
    Timestamp::from_micros(at.secs().saturating_mul(interval::SECOND)).plus(micros)
}

fn lacks(header: &str) -> CallError {
    CallError::new("GetObject", format!("the answer lacks the object's {header}"))
}

impl SourceObject {
    /// Returns the next bytes as they arrive, and `None` when all have arrived.
    ///
    /// A broken download resumes where it broke, until the deadline. It is given up if it still
    /// breaks after five resumptions without a byte in between.
    pub async fn next_chunk(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, OpenError> {
        let next = timeout(deadline.left(), self.next_in_spite_of_breaks(deadline)).await;
        next.map_err(|elapsed| CallError::new("GetObject", elapsed))?
    }

    async fn next_in_spite_of_breaks(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, OpenError> {
        let mut resumed =
            if std::mem::take(&mut self.is_paused) { self.resume().await? } else { Ok(()) };
        loop {
            let next = match resumed {
                Ok(()) => self.next_of_body().await,
                Err(error) => Err(error),
            };
            match next {
                Ok(next) => return Ok(next),
                Err(broken) => self.wait_to_go_on(broken, deadline).await?,
            }
            resumed = self.resume().await?;
        }
    }

    /// Closes the download until the next call of [`SourceObject::next_chunk`], which requests the
    /// rest.
    ///
    /// Call it before a long wait: S3 closes connections from which nothing is read.
    pub fn pause(&mut self) {
        // There is no rest to request if all bytes have arrived.
        if self.bytes_read < self.size_bytes {
            self.body = ByteStream::default();
            self.is_paused = true;
        }
    }

    /// Requests the rest. The inner error is a break, after which the rest can be requested again.
    async fn resume(&mut self) -> Result<Result<(), CallError>, OpenError> {
        // Boxed because it is rare and large: a call's future has 8 KB.
        match Box::pin(self.open_rest()).await {
            Ok(()) => Ok(Ok(())),
            Err(OpenError::Unavailable(error)) => Ok(Err(error)),
            Err(OpenError::Gone) => Err(OpenError::Gone),
        }
    }

    /// Returns the next bytes of the current answer. It is an error if the answer ends early.
    async fn next_of_body(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, CallError> {
        let next = self.body.next().await.transpose();
        let next = next.map_err(|source| CallError::new("GetObject", source))?;
        self.bytes_read += next.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if next.as_ref().is_some_and(|chunk| !chunk.is_empty()) {
            self.breaks = Breaks::default();
        }
        let is_right = match next {
            Some(_) => self.bytes_read <= self.size_bytes,
            None => self.bytes_read == self.size_bytes,
        };
        let wrong_length = || {
            let (read, size) = (self.bytes_read, self.size_bytes);
            CallError::new(
                "GetObject",
                format!("received {read} bytes of an object of {size} bytes"),
            )
        };
        if is_right { Ok(next) } else { Err(wrong_length()) }
    }

    /// Waits before the next try. Returns the error if there is no next try.
    async fn wait_to_go_on(
        &mut self,
        broken: CallError,
        deadline: Deadline,
    ) -> Result<(), CallError> {
        // If all bytes have arrived, there is nothing left to request: the content was wrong.
        let is_over = self.bytes_read >= self.size_bytes;
        self.breaks.count += 1;
        let is_stuck = self.breaks.count > BREAKS_WITHOUT_PROGRESS;
        if is_over || is_stuck || !self.breaks.backoff.wait(deadline).await {
            return Err(broken);
        }
        let cause = describe(&broken);
        tracing::warn!(
            bytes_read = self.bytes_read,
            size_bytes = self.size_bytes,
            cause,
            "a download broke and is resumed"
        );
        Ok(())
    }

    /// Requests the bytes that have not arrived. An answer about another object is an error, so
    /// that two objects are never read as one.
    async fn open_rest(&mut self) -> Result<(), OpenError> {
        // S3 has no checksum for an arbitrary range, and the checksum of the whole does not fit it.
        let unchecked = Config::builder()
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        let rest = self.request.clone().range(format!("bytes={}-", self.bytes_read));
        let rest = rest.customize().config_override(unchecked).send().await.map_err(not_opened)?;
        if rest.e_tag != self.e_tag || !self.has_same_version(&rest) {
            return Err(OpenError::Gone);
        }
        let range = rest.content_range().unwrap_or_default();
        let expected =
            format!("bytes {}-{}/{}", self.bytes_read, self.size_bytes - 1, self.size_bytes);
        if range != expected {
            let found = format!("the answer has the range {range:?}; expected is {expected:?}");
            return Err(CallError::new("GetObject", found).into());
        }
        self.body = rest.body;
        Ok(())
    }

    fn has_same_version(&self, rest: &GetObjectOutput) -> bool {
        version(rest.version_id(), rest.e_tag()) == Some(&self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_null_is_no_version() {
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

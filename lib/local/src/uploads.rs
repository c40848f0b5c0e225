//! Uploads source files to a running system over S3 and follows their loads to the end.

mod parts;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;
use aws_types::SdkConfig;
use thiserror::Error;
use tokio::time::Instant;
use uptime::Timestamp;
use uptime::segment::Source;
use uptime_aws::load_files::INCOMING;
use uptime_aws::{
    CallError, Clients as _, LoadFiles, LoadFolder, LoadStatus, Manifest, OpenError, Pin,
    SourceFiles,
};

use crate::first_rejects;
use crate::load_outcome::LoadOutcome;
use crate::s3::PUT_BYTES_MAX;
use crate::secret::{Secret, SecretError};
use crate::system::DATA_BUCKET;

use parts::{PART_BYTES, put_in_parts};

/// The data bucket, as a user who uploads files sees it.
#[derive(Debug, Clone)]
pub struct Uploads {
    client: aws_sdk_s3::Client,
    sources: SourceFiles,
    loads: LoadFiles,
    s3: SocketAddr,
    secret_file: PathBuf,
}

/// Why a file was not loaded, as far as the uploader knows.
#[derive(Debug, Error)]
pub enum UploadError {
    /// The file cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The path has no file name, such as `..`.
    #[error("{} does not end in a file name", .0.display())]
    Nameless(PathBuf),
    /// No system listens there.
    #[error(
        "no local system answers at {0}; start one with `local serve`, or give the --s3-port of the \
        running one"
    )]
    NoSystem(SocketAddr),
    /// The secret that signs calls cannot be read.
    #[error(
        "cannot read the secret that signs calls; use the --data-dir that `local serve` was started \
         with"
    )]
    Secret(#[from] SecretError),
    /// The system at that address has another secret.
    #[error(
        "the system at {s3} does not accept the secret in {}; use the --data-dir it was started \
         with",
        .secret_file.display()
    )]
    OtherSecret {
        /// Where its S3 listens.
        s3: SocketAddr,
        /// The file of the secret that was used.
        secret_file: PathBuf,
    },
    /// S3 returned an error.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Another object replaced the file before its load began.
    #[error("{0} was replaced by another upload")]
    Replaced(String),
    /// The load did not end for a long time, because it fails again and again.
    #[error("the load of {0} does not end; see the log of the running system for the reason")]
    Endless(String),
}

impl UploadError {
    fn unreadable(path: &Path, cause: impl Into<Box<dyn Error + Send + Sync>>) -> UploadError {
        UploadError::Unreadable { path: path.to_owned(), source: io::Error::other(cause) }
    }
}

/// The first and the longest pause between two checks of a manifest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));
/// Longer than five attempts of a load, a quarter of an hour each, and the pauses between them.
const PATIENCE: Duration = Duration::from_mins(80);

impl Uploads {
    /// Makes the clients of the system whose S3 listens at `s3` and whose secret is in
    /// `secret_file`. Calls nothing yet.
    pub fn new(sdk_config: &SdkConfig, s3: SocketAddr, secret_file: &Path) -> Uploads {
        Uploads {
            client: sdk_config.s3(),
            sources: SourceFiles::new(sdk_config, DATA_BUCKET),
            loads: LoadFiles::new(sdk_config, DATA_BUCKET),
            s3,
            secret_file: secret_file.to_owned(),
        }
    }

    /// Returns the uploads to the system whose S3 listens at `s3` and whose data is in
    /// `data_folder`. Fails if no system listens there.
    pub async fn to_system_at(s3: SocketAddr, data_folder: &Path) -> Result<Uploads, UploadError> {
        // Without this check, the SDK would retry many times.
        let connected = tokio::net::TcpStream::connect(s3).await;
        connected.map_err(|_| UploadError::NoSystem(s3))?;
        let secret = Secret::read(data_folder)?;
        let config = crate::emulators::client_config(s3, secret.expose());
        let uploads = Uploads::new(&config, s3, secret.file());
        let bucket = uploads.client.head_bucket().bucket(DATA_BUCKET).send().await;
        bucket.map_err(|error| {
            match error.raw_response().map(|answer| answer.status().as_u16()) {
                Some(403) => {
                    UploadError::OtherSecret { s3, secret_file: uploads.secret_file.clone() }
                }
                _ => UploadError::NoSystem(s3),
            }
        })?;
        Ok(uploads)
    }

    /// Whether nothing was ever uploaded under `incoming/`.
    pub async fn is_empty(&self) -> Result<bool, CallError> {
        let list = self.client.list_objects_v2().bucket(DATA_BUCKET).prefix(INCOMING).max_keys(1);
        // Without the encoding, a key with a control character could not be listed.
        let page = list.encoding_type(EncodingType::Url).send().await;
        let page = page.map_err(|source| CallError::new("ListObjectsV2", source))?;
        Ok(page.contents().is_empty())
    }

    /// Uploads a file to `key` and returns the folder of its load.
    pub async fn put(&self, path: &Path, key: &str) -> Result<LoadFolder, UploadError> {
        // If the file were unreadable, its stream would fail somewhere inside the call.
        let file = opened(path).await?;
        let metadata = file.metadata().await;
        let length = metadata.map_err(|source| UploadError::unreadable(path, source))?.len();
        if length <= PUT_BYTES_MAX {
            return self.put_file(path, file, key).await;
        }
        let to = (DATA_BUCKET, key);
        let e_tag = put_in_parts(&self.client, path, length, PART_BYTES, to).await?;
        self.folder_of_load(key, &e_tag).await
    }

    /// Like [`Uploads::put`], of an open file of at most 5 GiB at its start; errors name it as `path`.
    pub async fn put_file(
        &self,
        path: &Path,
        file: tokio::fs::File,
        key: &str,
    ) -> Result<LoadFolder, UploadError> {
        let body = ByteStream::read_from().file(file).build().await;
        let body = body.map_err(|error| UploadError::unreadable(path, error))?;
        let put = self.client.put_object().bucket(DATA_BUCKET).key(key).body(body).send().await;
        let put = put.map_err(|source| CallError::new("PutObject", source))?;
        self.folder_of_load(key, &put.e_tag.unwrap_or_default()).await
    }

    async fn folder_of_load(&self, key: &str, e_tag: &str) -> Result<LoadFolder, UploadError> {
        let pin = Pin::ETag(e_tag.trim_matches('"').to_owned());
        let object = self.sources.open(key, &pin).await.map_err(|error| match error {
            OpenError::Gone => UploadError::Replaced(key.to_owned()),
            OpenError::Unavailable(error) => error.into(),
        })?;
        let source = Source::new(object.uploaded_at, key, &object.version);
        Ok(LoadFolder::of(DATA_BUCKET, &source))
    }

    /// Waits until the load of the file at `path` is Complete or Failed, and returns its outcome.
    pub async fn outcome(
        &self,
        path: &Path,
        folder: &LoadFolder,
    ) -> Result<LoadOutcome, UploadError> {
        let manifest = self.ended(folder).await?;
        let rejects = match manifest.rejected {
            0 => Vec::new(),
            _ => self.loads.start_of_rejects(folder, first_rejects::ENOUGH_BYTES).await?,
        };
        Ok(LoadOutcome {
            path: path.to_owned(),
            manifest,
            rejects,
            s3: self.s3,
            secret_file: self.secret_file.clone(),
        })
    }

    async fn ended(&self, folder: &LoadFolder) -> Result<Manifest, UploadError> {
        let give_up = Instant::now() + PATIENCE;
        let (mut pause, longest) = PAUSES;
        loop {
            let manifest = self.loads.manifest(folder).await?;
            if let Some(manifest) = manifest.filter(|found| found.status != LoadStatus::Running) {
                return Ok(manifest);
            }
            if Instant::now() > give_up {
                return Err(UploadError::Endless(folder.to_string()));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }
}

/// Checks that a file can be read. If one of several files cannot, none is uploaded.
pub async fn check_readable(path: &Path) -> Result<(), UploadError> {
    opened(path).await.map(drop)
}

async fn opened(path: &Path) -> Result<tokio::fs::File, UploadError> {
    let unreadable = |source| UploadError::Unreadable { path: path.to_owned(), source };
    // Before it is opened: opening a named pipe would wait for a writer. The length of a pipe is not
    // known, so it would be uploaded as an empty file.
    let metadata = tokio::fs::metadata(path).await.map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(unreadable(io::Error::other("it must be a regular file")));
    }
    tokio::fs::File::open(path).await.map_err(unreadable)
}

/// Returns the last part of a path, which becomes the last part of the key.
pub fn file_name(path: &Path) -> Result<String, UploadError> {
    let name = path.file_name().ok_or_else(|| UploadError::Nameless(path.to_owned()))?;
    Ok(name.to_string_lossy().into_owned())
}

/// Returns a key that sorts after the keys of earlier files and of earlier commands. Files are
/// uploaded one after another, so a later file has a later event. Events have millisecond
/// precision: if two files share a millisecond, the key decides which is newer.
pub fn own_key(now: Timestamp, number: usize, name: &str) -> String {
    let text = now.to_string();
    let (seconds, fraction) = text.trim_end_matches('Z').split_once('.').unwrap_or((&text, ""));
    let digits: String = seconds.chars().filter(char::is_ascii_alphanumeric).collect();
    let digits = digits.trim_end_matches('Z');
    format!("{INCOMING}{digits}.{fraction:0<6}Z-{number:06}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_regular_file_can_be_uploaded() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();

        check(&socket, "it must be a regular file").await;
        check(folder.path(), "is a directory").await;
        check(&folder.path().join("gone"), "No such file").await;
    }

    async fn check(path: &Path, expected: &str) {
        let error = uptime_aws::describe(&check_readable(path).await.unwrap_err());
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn keys_sort_by_instant_then_by_place_on_the_command_line() {
        let [one, next] =
            [999, 1_000].map(|number| own_key(Timestamp::from_micros(0), number, "x"));
        assert!(one < next);
        check_key(1_674_554_802_605_777, 0, "incoming/20230124T100642.605777Z-000000/polls.csv");
        check_key(
            1_674_554_802_000_000,
            1_000,
            "incoming/20230124T100642.000000Z-001000/polls.csv",
        );
    }

    #[track_caller]
    fn check_key(micros: i64, number: usize, expected: &str) {
        assert_eq!(own_key(Timestamp::from_micros(micros), number, "polls.csv"), expected);
    }
}

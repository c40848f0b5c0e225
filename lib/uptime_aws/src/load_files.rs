//! The results of a load: a folder under `loads/` with its manifest and the files of rejected rows.

use std::fmt;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use uptime::segment::Source;

use crate::csv_upload::PART_BYTES;
use crate::{CallError, Clients, CsvUpload, Manifest, hash};

/// The data bucket's `loads/`.
#[derive(Debug, Clone)]
pub struct LoadFiles {
    client: Client,
    bucket: String,
}

/// `loads/<key below incoming/>/<16 hex digits>/`: one folder for each object ever uploaded.
///
/// The digits alone distinguish objects. So a key that is nearly as long as S3 allows is shortened
/// in the folder's name, to leave room for the names of the files in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LoadFolder(String);

/// S3's error codes for an object that already exists, or that another request is writing.
const IS_THERE: [&str; 2] = ["PreconditionFailed", "ConditionalRequestConflict"];

/// In bytes of UTF-8: S3's limit of 1,024, minus `loads/`, two slashes, the digits and
/// `rejected_rows.csv`.
const NAME_BYTES_MAX: usize = 1_024 - (6 + 2 + 16 + 17);

/// The file of a load that says what is wrong with each rejected row.
pub const REJECTS: &str = "rejects.csv";

const MANIFEST: &str = "manifest.json";

/// The prefix of the folders of all loads.
pub const LOADS: &str = "loads/";

/// Whether this is the key of a load's manifest.
pub fn is_manifest(key: &str) -> bool {
    key.starts_with(LOADS) && key.rsplit('/').next() == Some(MANIFEST)
}

/// The prefix of source files.
pub const INCOMING: &str = "incoming/";

impl LoadFolder {
    /// The folder of an object. Its bucket, key, version or `ETag`, and upload instant identify it.
    pub fn of(bucket: &str, source: &Source) -> LoadFolder {
        let instant = source.uploaded_at.micros().to_string();
        let digits = hash::short_hash_of(&[bucket, &source.key, &source.version, &instant]);
        let name = source.key.strip_prefix(INCOMING).unwrap_or(&source.key);
        let name = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
        LoadFolder(format!("{LOADS}{name}/{digits}/"))
    }

    /// The folder of the load whose manifest has this key. `None`: it is not the key of a manifest.
    pub fn of_manifest(key: &str) -> Option<LoadFolder> {
        let folder = key.strip_suffix(MANIFEST).filter(|_| is_manifest(key))?;
        Some(LoadFolder(folder.to_owned()))
    }

    fn manifest_key(&self) -> String {
        format!("{self}{MANIFEST}")
    }
}

impl fmt::Display for LoadFolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl LoadFiles {
    /// Makes the client; nothing is called yet.
    pub fn new(clients: &impl Clients, bucket: &str) -> LoadFiles {
        LoadFiles { client: clients.s3(), bucket: bucket.to_owned() }
    }

    /// Writes the first `manifest.json` of a load, unless there already is one.
    ///
    /// It never overwrites a manifest, because of two attempts at once: if one ends, and the other
    /// then overwrites its manifest with Running and is stopped, the load would stay Running for
    /// ever.
    pub async fn begin_manifest(
        &self,
        folder: &LoadFolder,
        manifest: &Manifest,
    ) -> Result<(), CallError> {
        let put = self.manifest_request(folder, manifest)?.if_none_match("*");
        match put.send().await {
            Err(error) if error.code().is_some_and(|code| IS_THERE.contains(&code)) => Ok(()),
            put => put.map(drop).map_err(|source| CallError::new("PutObject", source)),
        }
    }

    /// Writes a load's `manifest.json`.
    pub async fn put_manifest(
        &self,
        folder: &LoadFolder,
        manifest: &Manifest,
    ) -> Result<(), CallError> {
        let put = self.manifest_request(folder, manifest)?.send().await;
        put.map(drop).map_err(|source| CallError::new("PutObject", source))
    }

    fn manifest_request(
        &self,
        folder: &LoadFolder,
        manifest: &Manifest,
    ) -> Result<PutObjectFluentBuilder, CallError> {
        let json = serde_json::to_vec_pretty(manifest)
            .map_err(|source| CallError::new("writing a manifest", source))?;
        let put = self.client.put_object().bucket(&self.bucket).key(folder.manifest_key());
        Ok(put.content_type("application/json").body(json.into()))
    }

    /// Reads a load's `manifest.json`. `None`: there is none, or it cannot be read.
    ///
    /// Needs the permission to list the bucket. Without it S3 answers 403, not 404, for a missing
    /// object.
    pub async fn manifest(&self, folder: &LoadFolder) -> Result<Option<Manifest>, CallError> {
        let object =
            self.client.get_object().bucket(&self.bucket).key(folder.manifest_key()).send().await;
        let object = match object {
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            object => object.map_err(|source| CallError::new("GetObject", source))?,
        };
        let json = object.body.collect().await;
        let json = json.map_err(|source| CallError::new("GetObject", source))?.to_vec();
        Ok(serde_json::from_slice(&json).ok())
    }

    /// Reads at most the first `limit` bytes of a load's `rejects.csv`; `limit` must not be 0.
    /// Returns nothing if no row was rejected, because there is no such file then.
    pub async fn start_of_rejects(
        &self,
        folder: &LoadFolder,
        limit: usize,
    ) -> Result<Vec<u8>, CallError> {
        let get = self.client.get_object().bucket(&self.bucket).key(format!("{folder}{REJECTS}"));
        let object = match get.range(format!("bytes=0-{}", limit.saturating_sub(1))).send().await {
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(Vec::new()),
            object => object.map_err(|source| CallError::new("GetObject", source))?,
        };
        let bytes = object.body.collect().await;
        Ok(bytes.map_err(|source| CallError::new("GetObject", source))?.to_vec())
    }

    /// Starts a CSV in a load's folder. It is stored when it is finished.
    pub fn csv_upload(&self, folder: &LoadFolder, file_name: &str) -> CsvUpload {
        CsvUpload::new(
            self.client.clone(),
            self.bucket.clone(),
            format!("{folder}{file_name}"),
            PART_BYTES,
        )
    }
}

#[cfg(test)]
mod tests {
    use uptime::Timestamp;

    use super::*;

    #[test]
    fn a_folder_is_named_after_the_key_below_incoming() {
        check("incoming/2023/polls.csv", "loads/2023/polls.csv/");
        check("incoming/incoming/a", "loads/incoming/a/");
        check("elsewhere/polls.csv", "loads/elsewhere/polls.csv/");
    }

    #[test]
    fn every_key_that_s3_accepts_leaves_room_for_the_files_of_its_load() {
        for name in ["x".repeat(1_015), "€".repeat(338), "x".repeat(983)] {
            let key = format!("{INCOMING}{name}");
            assert!(key.len() <= 1_024);
            let folder = LoadFolder::of("data", &source(&key, "v", 1)).to_string();
            let longest = format!("{folder}rejected_rows.csv");
            assert!((1_020..=1_024).contains(&longest.len()), "{}", longest.len());
        }
        let [one, other] = ["a", "b"].map(|end| format!("{INCOMING}{}{end}", "x".repeat(1_014)));
        let folder = |key: &str| LoadFolder::of("data", &source(key, "v", 1));
        assert_ne!(folder(&one), folder(&other));
    }

    #[test]
    fn every_object_has_its_own_folder() {
        let folders = [
            LoadFolder::of("b", &source("incoming/a", "v", 1)),
            LoadFolder::of("c", &source("incoming/a", "v", 1)),
            LoadFolder::of("b", &source("incoming/a", "w", 1)),
            LoadFolder::of("b", &source("incoming/a", "v", 2)),
        ];
        for (index, folder) in folders.iter().enumerate() {
            assert!(!folders[..index].contains(folder));
        }
        assert_eq!(folders[0], LoadFolder::of("b", &source("incoming/a", "v", 1)));
    }

    #[track_caller]
    fn check(key: &str, before_digits: &str) {
        let folder = LoadFolder::of("data", &source(key, "v", 1)).to_string();
        let digits = folder.strip_prefix(before_digits).and_then(|rest| rest.strip_suffix('/'));
        assert_eq!(digits.map(str::len), Some(16));
    }

    fn source(key: &str, version: &str, micros: i64) -> Source {
        Source::new(Timestamp::from_micros(micros), key, version)
    }
}

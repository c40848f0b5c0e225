//! What a load leaves behind: a folder under `loads/` with its manifest and its reject files.

use std::fmt;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use uptime::segment::Source;

use crate::source_files::s3_client;
use crate::{CallError, Manifest, hash};

/// The data bucket's `loads/`.
#[derive(Debug, Clone)]
pub struct LoadFiles {
    client: Client,
    bucket: String,
}

/// `loads/<key below incoming/>/<16 hex digits>/`: one folder for each object ever uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LoadFolder(String);

/// Where source files are put.
pub const INCOMING: &str = "incoming/";

impl LoadFolder {
    /// The folder of an object: told apart by its bucket, key, version or `ETag`, and upload instant.
    pub fn of(bucket: &str, source: &Source) -> LoadFolder {
        let instant = source.uploaded_at.micros().to_string();
        let digits = hash::short_hash_of(&[bucket, &source.key, &source.version, &instant]);
        let name = source.key.strip_prefix(INCOMING).unwrap_or(&source.key);
        LoadFolder(format!("loads/{name}/{digits}/"))
    }
}

impl fmt::Display for LoadFolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A CSV of unknown length on its way to S3, in constant memory.
#[derive(Debug)]
pub struct CsvUpload {
    client: Client,
    bucket: String,
    key: String,
}

impl LoadFiles {
    /// Makes the client; nothing is called yet.
    pub fn new(sdk_config: &SdkConfig, bucket: &str) -> LoadFiles {
        LoadFiles { client: s3_client(sdk_config), bucket: bucket.to_owned() }
    }

    /// Writes a load's `manifest.json`.
    pub async fn put_manifest(
        &self,
        folder: &LoadFolder,
        manifest: &Manifest,
    ) -> Result<(), CallError> {
        todo!()
    }

    /// Reads a load's `manifest.json`, if it has one that can be read.
    pub async fn manifest(&self, folder: &LoadFolder) -> Result<Option<Manifest>, CallError> {
        todo!()
    }

    /// Begins a CSV in a load's folder. Nothing is stored before it is finished.
    pub fn csv_upload(&self, folder: &LoadFolder, file_name: &str) -> CsvUpload {
        let key = format!("{folder}{file_name}");
        CsvUpload { client: self.client.clone(), bucket: self.bucket.clone(), key }
    }
}

impl CsvUpload {
    /// Takes the next bytes; sends a part when there are enough.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        todo!()
    }

    /// Stores the file; none, if no bytes were written.
    pub async fn finish(self) -> Result<(), CallError> {
        todo!()
    }

    /// Gives up what was sent.
    pub async fn abort(self) {
        todo!()
    }
}

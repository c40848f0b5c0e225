//! Unfinished multipart uploads. They and their files are lost when the process ends.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Seek};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{CompletedPart, ETag};
use s3s::{S3Result, s3_error};
use tempfile::TempPath;
use uptime_aws::hash::hex;
use uuid::Uuid;

use super::failure::failed;
use super::object_file::Attributes;
use super::object_folder::NewFile;
use super::receive::Received;

/// S3 numbers parts from 1 to this number.
const PARTS_MAX: i32 = 10_000;
/// The smallest part that S3 accepts, except for the last one.
const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;

/// The unfinished uploads, by their ids.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    by_id: Mutex<HashMap<String, Upload>>,
}

#[derive(Debug)]
struct Upload {
    bucket: String,
    key: String,
    attributes: Attributes,
    parts: BTreeMap<i32, Part>,
}

/// A part that was received. Its file is removed when nothing needs it any more.
#[derive(Debug, Clone)]
pub(super) struct Part {
    path: Arc<TempPath>,
    md5: [u8; 16],
    pub(super) size: u64,
    pub(super) received_at: SystemTime,
}

impl Part {
    /// The MD5 of the part's bytes.
    pub(super) fn e_tag(&self) -> ETag {
        ETag::Strong(hex(&self.md5))
    }
}

/// Which upload a call is about.
#[derive(Debug, Clone)]
pub(super) struct UploadName {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) id: String,
}

/// What an object is made of.
#[derive(Debug)]
pub(super) struct Assembled {
    pub(super) body: NewFile,
    pub(super) size: u64,
    pub(super) e_tag: String,
    pub(super) attributes: Attributes,
}

impl Uploads {
    /// Begins an upload and returns its id.
    pub(super) fn begin(&self, bucket: String, key: String, attributes: Attributes) -> String {
        let id = Uuid::new_v4().simple().to_string();
        let upload = Upload { bucket, key, attributes, parts: BTreeMap::new() };
        self.lock().insert(id.clone(), upload);
        id
    }

    /// Adds a part; replaces an earlier part with the same number.
    pub(super) fn add(&self, name: &UploadName, number: i32, part: Received) -> S3Result<Part> {
        let part = Part {
            path: Arc::new(part.body.path),
            md5: part.md5,
            size: part.size,
            received_at: SystemTime::now(),
        };
        self.with(name, |upload| upload.parts.insert(number, part.clone()))?;
        Ok(part)
    }

    /// Returns the parts received so far, in order.
    pub(super) fn parts(&self, name: &UploadName) -> S3Result<Vec<(i32, Part)>> {
        let parts = |upload: &mut Upload| upload.parts.clone().into_iter().collect();
        self.with(name, parts)
    }

    /// Ends an upload and removes its parts.
    pub(super) fn end(&self, name: &UploadName) -> S3Result<()> {
        self.with(name, |_| ())?;
        self.lock().remove(&name.id);
        Ok(())
    }

    /// Joins the parts that a client lists in `file`; blocks. The upload does not end.
    pub(super) fn assemble(
        &self,
        name: &UploadName,
        listed: &[CompletedPart],
        mut file: NewFile,
    ) -> S3Result<Assembled> {
        let (parts, attributes) =
            self.with(name, |upload| (chosen(upload, listed), upload.attributes.clone()))?;
        let parts = parts?;
        let (mut size, mut md5) = (0, Md5::new());
        for part in &parts {
            size += appended(&mut file.file, part).map_err(|error| failed("join parts", error))?;
            md5.update(&part.md5);
        }
        let e_tag = format!("{}-{}", hex(&md5.finalize()), parts.len());
        Ok(Assembled { body: file, size, e_tag, attributes })
    }

    fn with<T>(&self, name: &UploadName, act: impl FnOnce(&mut Upload) -> T) -> S3Result<T> {
        let mut uploads = self.lock();
        let upload = uploads.get_mut(&name.id);
        let upload = upload.filter(|found| found.bucket == name.bucket && found.key == name.key);
        Ok(act(upload.ok_or_else(|| s3_error!(NoSuchUpload))?))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Upload>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a number that no part can have.
pub(super) fn check_number(number: i32) -> S3Result<()> {
    if (1..=PARTS_MAX).contains(&number) {
        return Ok(());
    }
    Err(s3_error!(InvalidArgument, "the part number is {number}; it must be 1 to {PARTS_MAX}"))
}

/// Finds the parts that a client lists. The list must be in order and give the parts' `ETag`s.
fn chosen(upload: &Upload, listed: &[CompletedPart]) -> S3Result<Vec<Part>> {
    if listed.is_empty() {
        return Err(s3_error!(MalformedXML, "the list of parts is empty"));
    }
    if !listed.is_sorted_by(|earlier, later| earlier.part_number < later.part_number) {
        return Err(s3_error!(InvalidPartOrder));
    }
    let mut parts: Vec<Part> = Vec::new();
    for part in listed {
        let number = part.part_number.unwrap_or_default();
        let found = upload.parts.get(&number).filter(|found| part.e_tag == Some(found.e_tag()));
        let found = found.ok_or_else(|| {
            s3_error!(InvalidPart, "part {number} was not received, or has another ETag")
        })?;
        parts.push(found.clone());
    }
    let all_but_last = &parts[..parts.len() - 1];
    if all_but_last.iter().any(|part| part.size < PART_BYTES_MIN) {
        return Err(s3_error!(EntityTooSmall));
    }
    Ok(parts)
}

fn appended(file: &mut File, part: &Part) -> io::Result<u64> {
    file.seek(io::SeekFrom::End(0))?;
    io::copy(&mut File::open(&*part.path)?, file)
}

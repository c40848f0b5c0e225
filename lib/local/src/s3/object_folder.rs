//! The folder of the objects: one sub-folder per bucket, one file per object.
//!
//! A file's name is the SHA-256 of the key, so any key fits. The rule for writes: **first the whole
//! body is received into a file of another name, which blocks no other write. Then, one write at a
//! time, the condition is checked, the file is renamed, and the object is announced.** The rename
//! is the commit: a kill before it leaves the old object and a file that the next start removes.
//! After a kill between the rename and the event, the next start announces the object.
//!
//! All functions block.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use s3s::dto::Timestamp;
use s3s::path::check_bucket_name;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use tempfile::TempPath;
use thiserror::Error;
use uptime_aws::hash::sha256_hex;

use super::conditions::WriteConditions;
use super::failure::failed;
use super::index::{Bucket, Index};
use super::notification::{CreatedObject, Notification, instant, millis};
use super::object_file::{self, Attributes, Description, UnreadableObject};

/// The folder of files that are not objects yet. No bucket can have this name.
const NEW: &str = ".new";
/// An empty file that marks the format of this folder. The first format had no such file.
const MARKER: &str = ".format-2";

/// Why a folder of objects cannot be used.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A file or folder cannot be read or written.
    #[error("{path} cannot be used")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The folder has another format.
    #[error(
        "{} has no file {MARKER}. Either an earlier version of this program wrote it in another \
         format: then use another --data-dir and load the source files again. Or it was copied \
         without its hidden files: then create that file, empty", .0.display()
    )]
    EarlierVersion(PathBuf),
}

/// The objects.
#[derive(Debug)]
pub(super) struct ObjectFolder {
    root: PathBuf,
    notification: Notification,
    index: RwLock<Index>,
    // Locked while an object is replaced or removed, from the condition to the event.
    commits: Mutex<()>,
}

/// A body that is not an object yet. Its file is removed unless it becomes one.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) file: File,
    pub(super) path: TempPath,
}

/// A body that is about to become an object.
#[derive(Debug)]
pub(super) struct NewObject {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) body: NewFile,
    /// The length of the body.
    pub(super) size: u64,
    pub(super) e_tag: String,
    pub(super) attributes: Attributes,
    pub(super) conditions: WriteConditions,
    /// The cause that the event names: `Put`, `Copy` or `CompleteMultipartUpload`.
    pub(super) cause: &'static str,
}

/// An opened object. It can be read to its end, even if it is replaced or deleted meanwhile.
#[derive(Debug)]
pub(super) struct OpenObject {
    pub(super) file: File,
    pub(super) description: Description,
}

impl ObjectFolder {
    /// Opens the folder, which must exist. An object that cannot be read is logged and ignored.
    pub(super) fn open(root: &Path, notification: Notification) -> Result<ObjectFolder, OpenError> {
        let unusable = |path: &Path, source| OpenError::Io { path: path.to_owned(), source };
        prepare(root).map_err(|source| unusable(root, source))??;
        let mut index = Index::default();
        for path in folders(root).map_err(|source| unusable(root, source))? {
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(name) = name.filter(|name| check_bucket_name(name)) else { continue };
            let (bucket, left_out) =
                read_bucket(&path).map_err(|source| unusable(&path, source))?;
            index.add_bucket(name, bucket);
            for (path, reason) in left_out {
                let cause = std::error::Error::source(&reason).map(ToString::to_string);
                let path = path.display();
                tracing::warn!(%path, %reason, cause, "a file is not a readable object and is ignored");
            }
        }
        let (index, commits) = (RwLock::new(index), Mutex::new(()));
        Ok(ObjectFolder { root: root.to_owned(), notification, index, commits })
    }

    /// Returns the index. Hold the lock only for a look-up.
    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates an empty bucket.
    pub(super) fn create_bucket(&self, name: &str) -> S3Result<()> {
        let _commit = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        if self.index().bucket(name).is_ok() {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        fs::create_dir(self.root.join(name)).map_err(|error| failed("create a bucket", error))?;
        self.index_mut().add_bucket(name, Bucket::new(SystemTime::now().into()));
        Ok(())
    }

    /// Creates an empty file for a body.
    pub(super) fn new_file(&self) -> S3Result<NewFile> {
        let made = tempfile::NamedTempFile::new_in(self.root.join(NEW));
        let (file, path) = made.map_err(|error| failed("create a file", error))?.into_parts();
        Ok(NewFile { file, path })
    }

    /// Opens an object. The file is positioned at the first byte of the body.
    pub(super) fn read(&self, bucket: &str, key: &str) -> S3Result<OpenObject> {
        self.index().bucket(bucket)?;
        let mut file = match File::open(self.path_of(bucket, key)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(s3_error!(NoSuchKey));
            }
            Err(error) => return Err(failed("open an object", error)),
        };
        let description = match object_file::description(&mut file) {
            Ok(description) => description,
            Err(UnreadableObject::Io(error)) => return Err(failed("read an object", error)),
            Err(damaged) => return Err(failed("read an object", io::Error::other(damaged))),
        };
        file.rewind().map_err(|error| failed("read an object", error))?;
        Ok(OpenObject { file, description })
    }

    /// Stores `new` as the object of its key and announces it. Returns the time of the write in
    /// milliseconds since 1970. Each write of a key has a later time than the one before.
    ///
    /// If the event cannot be queued, the writer gets an error, and the object stays. The writer's
    /// next attempt announces it, or the next start does. So every success has an event, and no
    /// upload is lost.
    pub(super) fn commit(&self, new: NewObject) -> S3Result<u64> {
        let NewObject { bucket, key, mut body, size, e_tag, attributes, conditions, cause } = new;
        let _commit = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let last_modified_ms = {
            let index = self.index();
            let before = index.bucket(&bucket)?.object(&key);
            conditions.check(before)?;
            let now = u64::try_from(millis(SystemTime::now())).unwrap_or_default();
            before.map_or(now, |before| now.max(before.last_modified_ms + 1))
        };
        let path = self.path_of(&bucket, &key);
        let description = Description { key, size, e_tag, last_modified_ms, attributes };
        object_file::finish(&mut body.file, &description)
            .and_then(|()| body.path.persist(path).map_err(|error| error.error))
            .map_err(|error| failed("store an object", error))?;
        self.index_mut().bucket_mut(&bucket)?.insert(description.clone());
        self.announce(bucket, description, cause)?;
        Ok(last_modified_ms)
    }

    fn announce(&self, bucket: String, object: Description, cause: &'static str) -> S3Result<()> {
        let Description { key, size, e_tag, last_modified_ms, .. } = object;
        if !self.notification.concerns(&bucket, &key) || key.ends_with('/') {
            return Ok(());
        }
        let last_modified = instant(last_modified_ms);
        let object = CreatedObject { bucket, key, size, e_tag, last_modified, cause };
        self.notification.announce(&object).map_err(|error| {
            let key = object.key;
            tracing::error!(%error, key, "an object is stored, but its event could not be queued");
            let message = "the object is stored, but its event could not be queued; write the object \
                           again, or restart the local system, which announces it";
            S3Error::with_message(S3ErrorCode::InternalError, message)
        })
    }

    /// Removes an object, if there is one.
    pub(super) fn delete(&self, bucket: &str, key: &str) -> S3Result<()> {
        let _commit = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        self.index().bucket(bucket)?;
        match fs::remove_file(self.path_of(bucket, key)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed("delete an object", error)),
        }
        self.index_mut().bucket_mut(bucket)?.remove(key);
        Ok(())
    }

    fn path_of(&self, bucket: &str, key: &str) -> PathBuf {
        self.root.join(bucket).join(sha256_hex(key.as_bytes()))
    }
}

/// Marks an empty folder with the current format, and removes files that did not become objects.
fn prepare(root: &Path) -> io::Result<Result<(), OpenError>> {
    let marker = root.join(MARKER);
    if !marker.try_exists()? {
        if fs::read_dir(root)?.next().is_some() {
            return Ok(Err(OpenError::EarlierVersion(root.to_owned())));
        }
        File::create(marker)?;
    }
    let new = root.join(NEW);
    if new.try_exists()? {
        fs::remove_dir_all(&new)?;
    }
    fs::create_dir(new)?;
    Ok(Ok(()))
}

fn folders(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

/// Reads the objects in a bucket's folder. Also returns the files that are not objects, with the
/// reasons.
fn read_bucket(folder: &Path) -> io::Result<(Bucket, Vec<(PathBuf, UnreadableObject)>)> {
    let metadata = fs::metadata(folder)?;
    // Not every file system records when a folder was created.
    let created_at = metadata.created().or_else(|_| metadata.modified())?;
    let (mut bucket, mut left_out) = (Bucket::new(Timestamp::from(created_at)), Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // Opening a named pipe would block the start.
        let described = if entry.file_type()?.is_file() {
            described(&path)
        } else {
            Err(UnreadableObject::NoFile)
        };
        match described {
            Ok(description) => bucket.insert(description),
            Err(reason) => left_out.push((path, reason)),
        }
    }
    Ok((bucket, left_out))
}

fn described(path: &Path) -> Result<Description, UnreadableObject> {
    let description = object_file::description(&mut File::open(path)?)?;
    let name = sha256_hex(description.key.as_bytes());
    if path.file_name().is_none_or(|found| *found != *name) {
        return Err(UnreadableObject::OtherName(description.key));
    }
    Ok(description)
}

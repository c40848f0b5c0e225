//! `s3s-fs` with the repairs named in the module above.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateBucketInput,
    CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, ETag, ETagCondition,
    GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput,
    ListBucketsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, ListPartsInput, ListPartsOutput, PutObjectInput, PutObjectOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::sync::{Mutex, MutexGuard};

use super::notification::millis;
use super::{CreatedObject, Notification};

/// Enough that writes of different keys hardly ever meet.
const LOCKS: usize = 64;

/// Objects in a folder, one sub-folder a bucket.
#[derive(Debug)]
pub struct ObjectStore {
    files: FileSystem,
    root: PathBuf,
    notification: Notification,
    // One lock for many keys, chosen by the key's hash.
    locks: [Mutex<()>; LOCKS],
}

impl ObjectStore {
    /// Opens the store in `root`, which must exist.
    pub fn open(root: &Path, notification: Notification) -> Result<ObjectStore, s3s_fs::Error> {
        let files = FileSystem::new(root)?;
        let locks = std::array::from_fn(|_| Mutex::new(()));
        Ok(ObjectStore { files, root: root.to_owned(), notification, locks })
    }

    /// Waits until nobody else writes this key.
    async fn lock(&self, bucket: &str, key: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        (bucket, key).hash(&mut hasher);
        let number = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or(0);
        self.locks[number].lock().await
    }

    /// Removes an object that was stored before its checksum was found wrong.
    async fn undo(&self, bucket: &str, key: &str, refused: &S3Error) {
        if *refused.code() == S3ErrorCode::BadDigest {
            // What it replaced is gone; no client of ours sends a wrong checksum.
            tokio::fs::remove_file(self.root.join(bucket).join(key)).await.ok();
        }
    }

    /// When an object was last written, if there is one.
    async fn written_at(&self, bucket: &str, key: &str) -> Option<SystemTime> {
        tokio::fs::metadata(self.root.join(bucket).join(key)).await.ok()?.modified().ok()
    }

    /// Announces an object that was just written, if its key is watched. The object before it was
    /// written at `before`.
    ///
    /// An error is the writer's: it must not believe that the object will be loaded.
    async fn announce(
        &self,
        (bucket, key): (&str, &str),
        before: Option<SystemTime>,
        e_tag: Option<&ETag>,
        cause: &'static str,
    ) -> S3Result<()> {
        if !self.notification.concerns(bucket, key) || key.ends_with('/') {
            return Ok(());
        }
        let path = self.root.join(bucket).join(key);
        let metadata = tokio::fs::metadata(&path).await.map_err(S3Error::internal_error)?;
        let mut written_at = metadata.modified().map_err(S3Error::internal_error)?;
        if let Some(later) = before.and_then(|before| in_next_milli(before, written_at)) {
            written_at = later;
            set_modified(&path, later).map_err(S3Error::internal_error)?;
        }
        let object = CreatedObject {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            size: metadata.len(),
            e_tag: e_tag.map(|e_tag| e_tag.value().to_owned()).unwrap_or_default(),
            last_modified: written_at,
            cause,
        };
        self.notification.announce(&object).map_err(S3Error::internal_error)
    }
}

/// Returns the millisecond after `before`, unless an object was written then or later.
///
/// Events give milliseconds. Each write of a key gets one of its own, so that their order is known.
fn in_next_milli(before: SystemTime, written_at: SystemTime) -> Option<SystemTime> {
    let next = u64::try_from(millis(before)).ok()? + 1;
    (millis(written_at) < next.into()).then(|| UNIX_EPOCH + Duration::from_millis(next))
}

fn set_modified(path: &Path, at: SystemTime) -> std::io::Result<()> {
    std::fs::File::options().append(true).open(path)?.set_modified(at)
}

/// Leaves out the checksums, which SDK clients compare with the bytes they get: `s3s-fs` replaces
/// an object first and its checksums later, or never if the object came in parts or it was killed.
fn without_checksums(mut response: S3Response<GetObjectOutput>) -> S3Response<GetObjectOutput> {
    let output = &mut response.output;
    output.checksum_crc32 = None;
    output.checksum_crc32c = None;
    output.checksum_crc64nvme = None;
    output.checksum_sha1 = None;
    output.checksum_sha256 = None;
    output.checksum_type = None;
    response
}

#[async_trait]
impl S3 for ObjectStore {
    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let _lock = self.lock(&bucket, &key).await;
        let before = self.written_at(&bucket, &key).await;
        let response = match self.files.put_object(request).await {
            Ok(response) => response,
            Err(refused) => {
                self.undo(&bucket, &key, &refused).await;
                return Err(refused);
            }
        };
        self.announce((&bucket, &key), before, response.output.e_tag.as_ref(), "Put").await?;
        Ok(response)
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let _lock = self.lock(&bucket, &key).await;
        let before = self.written_at(&bucket, &key).await;
        let response = self.files.copy_object(request).await?;
        let result = response.output.copy_object_result.as_ref();
        let e_tag = result.and_then(|result| result.e_tag.as_ref());
        self.announce((&bucket, &key), before, e_tag, "Copy").await?;
        Ok(response)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let _lock = self.lock(&bucket, &key).await;
        let before = self.written_at(&bucket, &key).await;
        let mut response = self.files.complete_multipart_upload(request).await?;
        if let Some(completed) = response.output.future.take() {
            response.output = completed.await?;
        }
        let e_tag = response.output.e_tag.as_ref();
        self.announce((&bucket, &key), before, e_tag, "CompleteMultipartUpload").await?;
        Ok(response)
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let Some(condition) = request.input.if_match.clone() else {
            return self.files.get_object(request).await.map(without_checksums);
        };
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let _lock = self.lock(&bucket, &key).await;
        let response = self.files.get_object(request).await?;
        let is_match = match (&condition, &response.output.e_tag) {
            (ETagCondition::Any, _) => true,
            (ETagCondition::ETag(wanted), Some(found)) => wanted.strong_cmp(found),
            (ETagCondition::ETag(_), None) => false,
        };
        if is_match { Ok(without_checksums(response)) } else { Err(s3_error!(PreconditionFailed)) }
    }

    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        self.files.create_bucket(request).await
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.files.head_bucket(request).await
    }

    async fn list_buckets(
        &self,
        request: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        self.files.list_buckets(request).await
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.files.get_bucket_location(request).await
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        self.files.head_object(request).await
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.files.delete_object(request).await
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.files.delete_objects(request).await
    }

    async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        self.files.list_objects(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.files.list_objects_v2(request).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.files.create_multipart_upload(request).await
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        self.files.upload_part(request).await
    }

    async fn list_parts(
        &self,
        request: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        self.files.list_parts(request).await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.files.abort_multipart_upload(request).await
    }
}

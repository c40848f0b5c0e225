//! The calls of S3, answered from a folder of objects.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource,
    CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    Delete, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
    DeletedObject, ETag, Error, GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput,
    GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
    ListBucketsInput, ListBucketsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, ListPartsInput, ListPartsOutput, MetadataDirective, ObjectIdentifier,
    Part, PutObjectInput, PutObjectOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use uptime_aws::hash::hex;

use super::conditions::{ReadConditions, WriteConditions};
use super::multipart::{self, UploadName, Uploads};
use super::notification::instant;
use super::object_file::Attributes;
use super::object_folder::{NewFile, NewObject, ObjectFolder, OpenError};
use super::reading::head_of;
use super::receive::Upload;
use super::{Notification, listing};

/// Objects in a folder, and uploads to it.
#[derive(Debug, Clone)]
pub struct ObjectStore {
    folder: Arc<ObjectFolder>,
    uploads: Arc<Uploads>,
}

impl ObjectStore {
    /// Opens the store in `root`, which must exist.
    pub fn open(root: &Path, notification: Notification) -> Result<ObjectStore, OpenError> {
        let folder = Arc::new(ObjectFolder::open(root, notification)?);
        Ok(ObjectStore { folder, uploads: Arc::default() })
    }

    /// Works on files on a thread that may block. The work continues if the client goes away.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ObjectStore) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.map_err(S3Error::internal_error)?
    }

    async fn new_file(&self, bucket: &str) -> S3Result<NewFile> {
        self.folder.index().bucket(bucket)?;
        self.blocking(|store| store.folder.new_file()).await
    }

    /// Copies an object. Returns the time of the copy and its `ETag`, which is the source's.
    fn copy(&self, input: CopyObjectInput) -> S3Result<(u64, String)> {
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(s3_error!(
                NotImplemented,
                "the source of a copy must be a bucket and a key"
            ));
        };
        let replace = MetadataDirective::REPLACE;
        let replaces = input.metadata_directive.as_ref().is_some_and(|it| it.as_str() == replace);
        if !replaces && (&**bucket, &**key) == (&*input.bucket, &*input.key) {
            return Err(s3_error!(
                InvalidRequest,
                "a copy of an object onto itself must replace its metadata"
            ));
        }
        self.folder.index().bucket(&input.bucket)?;
        let object = self.folder.read(bucket, key)?;
        let source = &object.description;
        let conditions = ReadConditions::from(&input);
        if conditions.unmet(&source.e_tag, source.last_modified_ms).is_some() {
            return Err(s3_error!(PreconditionFailed));
        }
        let new = NewObject {
            body: object.copy_into(self.folder.new_file()?)?,
            size: source.size,
            e_tag: source.e_tag.clone(),
            attributes: if replaces { Attributes::from(&input) } else { source.attributes.clone() },
            bucket: input.bucket,
            key: input.key,
            conditions: WriteConditions::default(),
            cause: "Copy",
        };
        Ok((self.folder.commit(new)?, object.description.e_tag))
    }

    /// Deletes several objects. If one deletion fails, the others continue.
    fn delete(&self, bucket: &str, delete: Delete) -> DeleteObjectsOutput {
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for ObjectIdentifier { key, .. } in delete.objects {
            match self.folder.delete(bucket, &key) {
                Ok(()) => deleted.push(DeletedObject { key: Some(key), ..Default::default() }),
                Err(error) => errors.push(Error {
                    key: Some(key),
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(str::to_owned),
                    ..Error::default()
                }),
            }
        }
        let deleted = if delete.quiet == Some(true) { Vec::new() } else { deleted };
        DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), ..Default::default() }
    }

    /// Makes an object from the parts of an upload.
    fn complete(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let conditions = WriteConditions::from(&input);
        let CompleteMultipartUploadInput { bucket, key, upload_id: id, .. } = input;
        let name = UploadName { bucket, key, id };
        let listed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let made = self.uploads.assemble(&name, &listed, self.folder.new_file()?)?;
        let new = NewObject {
            bucket: name.bucket.clone(),
            key: name.key.clone(),
            body: made.body,
            size: made.size,
            e_tag: made.e_tag.clone(),
            attributes: made.attributes,
            conditions,
            cause: "CompleteMultipartUpload",
        };
        self.folder.commit(new)?;
        self.uploads.end(&name)?;
        Ok(CompleteMultipartUploadOutput {
            bucket: Some(name.bucket),
            key: Some(name.key),
            e_tag: Some(ETag::Strong(made.e_tag)),
            ..CompleteMultipartUploadOutput::default()
        })
    }
}

#[async_trait]
impl S3 for ObjectStore {
    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let upload = Upload::try_from(&mut request)?;
        let input = request.input;
        let received = upload.receive(self.new_file(&input.bucket).await?).await?;
        let e_tag = hex(&received.md5);
        let new = NewObject {
            conditions: WriteConditions::from(&input),
            attributes: Attributes::from(&input),
            bucket: input.bucket,
            key: input.key,
            body: received.body,
            size: received.size,
            e_tag: e_tag.clone(),
            cause: "Put",
        };
        self.blocking(|store| store.folder.commit(new)).await?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(e_tag)),
            checksum_crc32: received.checksum.checksum_crc32,
            checksum_crc32c: received.checksum.checksum_crc32c,
            checksum_crc64nvme: received.checksum.checksum_crc64nvme,
            checksum_sha1: received.checksum.checksum_sha1,
            checksum_sha256: received.checksum.checksum_sha256,
            ..PutObjectOutput::default()
        }))
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        let (last_modified, e_tag) = self.blocking(move |store| store.copy(input)).await?;
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(ETag::Strong(e_tag)),
                last_modified: Some(instant(last_modified).into()),
                ..CopyObjectResult::default()
            }),
            ..CopyObjectOutput::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let conditions = ReadConditions::from(&input);
        let answer = move |store: &ObjectStore| {
            let object = store.folder.read(&input.bucket, &input.key)?;
            object.into_answer(input.range, &conditions)
        };
        Ok(S3Response::new(self.blocking(answer).await?))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let conditions = ReadConditions::from(&input);
        let answer = move |store: &ObjectStore| {
            store.folder.read(&input.bucket, &input.key)?.described(&conditions)
        };
        Ok(S3Response::new(head_of(self.blocking(answer).await?)))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let DeleteObjectInput { bucket, key, .. } = request.input;
        self.blocking(move |store| store.folder.delete(&bucket, &key)).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let DeleteObjectsInput { bucket, delete, .. } = request.input;
        self.folder.index().bucket(&bucket)?;
        let output = self.blocking(move |store| Ok(store.delete(&bucket, delete))).await?;
        Ok(S3Response::new(output))
    }

    async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let index = self.folder.index();
        let bucket = index.bucket(&request.input.bucket)?;
        let objects = bucket.listed_from(&listing::start_v1(&request.input));
        Ok(S3Response::new(listing::answer_v1(request.input, objects)?))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let index = self.folder.index();
        let bucket = index.bucket(&request.input.bucket)?;
        let objects = bucket.listed_from(&listing::start_v2(&request.input)?);
        Ok(S3Response::new(listing::answer_v2(request.input, objects)?))
    }

    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let bucket = request.input.bucket;
        self.blocking(move |store| store.folder.create_bucket(&bucket)).await?;
        Ok(S3Response::new(CreateBucketOutput::default()))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.folder.index().bucket(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn list_buckets(
        &self,
        _: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let index = self.folder.index();
        let buckets = index.buckets().map(|(name, bucket)| Bucket {
            name: Some(name.clone()),
            creation_date: Some(bucket.created_at.clone()),
            ..Bucket::default()
        });
        let buckets = Some(buckets.collect());
        Ok(S3Response::new(ListBucketsOutput { buckets, ..ListBucketsOutput::default() }))
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.folder.index().bucket(&request.input.bucket)?;
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let attributes = Attributes::from(&request.input);
        let CreateMultipartUploadInput { bucket, key, .. } = request.input;
        self.folder.index().bucket(&bucket)?;
        let upload_id = self.uploads.begin(bucket.clone(), key.clone(), attributes);
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(upload_id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        mut request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let upload = Upload::try_from(&mut request)?;
        let UploadPartInput { bucket, key, upload_id: id, part_number, .. } = request.input;
        multipart::check_number(part_number)?;
        let name = UploadName { bucket, key, id };
        self.uploads.parts(&name)?;
        let received = upload.receive(self.new_file(&name.bucket).await?).await?;
        let checksum = received.checksum.clone();
        let part = self.uploads.add(&name, part_number, received)?;
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(part.e_tag()),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            ..UploadPartOutput::default()
        }))
    }

    async fn list_parts(
        &self,
        request: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        let ListPartsInput { bucket, key, upload_id: id, .. } = request.input;
        let name = UploadName { bucket, key, id };
        let parts = self.uploads.parts(&name)?.into_iter().map(|(number, part)| Part {
            part_number: Some(number),
            e_tag: Some(part.e_tag()),
            size: i64::try_from(part.size).ok(),
            last_modified: Some(part.received_at.into()),
            ..Part::default()
        });
        let parts = Some(parts.collect());
        let UploadName { bucket, key, id } = name;
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(id),
            is_truncated: Some(false),
            parts,
            ..ListPartsOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let output = self.blocking(move |store| store.complete(request.input)).await?;
        Ok(S3Response::new(output))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let AbortMultipartUploadInput { bucket, key, upload_id: id, .. } = request.input;
        self.uploads.end(&UploadName { bucket, key, id })?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}

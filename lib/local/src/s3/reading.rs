//! Reads and copies of an opened object.

use std::io::{self, Seek as _, SeekFrom};

use s3s::dto::{ETag, GetObjectOutput, HeadObjectOutput, Range, StreamingBlob};
use s3s::{S3Result, s3_error};
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use super::conditions::ReadConditions;
use super::failure::failed;
use super::notification::instant;
use super::object_folder::{NewFile, OpenObject};

/// A large body takes few reads, and many clients take little memory each.
const READ_BYTES: usize = 128 * 1024;

impl OpenObject {
    /// Answers a HEAD, or a GET without its body.
    pub(super) fn described(&self, conditions: &ReadConditions) -> S3Result<GetObjectOutput> {
        let description = &self.description;
        if let Some(unmet) = conditions.unmet(&description.e_tag, description.last_modified_ms) {
            return Err(unmet.of_read());
        }
        Ok(GetObjectOutput {
            content_length: i64::try_from(description.size).ok(),
            e_tag: Some(ETag::Strong(description.e_tag.clone())),
            last_modified: Some(instant(description.last_modified_ms).into()),
            ..description.attributes.clone().into_output()
        })
    }

    /// Answers a GET with the body or a part of it; blocks.
    pub(super) fn into_answer(
        mut self,
        range: Option<Range>,
        conditions: &ReadConditions,
    ) -> S3Result<GetObjectOutput> {
        let mut output = self.described(conditions)?;
        let size = self.description.size;
        let mut length = size;
        if let Some(range) = range {
            let bytes = range.check(size)?;
            // The last bytes of an empty body are no valid range.
            let last = bytes.end.checked_sub(1).ok_or_else(|| s3_error!(InvalidRange))?;
            length = bytes.end - bytes.start;
            output.content_length = i64::try_from(length).ok();
            output.content_range = Some(format!("bytes {}-{last}/{size}", bytes.start));
            let at = self.file.seek(SeekFrom::Start(bytes.start));
            at.map_err(|error| failed("read an object", error))?;
        }
        let file = tokio::fs::File::from_std(self.file).take(length);
        output.body = Some(StreamingBlob::wrap(ReaderStream::with_capacity(file, READ_BYTES)));
        Ok(output)
    }

    /// Copies the body into `file`; blocks.
    pub(super) fn copy_into(&self, mut file: NewFile) -> S3Result<NewFile> {
        let mut body = io::Read::take(&self.file, self.description.size);
        let copied = io::copy(&mut body, &mut file.file);
        let copied = copied.map_err(|error| failed("copy an object", error))?;
        if copied == self.description.size {
            return Ok(file);
        }
        Err(failed("copy an object", io::ErrorKind::UnexpectedEof.into()))
    }
}

/// Makes a HEAD's response: that of a GET without the body.
pub(super) fn head_of(output: GetObjectOutput) -> HeadObjectOutput {
    HeadObjectOutput {
        content_length: output.content_length,
        e_tag: output.e_tag,
        last_modified: output.last_modified,
        content_type: output.content_type,
        content_encoding: output.content_encoding,
        content_disposition: output.content_disposition,
        content_language: output.content_language,
        cache_control: output.cache_control,
        expires: output.expires,
        website_redirect_location: output.website_redirect_location,
        metadata: output.metadata,
        ..HeadObjectOutput::default()
    }
}

//! The attributes that a client stores with an object: read from calls that create an object, and
//! returned by calls that read one.

use s3s::dto::{
    CopyObjectInput, CreateMultipartUploadInput, Expires, GetObjectOutput, PutObjectInput,
    TimestampFormat,
};

use super::object_file::Attributes;

/// The inputs of these calls share these fields but no trait.
macro_rules! attributes_from {
    ($($input:ty),+) => {$(
        impl From<&$input> for Attributes {
            fn from(input: &$input) -> Attributes {
                Attributes {
                    content_type: input.content_type.clone(),
                    content_encoding: input.content_encoding.as_deref().and_then(of_the_object),
                    content_disposition: input.content_disposition.clone(),
                    content_language: input.content_language.clone(),
                    cache_control: input.cache_control.clone(),
                    expires: input.expires.as_ref().and_then(http_date),
                    website_redirect_location: input.website_redirect_location.clone(),
                    metadata: input.metadata.clone(),
                }
            }
        }
    )+};
}

attributes_from!(PutObjectInput, CopyObjectInput, CreateMultipartUploadInput);

impl Attributes {
    /// The response to a read with these attributes and nothing else.
    pub(super) fn into_output(self) -> GetObjectOutput {
        let expires = self.expires.as_deref();
        GetObjectOutput {
            expires: expires.and_then(|date| Expires::parse(TimestampFormat::HttpDate, date).ok()),
            content_type: self.content_type,
            content_encoding: self.content_encoding,
            content_disposition: self.content_disposition,
            content_language: self.content_language,
            cache_control: self.cache_control,
            website_redirect_location: self.website_redirect_location,
            metadata: self.metadata,
            ..GetObjectOutput::default()
        }
    }
}

/// Removes `aws-chunked`, as S3 does: it describes how the body was sent, not the object.
fn of_the_object(content_encoding: &str) -> Option<String> {
    let codings = content_encoding.split(',').map(str::trim);
    let kept: Vec<&str> = codings.filter(|it| !it.eq_ignore_ascii_case("aws-chunked")).collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

fn http_date(expires: &Expires) -> Option<String> {
    let mut date = Vec::new();
    expires.format(TimestampFormat::HttpDate, &mut date).ok()?;
    String::from_utf8(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_of_the_transfer_is_not_stored() {
        check("aws-chunked", None);
        check("gzip,aws-chunked", Some("gzip"));
        check("aws-chunked, gzip", Some("gzip"));
        check("gzip", Some("gzip"));
    }

    #[track_caller]
    fn check(given: &str, kept: Option<&str>) {
        assert_eq!(of_the_object(given).as_deref(), kept);
    }
}

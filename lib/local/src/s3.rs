//! S3 on a folder: our objects behind the wire protocol, the signatures and the XML of `s3s`.
//!
//! `object_store` has the calls. `object_folder` has the rules for writing and reading objects.
//! `object_file` has the format of an object's file. Every key that S3 accepts is accepted: 1 to
//! 1,024 bytes of UTF-8. An object that is created under the watched prefix is announced in a
//! queue, as by S3's event notifications. Every call must be signed with the secret of the data
//! folder.
//!
//! Absent: versions, lifecycle rules, CORS, `UploadPartCopy`, and checksums other than the `ETag`
//! in the response to a read. Two things differ from S3: a copy has the `ETag` of its source, and
//! unfinished multipart uploads are lost when the process ends.

mod attributes;
mod conditions;
mod failure;
mod index;
mod listing;
mod multipart;
mod notification;
mod object_file;
mod object_folder;
mod object_store;
mod reading;
mod receive;
#[cfg(test)]
mod tests;
mod url_encoding;

pub use notification::{CreatedObject, Notification};
pub use object_folder::OpenError;
pub use object_store::ObjectStore;
pub(crate) use url_encoding::url_of;

use std::path::Path;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use s3s::auth::{S3Auth, SecretKey};
use s3s::service::S3ServiceBuilder;
use s3s::{S3Error, S3ErrorCode, S3Result};

use crate::aws::REGION;
use crate::guard::Policy;
use crate::http_server::{self, BodyFault, Listeners, Port};
use crate::secret::{ACCESS_KEY, Secret};

/// S3's limit for an object that is put in one call, 5 GiB.
pub(crate) const PUT_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// Returns the start of a command that sends a signed request. A URL must follow.
///
/// The shell reads the secret when it runs the command, so the secret is neither shown nor logged.
pub(crate) fn signed_curl(secret_file: &Path) -> String {
    let file = shell_quoted(secret_file);
    // Older versions of curl sign for S3 but do not send this header, which S3 requires.
    let unsigned = "x-amz-content-sha256: UNSIGNED-PAYLOAD";
    format!(
        "curl --aws-sigv4 aws:amz:{REGION}:s3 --user \"{ACCESS_KEY}:$(cat {file})\" -H '{unsigned}'"
    )
}

/// Returns the absolute path as one quoted word for a shell, whatever characters it has.
pub(crate) fn shell_quoted(path: &Path) -> String {
    // An absolute path begins with a slash, so no command reads it as an option.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

/// Knows only [`ACCESS_KEY`].
struct OneKey(SecretKey);

#[async_trait]
impl S3Auth for OneKey {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == ACCESS_KEY {
            return Ok(self.0.clone());
        }
        let message = format!("the access key is unknown; it must be {ACCESS_KEY}");
        Err(S3Error::with_message(S3ErrorCode::InvalidAccessKeyId, message))
    }
}

/// Serves `store` on `listeners` until `shutdown` resolves.
pub async fn serve(
    listeners: Listeners,
    store: ObjectStore,
    secret: &Secret,
    connections_max: usize,
    shutdown: impl Future<Output = ()>,
) {
    let mut service = S3ServiceBuilder::new(store);
    service.set_auth(OneKey(SecretKey::from(secret.expose())));
    let service = service.build();
    let service = tower::service_fn(move |request: Request<Body>| {
        let service = service.clone();
        async move {
            let answered = service.call(request.map(s3s::Body::http_body_unsync)).await;
            Ok(answered.map_or_else(|error| unanswered(&error), |response| response.map(Body::new)))
        }
    });
    let further_host = listeners.further_host();
    let body_bytes_max = |_: &Parts| PUT_BYTES_MAX;
    // Links to reports are signed, so a user may follow them from anywhere.
    let policy = Policy::OwnPagesAndLinks;
    let port = Port { name: "S3", connections_max, body_bytes_max, refuse, policy, further_host };
    http_server::serve(listeners, port, service, shutdown).await;
}

/// Answers a body that cannot be read with S3's own error codes.
fn refuse(fault: BodyFault) -> Response<Body> {
    let (status, code) = match fault {
        BodyFault::StoodStill(_) => (StatusCode::BAD_REQUEST, "RequestTimeout"),
        BodyFault::Broken => (StatusCode::BAD_REQUEST, "IncompleteBody"),
        BodyFault::TooLarge(_) => (StatusCode::BAD_REQUEST, "EntityTooLarge"),
    };
    error_document(status, code, &fault.to_string())
}

fn unanswered(error: &s3s::HttpError) -> Response<Body> {
    tracing::error!(cause = format!("{error:?}"), "S3 returned no response");
    let message = "the local S3 failed; its log has the cause";
    error_document(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
}

/// An error in S3's form. Neither text contains a character that XML would have to escape.
fn error_document(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    let document = format!("{head}<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let content_type = [(CONTENT_TYPE, "application/xml")];
    (status, content_type, document).into_response()
}

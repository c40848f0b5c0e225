//! S3 on a folder: `s3s-fs` behind the real wire protocol, with the repairs it needs.
//!
//! The repairs: writes of one key wait for each other, since `s3s-fs` checks a condition and then
//! writes without a lock; a body that does not match its checksum is not kept; stored checksums,
//! which it replaces later than their object, are not sent; listings are made by `listing`, since its
//! own encode no name and take some delimiters apart. Two
//! additions: a read with `If-Match` is checked, and an object created under the watched prefix is
//! announced in a queue, as S3's event notification does. Absent: versions, lifecycle rules, CORS;
//! `ETag`s in listings. A key is a path: encoded, its name has to fit a file name, so keys of more than
//! about 150 bytes are refused; `a//b` and `x/../a/b` name the object `a/b`; `/a` is refused; `a/` is
//! not listed.

mod listing;
mod notification;
mod object_store;
#[cfg(test)]
mod tests;
mod url_encoding;

pub use notification::{CreatedObject, Notification};
pub use object_store::ObjectStore;
pub(crate) use url_encoding::url_of;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;

use crate::emulators::REGION;
use crate::http_server::{self, BodyFault, Check, Port};

/// The access key every local client uses. It guards nothing: the port is on loopback.
pub const ACCESS_KEY: &str = "local";
/// The secret to [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "local-secret";

/// S3's limit of an object put in one call, 5 GiB.
const PUT_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// Returns the beginning of a command that sends a signed request: an URL has to follow.
pub(crate) fn signed_curl() -> String {
    // Older versions of curl sign for S3, but leave out this header, which S3 asks for.
    let unsigned = "x-amz-content-sha256: UNSIGNED-PAYLOAD";
    format!("curl --aws-sigv4 aws:amz:{REGION}:s3 --user {ACCESS_KEY}:{SECRET_KEY} -H '{unsigned}'")
}

/// Serves `store` on `listener` until `shutdown` resolves.
pub async fn serve(
    listener: TcpListener,
    store: ObjectStore,
    connections_max: usize,
    check: Check,
    shutdown: impl Future<Output = ()>,
) {
    let mut service = S3ServiceBuilder::new(store);
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = service.build();
    let service = tower::service_fn(move |request: Request<Body>| {
        let service = service.clone();
        async move {
            let answered = service.call(request.map(s3s::Body::http_body_unsync)).await;
            Ok(answered.map_or_else(|error| unanswered(&error), |response| response.map(Body::new)))
        }
    });
    let body_bytes_max = PUT_BYTES_MAX;
    let port = Port { name: "S3", connections_max, body_bytes_max, refuse, check };
    http_server::serve(listener, port, service, shutdown).await;
}

/// Answers a body that cannot be read with the codes that S3 has for it.
fn refuse(fault: BodyFault) -> Response<Body> {
    let (status, code) = match fault {
        BodyFault::StoodStill(_) => (StatusCode::BAD_REQUEST, "RequestTimeout"),
        BodyFault::Broken => (StatusCode::BAD_REQUEST, "IncompleteBody"),
        BodyFault::TooLarge(_) => (StatusCode::BAD_REQUEST, "EntityTooLarge"),
    };
    error_document(status, code, &fault.to_string())
}

fn unanswered(error: &s3s::HttpError) -> Response<Body> {
    tracing::error!(cause = format!("{error:?}"), "S3 gave no answer");
    let message = "the local S3 failed; its log has the cause";
    error_document(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
}

/// An error as S3 writes it. Neither text holds a character that XML would have to escape.
fn error_document(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    let document = format!("{head}<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let content_type = [(CONTENT_TYPE, "application/xml")];
    (status, content_type, document).into_response()
}

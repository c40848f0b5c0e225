//! A small SQS in memory with the real wire protocol (`awsJson1_0`).
//!
//! The rule: **a received message is invisible for its visibility time-out. Then it becomes visible
//! again, with a higher receive count. Once it has been received as often as its queue allows, the
//! next receive moves it to the dead-letter queue instead.** Every call must be signed with the
//! secret of the data folder. Absent: FIFO queues, message attributes, retention and purge.
//!
//! Queues, messages, receive counts and dead letters end with the process. Nothing is lost with
//! them: a message only announces work, and the work itself is stored before. At its start, the
//! system announces all unfinished work once, with a receive count of zero (see
//! `system::recovery`). So a kill of the process does not count as a receive, and dead letters of
//! an earlier process are tried again.

mod error;
mod operations;
mod queues;
#[cfg(test)]
mod tests;

pub use error::SqsError;
pub use queues::{QueueSettings, Queues, Redrive};

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::aws::{ACCOUNT, REGION};
use crate::guard::Policy;
use crate::http_server::{self, BodyFault, Listeners, Port};
use crate::secret::Secret;
use crate::signature::Signatures;
use operations::Service;

/// A message of 1 MiB, each byte of which JSON may write as six, and the text around it.
const REQUEST_BYTES_MAX: u64 = 7 * 1024 * 1024;

/// Returns the URL of a queue served at `address`.
pub fn queue_url(address: SocketAddr, name: &str) -> String {
    format!("http://{address}/{ACCOUNT}/{name}")
}

/// Returns the ARN of a queue.
pub fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// Serves `queues` on `listeners` until `shutdown` resolves. Then long polls end at once.
pub async fn serve(
    listeners: Listeners,
    queues: Arc<Queues>,
    secret: &Secret,
    connections_max: usize,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let service = Service::new(queues, listeners.loopback_address()?);
    let signatures = Arc::new(Signatures::new("sqs", secret));
    let router = Router::new().fallback(answer).with_state((service.clone(), signatures));
    let shutdown = async move {
        shutdown.await;
        service.close();
    };
    let further_host = listeners.further_host();
    let body_bytes_max = |_: &Parts| REQUEST_BYTES_MAX;
    let port = Port {
        name: "SQS",
        connections_max,
        body_bytes_max,
        refuse,
        policy: Policy::OwnPages,
        further_host,
    };
    http_server::serve(listeners, port, router, shutdown).await;
    Ok(())
}

fn refuse(fault: BodyFault) -> Response {
    let document = serde_json::json!({
        "__type": "com.amazon.coral.service#SerializationException", "message": fault.to_string(),
    });
    json(fault.status(), document.to_string())
}

async fn answer(
    State((service, signatures)): State<(Service, Arc<Signatures>)>,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let body = match signatures.signed_body(&head, body).await {
        Ok(body) => body,
        Err(error) => return error.response(),
    };
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix("AmazonSQS.")).unwrap_or_default();
    match service.call(operation, &body).await {
        Ok(document) => json(StatusCode::OK, document.to_string()),
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &SqsError) -> Response {
    let mut response = json(StatusCode::BAD_REQUEST, error.document().to_string());
    if let Ok(code) = HeaderValue::from_str(&error.query_code()) {
        response.headers_mut().insert("x-amzn-query-error", code);
    }
    response
}

fn json(status: StatusCode, document: String) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
    (status, content_type, document).into_response()
}

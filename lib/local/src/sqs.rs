//! A small SQS on SQLite, spoken to over the real wire protocol (`awsJson1_0`).
//!
//! The rule it keeps: **a received message is invisible for its visibility time-out, then comes
//! back with its receive count raised; once it has been received as often as its queue allows, the
//! next receive moves it to the dead-letter queue instead.** Queues, messages and receive counts
//! survive the death of the process. Absent: FIFO queues, message attributes, retention, purge,
//! and any check of signatures (it listens on loopback only).

mod error;
mod operations;
mod queues;
#[cfg(test)]
mod tests;

pub use error::SqsError;
pub use queues::{Queues, Redrive, Settings};

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

use crate::http_server::{self, BodyFault, Check, Port};
use operations::Service;

/// The account that all local queues belong to, as it stands in queue URLs and ARNs.
pub const ACCOUNT: &str = "000000000000";

/// A message of 1 MiB, each byte of which JSON may write as six, and what is around it.
const REQUEST_BYTES_MAX: u64 = 7 * 1024 * 1024;

/// Returns the URL of a queue served at `address`.
pub fn queue_url(address: SocketAddr, name: &str) -> String {
    format!("http://{address}/{ACCOUNT}/{name}")
}

/// Returns the ARN of a queue.
pub fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{}:{ACCOUNT}:{name}", crate::emulators::REGION)
}

/// Serves `queues` on `listener` until `shutdown` resolves; long polls then end at once.
pub async fn serve(
    listener: TcpListener,
    queues: Arc<Queues>,
    connections_max: usize,
    check: Check,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let service = Service::new(queues, listener.local_addr()?);
    let router = Router::new().fallback(answer).with_state(service.clone());
    // The server keeps to a limit of its own.
    let router = router.layer(DefaultBodyLimit::disable());
    let shutdown = async move {
        shutdown.await;
        service.close();
    };
    let body_bytes_max = REQUEST_BYTES_MAX;
    let port = Port { name: "SQS", connections_max, body_bytes_max, refuse, check };
    http_server::serve(listener, port, router, shutdown).await;
    Ok(())
}

fn refuse(fault: BodyFault) -> Response {
    let document = serde_json::json!({
        "__type": "com.amazon.coral.service#SerializationException", "message": fault.to_string(),
    });
    json(fault.status(), document.to_string())
}

async fn answer(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix("AmazonSQS.")).unwrap_or_default();
    match service.call(operation, &body).await {
        Ok(document) => json(StatusCode::OK, document.to_string()),
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &SqsError) -> Response {
    let mut response = json(error.status(), error.document().to_string());
    if let Ok(code) = HeaderValue::from_str(&error.query_code()) {
        response.headers_mut().insert("x-amzn-query-error", code);
    }
    response
}

fn json(status: StatusCode, document: String) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
    (status, content_type, document).into_response()
}

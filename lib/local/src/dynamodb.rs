//! DynamoDB on SQLite: dynoxide's tables behind a port of our own.
//!
//! Dynoxide's own port accepts any signature and lets every web page read the answers. This port
//! requires a signature with the secret of the data folder and sends no CORS headers. It has the
//! operations that read and change tables and items; the answer to any other operation lists them.
//! Absent: streams, tags, time to live, `PartiQL`. Capacity is unlimited unless limits are set.

mod limited;
mod table_limits;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use dynoxide::{Database, DynoxideError};
use s3s::crypto::Crc32;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::guard::Policy;
use crate::http_server::{self, BodyFault, Listeners, Port};
use crate::secret::Secret;
use crate::signature::Signatures;

pub use table_limits::{Capacity, Rate, TableLimits, Use};

/// DynamoDB's limit for a request's body, 16 MB.
const BODY_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The start of the header that names the operation.
const TARGET_PREFIX: &str = "DynamoDB_20120810.";

/// Answers calls.
#[derive(Clone)]
struct Service {
    tables: Tables,
    signatures: Arc<Signatures>,
}

/// The tables, and how much of their capacity is left if it is limited.
#[derive(Clone)]
pub(crate) struct Tables {
    database: Database,
    capacity: Option<Capacity>,
}

impl Tables {
    /// Without limits, the tables accept any number of calls.
    pub(crate) fn new(database: Database, limits: Option<TableLimits>) -> Tables {
        Tables { database, capacity: limits.map(Capacity::new) }
    }
}

/// A status and a JSON document.
type Answer = (StatusCode, String);

/// Serves `tables` on `listeners` until `shutdown` resolves and the answers under way are sent.
pub(crate) async fn serve(
    listeners: Listeners,
    tables: Tables,
    secret: &Secret,
    connections_max: usize,
    shutdown: impl Future<Output = ()>,
) {
    let service = Service { tables, signatures: Arc::new(Signatures::new("dynamodb", secret)) };
    let router = Router::new().fallback(answer).with_state(service);
    let (policy, further_host) = (Policy::OwnPages, listeners.further_host());
    let body_bytes_max = |_: &Parts| BODY_BYTES_MAX;
    let port =
        Port { name: "DynamoDB", connections_max, body_bytes_max, refuse, policy, further_host };
    http_server::serve(listeners, port, router, shutdown).await;
}

fn refuse(fault: BodyFault) -> Response<Body> {
    let (_, document) = refused("SerializationException", &fault.to_string());
    response((fault.status(), document))
}

async fn answer(State(service): State<Service>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = match service.signatures.signed_body(&head, body).await {
        Ok(body) => body,
        Err(error) => return error.response(),
    };
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix(TARGET_PREFIX));
    let operation = operation.unwrap_or_default().to_owned();
    // SQLite blocks, which would delay the answers of S3 and SQS.
    let done = tokio::task::spawn_blocking(move || run(&service.tables, &operation, &body)).await;
    response(done.unwrap_or_else(|_| {
        let code = "InternalServerError";
        let document = json!({ "__type": code, "message": "the operation panicked" });
        (StatusCode::INTERNAL_SERVER_ERROR, document.to_string())
    }))
}

/// Runs one operation by its name in the wire protocol.
fn run(tables: &Tables, operation: &str, body: &[u8]) -> Answer {
    let Tables { database, capacity } = tables;
    match (capacity, operation) {
        (Some(capacity), "BatchWriteItem") => {
            return answered(body, |call| limited::batch_write_item(database, capacity, call));
        }
        (Some(capacity), "Query") => {
            return answered(body, |call| limited::query(database, capacity, call));
        }
        _ => {}
    }
    macro_rules! operations {
        ($($name:literal => $method:ident,)*) => {
            match operation {
                $($name => answered(body, |call| database.$method(call)),)*
                _ => {
                    let there_are = [$($name),*].join(", ");
                    let message = format!("unknown operation {operation:?}; it must be one of {there_are}");
                    refused("UnknownOperationException", &message)
                }
            }
        };
    }
    operations! {
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeTable" => describe_table,
        "GetItem" => get_item,
        "ListTables" => list_tables,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
        "UpdateItem" => update_item,
        "UpdateTable" => update_table,
    }
}

fn answered<Call: DeserializeOwned, Outcome: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Call) -> dynoxide::Result<Outcome>,
) -> Answer {
    let call = match serde_json::from_slice(body) {
        Ok(call) => call,
        Err(error) if error.is_data() => return refused_value(&error),
        Err(error) => return refused("SerializationException", &error.to_string()),
    };
    let outcome = operation(call).and_then(|outcome| {
        let document = serde_json::to_string(&outcome);
        document.map_err(|error| DynoxideError::InternalServerError(error.to_string()))
    });
    match outcome {
        Ok(document) => (StatusCode::OK, document),
        Err(error) => {
            let status = StatusCode::from_u16(error.status_code());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            if status.is_server_error() {
                tracing::warn!(
                    %error,
                    "the tables cannot be used; if their file is damaged, stop the system and \
                     delete tables.sqlite and the files beside it whose names start with its name: \
                     the next start loads all files again, and earlier reports are lost"
                );
            }
            (status, error.to_json())
        }
    }
}

/// Removes the prefix in capitals that dynoxide's types put before some messages for its own port.
fn refused_value(error: &serde_json::Error) -> Answer {
    let message = error.to_string();
    let is_mark = |start: &str| start.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let message = match message.split_once(':') {
        Some((start, rest)) if is_mark(start) => rest,
        _ => &message,
    };
    refused("ValidationException", message)
}

fn refused(code: &str, message: &str) -> Answer {
    let document =
        json!({ "__type": format!("com.amazon.coral.service#{code}"), "message": message });
    (StatusCode::BAD_REQUEST, document.to_string())
}

fn response((status, document): Answer) -> Response<Body> {
    let checksum = Crc32::checksum_u32(document.as_bytes());
    let mut response = Response::new(Body::from(document));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/x-amz-json-1.0");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert("x-amz-crc32", HeaderValue::from(checksum));
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

//! Turns HTTP into the JSON of an API Gateway REST proxy event.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::aws::ACCOUNT;

/// The stage in every event; it is not part of local paths.
const STAGE: &str = "local";

/// Builds the event of one request.
pub(super) fn proxy_event(
    resource: &str,
    path_parameter: Option<(&str, String)>,
    request: &Parts,
    body: &[u8],
    request_id: &str,
) -> Value {
    let headers = multi_values(header_pairs(&request.headers));
    let query = form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes());
    let query = multi_values(query.into_owned());
    let (body, is_base64_encoded) = encoded_body(body);
    let path_parameters = path_parameter.map(|(name, value)| json!({ name: value }));
    json!({
        "resource": resource,
        "path": request.uri.path(),
        "httpMethod": request.method.as_str(),
        "headers": last_values(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": null_if_empty(last_values(&query)),
        "multiValueQueryStringParameters": null_if_empty(query),
        "pathParameters": path_parameters,
        "stageVariables": null,
        "requestContext": request_context(resource, request, request_id),
        "body": body,
        "isBase64Encoded": is_base64_encoded,
    })
}

fn request_context(resource: &str, request: &Parts, request_id: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    json!({
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": text("host"),
        "httpMethod": request.method.as_str(),
        "identity": { "sourceIp": "127.0.0.1", "userAgent": text("user-agent") },
        "path": format!("/{STAGE}{}", request.uri.path()),
        "protocol": format!("{:?}", request.version),
        "requestId": request_id,
        "requestTimeEpoch": u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        "resourceId": "local",
        "resourcePath": resource,
        "stage": STAGE,
    })
}

/// Keeps text as text; a body that is not UTF-8 becomes base64.
fn encoded_body(body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    match str::from_utf8(body) {
        Ok(text) => (Some(text.to_owned()), false),
        Err(_) => (Some(STANDARD.encode(body)), true),
    }
}

fn header_pairs(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    headers.iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    })
}

fn multi_values(pairs: impl Iterator<Item = (String, String)>) -> Map<String, Value> {
    let mut values = Map::new();
    for (name, value) in pairs {
        let entry = values.entry(name).or_insert_with(|| json!([]));
        if let Some(list) = entry.as_array_mut() {
            list.push(Value::String(value));
        }
    }
    values
}

fn last_values(values: &Map<String, Value>) -> Map<String, Value> {
    let last = |list: &Value| list.as_array().and_then(|list| list.last()).cloned();
    values.iter().map(|(name, list)| (name.clone(), last(list).unwrap_or_default())).collect()
}

fn null_if_empty(values: Map<String, Value>) -> Value {
    if values.is_empty() { Value::Null } else { Value::Object(values) }
}

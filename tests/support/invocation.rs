//! Events as AWS sends them, and the parts of a response.

use std::time::Duration;

use serde_json::{Value, json};

/// Longer than any invocation takes.
pub const TIMEOUT: Duration = Duration::from_mins(10);

/// A stored event, in the form that AWS sends.
pub fn stored_event(name: &str) -> Value {
    let path = format!("{}/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// An SQS event with one message.
pub fn sqs_event(message: &Value) -> Value {
    let mut event = stored_event("compute_report");
    event["Records"][0]["body"] = json!(message.to_string());
    event
}

/// The record of a created object, with the event time that S3 always gives.
pub(crate) fn record_of(s3: &Value) -> Value {
    json!({ "eventName": "ObjectCreated:Put", "eventTime": "2023-01-26T08:00:00.000Z", "s3": s3 })
}

/// The body of an HTTP response.
pub fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

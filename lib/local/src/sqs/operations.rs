//! The operations of the wire protocol: reads JSON, checks limits, writes JSON.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use s3s::crypto::{Checksum, Md5};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::queues::{Received, millis};
use super::{QueueSettings, Queues, Redrive, SqsError, queue_arn, queue_url};

/// One MiB, the limit for a body and for all bodies of a batch together.
const BODY_BYTES_MAX: usize = 1024 * 1024;
const BATCH_ENTRIES_MAX: usize = 10;
/// Twelve hours.
const VISIBILITY_SECONDS_MAX: u64 = 43_200;
const DELAY_SECONDS_MAX: u64 = 900;
const WAIT_SECONDS_MAX: u64 = 20;

/// The queues behind the wire protocol.
#[derive(Debug, Clone)]
pub(super) struct Service {
    queues: Arc<Queues>,
    address: SocketAddr,
    closing: Arc<AtomicBool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueCall {
    #[serde(alias = "QueueName")]
    queue_url: String,
    #[serde(default)]
    attributes: Map<String, Value>,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sending {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    id: String,
    message_body: String,
    #[serde(default)]
    delay_seconds: u64,
    #[serde(default)]
    message_attributes: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receiving {
    queue_url: String,
    max_number_of_messages: Option<usize>,
    visibility_timeout: Option<u64>,
    wait_time_seconds: Option<u64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Handled {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    id: String,
    receipt_handle: String,
    #[serde(default)]
    visibility_timeout: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<Entry> {
    queue_url: String,
    entries: Vec<Entry>,
}

impl Service {
    /// Serves `queues`. Queue URLs contain `address`.
    pub(super) fn new(queues: Arc<Queues>, address: SocketAddr) -> Service {
        Service { queues, address, closing: Arc::new(AtomicBool::new(false)) }
    }

    /// Ends the long polls. Later long polls do not wait.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.queues.wake();
    }

    /// Runs one operation.
    pub(super) async fn call(&self, operation: &str, body: &[u8]) -> Result<Value, SqsError> {
        match operation {
            "CreateQueue" => self.create_queue(&parsed(body)?),
            "GetQueueUrl" => self.get_queue_url(&parsed(body)?),
            "GetQueueAttributes" => self.get_queue_attributes(&parsed(body)?),
            "SendMessage" => {
                let sending: Sending = parsed(body)?;
                self.send(queue_name(&sending.queue_url), &sending)
            }
            "SendMessageBatch" => self.send_batch(&parsed(body)?),
            "ReceiveMessage" => self.receive(parsed(body)?).await,
            "DeleteMessage" => {
                let handled: Handled = parsed(body)?;
                self.queues.delete(queue_name(&handled.queue_url), &handled.receipt_handle)?;
                Ok(json!({}))
            }
            "DeleteMessageBatch" => self.delete_batch(&parsed(body)?),
            "ChangeMessageVisibility" => {
                let handled: Handled = parsed(body)?;
                let visibility = visibility_of(handled.visibility_timeout)?;
                let queue = queue_name(&handled.queue_url);
                self.queues.change_visibility(queue, &handled.receipt_handle, visibility)?;
                Ok(json!({}))
            }
            other => Err(SqsError::UnsupportedOperation(format!("operation {other:?}"))),
        }
    }

    fn create_queue(&self, call: &QueueCall) -> Result<Value, SqsError> {
        let name = call.queue_url.as_str();
        let settings = settings_of(&call.attributes)?;
        match self.queues.settings(name) {
            Ok(existing) if existing != settings && !call.attributes.is_empty() => {
                return Err(SqsError::QueueNameExists(name.to_owned()));
            }
            Ok(_) => {}
            Err(_) => self.queues.define(name, &settings),
        }
        Ok(json!({ "QueueUrl": queue_url(self.address, name) }))
    }

    fn get_queue_url(&self, call: &QueueCall) -> Result<Value, SqsError> {
        self.queues.settings(&call.queue_url)?;
        Ok(json!({ "QueueUrl": queue_url(self.address, &call.queue_url) }))
    }

    fn get_queue_attributes(&self, call: &QueueCall) -> Result<Value, SqsError> {
        let queue = queue_name(&call.queue_url);
        let settings = self.queues.settings(queue)?;
        let counts = self.queues.counts(queue)?;
        let mut attributes = vec![
            ("QueueArn", queue_arn(queue)),
            ("VisibilityTimeout", settings.visibility.as_secs().to_string()),
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.invisible.to_string()),
        ];
        if let Some(redrive) = settings.redrive {
            let policy = json!({
                "deadLetterTargetArn": queue_arn(&redrive.dead_letter_queue),
                "maxReceiveCount": redrive.receives_allowed,
            });
            attributes.push(("RedrivePolicy", policy.to_string()));
        }
        Ok(json!({ "Attributes": requested(&call.attribute_names, attributes) }))
    }

    fn send(&self, queue: &str, sending: &Sending) -> Result<Value, SqsError> {
        check_body(&sending.message_body)?;
        if !sending.message_attributes.is_empty() {
            return Err(SqsError::UnsupportedOperation("message attributes".to_owned()));
        }
        let delay = within("DelaySeconds", sending.delay_seconds, DELAY_SECONDS_MAX)?;
        let delay = Duration::from_secs(delay);
        let message_id = self.queues.send(queue, &sending.message_body, delay)?;
        Ok(json!({
            "MessageId": message_id,
            "MD5OfMessageBody": md5_hex(&sending.message_body),
        }))
    }

    fn send_batch(&self, batch: &Batch<Sending>) -> Result<Value, SqsError> {
        check_entries(batch.entries.iter().map(|entry| entry.id.as_str()))?;
        let total: usize = batch.entries.iter().map(|entry| entry.message_body.len()).sum();
        if total > BODY_BYTES_MAX {
            return Err(SqsError::BatchRequestTooLong(BODY_BYTES_MAX));
        }
        let queue = queue_name(&batch.queue_url);
        self.queues.settings(queue)?;
        let outcomes = batch.entries.iter().map(|entry| (&entry.id, self.send(queue, entry)));
        Ok(batch_answer(outcomes))
    }

    async fn receive(&self, receiving: Receiving) -> Result<Value, SqsError> {
        let most = receiving.max_number_of_messages.unwrap_or(1);
        if !(1..=10).contains(&most) {
            let message = format!("MaxNumberOfMessages must be between 1 and 10, found {most}");
            return Err(SqsError::InvalidParameterValue(message));
        }
        let visibility = receiving.visibility_timeout.map(visibility_of).transpose()?;
        let wait = receiving.wait_time_seconds.unwrap_or(0);
        let wait = Duration::from_secs(within("WaitTimeSeconds", wait, WAIT_SECONDS_MAX)?);
        let queue = queue_name(&receiving.queue_url);
        let received = self
            .queues
            .receive_or_wait(queue, most, visibility, wait, || self.closing.load(Ordering::SeqCst));
        let received = received.await?;
        let mut names = receiving.attribute_names;
        names.extend(receiving.message_system_attribute_names);
        let messages: Vec<Value> =
            received.iter().map(|message| message_document(message, &names)).collect();
        Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
    }

    fn delete_batch(&self, batch: &Batch<Handled>) -> Result<Value, SqsError> {
        check_entries(batch.entries.iter().map(|entry| entry.id.as_str()))?;
        let queue = queue_name(&batch.queue_url);
        self.queues.settings(queue)?;
        let outcomes = batch.entries.iter().map(|entry| {
            let deleted = self.queues.delete(queue, &entry.receipt_handle);
            (&entry.id, deleted.map(|()| json!({})))
        });
        Ok(batch_answer(outcomes))
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body)
        .map_err(|error| SqsError::InvalidParameterValue(format!("malformed request: {error}")))
}

/// Returns the last part of a queue URL. The host does not matter, so URLs stay valid if the port
/// changes.
fn queue_name(queue_url: &str) -> &str {
    queue_url.rsplit('/').next().unwrap_or_default()
}

fn settings_of(attributes: &Map<String, Value>) -> Result<QueueSettings, SqsError> {
    let mut settings = QueueSettings { visibility: Duration::from_secs(30), redrive: None };
    for (name, value) in attributes {
        let text = value.as_str().unwrap_or_default();
        let invalid =
            || SqsError::InvalidParameterValue(format!("invalid value of {name}: {text}"));
        match name.as_str() {
            "VisibilityTimeout" => {
                settings.visibility = visibility_of(text.parse().map_err(|_| invalid())?)?;
            }
            "RedrivePolicy" => {
                settings.redrive = Some(redrive_of(text).ok_or_else(invalid)?);
            }
            _ => return Err(SqsError::UnsupportedOperation(format!("queue attribute {name}"))),
        }
    }
    Ok(settings)
}

fn redrive_of(policy: &str) -> Option<Redrive> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let arn = policy.get("deadLetterTargetArn")?.as_str()?;
    let count = policy.get("maxReceiveCount")?;
    // SDKs and templates write it as a number or as text.
    let receives_allowed = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
    Some(Redrive {
        dead_letter_queue: arn.rsplit(':').next()?.to_owned(),
        receives_allowed: u32::try_from(receives_allowed).ok()?,
    })
}

fn message_document(message: &Received, names: &[String]) -> Value {
    let attributes = vec![
        ("ApproximateReceiveCount", message.receives.to_string()),
        ("SentTimestamp", millis(message.sent_at).to_string()),
        ("SenderId", "local".to_owned()),
        ("ApproximateFirstReceiveTimestamp", millis(message.first_received_at).to_string()),
    ];
    json!({
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": md5_hex(&message.body),
        "Body": message.body,
        "Attributes": requested(names, attributes),
    })
}

fn requested(names: &[String], attributes: Vec<(&str, String)>) -> Map<String, Value> {
    let is_named = |name: &str| names.iter().any(|named| named == "All" || named == name);
    let requested = attributes.into_iter().filter(|(name, _)| is_named(name));
    requested.map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

fn batch_answer<'a>(
    outcomes: impl Iterator<Item = (&'a String, Result<Value, SqsError>)>,
) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, outcome) in outcomes {
        match outcome {
            Ok(mut document) => {
                document["Id"] = json!(id);
                successful.push(document);
            }
            Err(error) => failed.push(json!({
                "Id": id, "Code": error.code(), "Message": error.to_string(),
                "SenderFault": true,
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}

fn check_entries<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), SqsError> {
    let mut ids: Vec<&str> = ids.collect();
    let count = ids.len();
    if count == 0 {
        return Err(SqsError::EmptyBatchRequest);
    }
    if count > BATCH_ENTRIES_MAX {
        return Err(SqsError::TooManyEntriesInBatchRequest(count));
    }
    ids.sort_unstable();
    ids.dedup();
    if ids.len() < count { Err(SqsError::BatchEntryIdsNotDistinct) } else { Ok(()) }
}

fn check_body(body: &str) -> Result<(), SqsError> {
    if body.is_empty() || body.len() > BODY_BYTES_MAX {
        let message = format!("a body must have 1 to {BODY_BYTES_MAX} bytes, found {}", body.len());
        return Err(SqsError::InvalidParameterValue(message));
    }
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    if body.chars().all(allowed) { Ok(()) } else { Err(SqsError::InvalidMessageContents) }
}

fn visibility_of(seconds: u64) -> Result<Duration, SqsError> {
    within("VisibilityTimeout", seconds, VISIBILITY_SECONDS_MAX).map(Duration::from_secs)
}

fn within(name: &str, value: u64, most: u64) -> Result<u64, SqsError> {
    if value <= most {
        return Ok(value);
    }
    let message = format!("{name} must be between 0 and {most}, found {value}");
    Err(SqsError::InvalidParameterValue(message))
}

fn md5_hex(body: &str) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    let digest = Md5::checksum(body.as_bytes());
    digest.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

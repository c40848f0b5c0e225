//! Announces created objects in a queue, in the JSON that S3 sends.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use s3s::dto::{Timestamp, TimestampFormat};
use serde_json::{Value, json};
use uuid::Uuid;

use super::url_encoding::url_encoded;
use crate::aws::REGION;
use crate::sqs::{Queues, SqsError};

/// Which objects are announced, and where.
#[derive(Debug, Clone)]
pub struct Notification {
    /// The watched bucket.
    pub bucket: String,
    /// Only keys with this prefix are announced.
    pub prefix: String,
    /// The name of the queue that gets the message.
    pub queue: String,
    /// The queues, which include that queue.
    pub queues: Arc<Queues>,
}

/// An object as an event describes it.
#[derive(Debug, Clone)]
pub struct CreatedObject {
    /// The bucket's name.
    pub bucket: String,
    /// The key, not encoded.
    pub key: String,
    /// The size in bytes.
    pub size: u64,
    /// The `ETag` without its quotes.
    pub e_tag: String,
    /// When the object was last written.
    pub last_modified: SystemTime,
    /// The operation that created it: `Put`, `Copy` or `CompleteMultipartUpload`.
    pub cause: &'static str,
}

impl Notification {
    /// Whether an object with this key is announced.
    pub fn concerns(&self, bucket: &str, key: &str) -> bool {
        bucket == self.bucket && key.starts_with(&self.prefix)
    }

    /// Queues the event of one created object.
    pub fn announce(&self, object: &CreatedObject) -> Result<(), SqsError> {
        let event = event_of(object).to_string();
        self.queues.send(&self.queue, &event, Duration::ZERO).map(drop)
    }
}

/// Builds the event message that S3 sends for a created object.
fn event_of(object: &CreatedObject) -> Value {
    json!({ "Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": iso_millis(object.last_modified),
        "eventName": format!("ObjectCreated:{}", object.cause),
        "userIdentity": { "principalId": "AWS:local" },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": {
            "x-amz-request-id": Uuid::new_v4().simple().to_string().to_uppercase(),
            "x-amz-id-2": Uuid::new_v4().simple().to_string(),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "incoming",
            "bucket": {
                "name": object.bucket,
                "ownerIdentity": { "principalId": "local" },
                "arn": format!("arn:aws:s3:::{}", object.bucket),
            },
            "object": {
                "key": url_encoded(&object.key),
                "size": object.size,
                "eTag": object.e_tag,
                "sequencer": sequencer(object.last_modified),
            },
        },
    }] })
}

/// Returns a hexadecimal number that grows with every write of a key. It is derived from the time
/// of the write, so an object that is announced again has the same number.
fn sequencer(written_at: SystemTime) -> String {
    format!("{:016X}", millis(written_at))
}

/// Returns an instant in milliseconds since 1970, as events give it.
pub(super) fn millis(instant: SystemTime) -> u128 {
    instant.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// Returns the instant that is this many milliseconds after the start of 1970.
pub(super) fn instant(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

/// `2026-11-24T16:49:58.123Z`.
fn iso_millis(instant: SystemTime) -> String {
    let mut text = Vec::new();
    // Writing to memory cannot fail, and the format can hold every instant of a file system.
    Timestamp::from(instant).format(TimestampFormat::DateTime, &mut text).ok();
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_fields_that_consumers_read() {
        let event = event_of(&CreatedObject {
            bucket: "data".to_owned(),
            key: "incoming/a b.csv".to_owned(),
            size: 7,
            e_tag: "0cc1".to_owned(),
            last_modified: UNIX_EPOCH + Duration::from_millis(1_674_554_802_605),
            cause: "Put",
        });

        let record = &event["Records"][0];
        assert_eq!(record["eventTime"], "2023-01-24T10:06:42.605Z");
        assert_eq!(record["eventName"], "ObjectCreated:Put");
        assert_eq!(record["s3"]["bucket"]["name"], "data");
        assert_eq!(record["s3"]["object"]["key"], "incoming/a+b.csv");
        assert_eq!(record["s3"]["object"]["size"], 7);
    }

    #[test]
    fn a_sequencer_grows_with_the_time_of_the_write() {
        let written_at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        let sequencers =
            [9, 10, 1_674_554_802_605, 1_674_554_802_606].map(written_at).map(sequencer);
        assert!(sequencers.is_sorted_by(|earlier, later| earlier < later));
    }
}

//! The body of a message of the load queue: a notification of S3 about objects.
//!
//! It has its own type here, because the type of the events crate refuses messages that lack fields
//! which this program does not need.

use std::str::Utf8Error;

use serde::Deserialize;
use uptime::Timestamp;
use uptime::segment::{Sequencer, UploadEvent};
use uptime_aws::load_files::INCOMING;
use uptime_aws::{JsonFault, Pin, decoded_key};

/// An object to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnnouncedObject {
    pub(crate) bucket: String,
    /// Not encoded.
    pub(crate) key: String,
    pub(crate) pin: Pin,
    /// The time and sequencer of the event. Not compared with the second of the upload yet.
    pub(crate) event: Option<UploadEvent>,
}

/// Why a message cannot be read. The text never contains the body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotificationError {
    #[error("the message is not an S3 notification in JSON")]
    NotJson(#[from] JsonFault),
    #[error("the message has no Records and is not S3's test event")]
    NoRecords,
    #[error("a key is not UTF-8 after decoding")]
    BadKey(#[from] Utf8Error),
}

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    #[serde(rename = "Event")]
    event: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    event_time: Option<String>,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    key: String,
    version_id: Option<String>,
    e_tag: Option<String>,
    sequencer: Option<String>,
}

/// Returns the objects under `incoming/` that the message says were created. Ignores deletions,
/// S3's test event, other objects, and the empty objects that stand for folders.
pub(crate) fn objects_to_load(body: &str) -> Result<Vec<AnnouncedObject>, NotificationError> {
    let notification: Notification = serde_json::from_str(body).map_err(JsonFault::from)?;
    let Some(records) = notification.records else {
        let is_test = notification.event.as_deref() == Some("s3:TestEvent");
        return if is_test { Ok(Vec::new()) } else { Err(NotificationError::NoRecords) };
    };
    let mut objects = Vec::new();
    for record in records {
        let is_created = created(&record.event_name);
        let object = announced(record.s3, record.event_time.as_deref())?;
        if is_created && is_source_file(&object.key) {
            objects.push(object);
        }
    }
    Ok(objects)
}

/// Returns whether this is the key of a source file.
pub(crate) fn is_source_file(key: &str) -> bool {
    key.starts_with(INCOMING) && !key.ends_with('/')
}

/// Event names start with `s3:` in bucket settings, but not in messages.
fn created(event_name: &str) -> bool {
    event_name.strip_prefix("s3:").unwrap_or(event_name).starts_with("ObjectCreated:")
}

fn announced(entity: Entity, event_time: Option<&str>) -> Result<AnnouncedObject, Utf8Error> {
    let Object { key, version_id, e_tag, sequencer } = entity.object;
    let key = decoded_key(&key)?;
    let given = |text: &String| !text.is_empty();
    let pin = match (version_id.filter(given), e_tag.filter(given)) {
        (Some(version), _) => Pin::Version(version),
        (None, Some(e_tag)) => Pin::ETag(e_tag),
        (None, None) => Pin::Newest,
    };
    let event = event_time.and_then(|time| Timestamp::from_rfc3339(time).ok()).map(|time| {
        let sequencer = sequencer.as_deref().and_then(Sequencer::new);
        UploadEvent { time, sequencer: sequencer.unwrap_or_default() }
    });
    Ok(AnnouncedObject { bucket: entity.bucket.name, key, pin, event })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_created_object_is_announced_with_its_version() {
        let event: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/events/load_data.json")).unwrap();
        let body = event["Records"][0]["body"].as_str().unwrap();
        let body_json: serde_json::Value = serde_json::from_str(body).unwrap();
        let record = &body_json["Records"][0];

        let objects = objects_to_load(body).unwrap();

        assert_eq!(objects.len(), 1);
        assert_eq!(objects[0].key, "incoming/store hours (1).csv");
        assert_eq!(objects[0].pin, Pin::Version("096fKKXTRTtl3on89fVO.nfljtsv6qko".to_owned()));
        let event = objects[0].event.as_ref().unwrap();
        assert_eq!(event.time, Timestamp::from_rfc3339("2023-01-26T08:00:00Z").unwrap());
        assert_eq!(event.sequencer.as_str(), record["s3"]["object"]["sequencer"]);
    }

    #[test]
    fn a_key_is_decoded_once() {
        check(&[("ObjectCreated:Put", "incoming/a+b.csv")], "incoming/a b.csv");
        check(&[("ObjectCreated:Put", "incoming/a%2Bb%3D%C3%BC.csv")], "incoming/a+b=ü.csv");
        check(&[("ObjectCreated:Put", "incoming/a%252Bb.csv")], "incoming/a%2Bb.csv");
        check(&[("ObjectCreated:Put", "incoming/50%25+off&x=y.csv")], "incoming/50% off&x=y.csv");
        check(&[("ObjectCreated:Put", "incoming/%FF.csv")], "error");
    }

    #[test]
    fn every_way_of_creating_an_object_counts() {
        for cause in ["Put", "Post", "Copy", "CompleteMultipartUpload"] {
            check(&[(&format!("ObjectCreated:{cause}"), "incoming/a.csv")], "incoming/a.csv");
        }
        check(&[("s3:ObjectCreated:Put", "incoming/a.csv")], "incoming/a.csv");
    }

    #[test]
    fn deletions_folders_and_other_objects_are_ignored() {
        check(&[("ObjectRemoved:Delete", "incoming/a.csv")], "");
        check(&[("ObjectRemoved:DeleteMarkerCreated", "incoming/a.csv")], "");
        check(&[("ObjectCreated:Put", "incoming/2023/")], "");
        check(&[("ObjectCreated:Put", "incoming/")], "");
        check(&[("ObjectCreated:Put", "loads/a.csv/manifest.json")], "");
        check(&[("ObjectCreated:Put", "elsewhere/incoming/a.csv")], "");
    }

    #[test]
    fn several_records_are_all_announced() {
        let created = "ObjectCreated:Put";
        let records = [(created, "incoming/a"), ("ObjectRemoved:Delete", "incoming/b")];
        check(&[records[0], records[1], (created, "incoming/c")], "incoming/a, incoming/c");
    }

    #[test]
    fn without_a_version_the_object_is_pinned_by_its_etag() {
        let pin = |object: &str| {
            let entity = format!("{{\"bucket\": {{\"name\": \"b\"}}, \"object\": {object}}}");
            announced(serde_json::from_str(&entity).unwrap(), None).unwrap().pin
        };
        let e_tag = Pin::ETag("0cc1".to_owned());
        assert_eq!(pin(r#"{"key": "k", "eTag": "0cc1"}"#), e_tag);
        assert_eq!(pin(r#"{"key": "k", "eTag": "0cc1", "versionId": null}"#), e_tag);
        assert_eq!(pin(r#"{"key": "k", "eTag": "0cc1", "versionId": ""}"#), e_tag);
        assert_eq!(pin(r#"{"key": "k"}"#), Pin::Newest);
    }

    #[test]
    fn the_test_event_announces_nothing() {
        let body = r#"{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}"#;
        assert_eq!(objects_to_load(body).unwrap(), []);
        assert_eq!(objects_to_load(r#"{"Records": []}"#).unwrap(), []);
    }

    #[test]
    fn anything_else_is_an_error() {
        for body in ["", "text", "{}", "[]", r#"{"Event": "s3:Other"}"#, r#"{"Records": [{}]}"#] {
            assert!(objects_to_load(body).is_err(), "{body}");
        }
    }

    #[track_caller]
    fn check(records: &[(&str, &str)], expected: &str) {
        let record = |&(event_name, key): &(&str, &str)| {
            serde_json::json!({
                "eventName": event_name,
                "s3": { "bucket": { "name": "b" }, "object": { "key": key, "eTag": "0cc1" } },
            })
        };
        let records: Vec<_> = records.iter().map(record).collect();
        let body = serde_json::json!({ "Records": records }).to_string();
        let keys = |objects: Vec<AnnouncedObject>| {
            objects.into_iter().map(|object| object.key).collect::<Vec<_>>().join(", ")
        };
        let read = objects_to_load(&body).map_or("error".to_owned(), keys);
        assert_eq!(read, expected);
    }
}

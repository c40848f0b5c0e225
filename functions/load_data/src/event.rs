//! The two kinds of events that invoke this function.

use aws_lambda_events::event::sqs::SqsEvent;
use serde::Deserialize;
use serde_json::Value;
use uptime_aws::{JsonFault, Pin};

use crate::notification::AnnouncedObject;

/// What an invocation must do.
#[derive(Debug)]
pub(crate) enum Event {
    /// Load the objects that messages of the load queue announce.
    Queue(SqsEvent),
    /// Load one object, even if it was loaded before.
    Direct(AnnouncedObject),
}

/// Why an event cannot be read. Lambda logs it, so it must not contain the event.
#[derive(Debug, thiserror::Error)]
#[error(
    "the event cannot be read; accepted are an SQS event and \
     {{\"bucket\": \"...\", \"key\": \"...\"}} with an optional \"version\""
)]
pub(crate) struct EventError(#[from] JsonFault);

/// A direct event. Its key is not encoded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectEvent {
    bucket: String,
    key: String,
    version: Option<String>,
}

impl Event {
    pub(crate) fn read(payload: Value) -> Result<Event, EventError> {
        if payload.get("Records").is_some() {
            return Ok(Event::Queue(serde_json::from_value(payload).map_err(JsonFault::from)?));
        }
        let direct = serde_json::from_value(payload).map_err(JsonFault::from)?;
        let DirectEvent { bucket, key, version } = direct;
        let pin = version.map_or(Pin::Newest, Pin::Version);
        Ok(Event::Direct(AnnouncedObject { bucket, key, pin, event: None }))
    }
}

#[cfg(test)]
mod tests {
    use uptime_aws::describe;

    use super::*;

    #[test]
    fn an_event_with_records_is_an_sqs_event() {
        check(include_str!("../../../tests/events/load_data.json"), "1 messages");
        check(r#"{"Records": []}"#, "0 messages");
    }

    #[test]
    fn a_bucket_and_a_key_name_one_object() {
        check(r#"{"bucket": "b", "key": "incoming/a+b.csv"}"#, "b incoming/a+b.csv Newest");
        check(r#"{"bucket": "b", "key": "k", "version": null}"#, "b k Newest");
        check(r#"{"bucket": "b", "key": "k", "version": "v1"}"#, r#"b k Version("v1")"#);
    }

    #[test]
    fn anything_else_is_an_error() {
        for event in ["{}", "[]", "null", r#"{"bucket": "b"}"#, r#"{"Records": 1}"#] {
            check(event, "error");
        }
        check(r#"{"bucket": "b", "key": "k", "versoin": "v1"}"#, "error");
    }

    #[test]
    fn an_error_never_quotes_the_event() {
        for event in [r#"{"Records": "store-4711"}"#, r#"{"bucket": "b", "store-4711": "k"}"#] {
            let error = Event::read(serde_json::from_str(event).unwrap()).unwrap_err();
            assert!(!format!("{error:?}").contains("4711"), "{error:?}");
            let text = describe(&error);
            assert!(text.ends_with(": a value is missing or has the wrong type"), "{text}");
        }
    }

    #[track_caller]
    fn check(event: &str, expected: &str) {
        let read = match Event::read(serde_json::from_str(event).unwrap()) {
            Ok(Event::Queue(event)) => format!("{} messages", event.records.len()),
            Ok(Event::Direct(object)) => {
                format!("{} {} {:?}", object.bucket, object.key, object.pin)
            }
            Err(_) => "error".to_owned(),
        };
        assert_eq!(read, expected, "{event}");
    }
}

//! Events and messages with any content are read or refused, without a panic. A key is read as it
//! was put, however S3 encodes it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::event::Event;
use crate::notification::{is_source_file, objects_to_load};

const STORED_EVENT: &str = include_str!("../../../tests/events/load_data.json");

/// The characters that S3 percent-encodes. It writes a blank as a plus sign.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_key_is_read_as_it_was_put(name in "(\\PC|[+% &=?#/]|%2B|[\u{0}-\u{1f}]){0,20}[^/]") {
        let key = format!("incoming/{name}");
        let encoded = utf8_percent_encode(&key, ENCODED).to_string().replace(' ', "+");
        let objects = objects_to_load(&message("ObjectCreated:Put", &encoded)).unwrap();
        prop_assert_eq!(objects.len(), 1);
        prop_assert_eq!(&objects[0].key, &key);
    }

    #[test]
    fn any_key_is_to_be_loaded_or_ignored_or_an_error(
        event in "(ObjectCreated:|ObjectRemoved:|s3:)?\\PC{0,6}",
        key in "(incoming/|%[0-9A-Fa-f]{0,2}|\\PC|[+%/]){0,12}",
    ) {
        if let Ok(objects) = objects_to_load(&message(&event, &key)) {
            prop_assert!(objects.iter().all(|object| is_source_file(&object.key)));
        }
    }

    #[test]
    fn a_damaged_message_is_read_or_refused(
        changes in vec((any::<Index>(), any::<u8>(), 0..3_u8), 0..6),
    ) {
        let stored: Value = serde_json::from_str(STORED_EVENT).unwrap();
        let mut body = stored["Records"][0]["body"].as_str().unwrap().as_bytes().to_vec();
        for (at, byte, what) in changes {
            let at = at.index(body.len());
            match what {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => drop(body.remove(at)),
            }
        }
        if let Ok(objects) = objects_to_load(&String::from_utf8_lossy(&body)) {
            prop_assert!(objects.iter().all(|object| is_source_file(&object.key)));
        }
    }

    #[test]
    fn an_event_of_any_members_is_read_or_refused(
        members in vec((name(), value()), 0..5),
    ) {
        let event = Value::Object(members.into_iter().collect());
        let has_records = event.get("Records").is_some();
        match Event::read(event) {
            Ok(Event::Queue(_)) => prop_assert!(has_records),
            Ok(Event::Direct(_)) => prop_assert!(!has_records),
            Err(_) => {}
        }
    }
}

fn name() -> impl Strategy<Value = String> {
    select(&["bucket", "key", "version", "Records", "body", "x"][..]).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,10}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((name(), inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn message(event_name: &str, key: &str) -> String {
    let s3 = json!({ "bucket": { "name": "b" }, "object": { "key": key } });
    json!({ "Records": [{ "eventName": event_name, "s3": s3 }] }).to_string()
}

//! Messages of the load queue: those that need no load are acknowledged, unreadable ones are kept.

use std::time::Duration;

use end_to_end::story::Story;
use end_to_end::until::until;
use local::system::{DATA_BUCKET, LOAD_DEAD_LETTER_QUEUE, LOAD_QUEUE};
use uptime_aws::LoadStatus;

use crate::repeats::event;
use crate::small;

#[tokio::test]
async fn a_message_that_needs_no_load_is_acknowledged() {
    let story = Story::begin().await;
    let test_event = r#"{"Service": "Amazon S3", "Event": "s3:TestEvent",
        "Time": "2023-01-26T08:00:00.000Z", "Bucket": "data", "RequestId": "R", "HostId": "H"}"#;
    story.send_to_load_data(test_event);
    story.send_to_load_data(&event(&[("ObjectRemoved:Delete", "incoming/gone.csv")]));
    story.send_to_load_data(&event(&[("ObjectCreated:Put", "incoming/folder/")]));
    story.send_to_load_data(&event(&[("ObjectCreated:Put", "incoming/never+was.csv")]));
    story.send_to_load_data(&event(&[]));
    // For example a file of rejects, which would be a valid source file.
    let elsewhere = story.s3().put_object().bucket(DATA_BUCKET).key("elsewhere/hours.csv");
    elsewhere.body(small::HOURS.as_bytes().to_vec().into()).send().await.unwrap();
    story.send_to_load_data(&event(&[("ObjectCreated:Put", "elsewhere/hours.csv")]));

    story.put("folder/", "").await;

    story.drained(LOAD_QUEUE).await;
    let story = Story::in_folder(story.end().await, |_| {}).await;

    assert_eq!(story.system.continued_work().files, 0);
    assert!(story.messages(LOAD_DEAD_LETTER_QUEUE).is_empty());
    assert!(story.keys(DATA_BUCKET, "loads/").await.is_empty());
}

#[tokio::test]
async fn an_object_outside_incoming_is_refused_with_its_name_and_what_is_accepted() {
    let story = Story::begin().await;
    for (bucket, key) in [("reports", "incoming/a.csv"), (DATA_BUCKET, "loads/a.csv")] {
        let named = serde_json::json!({ "bucket": bucket, "key": key });
        let error = story.invoke_load_data(named).await.unwrap_err();
        assert!(error.contains(&format!("{key:?} in the bucket {bucket:?}")), "{error}");
        assert!(error.contains("under incoming/"), "{error}");
    }
}

#[tokio::test]
async fn several_records_in_one_message_are_all_loaded() {
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;
    let names = ["a b.csv", "c+d.csv", "e%f.csv"];
    for (name, file) in names.into_iter().zip(small::FILES) {
        story.put(name, file).await;
    }
    let encoded = ["incoming/a+b.csv", "incoming/c%2Bd.csv", "incoming/e%25f.csv"];
    let body = event(&encoded.map(|key| ("ObjectCreated:Put", key)));
    let message = serde_json::json!({ "messageId": "m", "body": body });
    let answer = story.invoke_load_data(serde_json::json!({ "Records": [message] })).await.unwrap();

    assert_eq!(answer["batchItemFailures"], serde_json::json!([]));
    for name in names {
        assert_eq!(story.load_ended(name).await.status, LoadStatus::Complete);
    }
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn an_unreadable_message_ends_in_the_dead_letter_queue_and_stops_no_other() {
    let story = Story::with(|settings| {
        settings.receives_allowed = Some(2);
        settings.loads.retry_after = Duration::from_secs(1);
    })
    .await;
    story.send_to_load_data("no JSON");
    story.load_all(&small::FILES).await;
    until("the message is in the dead-letter queue", async || {
        (story.messages(LOAD_DEAD_LETTER_QUEUE) == ["no JSON"]).then_some(())
    })
    .await;
    assert!(story.messages(LOAD_QUEUE).is_empty());
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

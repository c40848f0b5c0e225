//! Files that are loaded twice and events that are delivered twice.

use end_to_end::engine::{Sample, local_report};
use end_to_end::story::Story;
use local::system::LOAD_QUEUE;
use serde_json::json;
use uptime_aws::{LoadStatus, Manifest};

use crate::small;

#[tokio::test]
async fn loading_a_file_twice_changes_nothing_and_the_manifest_says_so() {
    let sample = Sample::generate(15, 8, 5);
    let story = Story::begin().await;
    let mut loaded = Vec::new();
    for (place, file) in sample.files().into_iter().enumerate() {
        loaded.push(story.load(&format!("{place}.csv"), file).await);
    }
    let report = story.report("").await;
    for (place, file) in sample.files().into_iter().enumerate() {
        let first: &Manifest = &loaded[place];
        let again = story.load(&format!("again/{place}.csv"), file).await;
        assert_eq!(again.status, LoadStatus::Complete);
        assert_eq!(again.same_content_as.as_ref(), Some(&first.folder));
        assert_eq!(again.sha256, first.sha256);
        assert_eq!((again.rows, again.loaded), (first.rows, first.loaded));
    }
    assert_eq!(story.report("").await, report);
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_leaves_one_load() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let before = story.manifest("2.csv").await.unwrap();
    let report = story.report("").await;

    for _ in 0..2 {
        story.send_to_load_data(&event(&[("ObjectCreated:Put", "incoming/2.csv")]));
    }
    story.drained(LOAD_QUEUE).await;

    assert_eq!(story.manifest("2.csv").await.unwrap(), before);
    assert_eq!(story.report("").await, report);
}

#[tokio::test]
async fn an_event_that_two_workers_get_at_once_leaves_the_data_of_one_load() {
    let sample = Sample::generate(15, 8, 6);
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;
    for (place, file) in sample.files().into_iter().enumerate() {
        story.put(&format!("{place}.csv"), file).await;
        for _ in 0..2 {
            let key = format!("incoming/{place}.csv");
            story.send_to_load_data(&event(&[("ObjectCreated:Put", &key)]));
        }
    }
    let story =
        Story::in_folder(story.end().await, |settings| settings.loads.concurrency = 3).await;
    story.drained(LOAD_QUEUE).await;
    for place in 0..3 {
        let manifest = story.manifest(&format!("{place}.csv")).await.unwrap();
        assert_eq!(manifest.status, LoadStatus::Complete);
    }
    assert_eq!(story.report("").await, local_report(&sample.files(), ""));
}

#[tokio::test]
async fn a_direct_invocation_loads_an_object_and_answers_with_its_manifest() {
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;
    for (place, file) in small::FILES.into_iter().enumerate() {
        story.put(&format!("{place}.csv"), file).await;
        let manifest = story.load_directly(&format!("{place}.csv")).await.unwrap();
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        assert_eq!(manifest.status, LoadStatus::Complete);
        assert_eq!(story.manifest(&format!("{place}.csv")).await, Some(manifest));
    }
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
    let again = story.load_directly("2.csv").await.unwrap();
    assert_eq!(again["status"], "Complete");
    assert!(story.load_directly("missing.csv").await.is_err());
}

/// A notification from S3 with these records.
pub(crate) fn event(records: &[(&str, &str)]) -> String {
    let record = |&(event_name, key): &(&str, &str)| {
        json!({
            "eventName": event_name,
            "s3": { "bucket": { "name": "data" }, "object": { "key": key } },
        })
    };
    json!({ "Records": records.iter().map(record).collect::<Vec<_>>() }).to_string()
}

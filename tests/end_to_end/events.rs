//! The stored events have the form that AWS sends. Each function accepts the events whose names begin
//! with its name; `trigger_report` also accepts those whose names begin with `scheduled`.

use std::collections::BTreeSet;

use end_to_end::invocation::{TIMEOUT, body, stored_event};
use end_to_end::story::Story;
use local::deployed_functions::{compute_report, get_report, trigger_report};
use local::system::DATA_BUCKET;
use serde_json::{Value, json};

use crate::small;

/// The events of calls that request a report, by GET, with JSON and with a form.
const REQUESTS: [&str; 3] = ["trigger_report", "trigger_report_json", "trigger_report_form"];
/// The events of the scheduler, and the period that they ask for.
const SCHEDULED: [(&str, Option<&str>); 2] =
    [("scheduled_report", None), ("scheduled_month", Some("2023-01"))];
/// The events of calls for a report's status or file, and what a Complete report answers.
const READS: [(&str, u16); 6] = [
    ("get_report", 200),
    ("get_report_form", 200),
    ("get_report_query", 200),
    ("get_report_by_id", 200),
    ("get_report_csv", 303),
    ("get_report_html", 303),
];
/// The events of queues, and the direct one.
const WORK: [&str; 4] = ["compute_report", "load_data", "load_data_direct", "load_data_test_event"];
/// The id in all events that name a report.
const STORED_ID: &str = "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b";
const STORED_BUCKET: &str = "store-uptime-data-123456789012-us-east-2";

#[test]
fn every_stored_event_is_invoked_here() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let stored = std::fs::read_dir(folder).unwrap().map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".json").unwrap().to_owned()
    });
    let stored: BTreeSet<String> = stored.collect();
    let reads = READS.iter().map(|&(name, _)| name);
    let scheduled = SCHEDULED.iter().map(|&(name, _)| name);
    let invoked = REQUESTS.into_iter().chain(scheduled).chain(reads).chain(WORK);
    let invoked = invoked.map(str::to_owned);
    assert_eq!(stored, invoked.collect());
}

#[tokio::test]
async fn trigger_report_accepts_the_event_of_each_kind_of_call() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let (clients, settings) = (story.system.sdk_config(), story.function_settings());
    let function = trigger_report(&clients, &settings, TIMEOUT).unwrap();

    let requests = REQUESTS.map(|name| (name, None));
    for (name, period) in requests.into_iter().chain(SCHEDULED) {
        let answer = function.invoke(stored_event(name)).await.unwrap();

        assert_eq!(answer["statusCode"], 202, "{name}: {answer}");
        let status = story.ended(body(&answer)["report_id"].as_str().unwrap()).await;
        assert_eq!(status["status"], "Complete", "{name}");
        assert_eq!(status["period"].as_str(), period, "{name}");
        // The scheduler asks for the defaults; the others name both parameters.
        if REQUESTS.contains(&name) {
            assert_eq!(status["as_of"], "2023-01-25T18:13:22Z", "{name}");
            assert_eq!(status["max_hold_minutes"], 90, "{name}");
        }
    }
}

#[tokio::test]
async fn get_report_accepts_the_event_of_each_kind_of_call() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let id = story.trigger(small::AT_NOON).await;
    story.ended(&id).await;
    let (clients, settings) = (story.system.sdk_config(), story.function_settings());
    let function = get_report(&clients, &settings, TIMEOUT).unwrap();

    for (name, complete) in READS {
        let unknown = stored_event(name);
        let known = unknown.to_string().replace(STORED_ID, &id);
        let known = function.invoke(serde_json::from_str(&known).unwrap()).await.unwrap();
        let unknown = function.invoke(unknown).await.unwrap();

        assert_eq!(unknown["statusCode"], 404, "{name}: {unknown}");
        assert_eq!(known["statusCode"], complete, "{name}: {known}");
    }
}

#[tokio::test]
async fn load_data_accepts_its_stored_event() {
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;
    story.put("store hours (1).csv", small::HOURS).await;
    let stored = stored_event("load_data");
    // The event names a bucket and a version that do not exist in this system.
    let ours = stored["Records"][0]["body"].as_str().unwrap();
    let ours = ours.replace(STORED_BUCKET, DATA_BUCKET);
    let mut body: Value = serde_json::from_str(&ours).unwrap();
    let object = body["Records"][0]["s3"]["object"].as_object_mut().unwrap();
    object.retain(|name, _| name != "versionId" && name != "eTag");
    let mut event = stored;
    event["Records"][0]["body"] = json!(body.to_string());

    let answer = story.invoke_load_data(event).await.unwrap();

    assert_eq!(answer["batchItemFailures"], json!([]));
    let manifest = story.manifest("store hours (1).csv").await.unwrap();
    assert_eq!((manifest.rows, manifest.loaded), (1, 1));
}

#[tokio::test]
async fn load_data_accepts_its_stored_direct_event() {
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;
    story.put("store hours (1).csv", small::HOURS).await;
    let mut event = stored_event("load_data_direct");
    assert_eq!(event["bucket"], STORED_BUCKET);
    event["bucket"] = json!(DATA_BUCKET);

    let manifest = story.invoke_load_data(event).await.unwrap();

    assert_eq!((&manifest["status"], &manifest["loaded"]), (&json!("Complete"), &json!(1)));
}

#[tokio::test]
async fn load_data_acknowledges_the_stored_test_event_of_s3() {
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;

    let answer = story.invoke_load_data(stored_event("load_data_test_event")).await.unwrap();

    assert_eq!(answer["batchItemFailures"], json!([]));
}

#[tokio::test]
async fn compute_report_accepts_its_stored_event() {
    let story = Story::with(|settings| settings.reports.concurrency = 0).await;
    story.load_all(&small::FILES).await;
    let id = story.trigger(small::AT_NOON).await;
    let stored = stored_event("compute_report");
    let (clients, settings) = (story.system.sdk_config(), story.function_settings());
    let function = compute_report(&clients, &settings, TIMEOUT, uptime_aws::now).unwrap();

    let unknown = function.invoke(stored.clone()).await.unwrap();
    let message = &stored["Records"][0]["messageId"];
    assert_eq!(unknown["batchItemFailures"], json!([{ "itemIdentifier": message }]));

    let mut ours = stored;
    ours["Records"][0]["body"] = json!(json!({ "report_id": id }).to_string());
    let answer = function.invoke(ours).await.unwrap();

    assert_eq!(answer["batchItemFailures"], json!([]));
    assert_eq!(story.csv_of(&id).await, small::csv_at_noon());
}

//! The stored events have the form that AWS sends. Each function accepts the event of its name.

use end_to_end::invocation::{TIMEOUT, body, stored_event};
use end_to_end::story::Story;
use local::deployed_functions::{compute_report, get_report, trigger_report};
use local::system::DATA_BUCKET;
use serde_json::{Value, json};

use crate::small;

#[tokio::test]
async fn trigger_report_accepts_its_stored_event() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let (clients, settings) = (story.system.sdk_config(), story.function_settings());
    let function = trigger_report(&clients, &settings, TIMEOUT).unwrap();

    let answer = function.invoke(stored_event("trigger_report")).await.unwrap();

    assert_eq!(answer["statusCode"], 202, "{answer}");
    let status = story.ended(body(&answer)["report_id"].as_str().unwrap()).await;
    assert_eq!(status["as_of"], "2023-01-25T18:13:22Z");
    assert_eq!(status["max_hold_minutes"], 90);
}

#[tokio::test]
async fn get_report_accepts_its_stored_event() {
    let story = Story::begin().await;
    let (clients, settings) = (story.system.sdk_config(), story.function_settings());
    let function = get_report(&clients, &settings, TIMEOUT).unwrap();

    let answer = function.invoke(stored_event("get_report")).await.unwrap();

    assert_eq!(answer["statusCode"], 404, "{answer}");
}

#[tokio::test]
async fn load_data_accepts_its_stored_event() {
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;
    story.put("store hours (1).csv", small::HOURS).await;
    let stored = stored_event("load_data");
    // The event names a bucket and a version that do not exist in this system.
    let ours = stored["Records"][0]["body"].as_str().unwrap();
    let ours = ours.replace("store-uptime-data-123456789012-us-east-2", DATA_BUCKET);
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

//! The stored events have the form that AWS sends. Each function accepts the event of its name.

use std::time::Duration;

use end_to_end::story::Story;
use end_to_end::story_data::settings;
use lambda_runtime::LambdaEvent;
use local::lambda::Function;
use local::system::{DATA_BUCKET, DATA_TABLE, REPORT_BUCKET, REPORT_QUEUE, REPORT_TABLE};
use serde_json::{Value, json};
use uptime_aws::{SdkConfig, Settings};

use crate::small;

const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn trigger_report_accepts_its_stored_event() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;

    let answer = invoke(&story, "trigger_report", event("trigger_report")).await;

    assert_eq!(answer["statusCode"], 202, "{answer}");
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let status = story.ended(body["report_id"].as_str().unwrap()).await;
    assert_eq!(status["as_of"], "2023-01-25T18:13:22Z");
    assert_eq!(status["max_hold_minutes"], 90);
}

#[tokio::test]
async fn get_report_accepts_its_stored_event() {
    let story = Story::begin().await;
    let answer = invoke(&story, "get_report", event("get_report")).await;
    assert_eq!(answer["statusCode"], 404, "{answer}");
}

#[tokio::test]
async fn load_data_accepts_its_stored_event() {
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;
    story.put("store hours (1).csv", small::HOURS).await;
    let stored = event("load_data");
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
    let stored = event("compute_report");
    let unknown = invoke(&story, "compute_report", stored.clone()).await;
    let message = &stored["Records"][0]["messageId"];
    assert_eq!(unknown["batchItemFailures"], json!([{ "itemIdentifier": message }]));

    let mut ours = stored;
    ours["Records"][0]["body"] = json!(json!({ "report_id": id }).to_string());
    let answer = invoke(&story, "compute_report", ours).await;

    assert_eq!(answer["batchItemFailures"], json!([]));
    assert_eq!(story.csv_of(&id).await, small::csv_at_noon());
}

fn event(name: &str) -> Value {
    let path = format!("{}/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Deploys a function a second time beside the story's system, and invokes it.
async fn invoke(story: &Story, name: &str, event: Value) -> Value {
    let sdk_config = story.system.sdk_config();
    let settings = settings(&[
        ("DATA_TABLE", DATA_TABLE),
        ("REPORT_TABLE", REPORT_TABLE),
        ("REPORT_BUCKET", REPORT_BUCKET),
        ("REPORT_QUEUE_URL", &story.system.queue_url(REPORT_QUEUE)),
    ]);
    let function = match name {
        "trigger_report" => trigger_report_function(sdk_config, settings),
        "get_report" => get_report_function(sdk_config, settings),
        _ => compute_report_function(sdk_config, settings),
    };
    function.invoke(event).await.unwrap()
}

fn trigger_report_function(sdk_config: SdkConfig, settings: Settings) -> Function {
    Function::of_requests("trigger_report", LIMIT, move |request| {
        let resources = trigger_report::Resources::new(&sdk_config, &settings).unwrap();
        async move { trigger_report::handle(&resources, request, uptime_aws::now).await }
    })
}

fn get_report_function(sdk_config: SdkConfig, settings: Settings) -> Function {
    Function::of_requests("get_report", LIMIT, move |request| {
        let resources = get_report::Resources::new(&sdk_config, &settings).unwrap();
        async move { get_report::handle(&resources, request, uptime_aws::now).await }
    })
}

fn compute_report_function(sdk_config: SdkConfig, settings: Settings) -> Function {
    Function::of_events("compute_report", LIMIT, move |event: LambdaEvent<Value>| {
        let resources = compute_report::Resources::new(&sdk_config, &settings).unwrap();
        async move {
            let event = LambdaEvent::new(serde_json::from_value(event.payload)?, event.context);
            let answer = compute_report::handle(&resources, event, uptime_aws::now).await?;
            Ok(serde_json::to_value(answer)?)
        }
    })
}

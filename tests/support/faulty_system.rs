//! The functions that make reports, deployed a second time beside a system, with faults between
//! them and AWS.
//!
//! The system's own workers are idle: the test invokes each function.

use std::time::Duration;

use local::deployed_functions::{compute_report, load_data, trigger_report};
use local::emulators::function_config;
use local::lambda::{Function, InvocationError};
use local::system::{DATA_BUCKET, REPORT_TABLE};
use serde_json::{Value, json};
use uptime::Timestamp;
use uptime::interval::MINUTE;
use uptime_aws::{Report, ReportTable, sdk_config};

use crate::fault_injection::Faults;
use crate::invocation::{TIMEOUT, body, record_of, sqs_event, stored_event};
use crate::story::Story;

/// A system whose functions are hit by faults.
#[derive(Debug)]
pub struct FaultySystem {
    /// The system, for looking at what is stored. No faults hit it.
    pub story: Story,
    /// The faults.
    pub faults: Faults,
    trigger_report: Function,
    compute_report: Function,
    late_compute_report: Function,
    hurried_compute_report: Function,
    load_data: Function,
}

/// Leaves five seconds for an attempt. The SDK's own three tries take at most three seconds.
const HURRIED_TIMEOUT: Duration = Duration::from_secs(8);

/// A time after every lease that starts now.
fn later() -> Timestamp {
    uptime_aws::now().plus(11 * MINUTE)
}

impl FaultySystem {
    /// Starts a system that holds these files.
    pub async fn start(files: &[&str]) -> FaultySystem {
        let story = Story::with(|settings| settings.reports.concurrency = 0).await;
        story.load_all(files).await;
        let faults = Faults::default();
        // With the time limits and retries of the deployed functions.
        let (addresses, secret) = (story.system.addresses(), story.system.secret());
        let deployed = function_config(addresses, secret.expose());
        let clients = faults.between(&deployed);
        let quick_clients = faults.between(&sdk_config::quick(deployed));
        let settings = story.function_settings();
        let worker = |timeout, clock| compute_report(&clients, &settings, timeout, clock).unwrap();
        FaultySystem {
            trigger_report: trigger_report(&quick_clients, &settings, TIMEOUT).unwrap(),
            compute_report: worker(TIMEOUT, uptime_aws::now),
            late_compute_report: worker(2 * TIMEOUT, later),
            hurried_compute_report: worker(HURRIED_TIMEOUT, uptime_aws::now),
            load_data: load_data(&clients, &settings, TIMEOUT).unwrap(),
            story,
            faults,
        }
    }

    /// Starts a system that holds these files and has one queued report, about `as_of`. No faults
    /// are planned yet. Returns the report's id too.
    pub async fn with_report(files: &[&str], as_of: &str) -> (FaultySystem, String) {
        let system = FaultySystem::start(files).await;
        let id = system.accepted(as_of, None).await;
        system.faults.clear();
        (system, id)
    }

    /// Requests a report about an instant, optionally with an idempotency key. Returns the status
    /// and the document of the response, or `None` if the process died. **Checks that every 503 has
    /// a `Retry-After`.**
    pub async fn trigger(&self, as_of: &str, key: Option<&str>) -> Option<(u64, Value)> {
        let mut request = stored_event("trigger_report");
        request["queryStringParameters"] = json!({ "as_of": as_of });
        request["multiValueQueryStringParameters"] = json!({ "as_of": [as_of] });
        if let Some(key) = key {
            request["headers"]["Idempotency-Key"] = json!(key);
            request["multiValueHeaders"]["Idempotency-Key"] = json!([key]);
        }
        tokio::select! {
            answer = self.trigger_report.invoke(request) => {
                let answer = answer.unwrap();
                let status = answer["statusCode"].as_u64().unwrap();
                let retry_after = &answer["multiValueHeaders"]["retry-after"];
                assert!(status != 503 || retry_after.is_array(), "{answer}");
                Some((status, body(&answer)))
            }
            () = self.faults.died() => None,
        }
    }

    /// Requests a report, which must be accepted. Returns its id.
    pub async fn accepted(&self, as_of: &str, key: Option<&str>) -> String {
        let (status, document) = self.trigger(as_of, key).await.unwrap();
        assert_eq!(status, 202, "{document}");
        document["report_id"].as_str().unwrap().to_owned()
    }

    /// Delivers the work order of a report for the `receives`th time. Returns `true` if it was
    /// handled, `false` if it failed, and `None` if the process died.
    pub async fn deliver(&self, id: &str, receives: u32) -> Option<bool> {
        self.deliver_to(&self.compute_report, id, receives).await
    }

    /// Like [`FaultySystem::deliver`], to a worker whose clock is past the end of all leases.
    pub async fn deliver_late(&self, id: &str, receives: u32) -> Option<bool> {
        self.deliver_to(&self.late_compute_report, id, receives).await
    }

    /// Like [`FaultySystem::deliver`], to a worker that has five seconds for an attempt.
    pub async fn deliver_hurried(&self, id: &str, receives: u32) -> Option<bool> {
        self.deliver_to(&self.hurried_compute_report, id, receives).await
    }

    async fn deliver_to(&self, worker: &Function, id: &str, receives: u32) -> Option<bool> {
        let mut event = sqs_event(&json!({ "report_id": id }));
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!(receives.to_string());
        tokio::select! {
            answer = worker.invoke(event) => {
                Some(answer.unwrap()["batchItemFailures"] == json!([]))
            }
            () = self.faults.died() => None,
        }
    }

    /// Delivers messages with these bodies as one batch. Returns the places of the failed ones.
    pub async fn deliver_batch(&self, bodies: &[String]) -> Vec<usize> {
        let record = |(place, body): (usize, &String)| {
            let mut record = stored_event("compute_report")["Records"][0].take();
            record["messageId"] = json!(place.to_string());
            record["body"] = json!(body);
            record
        };
        let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
        failed_places(&self.compute_report.invoke(json!({ "Records": records })).await.unwrap())
    }

    /// Announces objects under `incoming/` to `load_data`, one message each, as one batch. Returns
    /// the places of the failed ones.
    pub async fn announce(&self, names: &[&str]) -> Vec<usize> {
        let record = |(place, name): (usize, &&str)| {
            let object = json!({ "key": format!("incoming/{name}") });
            let s3 = json!({ "bucket": { "name": DATA_BUCKET }, "object": object });
            let body = json!({ "Records": [record_of(&s3)] });
            json!({ "messageId": place.to_string(), "body": body.to_string() })
        };
        let records: Vec<Value> = names.iter().enumerate().map(record).collect();
        failed_places(&self.load_data.invoke(json!({ "Records": records })).await.unwrap())
    }

    /// Loads an object under `incoming/` by direct invocation of `load_data`. Returns the manifest.
    pub async fn load_directly(&self, name: &str) -> Result<Value, InvocationError> {
        let key = format!("incoming/{name}");
        self.load_data.invoke(json!({ "bucket": DATA_BUCKET, "key": key })).await
    }

    /// The record of a report.
    pub async fn recorded(&self, id: &str) -> Report {
        let reports = ReportTable::new(&self.story.system.sdk_config(), REPORT_TABLE);
        reports.get(id.parse().unwrap()).await.unwrap().unwrap()
    }

    /// The ids of all reports.
    pub async fn reports(&self) -> Vec<String> {
        let scan = self.story.dynamodb().scan().table_name(REPORT_TABLE).send().await.unwrap();
        let ids = scan.items().iter().map(|item| item["report_id"].as_s().unwrap().clone());
        ids.filter(|id| !id.starts_with("key#")).collect()
    }
}

/// The places of the messages that a batch response names. The id of a message is its place.
fn failed_places(answer: &Value) -> Vec<usize> {
    let failures = answer["batchItemFailures"].as_array().unwrap();
    let place = |failure: &Value| failure["itemIdentifier"].as_str().unwrap().parse().unwrap();
    failures.iter().map(place).collect()
}

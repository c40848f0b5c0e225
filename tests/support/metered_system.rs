//! The functions, deployed a second time beside a system, with clients whose requests are counted.
//!
//! The system's own functions are idle: the test invokes each function, with an event as AWS sends
//! it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lambda_runtime::LambdaEvent;
use local::lambda::Function;
use local::system::{DATA_BUCKET, DATA_TABLE, REPORT_BUCKET, REPORT_QUEUE, REPORT_TABLE};
use serde_json::{Value, json};
use uptime::Timestamp;
use uptime_aws::{Clients, Manifest, Settings};

use crate::request_meter::usage::Usage;
use crate::request_meter::{Metered, RequestMeter};
use crate::story::Story;
use crate::story_data::settings;

/// A system whose requests are counted.
#[derive(Debug)]
pub struct MeteredSystem {
    /// The system, for putting files and looking at what is stored. It is not counted.
    pub story: Story,
    /// Counts the requests of the functions.
    pub meter: RequestMeter,
    trigger_report: Function,
    compute_report: Function,
    get_report: Function,
    load_data: Function,
}

/// The cost of a report, and its number of stores.
#[derive(Debug, Clone)]
pub struct MeteredReport {
    /// The cost of requesting it.
    pub trigger: Usage,
    /// The cost of computing it.
    pub compute: Usage,
    /// The time that computing took.
    pub compute_time: Duration,
    /// The cost of requesting its status when it is Complete.
    pub status: Usage,
    /// The number of its rows.
    pub stores: u64,
}

/// Longer than any invocation takes.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(10);

impl MeteredSystem {
    /// Starts a system without data.
    pub async fn start() -> MeteredSystem {
        let story = Story::with(|settings| {
            settings.loads.concurrency = 0;
            settings.reports.concurrency = 0;
        })
        .await;
        let meter =
            RequestMeter::new(&[(DATA_TABLE, &["pk", "sk"]), (REPORT_TABLE, &["report_id"])]);
        let clients = Metered::new(story.system.sdk_config(), meter.clone());
        let settings = settings(&[
            ("DATA_TABLE", DATA_TABLE),
            ("DATA_BUCKET", DATA_BUCKET),
            ("REPORT_TABLE", REPORT_TABLE),
            ("REPORT_BUCKET", REPORT_BUCKET),
            ("REPORT_QUEUE_URL", &story.system.queue_url(REPORT_QUEUE)),
        ]);
        MeteredSystem {
            trigger_report: trigger_report_function(&clients, &settings),
            compute_report: compute_report_function(&clients, &settings, TIMEOUT, uptime_aws::now),
            get_report: get_report_function(&clients, &settings),
            load_data: load_data_function(&clients, &settings),
            story,
            meter,
        }
    }

    /// Puts a file under `incoming/` and loads it with the event that S3 would send.
    pub async fn load(&self, name: &str, content: impl Into<Vec<u8>>) -> (Manifest, Usage) {
        self.story.put(name, content).await;
        let object = json!({ "key": format!("incoming/{name}") });
        let s3 = json!({ "bucket": { "name": DATA_BUCKET }, "object": object });
        let record = record_of(&s3);
        let answer = self.load_data.invoke(sqs_event(&json!({ "Records": [record] }))).await;
        assert_eq!(answer.unwrap()["batchItemFailures"], json!([]));
        (self.story.manifest(name).await.unwrap(), self.meter.take())
    }

    /// Requests a report like the scheduler does. Returns the response or the invocation's error.
    pub async fn scheduled_report(&self) -> Result<(Value, Usage), String> {
        let invoked = self.trigger_report.invoke(stored_event("scheduled_report")).await;
        let answer = invoked.map_err(|error| uptime_aws::describe(&error))?;
        Ok((answer, self.meter.take()))
    }

    /// Requests a report, computes it and requests its status.
    pub async fn report(&self) -> MeteredReport {
        let mut request = stored_event("trigger_report");
        request["queryStringParameters"].take();
        request["multiValueQueryStringParameters"].take();
        let accepted = body(&self.trigger_report.invoke(request).await.unwrap());
        let order = json!({ "report_id": accepted["report_id"] });
        let trigger = self.meter.take();

        let begun = Instant::now();
        let answer = self.compute_report.invoke(sqs_event(&order)).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]));
        let (compute, compute_time) = (self.meter.take(), begun.elapsed());

        let mut request = stored_event("get_report");
        request["body"] = json!(order.to_string());
        let status = body(&self.get_report.invoke(request).await.unwrap());
        assert_eq!(status["status"], "Complete", "{status}");
        let stores = status["stores"].as_u64().unwrap();
        MeteredReport { trigger, compute, compute_time, status: self.meter.take(), stores }
    }
}

/// A stored event, in the form that AWS sends.
pub(crate) fn stored_event(name: &str) -> Value {
    let path = format!("{}/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn sqs_event(message: &Value) -> Value {
    let mut event = stored_event("compute_report");
    event["Records"][0]["body"] = json!(message.to_string());
    event
}

/// The record of a created object, with the event time that S3 always gives.
pub(crate) fn record_of(s3: &Value) -> Value {
    json!({ "eventName": "ObjectCreated:Put", "eventTime": "2023-01-26T08:00:00.000Z", "s3": s3 })
}

/// The body of an HTTP response.
pub(crate) fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

pub(crate) fn trigger_report_function(clients: &impl Clients, settings: &Settings) -> Function {
    let resources = Arc::new(trigger_report::Resources::new(clients, settings).unwrap());
    Function::of_requests("trigger_report", TIMEOUT, move |request| {
        let resources = Arc::clone(&resources);
        async move { trigger_report::handle(&resources, request, uptime_aws::now).await }
    })
}

fn get_report_function(clients: &Metered, settings: &Settings) -> Function {
    let resources = Arc::new(get_report::Resources::new(clients, settings).unwrap());
    Function::of_requests("get_report", TIMEOUT, move |request| {
        let resources = Arc::clone(&resources);
        async move { get_report::handle(&resources, request, uptime_aws::now).await }
    })
}

pub(crate) fn compute_report_function(
    clients: &impl Clients,
    settings: &Settings,
    timeout: Duration,
    clock: fn() -> Timestamp,
) -> Function {
    let resources = Arc::new(compute_report::Resources::new(clients, settings).unwrap());
    Function::of_events("compute_report", timeout, move |event: LambdaEvent<Value>| {
        let resources = Arc::clone(&resources);
        async move {
            let event = LambdaEvent::new(serde_json::from_value(event.payload)?, event.context);
            let answer = compute_report::handle(&resources, event, clock).await?;
            Ok(serde_json::to_value(answer)?)
        }
    })
}

pub(crate) fn load_data_function(clients: &impl Clients, settings: &Settings) -> Function {
    let resources = Arc::new(load_data::Resources::new(clients, settings).unwrap());
    Function::of_events("load_data", TIMEOUT, move |event| {
        let resources = Arc::clone(&resources);
        async move { load_data::handle(&resources, event, uptime_aws::now).await }
    })
}

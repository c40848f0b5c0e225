//! The functions, deployed a second time beside a system, with clients whose requests are counted.
//!
//! The system's own functions are idle: the test invokes each function, with an event as AWS sends
//! it.

use std::time::{Duration, Instant};

use local::deployed_functions::{compute_report, get_report, load_data, trigger_report};
use local::lambda::Function;
use local::system::{DATA_BUCKET, DATA_TABLE, REPORT_TABLE};
use serde_json::{Value, json};
use uptime_aws::Manifest;

use crate::invocation::{TIMEOUT, body, record_of, sqs_event, stored_event};
use crate::request_meter::usage::Usage;
use crate::request_meter::{Metered, RequestMeter};
use crate::story::Story;

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
        // As deployed, polls have an expiry. The tests' polls are old, so they are kept for as many
        // days as are accepted.
        let settings = story.function_settings_with(&[("POLL_DAYS", "9999")]);
        MeteredSystem {
            trigger_report: trigger_report(&clients, &settings, TIMEOUT).unwrap(),
            compute_report: compute_report(&clients, &settings, TIMEOUT, uptime_aws::now).unwrap(),
            get_report: get_report(&clients, &settings, TIMEOUT).unwrap(),
            load_data: load_data(&clients, &settings, TIMEOUT).unwrap(),
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

    /// Requests a report with these parameters in the query, computes it and requests its status.
    pub async fn report(&self, query: Value) -> MeteredReport {
        let mut request = stored_event("trigger_report");
        request["queryStringParameters"] = query;
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

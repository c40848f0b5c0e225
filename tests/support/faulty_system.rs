//! The functions of reports, deployed once more beside a system, with faults between them and AWS.
//!
//! The system's own workers are idle: each function is invoked by the test.

use local::lambda::Function;
use local::system::{DATA_TABLE, REPORT_BUCKET, REPORT_QUEUE, REPORT_TABLE};
use serde_json::{Value, json};
use uptime_aws::{Report, ReportTable};

use crate::faults::Faults;
use crate::metered_system::{
    body, compute_report_function, sqs_event, stored_event, trigger_report_function,
};
use crate::story::Story;
use crate::story_data::settings;

/// A system whose functions meet faults.
#[derive(Debug)]
pub struct FaultySystem {
    /// The system, to see what is stored; nothing fails here.
    pub story: Story,
    /// What is to fail.
    pub faults: Faults,
    trigger_report: Function,
    compute_report: Function,
}

impl FaultySystem {
    /// Starts one that holds these files.
    pub async fn start(files: &[&str]) -> FaultySystem {
        let story = Story::with(|settings| settings.reports.concurrency = 0).await;
        story.load_all(files).await;
        let faults = Faults::default();
        let clients = faults.between(&story.system.sdk_config());
        let settings = settings(&[
            ("DATA_TABLE", DATA_TABLE),
            ("REPORT_TABLE", REPORT_TABLE),
            ("REPORT_BUCKET", REPORT_BUCKET),
            ("REPORT_QUEUE_URL", &story.system.queue_url(REPORT_QUEUE)),
        ]);
        FaultySystem {
            trigger_report: trigger_report_function(&clients, &settings),
            compute_report: compute_report_function(&clients, &settings),
            story,
            faults,
        }
    }

    /// Asks for a report about an instant, maybe with an idempotency key; returns the status of
    /// the answer and its document. `None`: the process died.
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
                Some((answer["statusCode"].as_u64().unwrap(), body(&answer)))
            }
            () = self.faults.died() => None,
        }
    }

    /// Asks for a report, which is accepted, and returns its id.
    pub async fn accepted(&self, as_of: &str, key: Option<&str>) -> String {
        let (status, document) = self.trigger(as_of, key).await.unwrap();
        assert_eq!(status, 202, "{document}");
        document["report_id"].as_str().unwrap().to_owned()
    }

    /// Delivers the work order of a report for the given time. `true`: it was handled. `false`: it
    /// failed. `None`: the process died.
    pub async fn deliver(&self, id: &str, receives: u32) -> Option<bool> {
        let mut event = sqs_event(&json!({ "report_id": id }));
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!(receives.to_string());
        tokio::select! {
            answer = self.compute_report.invoke(event) => {
                Some(answer.unwrap()["batchItemFailures"] == json!([]))
            }
            () = self.faults.died() => None,
        }
    }

    /// A report as it is recorded.
    pub async fn recorded(&self, id: &str) -> Report {
        let reports = ReportTable::new(&self.story.system.sdk_config(), REPORT_TABLE);
        reports.get(id.parse().unwrap()).await.unwrap().unwrap()
    }

    /// The ids of all reports there are.
    pub async fn reports(&self) -> Vec<String> {
        let scan = self.story.dynamodb().scan().table_name(REPORT_TABLE).send().await.unwrap();
        let ids = scan.items().iter().map(|item| item["report_id"].as_s().unwrap().clone());
        ids.filter(|id| !id.starts_with("key#")).collect()
    }
}

//! Calls to AWS that are slow or never answered, in an invocation that still has to end in time.
//!
//! The clients are configured as deployed, and the test clock skips waiting time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use end_to_end::paused_time::PausedTime;
use end_to_end::story_data::settings;
use lambda_http::{Context, Request, RequestExt as _};
use serde_json::{Value, json};
use uptime::Timestamp;
use uptime_aws::sdk_config;

/// Slightly less than the time after which the SDK retries.
const SLOW: Duration = Duration::from_millis(2_900);
const TIME_OUT_MILLIS: u64 = 15_000;
const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
const NEWEST_POLL: &str = r#"{"Item":{"poll_at":{"N":"1674669600000000"}}}"#;

#[tokio::test(start_paused = true)]
async fn a_report_whose_queueing_is_never_answered_fails_before_the_invocation_times_out() {
    let aws = SlowAws::default();

    let problem = trigger_report(&aws).await;

    assert_eq!(problem["type"], "/problems/not-queued", "{problem}");
    let failed = json!({ "S": "Failed" });
    let updates = aws.asked("DynamoDB_20120810.UpdateItem");
    let fails = |update: &Value| {
        update["ExpressionAttributeValues"].as_object().unwrap().values().any(|v| *v == failed)
    };
    assert!(updates.iter().any(fails), "{updates:?}");
}

/// `DynamoDB` answers late, and SQS never. All requests are recorded.
#[derive(Debug, Clone, Default)]
struct SlowAws(Arc<Mutex<Vec<(String, Value)>>>);

impl SlowAws {
    /// The requests for one operation.
    fn asked(&self, target: &str) -> Vec<Value> {
        let asked = self.0.lock().unwrap();
        let of_target = asked.iter().filter(|(operation, _)| operation == target);
        of_target.map(|(_, request)| request.clone()).collect()
    }
}

impl HttpConnector for SlowAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap().to_owned();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        self.0.lock().unwrap().push((target.clone(), body));
        HttpConnectorFuture::new(async move {
            let answer = match target.rsplit('.').next().unwrap() {
                "GetItem" => NEWEST_POLL,
                "PutItem" => "{}",
                "UpdateItem" => return Ok(answer_of("{}")),
                _ => std::future::pending().await,
            };
            tokio::time::sleep(SLOW).await;
            Ok(answer_of(answer))
        })
    }
}

fn answer_of(body: &'static str) -> HttpResponse {
    HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body))
}

/// The body of the response to a call without parameters.
async fn trigger_report(aws: &SlowAws) -> Value {
    let settings = settings(&[
        ("AWS_REGION", "x"),
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("DATA_TABLE", "data"),
        ("REPORT_TABLE", "reports"),
        ("REPORT_QUEUE_URL", "https://sqs.example/1/reports"),
        ("REPORT_DAYS", "30"),
        ("RECEIVES_ALLOWED", "5"),
        ("VISIBILITY_TIMEOUT_SECONDS", "360"),
    ]);
    let deployed = sdk_config::quick(sdk_config(&settings).unwrap());
    let connector = SharedHttpConnector::new(aws.clone());
    let client = http_client_fn(move |_, _| connector.clone());
    let config = deployed.into_builder().http_client(client).time_source(PausedTime::begin());
    let resources = trigger_report::Resources::new(&config.build(), &settings).unwrap();

    let mut context = Context::default();
    context.deadline = u64::try_from(NOW.micros() / 1_000).unwrap() + TIME_OUT_MILLIS;
    let request = Request::default().with_lambda_context(context);
    let answer = trigger_report::handle(&resources, request, || NOW).await.unwrap();
    serde_json::from_slice(answer.body()).unwrap()
}

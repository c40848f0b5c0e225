//! The four deployed functions, and their invocations.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};

use futures::task::{ArcWake, waker};
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Request, Response};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use uptime::interval::SECOND;
use uptime_aws::Settings;

use crate::callers::Trigger;
use crate::clock;
use crate::models::sqs::Message;
use crate::wire::{self, SimulatedClients};

/// After this many deliveries a message goes to the dead-letter queue.
pub(crate) const RECEIVES_ALLOWED: u32 = 5;
/// How long a delivered message is hidden.
pub(crate) const VISIBILITY_SECONDS: i64 = 360;

/// Cold starts of all four functions, with the names of the simulated resources.
#[derive(Debug)]
pub(crate) struct Functions {
    trigger_report: trigger_report::Resources,
    /// The same, with a report deadline so near that work continues past it.
    hurried_trigger_report: trigger_report::Resources,
    get_report: get_report::Resources,
    compute_report: compute_report::Resources,
    load_data: load_data::Resources,
}

/// The purpose of an invocation.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// Request a report.
    Trigger(Trigger),
    /// Request the status of a report.
    Status(String),
    /// Handle a message of the report queue.
    Compute(Message),
    /// Handle a message of the load queue.
    Load(Message),
    /// Load one version of an object, by direct invocation. A failure is not retried.
    LoadDirectly { key: String, version: String },
}

/// How an invocation ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A response: status and document.
    Answer(u16, Value),
    /// Whether the message was handled.
    Handled(bool),
}

/// An invocation that has not ended yet.
pub(crate) struct Invocation {
    pub(crate) number: usize,
    pub(crate) work: Work,
    /// The end of its time as the invocation itself sees it.
    pub(crate) ends_at: i64,
    /// Whether a fault hit it that may make it fail: any except throttling of the data table and
    /// broken downloads.
    pub(crate) is_disturbed: bool,
    /// The operations that it has called so far.
    pub(crate) called: BTreeSet<String>,
    /// When it is stopped: at its time-out, or later if it outlives it.
    pub(crate) stopped_at: i64,
    /// It is frozen until then.
    pub(crate) frozen_until: i64,
    /// The error of its clock.
    pub(crate) skew: i64,
    woken: Arc<Woken>,
    future: Pin<Box<dyn Future<Output = Outcome>>>,
}

struct Woken(AtomicBool);

impl ArcWake for Woken {
    fn wake_by_ref(woken: &Arc<Woken>) {
        woken.0.store(true, Ordering::Relaxed);
    }
}

impl Functions {
    pub(crate) fn new() -> Functions {
        let clients = &SimulatedClients::new();
        let settings = &settings_with_visibility(VISIBILITY_SECONDS);
        // The report deadline follows from this setting. The simulated queue does not use it.
        let hurried = &settings_with_visibility(VISIBILITY_SECONDS / 18);
        Functions {
            trigger_report: trigger_report::Resources::new(clients, settings).unwrap(),
            hurried_trigger_report: trigger_report::Resources::new(clients, hurried).unwrap(),
            get_report: get_report::Resources::new(clients, settings).unwrap(),
            compute_report: compute_report::Resources::new(clients, settings).unwrap(),
            load_data: load_data::Resources::new(clients, settings).unwrap(),
        }
    }
}

fn settings_with_visibility(seconds: i64) -> Settings {
    end_to_end::story_data::settings(&[
        ("DATA_TABLE", "data"),
        ("DATA_BUCKET", "data"),
        ("REPORT_TABLE", "reports"),
        ("REPORT_BUCKET", "reports"),
        ("REPORT_QUEUE_URL", "http://aws/queue/reports"),
        ("RECEIVES_ALLOWED", &RECEIVES_ALLOWED.to_string()),
        ("VISIBILITY_TIMEOUT_SECONDS", &seconds.to_string()),
    ])
}

impl Outcome {
    /// A short form that is the same in every run: it leaves out ids, which differ.
    pub(crate) fn in_short(&self) -> String {
        match self {
            Outcome::Answer(status, document) => format!("{status} {}", document["status"]),
            Outcome::Handled(true) => "done".to_owned(),
            Outcome::Handled(false) => "again".to_owned(),
        }
    }
}

impl Invocation {
    /// Starts an invocation. It does nothing until it is polled.
    pub(crate) fn begin(functions: &Rc<Functions>, number: usize, work: Work) -> Invocation {
        let now = clock::now().micros();
        let stopped_at = now + work.timeout_seconds() * 1_000_000;
        let mut context = Context::default();
        context.request_id = request_id(number);
        context.deadline = u64::try_from(stopped_at / 1_000).unwrap();
        let future = work.clone().run(Rc::clone(functions), context);
        Invocation {
            number,
            work,
            ends_at: stopped_at,
            is_disturbed: false,
            called: BTreeSet::new(),
            stopped_at,
            frozen_until: now,
            skew: 0,
            woken: Arc::new(Woken(AtomicBool::new(true))),
            future: Box::pin(future),
        }
    }

    /// Whether it may end now with its work undone.
    ///
    /// A worker gives up when its next wait would not end in time. Its longest wait is five
    /// seconds, and ten seconds are kept in reserve. A worker that has made no query, or has found
    /// that its report had ended, had no work.
    pub(crate) fn may_fail(&self) -> bool {
        let left = self.ends_at - clock::now().micros();
        let may_be_late = left < 16 * SECOND;
        let had_work = match self.work {
            Work::Compute(_) => self.called.contains("Query") && !self.called.contains("GetItem"),
            Work::Load(_) => true,
            Work::Trigger(_) | Work::Status(_) | Work::LoadDirectly { .. } => false,
        };
        self.is_disturbed || may_be_late || !had_work
    }

    /// Runs it until it has to wait or ends.
    pub(crate) fn run(&mut self) -> Option<Outcome> {
        wire::sending(self.number);
        clock::skew(self.skew);
        while self.woken.0.swap(false, Ordering::Relaxed) {
            let waker = waker(Arc::clone(&self.woken));
            let mut context = TaskContext::from_waker(&waker);
            if let Poll::Ready(outcome) = self.future.as_mut().poll(&mut context) {
                return Some(outcome);
            }
        }
        None
    }
}

/// The request id of an invocation, which is also the owner name of its leases.
pub(crate) fn request_id(number: usize) -> String {
    format!("invocation-{number}")
}

impl Work {
    /// The template's time-out. Loads get less, so that they are stopped as often as reports.
    fn timeout_seconds(&self) -> i64 {
        match self {
            Work::Trigger(_) | Work::Status(_) => 15,
            Work::Compute(_) | Work::Load(_) | Work::LoadDirectly { .. } => 60,
        }
    }

    /// A short name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Work::Trigger(_) => "trigger_report",
            Work::Status(_) => "get_report",
            Work::Compute(_) => "compute_report",
            Work::Load(_) => "load_data",
            Work::LoadDirectly { .. } => "load_data, invoked directly,",
        }
    }

    async fn run(self, functions: Rc<Functions>, context: Context) -> Outcome {
        match self {
            Work::Trigger(Trigger { asked, key, is_hurried }) => {
                let mut parameters = json!({ "method": asked.method });
                if let Some(period) = asked.period {
                    parameters["period"] = json!(period);
                }
                let mut request = request("trigger_report", &parameters);
                if let Some(key) = key {
                    let key = key.to_string().parse().unwrap();
                    request.headers_mut().insert("idempotency-key", key);
                }
                let resources = if is_hurried {
                    &functions.hurried_trigger_report
                } else {
                    &functions.trigger_report
                };
                answer(
                    &trigger_report::handle(resources, request, clock::skewed_now).await.unwrap(),
                )
            }
            Work::Status(report_id) => {
                let request = request("get_report", &json!({ "report_id": report_id }));
                let resources = &functions.get_report;
                answer(&get_report::handle(resources, request, clock::skewed_now).await.unwrap())
            }
            Work::Compute(message) => {
                let payload = serde_json::from_value(event_of(&message)).unwrap();
                let event = LambdaEvent::new(payload, context);
                let resources = &functions.compute_report;
                let handled =
                    compute_report::handle(resources, event, clock::skewed_now).await.unwrap();
                let failures = handled.batch_item_failures;
                assert!(failures.iter().all(|failed| failed.item_identifier == message.id));
                Outcome::Handled(failures.is_empty())
            }
            Work::Load(message) => {
                let event = LambdaEvent::new(event_of(&message), context);
                let handled =
                    load_data::handle(&functions.load_data, event, clock::skewed_now).await;
                let handled = handled.unwrap();
                let failures = handled["batchItemFailures"].as_array().unwrap();
                assert!(failures.iter().all(|failed| failed["itemIdentifier"] == message.id));
                Outcome::Handled(failures.is_empty())
            }
            Work::LoadDirectly { key, version } => {
                let event = json!({ "bucket": "data", "key": key, "version": version });
                let event = LambdaEvent::new(event, context);
                let handled =
                    load_data::handle(&functions.load_data, event, clock::skewed_now).await;
                Outcome::Handled(handled.is_ok())
            }
        }
    }
}

fn event_of(message: &Message) -> Value {
    json!({ "Records": [{
        "messageId": message.id,
        "body": message.body,
        "attributes": { "ApproximateReceiveCount": message.receives.to_string() },
        "eventSource": "aws:sqs",
    }] })
}

fn request(function: &str, query: &Value) -> Request {
    let several: serde_json::Map<String, Value> = query
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), json!([value])))
        .collect();
    let event = json!({
        "resource": format!("/{function}"),
        "path": format!("/{function}"),
        "httpMethod": "GET",
        "headers": { "Host": "api" },
        "multiValueHeaders": { "Host": ["api"] },
        "queryStringParameters": query,
        "multiValueQueryStringParameters": several,
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": { "stage": "prod", "httpMethod": "GET" },
        "body": null,
        "isBase64Encoded": false,
    });
    let event: LambdaRequest = serde_json::from_str(&event.to_string()).unwrap();
    Request::from(event)
}

fn answer(response: &Response<Body>) -> Outcome {
    let document = serde_json::from_slice(response.body()).unwrap();
    Outcome::Answer(response.status().as_u16(), document)
}

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

/// How often a message is delivered before it is dead.
pub(crate) const RECEIVES_ALLOWED: u32 = 5;
/// How long a message is hidden that was delivered.
pub(crate) const VISIBILITY_SECONDS: i64 = 360;

/// Cold starts of all four, with the names of the simulated resources.
#[derive(Debug)]
pub(crate) struct Functions {
    trigger_report: trigger_report::Resources,
    /// The same with a deadline so near that work goes on past it.
    hurried_trigger_report: trigger_report::Resources,
    get_report: get_report::Resources,
    compute_report: compute_report::Resources,
    load_data: load_data::Resources,
}

/// What an invocation is for.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// A report is asked for.
    Trigger(Trigger),
    /// The status of a report is asked for.
    Status(String),
    /// A message of the report queue.
    Compute(Message),
    /// A message of the load queue.
    Load(Message),
    /// A version of an object is named to be loaded. A failure is not followed by another try.
    LoadDirectly { key: String, version: String },
}

/// How an invocation ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Status and document.
    Answer(u16, Value),
    /// Whether its message is done.
    Handled(bool),
}

/// An invocation that has not ended.
pub(crate) struct Invocation {
    pub(crate) number: usize,
    pub(crate) work: Work,
    /// When its time is over, as it knows itself.
    pub(crate) ends_at: i64,
    /// Something befell it that may fail it: all but throttling of the data table and downloads that
    /// break.
    pub(crate) is_disturbed: bool,
    /// The operations that it has called.
    pub(crate) called: BTreeSet<String>,
    /// When it is stopped: at its time-out, or later if it hangs on to life.
    pub(crate) stopped_at: i64,
    /// It stands still until then.
    pub(crate) frozen_until: i64,
    /// How far its clock is off.
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
        // The deadline follows from it; the queue itself stays as it is.
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
    /// The same in every run: ids differ.
    pub(crate) fn in_short(&self) -> String {
        match self {
            Outcome::Answer(status, document) => format!("{status} {}", document["status"]),
            Outcome::Handled(true) => "done".to_owned(),
            Outcome::Handled(false) => "again".to_owned(),
        }
    }
}

impl Invocation {
    /// Begins an invocation; nothing runs before it is polled.
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

    /// Whether it may end now without having done its work.
    ///
    /// A worker gives up when the next wait would not end in time; the longest wait is five seconds,
    /// and ten are kept back. One that has not read or has found its report ended had nothing to do.
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

    /// Runs it as far as it gets.
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

/// The id of an invocation, which owns its leases.
pub(crate) fn request_id(number: usize) -> String {
    format!("invocation-{number}")
}

impl Work {
    /// As the template sets it; loads get less, so that they are stopped as often as reports.
    fn timeout_seconds(&self) -> i64 {
        match self {
            Work::Trigger(_) | Work::Status(_) => 15,
            Work::Compute(_) | Work::Load(_) | Work::LoadDirectly { .. } => 60,
        }
    }

    /// Tells it in a word.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Work::Trigger(_) => "trigger_report",
            Work::Status(_) => "get_report",
            Work::Compute(_) => "compute_report",
            Work::Load(_) => "load_data",
            Work::LoadDirectly { .. } => "load_data, named directly,",
        }
    }

    async fn run(self, functions: Rc<Functions>, context: Context) -> Outcome {
        match self {
            Work::Trigger(Trigger { method, key, is_hurried }) => {
                let mut request = request("trigger_report", &json!({ "method": method }));
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

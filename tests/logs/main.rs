//! What operators read: logs and metrics of good and bad loads and reports, as deployed.
//!
//! There is only one test, because a process sends its logs and metrics to one place.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use end_to_end::fault_injection::Fault;
use end_to_end::faulty_system::FaultySystem;
use end_to_end::story::Story;
use end_to_end::story_data::settings;
use end_to_end::until::until;
use http::Method;
use lambda_runtime::tracing::subscriber::{EnvFilter, fmt};
use local::system::{
    DATA_BUCKET, LOAD_DEAD_LETTER_QUEUE, LOAD_QUEUE, REPORT_DEAD_LETTER_QUEUE, REPORT_QUEUE,
    REPORT_TABLE,
};
use serde_json::{Value, json};
use uptime_aws::metrics;

/// The logs of the functions and the adapters. The emulators are not deployed, so theirs are off.
const LOGGED: &str = "off,uptime_aws=info,http_api=info,trigger_report=info,get_report=info,\
    compute_report=info,load_data=info,aws=info,lambda_runtime=info,lambda_http=info";

const HOURS: &str = "store_id,dayOfWeek,start_time_local,end_time_local\n\
    store-4711,0,09:00:00,12:00:00\n";
const ZONES: &str = "store_id,timezone_str\nstore-4711,Europe/Lisbon\n";
/// The last row is rejected: one of eleven rows.
const POLLS: &str = "store_id,status,timestamp_utc\n\
    store-4711,active,2023-01-23 10:14:15.161718 UTC\n\
    store-4711,active,2023-01-23 10:20:00 UTC\nstore-4711,active,2023-01-23 10:21:00 UTC\n\
    store-4711,active,2023-01-23 10:22:00 UTC\nstore-4711,active,2023-01-23 10:23:00 UTC\n\
    store-4711,active,2023-01-23 10:24:00 UTC\nstore-4711,active,2023-01-23 10:25:00 UTC\n\
    store-4711,active,2023-01-23 10:26:00 UTC\nstore-4711,active,2023-01-23 10:27:00 UTC\n\
    store-4711,active,2023-01-23 10:28:00 UTC\nstore-4711,wobbly,2023-01-23 10:29:00 UTC\n";
const NO_HEADER: &str = "store-4711,active,2023-01-23 10:14:15.161718 UTC\n";

/// Parts of rows, addresses and signatures.
const NEVER: [&str; 10] = [
    "4711", "wobbly", "Lisbon", "161718", "10:14:15", "09:00", "http:", "https:", "X-Amz",
    "ignature",
];

static LOGS: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static METRICS: Mutex<Vec<Value>> = Mutex::new(Vec::new());

#[tokio::test]
async fn logs_and_metrics_show_what_happened_and_never_rows_links_or_secrets() {
    capture();
    let story = Story::with(|settings| {
        settings.receives_allowed = Some(1);
        settings.reports.retry_after = Duration::from_secs(1);
        settings.loads.retry_after = Duration::from_secs(1);
    })
    .await;
    let loaded = load_good_and_bad_files(&story).await;
    let complete = ask_well_and_badly(&story).await;
    let (failed, spoilt) = fail(&story).await;
    let unanswered = ask_in_vain(&story, &complete).await;
    panic_while_loading().await;

    let logs = String::from_utf8(LOGS.lock().unwrap().clone()).unwrap();
    for never in NEVER.into_iter().chain([story.system.secret().expose()]) {
        assert!(!logs.contains(never), "{never} is logged:\n{logs}");
    }
    let lines: Vec<Value> = logs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    check(&lines, "the load has ended", "load.folder", &json!(loaded));
    check(&lines, "the load has ended", "duration_ms", &Value::Null);
    check(&lines, "the report is queued", "report.id", &json!(complete));
    check(&lines, "the report is complete", "report.id", &json!(complete));
    check(&lines, "the report is complete", "stores", &json!(1));
    check(&lines, "the report is complete", "since_asked_ms", &Value::Null);
    check(&lines, "the load has ended", "error", &json!("damaged"));
    check(&lines, "the attempt at the report failed", "report.id", &json!(failed));
    let of_request = |line: &&Value| line["fields"]["request.id"] == unanswered;
    let [logged] = lines.iter().filter(of_request).collect::<Vec<_>>()[..] else {
        panic!("a 503 should be logged once, with its request's id:\n{logs}");
    };
    assert_eq!(logged["fields"]["problem"], "unavailable");
    let cause = logged["fields"]["cause"].as_str().unwrap();
    assert!(cause.contains("GetItem failed: ") && cause.contains("NotFound"), "{cause}");
    let no_report = |line: &&Value| line["fields"]["message"] == "the attempt at the report failed";
    let cause = lines.iter().find(no_report).unwrap()["fields"]["cause"].as_str().unwrap();
    assert!(cause.contains(&format!("the item {spoilt} of the data table")), "{cause}");

    let sums = [
        ("ReportsStarted", 2),
        ("ReportsCompleted", 1),
        ("ReportsFailed", 1),
        ("Stores", 1),
        ("RowsLoaded", 12),
        ("RowsRejected", 1),
        ("LoadsFailed", 2),
        // Two unreadable messages, one message about another bucket, and one message that panics.
        ("LoadAttemptsFailed", 4),
    ];
    for (name, expected) in sums {
        assert_eq!(sum(name), expected, "{name}");
    }
    let metrics = METRICS.lock().unwrap();
    assert!(metrics.iter().any(|line| line["ReportAgeSeconds"].is_f64()));
    for reason in ["data_unreadable", "no_usable_header", "damaged"] {
        assert!(metrics.iter().any(|line| line["Reason"] == reason), "{reason}");
    }
    assert!(metrics.iter().any(|line| line["WriteUnits"].as_f64() > Some(0.0)));
    assert!(metrics.iter().any(|line| line["ReadUnits"].as_f64() > Some(0.0)));
}

/// Sets up logging as a deployed function does, but writes into memory.
fn capture() {
    fmt()
        .json()
        .with_target(false)
        .without_time()
        .with_env_filter(EnvFilter::new(LOGGED))
        .with_writer(|| Lines)
        .init();
    metrics::send_to(&settings(&[("METRICS_NAMESPACE", "test")]), |line| {
        METRICS.lock().unwrap().push(line.clone());
    });
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGS.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the folder of the load of polls.
async fn load_good_and_bad_files(story: &Story) -> String {
    story.load("hours.csv", HOURS).await;
    story.load("zones.csv", ZONES).await;
    let manifest = story.load("polls.csv", POLLS).await;
    assert_eq!((manifest.loaded, manifest.rejected), (10, 1));
    story.load("none.csv", NO_HEADER).await;
    story.load("cut.csv.gz", [0x1f, 0x8b, 8, 0, 0, 0]).await;
    for poison in [r#"{"Records": [{"row": "store-4711"}]}"#, r#"{"Records": "store-4711"}"#] {
        story.system.queues().send(LOAD_QUEUE, poison, Duration::ZERO).unwrap();
    }
    // An object that is gone cannot be loaded, and objects of another bucket never are.
    for bucket in [DATA_BUCKET, "another"] {
        let s3 = json!({ "bucket": { "name": bucket }, "object": { "key": "incoming/never.csv" } });
        let event = json!({ "Records": [{ "eventName": "ObjectCreated:Put", "s3": s3 }] });
        story.system.queues().send(LOAD_QUEUE, &event.to_string(), Duration::ZERO).unwrap();
    }
    until_dead(story, LOAD_DEAD_LETTER_QUEUE, 3).await;
    manifest.folder
}

async fn panic_while_loading() {
    let system = FaultySystem::start(&[]).await;
    system.faults.plan("GetObject", 0, Fault::Panic);
    assert_eq!(system.announce(&["any.csv"]).await, [0]);
}

/// Returns the id of a complete report.
async fn ask_well_and_badly(story: &Story) -> String {
    let id = story.trigger("").await;
    let csv = story.csv_of(&id).await;
    assert!(csv.contains("store-4711"));
    let path = format!("/get_report/{id}");
    let redirect = story.call(Method::GET, &path, &[("accept", "text/csv")], "").await;
    assert_eq!(redirect.status, 303);
    story.get("/trigger_report?as_of=store-4711").await.problem(400);
    story.get("/get_report/store-4711").await.problem(400);
    id
}

/// Returns the id of a failed report and the item that it could not read.
async fn fail(story: &Story) -> (String, String) {
    for poison in [r#"{"row": "store-4711"}"#, r#""store-4711""#] {
        story.system.queues().send(REPORT_QUEUE, poison, Duration::ZERO).unwrap();
    }
    let spoilt = story.spoil_a_segment().await;
    let id = story.trigger("").await;
    assert_eq!(story.ended(&id).await["error"]["code"], "data_unreadable");
    until_dead(story, REPORT_DEAD_LETTER_QUEUE, 3).await;
    (id, spoilt)
}

async fn until_dead(story: &Story, queue: &str, messages: usize) {
    let is_dead = async || (story.messages(queue).len() == messages).then_some(());
    until("messages that cannot be handled are in the dead-letter queue", is_dead).await;
}

/// Returns the request id of a 503. The report table is gone, so every request fails.
async fn ask_in_vain(story: &Story, id: &str) -> Value {
    story.dynamodb().delete_table().table_name(REPORT_TABLE).send().await.unwrap();
    let answer = story.get(&format!("/get_report/{id}")).await;
    assert_eq!(answer.problem(503), "unavailable");
    serde_json::from_slice::<Value>(&answer.body).unwrap()["request_id"].take()
}

/// Fails unless a line with this message has this field. Null stands for any value.
#[track_caller]
fn check(lines: &[Value], message: &str, field: &str, value: &Value) {
    let with_message = lines.iter().filter(|line| line["fields"]["message"] == message);
    let mut fields = with_message.filter_map(|line| line["fields"].get(field));
    assert!(fields.any(|found| value.is_null() || found == value), "{message}: {field} {value}");
}

fn sum(name: &str) -> u64 {
    METRICS.lock().unwrap().iter().filter_map(|line| line[name].as_u64()).sum()
}

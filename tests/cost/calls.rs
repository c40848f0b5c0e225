//! The AWS calls that each function makes. The local S3 keeps no versions, so calls that list
//! versions do not show here. `tests/template/template_test.py` compares the same list with what
//! the functions' roles in `template.yaml` allow.

use std::collections::{BTreeMap, BTreeSet};

use end_to_end::metered_system::MeteredSystem;
use end_to_end::request_meter::usage::Usage;
use serde_json::{Value, json};

const POLLS: &str = "store_id,timestamp_utc,status\na,2023-01-25 18:00:00 UTC,active\n";
const HOURS: &str = "store_id,dayOfWeek,start_time_local,end_time_local\na,2,09:00:00,17:00:00\n";
/// With this many bad rows, the rejects exceed the size that is sent to S3 in one call.
const BAD_ROWS: usize = 9_000;

#[tokio::test]
async fn each_function_makes_exactly_the_calls_in_sdk_calls_json() {
    let system = MeteredSystem::start().await;
    let bad_row = format!("a,2023-01-25 18:00:00 UTC,{}\n", "x".repeat(1_000));

    let (_, polls) = system.load("polls.csv", POLLS).await;
    let (_, hours) = system.load("hours.csv", HOURS).await;
    let (_, bad) = system.load("bad.csv", format!("{POLLS}{}", bad_row.repeat(BAD_ROWS))).await;
    let report = system.report(Value::Null).await;
    let (_, with_a_key) = system.scheduled_report().await.unwrap();

    let made = BTreeMap::from([
        ("load_data", calls(&[polls, hours, bad])),
        ("trigger_report", calls(&[report.trigger, with_a_key])),
        ("compute_report", calls(&[report.compute])),
        ("get_report", calls(&[report.status])),
    ]);
    let listed: BTreeMap<&str, Value> =
        serde_json::from_str(include_str!("../sdk_calls.json")).unwrap();
    let listed = listed.into_iter().map(|(function, calls)| (function, calls["seen"].clone()));
    assert_eq!(made, listed.collect());
}

#[tokio::test]
async fn a_scheduled_report_is_accepted_like_any_other() {
    let system = MeteredSystem::start().await;
    system.load("polls.csv", POLLS).await;

    let (answer, _) = system.scheduled_report().await.unwrap();

    assert_eq!(answer["statusCode"], json!(202), "{answer}");
}

/// Lambda retries a failed invocation, and its error count raises the alarm.
#[tokio::test]
async fn a_scheduled_report_that_is_not_accepted_fails_its_invocation() {
    let system = MeteredSystem::start().await;

    let failed = system.scheduled_report().await.unwrap_err();

    assert!(failed.ends_with(": the scheduled report was not made: no-polls"), "{failed}");
}

/// The names of the calls, each once and in order, as in `sdk_calls.json`.
fn calls(usages: &[Usage]) -> Value {
    let calls: BTreeSet<_> = usages.iter().flat_map(|usage| usage.calls.keys()).collect();
    json!(calls)
}

//! Idempotency keys: a call may be repeated until it succeeds, and makes only one report.

use end_to_end::fault_injection::Fault;
use end_to_end::faulty_system::FaultySystem;
use end_to_end::report_files::keys_of_attempt;
use end_to_end::story::Story;
use futures::future::join_all;
use http::Method;
use local::system::{REPORT_QUEUE, REPORT_TABLE};
use serde_json::{Value, json};
use uptime::interval::{HOUR, SECOND};
use uptime_aws::{IdempotencyKey, KeyTable, KeyUse, ReportId, ReportTableError};

use crate::small::{self, NOON};

const KEY: Option<&str> = Some("my-key");

#[tokio::test]
async fn a_repeat_returns_the_same_report_and_queues_no_second_message() {
    let system = FaultySystem::start(&small::FILES).await;
    let id = system.accepted(NOON, KEY).await;

    assert_eq!(system.accepted(NOON, KEY).await, id);
    assert_eq!(system.story.messages(REPORT_QUEUE).len(), 1);
    assert_eq!(system.deliver(&id, 1).await, Some(true));
    assert_eq!(system.accepted(NOON, KEY).await, id, "the same id when the report is Complete");

    assert_eq!(system.story.messages(REPORT_QUEUE).len(), 1);
    assert_eq!(system.reports().await, std::slice::from_ref(&id));
    assert_eq!(system.story.csv_of(&id).await, small::csv_at_noon());
    assert_ne!(system.accepted(NOON, Some("another-key")).await, id);
    assert_ne!(system.accepted(NOON, None).await, id);
}

#[tokio::test]
async fn fifty_calls_at_once_get_one_report() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let path = format!("/trigger_report{}", small::AT_NOON);
    let call = || story.call(Method::GET, &path, &[("idempotency-key", "k")], "");

    let answers = join_all((0..50).map(|_| call())).await;

    let ids: Vec<_> =
        answers.iter().map(|answer| answer.document(202)["report_id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let id = ids[0].as_str().unwrap();
    assert_eq!(story.csv_of(id).await, small::csv_at_noon());
    assert_eq!(story.keys_of(id).await, keys_of_attempt(id, 1));
}

#[tokio::test]
async fn a_key_with_other_parameters_is_refused_and_nothing_is_queued() {
    let system = FaultySystem::start(&small::FILES).await;
    let id = system.accepted(NOON, KEY).await;

    let (status, problem) = system.trigger("2023-01-23T13:00:00Z", KEY).await.unwrap();

    assert_eq!((status, &problem["type"]), (422, &json!("/problems/key-reused")));
    assert_eq!(system.story.messages(REPORT_QUEUE).len(), 1);
    assert_eq!(system.reports().await, [id]);
}

#[tokio::test]
async fn both_verbs_share_keys_and_recognise_a_repeat_by_its_parameters() {
    let story = Story::with(|settings| settings.reports.concurrency = 0).await;
    story.load_all(&small::FILES).await;
    let path = format!("/trigger_report{}&max_hold_minutes=90", small::AT_NOON);
    let key = ("Idempotency-Key", "k");
    let first = story.call(Method::GET, &path, &[key], "").await.document(202);

    let body = json!({ "max_hold_minutes": 90, "as_of": "2023-01-23T13:00:00+01:00" }).to_string();
    let headers = [key, ("content-type", "application/json")];
    let second = story.call(Method::POST, "/trigger_report", &headers, &body).await.document(202);
    let spelled_out = format!("{path}&method=time_weighted");
    let third = story.call(Method::GET, &spelled_out, &[key], "").await;

    assert_eq!(second["report_id"], first["report_id"]);
    assert_eq!(third.problem(422), "key-reused");
}

#[tokio::test]
async fn a_bad_key_is_refused_by_name() {
    let story = Story::with(|settings| settings.reports.concurrency = 0).await;
    story.load_all(&small::FILES).await;
    let (long, longest) = ("k".repeat(256), "k".repeat(255));
    for bad in ["", "a b", &long] {
        let headers = [("idempotency-key", bad)];
        let answer = story.call(Method::GET, "/trigger_report", &headers, "").await;
        assert_eq!(answer.problem(400), "invalid-parameter");
        assert!(answer.text().contains("\"Idempotency-Key\""), "{}", answer.text());
    }
    let headers = [("idempotency-key", &*longest)];
    story.call(Method::GET, "/trigger_report", &headers, "").await.document(202);
}

#[tokio::test]
async fn a_key_given_twice_is_accepted_only_if_both_are_equal() {
    let story = Story::with(|settings| settings.reports.concurrency = 0).await;
    story.load_all(&small::FILES).await;
    let call = async |method, keys: &[&str]| {
        let headers: Vec<_> = keys.iter().map(|key| ("Idempotency-Key", *key)).collect();
        story.call(method, "/trigger_report", &headers, "").await
    };
    for method in [Method::GET, Method::POST] {
        for keys in [&["a", "b"][..], &["b", "a"], &["a", "b", "a"], &["a", ""], &["a", "A"]] {
            let answer = call(method.clone(), keys).await;

            assert_eq!(answer.problem(400), "repeated-parameter", "{method} {keys:?}");
            let problem: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(problem["parameter"], "Idempotency-Key");
            assert_eq!(problem["given"], json!(keys).to_string());
            assert_eq!(problem["accepted"], "1 to 255 visible ASCII characters");
        }
    }
    assert_eq!(story.messages(REPORT_QUEUE), [] as [String; 0]);

    let once = call(Method::GET, &["a"]).await.document(202);
    let twice = call(Method::POST, &["a", "a"]).await.document(202);
    assert_eq!(twice["report_id"], once["report_id"]);
}

#[tokio::test]
async fn a_repeat_completes_a_call_that_died_between_any_two_steps() {
    let system = FaultySystem::start(&small::FILES).await;
    let steps = [("PutItem", 0), ("PutItem", 1), ("SendMessage", 0), ("UpdateItem", 0)];
    for (operation, earlier) in steps {
        for death in [Fault::DieBefore, Fault::DieAfter] {
            let key = format!("{operation}-{earlier}-{death:?}");
            system.faults.clear();
            system.faults.plan(operation, earlier, death);
            let before = system.reports().await.len();
            assert_eq!(system.trigger(NOON, Some(&key)).await, None, "{key} has no such step");

            let id = system.accepted(NOON, Some(&key)).await;

            assert_eq!(system.reports().await.len(), before + 1, "{key}");
            let messages = system.story.messages(REPORT_QUEUE);
            assert!(messages.iter().any(|body| body.contains(&id)), "{key}: not queued");
            assert_eq!(system.accepted(NOON, Some(&key)).await, id, "{key}");
            assert_eq!(system.deliver(&id, 1).await, Some(true), "{key}");
            assert_eq!(system.story.csv_of(&id).await, small::csv_at_noon(), "{key}");
        }
    }
}

#[tokio::test]
async fn the_key_of_a_report_that_could_not_be_queued_can_be_used_again() {
    let system = FaultySystem::start(&small::FILES).await;
    for _ in 0..3 {
        system.faults.plan("SendMessage", 0, Fault::Refuse(500, "InternalError"));
    }

    let (status, problem) = system.trigger(NOON, KEY).await.unwrap();
    assert_eq!((status, &problem["type"]), (503, &json!("/problems/not-queued")));
    let failed = system.reports().await;
    let id = system.accepted(NOON, KEY).await;

    assert_eq!(system.story.status(&failed[0]).await["error"]["code"], "enqueue_failed");
    assert_ne!(id, failed[0]);
    assert_eq!(system.accepted(NOON, KEY).await, id);
}

/// Otherwise another call whose message was not sent could fail a report that was already promised.
#[tokio::test]
async fn a_report_is_accepted_only_after_it_is_recorded_as_queued() {
    let system = FaultySystem::start(&small::FILES).await;
    system.faults.plan_for_good("UpdateItem", 0, Fault::Refuse(500, "InternalServerError"));

    let (status, problem) = system.trigger(NOON, KEY).await.unwrap();
    assert_eq!((status, &problem["type"]), (503, &json!("/problems/unavailable")));
    system.faults.clear();
    let id = system.accepted(NOON, KEY).await;

    assert_eq!(system.reports().await, std::slice::from_ref(&id));
    assert_eq!(system.deliver(&id, 1).await, Some(true));
    assert_eq!(system.story.csv_of(&id).await, small::csv_at_noon());
}

#[tokio::test]
async fn only_one_of_many_concurrent_calls_takes_a_key_that_becomes_free() {
    let story = Story::begin().await;
    let keys = KeyTable::new(&story.system.sdk_config(), REPORT_TABLE);
    let key: IdempotencyKey = "k".parse().unwrap();
    let wanted: Vec<_> = (0..16)
        .map(|number: u32| KeyUse { report_id: ReportId::random(), asked: number.to_string() })
        .collect();
    let first = KeyUse { report_id: ReportId::random(), asked: String::new() };
    let now = uptime_aws::now();
    keys.take(&key, first.clone(), now).await.unwrap();

    // Case 1: the report of the key was never queued.
    let taken =
        wanted.iter().map(|wanted| keys.take_from(first.report_id, &key, wanted.clone(), now));
    let second = the_one_of(join_all(taken).await, &wanted);
    // Case 2: the key was kept for its full time.
    let later = now.plus(25 * HOUR);
    let taken = wanted.iter().map(|wanted| keys.take(&key, wanted.clone(), later));
    let third = the_one_of(join_all(taken).await, &wanted);
    // A caller that still names the first report sees that others were faster.
    let late = keys.take_from(first.report_id, &key, first.clone(), later).await.unwrap();
    assert_eq!(late, third);
    if second != third {
        let late = keys.take_from(second.report_id, &key, second, later).await.unwrap();
        assert_eq!(late, third);
    }
}

/// Checks that all calls got the same result, and that it is what one of them wanted. Returns it.
#[track_caller]
fn the_one_of(results: Vec<Result<KeyUse, ReportTableError>>, wanted: &[KeyUse]) -> KeyUse {
    let results: Vec<KeyUse> = results.into_iter().map(Result::unwrap).collect();
    assert!(wanted.contains(&results[0]), "{:?}", results[0]);
    assert!(results.iter().all(|other| *other == results[0]), "{results:?}");
    results[0].clone()
}

#[tokio::test]
async fn a_key_is_kept_for_24_hours() {
    let story = Story::begin().await;
    let keys = KeyTable::new(&story.system.sdk_config(), REPORT_TABLE);
    let key: IdempotencyKey = "k".parse().unwrap();
    let wanted = || KeyUse { report_id: ReportId::random(), asked: String::new() };
    let (first, now) = (wanted(), uptime_aws::now());
    assert_eq!(keys.take(&key, first.clone(), now).await.unwrap(), first);

    let day_later = now.plus(24 * HOUR);
    assert_eq!(keys.take(&key, wanted(), day_later).await.unwrap(), first);
    let next = wanted();
    let later = day_later.plus(2 * SECOND);
    assert_eq!(keys.take(&key, next.clone(), later).await.unwrap(), next);
    assert_eq!(keys.take(&key, first, later).await.unwrap(), next);
}

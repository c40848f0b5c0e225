//! Parameters that are unknown, repeated or out of range get a 400 that names the field, the value
//! given and the values accepted. Nothing is recorded or queued.

use end_to_end::story::Story;
use http::Method;
use local::system::REPORT_BUCKET;
use serde_json::Value;

use crate::small;

#[tokio::test]
async fn a_refused_parameter_is_named_and_nothing_happens() {
    let story = Story::begin().await;
    story.load_all(&[small::POLLS]).await;
    let hour = "2023-01-23T11:00:00Z";
    let refusals = [
        ("asof=1", "unknown-parameter", "asof"),
        ("report_id=1", "unknown-parameter", "report_id"),
        (&format!("as_of={hour}&as_of={hour}"), "repeated-parameter", "as_of"),
        ("method=poll_count&method=time_weighted", "repeated-parameter", "method"),
        ("as_of=yesterday", "invalid-parameter", "as_of"),
        ("as_of=", "invalid-parameter", "as_of"),
        ("as_of=1999-12-31T23:59:59Z", "invalid-parameter", "as_of"),
        ("as_of=2999-01-01T00:00:00Z", "invalid-parameter", "as_of"),
        ("method=best", "invalid-parameter", "method"),
        ("max_hold_minutes=0", "invalid-parameter", "max_hold_minutes"),
        ("max_hold_minutes=11521", "invalid-parameter", "max_hold_minutes"),
        ("max_hold_minutes=1.5", "invalid-parameter", "max_hold_minutes"),
        ("method=poll_count&max_hold_minutes=60", "invalid-parameter", "max_hold_minutes"),
        ("period=last-month", "invalid-parameter", "period"),
        ("period=2023-02-29", "invalid-parameter", "period"),
        ("method=poll_count&period=2023-01", "invalid-parameter", "period"),
        // It has not begun anywhere at the newest poll, or at as_of.
        ("period=2023-02", "invalid-parameter", "period"),
        (&format!("period=2023-01-25&as_of={hour}"), "invalid-parameter", "period"),
    ];
    for (query, kind, parameter) in refusals {
        check(&story, "/trigger_report", query, kind, parameter).await;
    }
    check(&story, "/get_report", "id=1", "unknown-parameter", "id").await;
    check(&story, "/get_report", "report_id=1&report_id=1", "repeated-parameter", "report_id")
        .await;
    assert!(story.keys(REPORT_BUCKET, "reports/").await.is_empty());
}

#[tokio::test]
async fn a_parameter_in_the_query_and_in_the_body_counts_as_repeated() {
    let story = Story::begin().await;
    let body = "{\"method\": \"poll_count\"}";
    let answer = story.post("/trigger_report?method=poll_count", "application/json", body).await;
    assert_eq!(answer.problem(400), "repeated-parameter");
    let twice = "{\"method\": \"poll_count\", \"method\": \"poll_count\"}";
    let answer = story.post("/trigger_report", "application/json", twice).await;
    assert_eq!(answer.problem(400), "repeated-parameter");
}

/// Sends the parameters by GET, by POST with a query, and by POST with a form.
async fn check(story: &Story, path: &str, query: &str, kind: &str, parameter: &str) {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let in_query = format!("{path}?{query}");
    let answers = [
        story.call(Method::GET, &in_query, &[], "").await,
        story.call(Method::POST, &in_query, &[], "").await,
        story.call(Method::POST, path, &form, query).await,
    ];
    for answer in answers {
        assert_eq!(answer.problem(400), kind, "{query}");
        let document: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(document["parameter"], parameter, "{query}");
        assert!(document["accepted"].is_string(), "{query}: {document}");
        assert!(document.get("given").is_some(), "{query}: {document}");
    }
}

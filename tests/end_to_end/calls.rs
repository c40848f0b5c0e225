//! Both calls, from a trigger to a saved CSV, and the responses to callers that make a mistake.

use end_to_end::http::Answer;
use end_to_end::story::Story;
use http::Method;

use crate::small;

const UNKNOWN_ID: &str = "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b";

#[tokio::test]
async fn files_are_put_a_report_is_requested_and_its_link_gives_the_csv() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;

    let id = story.trigger(small::AT_NOON).await;
    let status = story.ended(&id).await;

    assert_eq!(status["status"], "Complete");
    assert_eq!(status["report_id"], id);
    assert_eq!(status["as_of"], "2023-01-23T12:00:00Z");
    assert_eq!(status["method"], "time_weighted");
    assert!(status["max_hold_minutes"].is_null());
    assert_eq!(status["stores"], 1);
    assert_eq!(status["stores_without_polls"], 0);
    assert_eq!(status["stores_with_default_hours"], 0);
    assert_eq!(status["stores_with_default_zone"], 0);
    for name in ["created_at", "completed_at", "tz_release", "report_url_expires_at"] {
        assert!(status[name].is_string(), "{name} in {status}");
    }
    let csv = story.follow(status["report_url"].as_str().unwrap()).await;
    assert_eq!(csv, small::csv_at_noon());
}

#[tokio::test]
async fn without_as_of_a_report_is_about_the_newest_poll() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;

    let id = story.trigger("").await;

    assert_eq!(story.status(&id).await["as_of"], "2023-01-23T11:15:00Z");
    story.ended(&id).await;
}

#[tokio::test]
async fn a_caller_that_accepts_csv_gets_a_redirect_or_an_error_and_never_json() {
    let story = Story::with(|settings| settings.reports.concurrency = 0).await;
    story.load_all(&[small::POLLS]).await;
    let id = story.trigger("").await;
    let running = csv_call(&story, &id).await;
    assert_eq!(running.problem(406), "no-csv");
    assert_ne!(running.header("retry-after"), "");
    let status = story.get(&format!("/get_report/{id}")).await;
    assert_ne!(status.header("retry-after"), "");
    assert_eq!(status.document(200)["progress"]["shards_done"], 0);
    assert_eq!(status.document(200)["progress"]["shards"], 64);

    let story = Story::in_folder(story.end().await, |_| {}).await;
    let csv = story.csv_of(&id).await;
    let complete = csv_call(&story, &id).await;
    assert_eq!(complete.status, 303);
    assert_eq!(story.follow(complete.header("location")).await, csv);
}

#[tokio::test]
async fn an_id_never_issued_is_unknown_and_a_malformed_one_is_refused() {
    let story = Story::begin().await;
    for accept in ["*/*", "text/csv"] {
        let headers = [("accept", accept)];
        let call = async |path: &str| story.call(Method::GET, path, &headers, "").await;
        assert_eq!(call(&format!("/get_report/{UNKNOWN_ID}")).await.problem(404), "unknown-report");
        for id in ["x", "0f6b3ad48c5d4e5f9a6b1c2d3e4f5a6b", "..%2F..%2Fetc"] {
            let answer = call(&format!("/get_report/{id}")).await;
            assert_eq!(answer.problem(400), "invalid-parameter", "{id}");
            assert!(answer.text().contains("\"accepted\""), "{}", answer.text());
        }
        assert_eq!(call("/get_report").await.problem(400), "missing-parameter");
    }
}

#[tokio::test]
async fn a_report_without_any_poll_is_refused() {
    let story = Story::begin().await;
    assert_eq!(story.get("/trigger_report").await.problem(409), "no-polls");
    story.load_all(&[small::HOURS, small::ZONES]).await;
    assert_eq!(story.get("/trigger_report").await.problem(409), "no-polls");
    assert_eq!(
        story.get(&format!("/trigger_report{}", small::AT_NOON)).await.problem(409),
        "no-polls"
    );
}

#[tokio::test]
async fn other_paths_and_verbs_are_refused() {
    let story = Story::begin().await;
    story.get("/nothing").await.problem(404);
    story.get("/trigger_report/x").await.problem(404);
    for verb in [Method::PUT, Method::DELETE, Method::PATCH] {
        story.call(verb, "/trigger_report", &[], "").await.problem(405);
    }
    story.post(&format!("/get_report/{UNKNOWN_ID}"), "application/json", "").await.problem(405);
}

async fn csv_call(story: &Story, id: &str) -> Answer {
    let path = format!("/get_report/{id}");
    story.call(Method::GET, &path, &[("accept", "text/csv")], "").await
}

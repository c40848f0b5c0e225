//! Both verbs of both calls, with parameters in the query, in JSON and in forms.

use end_to_end::story::{Story, without_links};
use serde_json::Value;

use crate::small;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_report_is_requested_by_get_and_by_post_with_equal_parameters() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let query = "as_of=2023-01-23T12:00:00Z&method=time_weighted&max_hold_minutes=30";
    let json = r#"{"as_of": "2023-01-23T12:00:00Z", "method": "time_weighted",
        "max_hold_minutes": 30}"#;
    let form = "as_of=2023-01-23T12%3A00%3A00Z&method=time_weighted&max_hold_minutes=30";
    let answers = [
        story.get(&format!("/trigger_report?{query}")).await,
        story.post(&format!("/trigger_report?{query}"), JSON, "").await,
        story.post("/trigger_report", JSON, json).await,
        story.post("/trigger_report", FORM, form).await,
        story
            .post(
                "/trigger_report?method=time_weighted",
                FORM,
                &form.replace("&method=time_weighted", ""),
            )
            .await,
    ];
    let mut reports = Vec::new();
    for answer in answers {
        let accepted = answer.document(202);
        let id = accepted["report_id"].as_str().unwrap();
        reports.push(story.csv_of(id).await);
        let status = story.status(id).await;
        assert_eq!(status["as_of"], "2023-01-23T12:00:00Z");
        assert_eq!(status["max_hold_minutes"], 30);
    }
    assert_eq!(reports[0], format!("{}\na,0.00,1.00,1.00,30.00,0.50,0.50\n", small::HEADER));
    assert!(reports.iter().all(|report| *report == reports[0]), "{reports:?}");
}

#[tokio::test]
async fn a_status_is_requested_by_get_and_by_post() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let id = story.trigger("").await;
    story.ended(&id).await;
    let json = format!("{{\"report_id\": \"{id}\"}}");
    let answers = [
        story.get(&format!("/get_report/{id}")).await,
        story.get(&format!("/get_report?report_id={id}")).await,
        story.get(&format!("/get_report/{}", id.to_uppercase())).await,
        story.post("/get_report", JSON, &json).await,
        story.post("/get_report", FORM, &format!("report_id={id}")).await,
        story.post(&format!("/get_report?report_id={id}"), FORM, "").await,
    ];
    let statuses: Vec<Value> =
        answers.iter().map(|answer| without_links(answer.document(200))).collect();
    assert_eq!(statuses[0]["status"], "Complete");
    assert!(statuses.iter().all(|status| *status == statuses[0]), "{statuses:?}");
}

#[tokio::test]
async fn a_malformed_body_is_refused() {
    let story = Story::begin().await;
    story.load_all(&[small::POLLS]).await;
    for path in ["/trigger_report", "/get_report"] {
        for body in ["{", "{\"report_id\": }", "[1]"] {
            let answer = story.post(path, JSON, body).await;
            assert_eq!(answer.problem(400), "malformed-body", "{path} {body}");
        }
        let answer = story.post(path, "text/csv", "a,b").await;
        assert_eq!(answer.problem(415), "unsupported-body", "{path}");
    }
}

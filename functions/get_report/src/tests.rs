//! Reports in each state, and their answers.

use lambda_http::RequestExt as _;
use serde_json::{Value, json};
use uptime::interval::MINUTE;
use uptime::parameters::{Method, ReportParameters};
use uptime::report::StoreCounts;
use uptime::timeline::MaxHold;
use uptime_aws::{Failure, FailureCode, StoredFile, StoredFiles};

use super::*;

const ID: &str = "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b";

#[test]
fn a_running_report_shows_its_progress() {
    let expected = json!({
        "report_id": ID, "status": "Running", "as_of": "2023-01-25T18:13:22Z",
        "method": "time_weighted", "max_hold_minutes": 90, "period": "2023-W04",
        "created_at": "2023-01-26T08:00:00Z",
        "progress": { "shards_done": 16, "shards": 64 },
    });
    check(&report(ReportState::Running { shards_done: 16 }), None, &expected);
}

#[test]
fn a_complete_report_shows_its_counts_and_a_link_to_each_file() {
    let html = FileName::ReportHtml;
    let files =
        StoredFiles { csv: stored(FileName::ReportCsv, 7), others: vec![(html, stored(html, 9))] };
    let links = Links { csv: link("report.csv"), others: vec![link("report.html")] };
    let mut expected = complete_document();
    let [csv_url, page_url] = ["report.csv", "report.html"].map(url);
    expected["report_url"] = json!(csv_url);
    expected["report_url_expires_at"] = json!("2023-01-26T09:15:00Z");
    expected["files"] = json!([
        { "name": "report.csv", "content_type": "text/csv; charset=utf-8", "length": 7,
            "sha256": "07", "url": csv_url },
        { "name": "report.html", "content_type": "text/html; charset=utf-8", "length": 9,
            "sha256": "09", "url": page_url },
    ]);
    let state = ReportState::Complete(Completion { files, ..completion() });
    check(&report(state), Some(links), &expected);
}

#[test]
fn a_complete_report_of_an_earlier_version_shows_its_csv_as_its_only_file() {
    let links = Links { csv: link("report.csv"), others: Vec::new() };
    let document = StatusDocument::of(&report(ReportState::Complete(completion())), Some(links));

    let document = serde_json::to_value(document).unwrap();

    assert_eq!(document["report_url"], url("report.csv"));
    assert_eq!(document["files"].as_array().unwrap().len(), 1);
    assert_eq!(document["files"][0]["name"], "report.csv");
}

#[test]
fn a_failed_report_shows_why() {
    let failure = Failure { code: FailureCode::TimedOut, detail: "too slow".to_owned() };
    let expected = json!({
        "report_id": ID, "status": "Failed", "as_of": "2023-01-25T18:13:22Z",
        "method": "time_weighted", "max_hold_minutes": 90, "period": "2023-W04",
        "created_at": "2023-01-26T08:00:00Z",
        "error": { "code": "timed_out", "detail": "too slow", "retryable": true },
    });
    check(&report(ReportState::Failed(failure)), None, &expected);
}

#[test]
fn max_hold_and_period_are_null_when_unset() {
    let mut report = report(ReportState::Running { shards_done: 0 });
    report.parameters.method = Method::PollCount;

    let document = serde_json::to_value(StatusDocument::of(&report, None)).unwrap();

    assert_eq!(document["method"], "poll_count");
    for name in ["max_hold_minutes", "period"] {
        assert_eq!(document.get(name), Some(&Value::Null), "{name}");
    }
}

#[test]
fn only_a_running_status_has_retry_after() {
    let retry_after = |state| {
        let answer = status_answer(&StatusDocument::of(&report(state), None)).unwrap();
        answer.headers().contains_key("retry-after")
    };
    assert!(retry_after(ReportState::Running { shards_done: 0 }));
    assert!(!retry_after(ReportState::Complete(completion())));
}

#[test]
fn a_missing_csv_is_a_406_with_retry_after_only_while_running() {
    let running = no_csv(&ReportState::Running { shards_done: 0 });
    assert_eq!(running.kind.status(), 406);
    assert_eq!(running.retry_after_seconds, Some(1));

    let failure = Failure { code: FailureCode::TimedOut, detail: String::new() };
    let failed = no_csv(&ReportState::Failed(failure));
    assert_eq!(failed.kind.status(), 406);
    assert_eq!(failed.retry_after_seconds, None);
}

#[test]
fn a_report_is_refused_from_the_instant_its_files_expire() {
    let expires_at = completion().files_expire_at;
    let refused = |now| refuse_expired(&completion(), now).err().map(|problem| problem.kind);
    assert_eq!(refused(expires_at.plus(-1)), None);
    assert_eq!(refused(expires_at), Some(ProblemKind::ReportExpired));
    assert_eq!(refused(expires_at.plus(MINUTE)), Some(ProblemKind::ReportExpired));
}

#[test]
fn a_report_id_is_taken_from_path_query_json_and_form() {
    let path = [("report_id".to_owned(), vec![ID.to_owned()])];
    let path = std::collections::HashMap::from(path);
    let from_path = Request::new(Body::Empty).with_path_parameters(path.clone());
    let from_query = Request::new(Body::Empty).with_query_string_parameters(path);
    let from_json = posted(&format!("{{\"report_id\": \"{}\"}}", ID.to_uppercase()));
    let from_form = posted(&format!("report_id={ID}"));
    for request in [from_path, from_query, from_json, from_form] {
        assert_eq!(read_report_id(&request).unwrap().to_string(), ID);
    }
}

#[test]
fn the_sample_event_requests_a_report() {
    let event = include_str!("../../../tests/events/get_report.json");
    let request = lambda_http::request::from_str(event).unwrap();
    assert_eq!(read_report_id(&request).unwrap().to_string(), ID);
}

#[test]
fn a_missing_or_bad_report_id_is_a_400() {
    let kind = |body: &str| read_report_id(&posted(body)).unwrap_err().kind;
    assert_eq!(kind(""), ProblemKind::MissingParameter);
    assert_eq!(kind("report_id="), ProblemKind::InvalidParameter);
    assert_eq!(kind("report_id=../secrets"), ProblemKind::InvalidParameter);
    assert_eq!(kind(r#"{"report_id": 7}"#), ProblemKind::InvalidParameter);
    assert_eq!(kind(&format!("report_id={ID}&report_id={ID}")), ProblemKind::RepeatedParameter);
    assert_eq!(kind(&format!("id={ID}")), ProblemKind::UnknownParameter);
}

#[track_caller]
fn check(report: &Report, links: Option<Links>, expected: &Value) {
    assert_eq!(serde_json::to_value(StatusDocument::of(report, links)).unwrap(), *expected);
}

/// The status of a complete report, without its links.
fn complete_document() -> Value {
    json!({
        "report_id": ID, "status": "Complete", "as_of": "2023-01-25T18:13:22Z",
        "method": "time_weighted", "max_hold_minutes": 90, "period": "2023-W04",
        "created_at": "2023-01-26T08:00:00Z",
        "completed_at": "2023-01-26T08:00:03.500000Z",
        "stores": 4, "stores_without_polls": 3, "stores_with_default_hours": 2,
        "stores_with_default_zone": 1, "tz_release": "2026f",
    })
}

fn url(file: &str) -> String {
    format!("https://bucket.example/{file}?signature=1")
}

fn link(file: &str) -> PresignedLink {
    PresignedLink { url: url(file), expires_at: at("2023-01-26T09:15:00Z") }
}

/// A stored file of this length, whose SHA-256 is shortened to two digits.
fn stored(name: FileName, size_bytes: u64) -> StoredFile {
    let key = format!("reports/{ID}/1/{}", name.as_str());
    StoredFile { key, size_bytes, sha256: format!("{size_bytes:02}") }
}

fn report(state: ReportState) -> Report {
    let max_hold = MaxHold::from_minutes(90);
    let period = Some("2023-W04".parse().unwrap());
    let method = Method::TimeWeighted { max_hold, period };
    Report {
        id: ID.parse().unwrap(),
        parameters: ReportParameters { as_of: at("2023-01-25T18:13:22Z"), method },
        polls_kept_from: None,
        created_at: at("2023-01-26T08:00:00Z"),
        deadline: at("2023-01-26T08:36:00Z"),
        attempt: 1,
        queued: false,
        last_failure: None,
        state,
    }
}

fn completion() -> Completion {
    Completion {
        completed_at: at("2023-01-26T08:00:03.500000Z"),
        counts: StoreCounts {
            stores: 4,
            without_polls: 3,
            with_default_hours: 2,
            with_default_zone: 1,
        },
        tz_release: "2026f".to_owned(),
        files: StoredFiles { csv: stored(FileName::ReportCsv, 1), others: Vec::new() },
        files_expire_at: at("2023-02-25T08:00:03Z"),
    }
}

fn posted(body: &str) -> Request {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = lambda_http::http::Method::POST;
    request
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

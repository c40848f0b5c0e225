//! The routes of the page as a browser sees them.

use axum::http::Request;
use axum::http::header::{ALLOW, LOCATION};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;
use uptime::parameters::{Method as ReportMethod, ReportParameters};
use uptime_aws::load_files::INCOMING;
use uptime_aws::{Failure, FailureCode, LoadFolder, NewReport, ReportId};

use super::*;
use crate::stored_objects;
use crate::system::SystemSettings;

#[tokio::test]
async fn the_page_runs_its_own_files_only_and_no_page_may_frame_it() {
    let running = Running::start(0).await;
    for (path, content_type, part) in [
        ("/", "text/html; charset=utf-8", "<title>Store uptime on this machine</title>"),
        ("/local/local.css", "text/css", "--page:#fff"),
        ("/local/local.js", "text/javascript", "'/trigger_report'"),
    ] {
        let response = running.answer("GET", path, "").await;
        let headers = response.headers();
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(headers["content-security-policy"], POLICY);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers.keys().all(|name| !name.as_str().starts_with("access-control")));
        assert!(text(response).await.contains(part), "{path}");
    }
    for directive in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
        assert!(POLICY.split("; ").any(|part| part == directive), "{POLICY}");
    }
}

#[tokio::test]
async fn an_upload_is_loaded_and_listed_with_its_counts_and_rejected_rows() {
    let running = Running::start(1).await;
    let rows = "store_id,timestamp_utc,status\na,2023-01-24 09:00:00 UTC,active\nb,never,active\n";

    let (status, put) = running.json("PUT", "/local/incoming/a%20b%3F.csv", rows).await;

    assert_eq!(status, StatusCode::CREATED, "{put}");
    let folder = put["folder"].as_str().unwrap();
    running.wait_for(folder).await;
    let (_, list) = running.json("GET", "/local/loads", "").await;
    let [load] = &list["loads"].as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!(load["file"]["key"], put["key"]);
    assert!(put["key"].as_str().unwrap().ends_with("/a b?.csv"), "{put}");
    assert_eq!(
        (&load["rows"], &load["loaded"], &load["rejected"]),
        (&2.into(), &1.into(), &1.into())
    );
    assert_eq!(load["status"], "Failed");
    let first_reject = load["first_rejects"][0].as_str().unwrap();
    assert!(first_reject.starts_with("line 3, column timestamp_utc: "), "{first_reject}");
    assert_eq!(list["loaded"]["polls"], 1);
    assert_eq!(list["loaded"]["first_poll"], "2023-01-24T09:00:00Z");
    assert_eq!(list["waiting"], Value::Array(Vec::new()));

    let path = folder.replace(' ', "%20").replace('?', "%3F");
    let leads = running.answer("GET", &format!("/local/rejected_rows/{path}"), "").await;
    assert_eq!(leads.status(), StatusCode::SEE_OTHER);
    let link = leads.headers()[LOCATION].to_str().unwrap();
    assert!(link.contains("/rejected_rows.csv?") && link.contains("X-Amz-Signature="), "{link}");
    running.stop().await;
}

#[tokio::test]
async fn only_files_of_loads_have_links() {
    let running = Running::start(0).await;
    for folder in ["incoming/a.csv", "manifest.json", "/", "%2e%2e/loads/a"] {
        let (status, problem) =
            running.json("GET", &format!("/local/rejected_rows/{folder}"), "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{folder}");
        assert_eq!(problem["type"], "/problems/unknown-call");
    }
}

#[tokio::test]
async fn an_upload_without_the_header_that_a_form_cannot_send_is_refused() {
    let running = Running::start(0).await;
    for (method, path) in [("PUT", "/local/incoming/a.csv"), ("POST", "/local/sample")] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = running.routes.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let problem = text(response).await;
        assert!(problem.contains("X-Local-Page"), "{problem}");
    }
    assert!(running.incoming().await.is_empty());
}

#[tokio::test]
async fn a_file_name_that_is_no_file_name_is_refused() {
    let running = Running::start(0).await;
    for name in ["a%2Fb.csv", "%FF.csv", &"a".repeat(256)] {
        let (status, problem) =
            running.json("PUT", &format!("/local/incoming/{name}"), "store_id\n").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(problem["parameter"], "name", "{problem}");
    }
    assert!(running.incoming().await.is_empty());
}

#[tokio::test]
async fn the_sample_is_uploaded_with_the_polls_last_and_waits_for_its_loads() {
    let running = Running::start(0).await;

    let (status, answer) = running.json("POST", "/local/sample", "").await;

    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let keys = running.incoming().await;
    let names: Vec<&str> = keys.iter().filter_map(|key| key.rsplit('/').next()).collect();
    let expected = ["business_hours.csv", "timezones.csv", "special_days.csv", "store_status.csv"];
    assert_eq!(names, expected);
    let (_, list) = running.json("GET", "/local/loads", "").await;
    assert_eq!(list["waiting"].as_array().unwrap().len(), 4);
    assert_eq!(list["loaded"]["polls"], 0);
}

#[tokio::test]
async fn reports_are_listed_with_the_newest_first_and_the_reason_of_a_failure() {
    let running = Running::start(0).await;
    let table = ReportTable::new(&running.system.sdk_config(), REPORT_TABLE);
    let reports = [1, 2].map(new_report);
    for report in &reports {
        table.record_running(report).await.unwrap();
    }
    let detail = "it could not be queued".to_owned();
    let failure = Failure { code: FailureCode::EnqueueFailed, detail: detail.clone() };
    assert!(table.mark_failed(reports[0].id, &failure).await.unwrap());

    let (status, list) = running.json("GET", "/local/reports", "").await;

    assert_eq!(status, StatusCode::OK);
    let [newer, older] = &list["reports"].as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!(newer["report_id"], reports[1].id.to_string());
    assert_eq!((&newer["status"], &newer["method"]), (&"Running".into(), &"poll_count".into()));
    assert_eq!(older["status"], "Failed");
    assert_eq!(older["error"]["detail"], detail);
}

#[tokio::test]
async fn another_method_is_a_problem_that_says_which_are_accepted() {
    let running = Running::start(0).await;
    for (method, path, allowed) in [
        ("POST", "/", "GET,HEAD"),
        ("GET", "/local/incoming/a.csv", "PUT"),
        ("DELETE", "/local/loads", "GET,HEAD"),
    ] {
        let response = running.answer(method, path, "").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], allowed);
        assert!(text(response).await.contains("/problems/method-not-allowed"));
    }
}

#[test]
fn only_uploads_may_be_larger_than_a_call() {
    for (method, path, expected) in [
        ("PUT", "/local/incoming/a.csv", true),
        ("POST", "/local/incoming/a.csv", false),
        ("PUT", "/local/sample", false),
        ("POST", "/trigger_report", false),
    ] {
        let request = Request::builder().method(method).uri(path).body(()).unwrap();
        assert_eq!(is_upload(&request.into_parts().0), expected, "{method} {path}");
    }
}

/// A system, and the routes of its page.
struct Running {
    system: System,
    routes: Router,
    _folder: TempDir,
}

impl Running {
    /// Starts a system with this many workers for loads.
    async fn start(workers: usize) -> Running {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = SystemSettings::in_folder(folder.path());
        (settings.reports.concurrency, settings.loads.concurrency) = (0, workers);
        let system = System::start(&settings).await.unwrap();
        Running { routes: routes(&system), system, _folder: folder }
    }

    /// Returns the response to a request of the page's script.
    async fn answer(&self, method: &str, path: &str, body: &'static str) -> Response<Body> {
        let request = Request::builder().method(method).uri(path).header("X-Local-Page", "1");
        self.routes.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    async fn json(&self, method: &str, path: &str, body: &'static str) -> (StatusCode, Value) {
        let response = self.answer(method, path, body).await;
        (response.status(), serde_json::from_str(&text(response).await).unwrap())
    }

    /// Waits until the load in this folder has ended.
    async fn wait_for(&self, folder: &str) {
        let folder = LoadFolder::of_manifest(&format!("{folder}manifest.json")).unwrap();
        let (s3, secret) = (self.system.addresses().s3, self.system.secret().file());
        let uploads = Uploads::new(&self.system.sdk_config(), s3, secret);
        uploads.outcome(secret, &folder).await.unwrap();
    }

    async fn incoming(&self) -> Vec<String> {
        let objects = stored_objects::under(&self.system.sdk_config().s3(), INCOMING).await;
        objects.unwrap().into_iter().map(|(key, _)| key).collect()
    }

    async fn stop(self) {
        self.system.stop().await;
    }
}

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn new_report(seconds: i64) -> NewReport {
    let now = uptime_aws::now().plus(seconds * uptime::interval::SECOND);
    let later = now.plus(uptime::interval::HOUR);
    let parameters = ReportParameters { as_of: now, method: ReportMethod::PollCount };
    NewReport {
        id: ReportId::random(),
        parameters,
        polls_kept_from: None,
        created_at: now,
        deadline: later,
        expires_at: later,
    }
}

//! A report over time: a restart before it completes, the expiry of its files, a passed deadline.
//!
//! What would take days is written into the report table, with the adapter that the functions use.

use end_to_end::report_files::new_report;
use end_to_end::story::Story;
use http::Method;
use local::system::REPORT_QUEUE;
use uptime::Timestamp;
use uptime::interval::MINUTE;
use uptime::output::FileName;
use uptime_aws::{ReportId, StoredFile, StoredFiles};

use crate::small;

#[tokio::test]
async fn a_restart_between_the_trigger_and_the_report_loses_nothing() {
    let story = Story::with(|settings| settings.reports.concurrency = 0).await;
    story.load_all(&small::FILES).await;
    let waiting = story.trigger(small::AT_NOON).await;
    assert_eq!(story.status(&waiting).await["status"], "Running");

    let story = Story::in_folder(story.end().await, |_| {}).await;
    assert_eq!(story.system.continued_work().reports, 1);
    assert_eq!(story.csv_of(&waiting).await, small::csv_at_noon());

    let story = Story::in_folder(story.end().await, |_| {}).await;
    assert_eq!(story.system.continued_work().reports, 0);
    assert_eq!(story.csv_of(&waiting).await, small::csv_at_noon());
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn a_file_that_was_put_before_a_restart_is_loaded_after_it() {
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;
    for (place, file) in small::FILES.into_iter().enumerate() {
        story.put(&format!("{place}.csv"), file).await;
    }
    let story = Story::in_folder(story.end().await, |_| {}).await;
    assert_eq!(story.system.continued_work().files, 3);
    for place in 0..3 {
        story.load_ended(&format!("{place}.csv")).await;
    }
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn a_report_whose_files_have_expired_is_gone() {
    let story = Story::begin().await;
    let now = uptime_aws::now();
    let kept = complete_report(&story, now.plus(MINUTE)).await;
    assert_eq!(story.status(&kept).await["status"], "Complete");

    let expired = complete_report(&story, now.plus(-MINUTE)).await;
    for accept in ["application/json", "text/csv", "text/html"] {
        let path = format!("/get_report/{expired}");
        let answer = story.call(Method::GET, &path, &[("accept", accept)], "").await;
        assert_eq!(answer.problem(410), "report-expired");
    }
    let form = "application/x-www-form-urlencoded";
    let answer = story.post("/get_report", form, &format!("report_id={expired}")).await;
    assert_eq!(answer.problem(410), "report-expired");
}

#[tokio::test]
async fn a_report_still_running_after_its_deadline_is_shown_as_failed_for_good() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let late = new_report(ReportId::random(), uptime_aws::now().plus(-2 * MINUTE));
    story.report_table().record_running(&late).await.unwrap();
    let id = late.id.to_string();

    let failed = story.status(&id).await;
    assert_eq!(failed["status"], "Failed");
    assert_eq!(failed["error"]["code"], "timed_out");
    assert_eq!(failed["error"]["retryable"], true);

    story.deliver_again(&id);
    story.drained(REPORT_QUEUE).await;
    assert_eq!(story.status(&id).await, failed);
    assert!(story.keys_of(&id).await.is_empty());
}

/// A file that is recorded but does not exist: nothing downloads it.
fn stored(id: ReportId, name: FileName) -> StoredFile {
    let key = format!("reports/{id}/1/{}", name.as_str());
    StoredFile { key, size_bytes: 0, sha256: "0".repeat(64) }
}

/// Records a complete report whose files expire at a given instant.
async fn complete_report(story: &Story, files_expire_at: Timestamp) -> String {
    let id = ReportId::random();
    let html = FileName::ReportHtml;
    let files = StoredFiles {
        csv: stored(id, FileName::ReportCsv),
        others: vec![(html, stored(id, html))],
    };
    story.record_complete(id, files, files_expire_at).await;
    id.to_string()
}

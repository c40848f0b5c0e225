//! Work orders of reports: delivered twice, for an unknown report, or for a report that cannot be
//! computed.

use std::time::Duration;

use end_to_end::report_files::keys_of_attempt;
use end_to_end::story::{Story, without_links};
use end_to_end::until::until;
use futures::future::join_all;
use http::Method;
use local::system::{REPORT_DEAD_LETTER_QUEUE, REPORT_QUEUE, SystemSettings};

use crate::small;

#[tokio::test]
async fn a_work_order_delivered_again_leaves_the_report_and_its_files_untouched() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let id = story.trigger(small::AT_NOON).await;
    let complete = without_links(story.ended(&id).await);
    let objects = story.objects_of(&id).await;
    assert_eq!(story.keys_of(&id).await, keys_of_attempt(&id, 1));

    // Data that is loaded later would change the report.
    let later = "store_id,timestamp_utc,status\na,2023-01-23 09:30:00,inactive\n";
    story.load("later.csv", later).await;
    assert_ne!(story.report(small::AT_NOON).await, small::csv_at_noon());
    for _ in 0..3 {
        story.deliver_again(&id);
    }
    story.drained(REPORT_QUEUE).await;

    assert_eq!(without_links(story.status(&id).await), complete);
    assert_eq!(story.objects_of(&id).await, objects);
    assert_eq!(story.csv_of(&id).await, small::csv_at_noon());
    assert!(story.messages(REPORT_DEAD_LETTER_QUEUE).is_empty());
}

#[tokio::test]
async fn a_work_order_delivered_twice_at_once_gives_one_complete_report() {
    let story = Story::with(|settings| settings.reports.retry_after = SECOND).await;
    story.load_all(&small::FILES).await;
    let id = story.trigger(small::AT_NOON).await;
    for _ in 0..3 {
        story.deliver_again(&id);
    }
    assert_eq!(story.csv_of(&id).await, small::csv_at_noon());
    story.drained(REPORT_QUEUE).await;
    assert_eq!(story.csv_of(&id).await, small::csv_at_noon());
    assert_eq!(story.keys_of(&id).await, keys_of_attempt(&id, 1));
}

#[tokio::test]
async fn reports_requested_at_once_are_all_computed_and_equal() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let reports = join_all((0..8).map(|_| story.report(small::AT_NOON))).await;
    assert!(reports.iter().all(|report| *report == small::csv_at_noon()));
}

#[tokio::test]
async fn a_report_on_unreadable_data_fails_with_a_reason_and_its_work_order_is_kept() {
    let story = Story::with(impatient).await;
    story.load_all(&small::FILES).await;
    story.spoil_a_segment().await;

    let id = story.trigger(small::AT_NOON).await;
    let failed = story.ended(&id).await;

    assert_eq!(failed["status"], "Failed");
    assert_eq!(failed["error"]["code"], "data_unreadable");
    assert_eq!(failed["error"]["retryable"], false);
    assert!(failed["error"]["detail"].is_string());
    assert!(failed.get("report_url").is_none() && failed.get("files").is_none());
    let path = format!("/get_report/{id}");
    let csv = story.call(Method::GET, &path, &[("accept", "text/csv")], "").await;
    assert_eq!(csv.problem(406), "no-csv");
    assert_eq!(csv.header("retry-after"), "");
    until("the work order is in the dead-letter queue", async || {
        let dead = story.messages(REPORT_DEAD_LETTER_QUEUE);
        dead.iter().any(|body| body.contains(&id)).then_some(())
    })
    .await;
    assert!(story.messages(REPORT_QUEUE).is_empty());
    assert!(story.keys_of(&id).await.is_empty());
}

#[tokio::test]
async fn a_work_order_that_is_malformed_or_of_an_unknown_report_ends_in_the_dead_letter_queue() {
    let story = Story::with(impatient).await;
    story.load_all(&small::FILES).await;
    let unknown = uptime_aws::ReportId::random().to_string();
    story.deliver_again(&unknown);
    story.system.queues().send(REPORT_QUEUE, "no JSON", Duration::ZERO).unwrap();
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
    until("both are in the dead-letter queue", async || {
        (story.messages(REPORT_DEAD_LETTER_QUEUE).len() == 2).then_some(())
    })
    .await;
    assert!(story.keys_of(&unknown).await.is_empty());
}

const SECOND: Duration = Duration::from_secs(1);

/// A message is received only once, and a failed one becomes visible again after a second.
fn impatient(settings: &mut SystemSettings) {
    settings.receives_allowed = Some(1);
    settings.reports.retry_after = SECOND;
}

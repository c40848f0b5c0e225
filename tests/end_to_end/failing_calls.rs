//! Calls to AWS that fail, or whose responses are lost, while a report is requested and computed.

use end_to_end::fault_injection::Fault;
use end_to_end::faulty_system::FaultySystem;
use end_to_end::report_files::{FILES, keys_named, keys_of_attempt};
use serde_json::json;
use uptime::interval::DAY;
use uptime_aws::{FailureCode, LINK_LIFE, ReportState};

use crate::small::{self, NOON};

/// The SDKs try each call three times.
const TRIES: usize = 3;

#[tokio::test]
async fn a_report_that_cannot_be_queued_fails_and_its_caller_gets_an_error() {
    let (system, _) = FaultySystem::with_report(&small::FILES, NOON).await;
    for _ in 0..TRIES {
        system.faults.plan("SendMessage", 0, Fault::Refuse(500, "InternalError"));
    }

    let (status, problem) = system.trigger(NOON, None).await.unwrap();

    assert_eq!((status, &problem["type"]), (503, &json!("/problems/not-queued")));
    let mut codes = Vec::new();
    for id in system.reports().await {
        if let ReportState::Failed(failure) = system.recorded(&id).await.state {
            codes.push(failure.code);
        }
    }
    assert_eq!(codes, [FailureCode::EnqueueFailed]);
}

#[tokio::test]
async fn a_failure_to_queue_is_reported_even_if_recording_it_is_not_answered() {
    let (system, _) = FaultySystem::with_report(&small::FILES, NOON).await;
    for _ in 0..TRIES {
        system.faults.plan("SendMessage", 0, Fault::Refuse(500, "InternalError"));
    }
    system.faults.plan("UpdateItem", 0, Fault::Lose);

    let (status, problem) = system.trigger(NOON, Some("key")).await.unwrap();

    assert_eq!((status, &problem["type"]), (503, &json!("/problems/not-queued")));
    assert_eq!(system.faults.tries("UpdateItem"), 2);
}

#[tokio::test]
async fn the_last_link_to_a_file_ends_before_s3_deletes_it() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    let before = uptime_aws::now();
    assert_eq!(system.deliver(&id, 1).await, Some(true));

    let ReportState::Complete(completion) = system.recorded(&id).await.state else {
        panic!("the report is not Complete");
    };
    // Lifecycle rules count from the put or later.
    let last_link_ends = completion.files_expire_at.plus(LINK_LIFE);
    let kept = 30 * DAY;
    assert!(before.plus(kept) <= last_link_ends, "{last_link_ends}");
    assert!(last_link_ends <= completion.completed_at.plus(kept), "{last_link_ends}");
}

#[tokio::test]
async fn an_attempt_that_cannot_store_every_file_releases_its_lease_and_records_why() {
    for stored_first in 0..FILES.len() {
        let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
        let refused = Fault::Refuse(403, "AccessDenied");
        system.faults.plan("PutObject", u32::try_from(stored_first).unwrap(), refused);

        assert_eq!(system.deliver(&id, 1).await, Some(false));
        let report = system.recorded(&id).await;
        assert!(matches!(report.state, ReportState::Running { .. }));
        let detail = report.last_failure.unwrap().detail;
        assert_eq!(detail, "a file of the report could not be stored");

        assert_eq!(system.deliver(&id, 2).await, Some(true));
        check_files_of_attempt(&system, &id, 2).await;
    }
}

#[tokio::test]
async fn the_last_attempt_allowed_fails_the_report() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    system.faults.plan("PutObject", 0, Fault::Refuse(403, "AccessDenied"));

    assert_eq!(system.deliver(&id, 5).await, Some(false), "the message is kept");

    let status = system.story.status(&id).await;
    assert_eq!(status["error"]["code"], "compute_failed");
    assert_eq!(system.deliver(&id, 6).await, Some(true));
    assert_eq!(system.story.status(&id).await, status);
}

#[tokio::test]
async fn a_completion_counts_even_if_its_response_is_lost() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    // The first `UpdateItem` is the claim.
    system.faults.plan("UpdateItem", 1, Fault::Lose);

    assert_eq!(system.deliver(&id, 1).await, Some(true));

    assert_eq!(system.faults.tries("UpdateItem"), 3);
    check_csv(&system, &id).await;
}

#[tokio::test]
async fn after_a_worker_dies_at_any_step_the_next_one_finds_or_makes_a_complete_report() {
    for (operation, earlier) in
        [("UpdateItem", 0), ("Query", 40), ("PutObject", 0), ("PutObject", 2), ("UpdateItem", 1)]
    {
        for death in [Fault::DieBefore, Fault::DieAfter] {
            let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
            system.faults.plan(operation, earlier, death);
            assert_eq!(system.deliver(&id, 1).await, None);
            system.faults.clear();

            if system.deliver(&id, 2).await == Some(false) {
                // The dead worker still holds the lease. A restart voids it, as its end would.
                let system = restarted(system).await;
                assert_eq!(system.csv_of(&id).await, small::csv_at_noon());
            } else {
                check_csv(&system, &id).await;
            }
        }
    }
}

#[tokio::test]
async fn a_throttled_query_is_retried() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    let throttled = Fault::Refuse(400, "ProvisionedThroughputExceededException");
    system.faults.plan("Query", 3, throttled);
    system.faults.plan("Query", 30, throttled);

    assert_eq!(system.deliver(&id, 1).await, Some(true));

    assert_eq!(system.faults.tries("Query"), 128 + 2);
    check_csv(&system, &id).await;
}

#[tokio::test]
async fn endlessly_throttled_queries_fail_the_attempt_and_never_give_a_partial_report() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    system.faults.plan_for_good("Query", 100, Fault::Refuse(400, "ThrottlingException"));

    assert_eq!(system.deliver_hurried(&id, 1).await, Some(false));
    let report = system.recorded(&id).await;
    assert!(matches!(report.state, ReportState::Running { .. }));
    assert_eq!(report.last_failure.unwrap().detail, "the stored data was not available");

    assert_eq!(system.deliver_hurried(&id, 5).await, Some(false), "the last attempt allowed");
    assert_eq!(system.recorded(&id).await.attempt, 2, "the first attempt released its lease");
    let status = system.story.status(&id).await;
    assert_eq!(status["error"]["code"], "compute_failed");
    assert_eq!(status["error"]["detail"], "the stored data was not available");
    assert_eq!(system.faults.tries("PutObject"), 0);
}

#[tokio::test]
async fn a_wrong_clock_or_expired_credentials_fail_a_try_that_is_then_repeated() {
    let (skewed, expired) = ("RequestTimeTooSkewed", "ExpiredTokenException");
    for (operation, earlier, status, code) in [
        ("UpdateItem", 0, 400, expired),
        ("Query", 10, 400, "InvalidSignatureException"),
        ("Query", 10, 400, expired),
        ("PutObject", 0, 403, skewed),
        ("PutObject", 0, 400, "ExpiredToken"),
        ("UpdateItem", 1, 400, expired),
    ] {
        let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
        system.faults.plan(operation, earlier, Fault::Refuse(status, code));
        if system.deliver(&id, 1).await == Some(false) {
            assert_eq!(system.deliver(&id, 2).await, Some(true), "{operation} {code}");
        }
        check_csv(&system, &id).await;
    }
    for (operation, code) in [("GetItem", expired), ("PutItem", "InvalidSignatureException")] {
        let (system, _) = FaultySystem::with_report(&small::FILES, NOON).await;
        system.faults.plan(operation, 0, Fault::Refuse(400, code));
        let (status, problem) = system.trigger(NOON, None).await.unwrap();
        assert_eq!((status, &problem["type"]), (503, &json!("/problems/unavailable")), "{code}");
        system.accepted(NOON, None).await;
    }
}

#[tokio::test]
async fn an_unreadable_page_fails_the_attempt_and_leaves_no_file() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    system.faults.plan("Query", 100, Fault::Refuse(400, "ValidationException"));

    assert_eq!(system.deliver(&id, 1).await, Some(false));

    assert_eq!(system.faults.tries("PutObject"), 0);
    assert!(system.story.keys_of(&id).await.is_empty());
    assert_eq!(system.story.status(&id).await["status"], "Running");
    assert_eq!(system.deliver(&id, 2).await, Some(true));
    check_csv(&system, &id).await;
}

#[tokio::test]
async fn an_empty_page_is_not_the_end_of_a_range() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    for _ in 0..2 * 128 {
        system.faults.plan("Query", 0, Fault::EmptyPage);
    }

    assert_eq!(system.deliver(&id, 1).await, Some(true));

    assert_eq!(system.faults.tries("Query"), 2 * 128);
    check_csv(&system, &id).await;
}

#[tokio::test]
async fn a_file_is_put_again_when_s3_is_busy_each_time_with_a_checksum() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    for _ in 0..2 {
        system.faults.plan("PutObject", 0, Fault::Refuse(503, "SlowDown"));
    }

    assert_eq!(system.deliver(&id, 1).await, Some(true));

    assert_eq!(system.faults.tries("PutObject"), FILES.len() + 2);
    assert!(system.faults.all_had("PutObject", "x-amz-checksum-"));
    check_csv(&system, &id).await;
}

/// The report is Complete with all files of this attempt, and no other files.
async fn check_files_of_attempt(system: &FaultySystem, id: &str, attempt: u32) {
    let ReportState::Complete(completion) = system.recorded(id).await.state else {
        panic!("the report is not Complete");
    };
    assert_eq!(keys_named(&completion.files), keys_of_attempt(id, attempt));
    check_csv(system, id).await;
}

async fn check_csv(system: &FaultySystem, id: &str) {
    assert_eq!(system.story.csv_of(id).await, small::csv_at_noon());
}

async fn restarted(system: FaultySystem) -> end_to_end::story::Story {
    let FaultySystem { story, .. } = system;
    end_to_end::story::Story::in_folder(story.end().await, |_| {}).await
}

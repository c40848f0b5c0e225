//! A report's life, transition by transition (`lib/uptime_aws/README.md`, "A report's life").

use std::cell::Cell;

use end_to_end::adapters::{Cloud, REPORT_TABLE, in_a_minute};
use end_to_end::fault_injection::{Fault, Faults};
use uptime::Timestamp;
use uptime::output::FileName;
use uptime::parameters::{Method, ReportParameters};
use uptime::report::StoreCounts;
use uptime_aws::{
    Claim, Completion, Failure, FailureCode, IdempotencyKey, KeyTable, KeyUse, NewReport, Refusal,
    Report, ReportId, ReportState, ReportTable, ReportTableError, StoredFile, StoredFiles,
};

const CREATED_AT: i64 = 1_000;
const DEADLINE: i64 = 9_000;

#[tokio::test]
async fn a_report_is_known_as_running_once_it_is_recorded() {
    let (_cloud, reports, new) = recorded().await;

    let report = reports.get(new.id).await.unwrap().unwrap();

    assert_eq!((report.id, report.parameters), (new.id, new.parameters));
    assert_eq!(report.polls_kept_from, Some(at(76)));
    assert_eq!((report.created_at, report.deadline), (new.created_at, new.deadline));
    assert_eq!((report.attempt, report.state), (0, running(0)));
}

#[tokio::test]
async fn an_id_never_issued_is_unknown() {
    let (_cloud, reports, _) = recorded().await;
    let id = ReportId::random();

    assert_eq!(reports.get(id).await.unwrap(), None);
    assert_eq!(
        reports.claim(id, "me", at(1), at(2)).await.unwrap(),
        Claim::Refused(Refusal::Unknown)
    );
    assert!(!reports.mark_failed(id, &failure()).await.unwrap());
    assert_eq!(reports.get(id).await.unwrap(), None, "a refused change must leave no record");
}

#[tokio::test]
async fn recording_a_report_again_changes_nothing() {
    let (_cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "me", 1, 2).await;
    let before = reports.get(new.id).await.unwrap();

    reports.record_running(&NewReport { created_at: at(5_000), ..new.clone() }).await.unwrap();

    assert_eq!(reports.get(new.id).await.unwrap(), before);
}

#[tokio::test]
async fn an_id_is_not_given_to_a_report_about_something_else() {
    let (_cloud, reports, new) = recorded().await;
    let parameters = ReportParameters { as_of: at(1), ..new.parameters };

    let again = reports.record_running(&NewReport { parameters, ..new.clone() }).await;

    assert!(matches!(again, Err(ReportTableError::Taken { report_id }) if report_id == new.id));
}

#[tokio::test]
async fn a_lease_is_held_until_it_ends_and_then_granted_as_the_next_attempt() {
    let (_cloud, reports, new) = recorded().await;

    assert_eq!(granted(&reports, new.id, "first", 2_000, 3_000).await.attempt, 1);
    let claim = reports.claim(new.id, "second", at(2_999), at(4_000)).await.unwrap();
    assert_eq!(claim, Claim::Refused(Refusal::Held));
    assert_eq!(granted(&reports, new.id, "second", 3_000, 4_000).await.attempt, 2);

    assert!(!reports.record_progress(new.id, "first", 7).await.unwrap());
    assert!(!completed(&reports, new.id, "first", 3_500, 1).await);
    assert!(!reports.record_attempt_failure(new.id, "first", &failure()).await.unwrap());
    assert!(completed(&reports, new.id, "second", 3_500, 2).await);
    assert_eq!(state(&reports, new.id).await, ReportState::Complete(completion(2)));
}

#[tokio::test]
async fn a_failed_attempt_releases_only_its_own_lease() {
    let (_cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "first", 2_000, 3_000).await;

    assert!(!reports.release(new.id, "second", 1, &failure()).await.unwrap());
    assert!(!reports.release(new.id, "first", 2, &failure()).await.unwrap());
    assert_eq!(reports.get(new.id).await.unwrap().unwrap().last_failure, None);
    assert!(reports.release(new.id, "first", 1, &failure()).await.unwrap());

    let report = granted(&reports, new.id, "second", 2_001, 4_000).await;
    assert_eq!((report.attempt, report.last_failure), (2, Some(failure())));
    assert!(!completed(&reports, new.id, "first", 2_500, 1).await);
    assert!(!reports.release(new.id, "first", 1, &failure()).await.unwrap());
}

#[tokio::test]
async fn a_worker_may_repeat_its_own_completion_and_another_worker_may_not() {
    let (_cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "me", 2_000, 3_000).await;
    for _ in 0..2 {
        assert!(completed(&reports, new.id, "me", 2_500, 1).await);
    }
    assert!(!completed(&reports, new.id, "you", 2_500, 1).await);
    assert!(!completed(&reports, new.id, "me", 2_500, 2).await);
    assert_eq!(state(&reports, new.id).await, ReportState::Complete(completion(1)));
}

/// A worker may be paused between two tries for longer than the minute of grace.
#[tokio::test]
async fn each_try_to_complete_a_report_is_checked_against_the_time_of_that_try() {
    let (cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "me", 2_000, DEADLINE + 5).await;
    let faults = Faults::default();
    let reports = ReportTable::new(&faults.between(&cloud.sdk_config()), REPORT_TABLE);
    faults.plan("UpdateItem", 0, Fault::Refuse(500, "InternalServerError"));
    let now = Cell::new(DEADLINE);
    let clock = || at(now.replace(now.get() + 1));

    assert!(!reports.complete(new.id, "me", clock, in_a_minute(), &completion(1)).await.unwrap());
    assert_eq!(faults.tries("UpdateItem"), 2);
    assert_eq!(state(&reports, new.id).await, running(0));

    faults.plan("UpdateItem", 0, Fault::Refuse(500, "InternalServerError"));
    assert!(completed(&reports, new.id, "me", DEADLINE, 1).await);
}

#[tokio::test]
async fn a_completion_is_retried_unless_it_is_refused_for_good() {
    let refusals = [
        (503, "ServiceUnavailable", 3),
        (400, "AccessDeniedException", 1),
        (400, "ValidationException", 1),
    ];
    for (status, code, tries) in refusals {
        let (cloud, reports, new) = recorded().await;
        granted(&reports, new.id, "me", 2_000, 3_000).await;
        let faults = Faults::default();
        let reports = ReportTable::new(&faults.between(&cloud.sdk_config()), REPORT_TABLE);
        faults.plan_for_good("UpdateItem", 0, Fault::Refuse(status, code));

        let error = reports
            .complete(new.id, "me", || at(2_500), in_a_minute(), &completion(1))
            .await
            .unwrap_err();

        assert!(matches!(error, ReportTableError::Unavailable { .. }), "{error}");
        assert_eq!(faults.tries("UpdateItem"), tries, "{code}");
    }
}

#[tokio::test]
async fn a_completion_that_is_throttled_for_more_than_three_tries_succeeds_in_the_end() {
    let (cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "me", 2_000, 3_000).await;
    let faults = Faults::default();
    let reports = ReportTable::new(&faults.between(&cloud.sdk_config()), REPORT_TABLE);
    for code in ["ProvisionedThroughputExceededException", "ThrottlingException"].repeat(3) {
        faults.plan("UpdateItem", 0, Fault::Refuse(400, code));
    }

    assert!(completed(&reports, new.id, "me", 2_500, 1).await);

    assert_eq!(faults.tries("UpdateItem"), 7);
}

#[tokio::test]
async fn a_report_that_was_queued_is_not_failed_for_not_being_queued() {
    let (_cloud, reports, new) = recorded().await;
    assert!(reports.mark_queued(new.id, at(1_500)).await.unwrap());
    assert!(reports.get(new.id).await.unwrap().unwrap().queued);
    assert!(!reports.mark_failed(new.id, &failure()).await.unwrap());

    let (_cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "me", 2_000, 3_000).await;
    assert!(!reports.mark_failed(new.id, &failure()).await.unwrap());
    assert_eq!(state(&reports, new.id).await, running(0));
}

#[tokio::test]
async fn claiming_again_starts_a_further_attempt() {
    let (_cloud, reports, new) = recorded().await;

    granted(&reports, new.id, "me", 2_000, 3_000).await;

    assert_eq!(granted(&reports, new.id, "me", 2_001, 3_001).await.attempt, 2);
}

#[tokio::test]
async fn progress_is_recorded_and_starts_again_with_each_attempt() {
    let (_cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "first", 2_000, 3_000).await;

    assert!(reports.record_progress(new.id, "first", 48).await.unwrap());
    assert_eq!(state(&reports, new.id).await, running(48));

    assert_eq!(granted(&reports, new.id, "second", 3_000, 4_000).await.state, running(0));
}

#[tokio::test]
async fn a_complete_report_never_changes() {
    let (_cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "me", 2_000, 3_000).await;
    assert!(completed(&reports, new.id, "me", 2_500, 1).await);

    nothing_changes(&reports, &new).await;

    assert_eq!(state(&reports, new.id).await, ReportState::Complete(completion(1)));
}

#[tokio::test]
async fn a_failed_report_never_changes() {
    let (_cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "me", 2_000, 3_000).await;
    assert!(reports.record_attempt_failure(new.id, "me", &failure()).await.unwrap());

    nothing_changes(&reports, &new).await;

    assert!(reports.record_attempt_failure(new.id, "me", &failure()).await.unwrap());
    assert_eq!(state(&reports, new.id).await, ReportState::Failed(failure()));
}

#[tokio::test]
async fn a_report_is_failed_without_a_lease_when_its_work_cannot_be_queued() {
    let (_cloud, reports, new) = recorded().await;

    assert!(reports.mark_failed(new.id, &failure()).await.unwrap());

    assert_eq!(state(&reports, new.id).await, ReportState::Failed(failure()));
}

#[tokio::test]
async fn after_its_deadline_a_report_is_neither_claimed_nor_completed() {
    let (_cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "me", DEADLINE, DEADLINE + 5).await;

    let late = at(DEADLINE + 1);
    assert!(!completed(&reports, new.id, "me", DEADLINE + 1, 1).await);
    assert_eq!(
        reports.claim(new.id, "me", late, late).await.unwrap(),
        Claim::Refused(Refusal::Expired)
    );

    assert_eq!(state(&reports, new.id).await, running(0));
    assert!(completed(&reports, new.id, "me", DEADLINE, 1).await);
}

#[tokio::test]
async fn an_error_about_an_idempotency_key_names_the_item_of_the_key_not_the_report() {
    let cloud = Cloud::start().await;
    let keys = KeyTable::new(&cloud.sdk_config(), "elsewhere");
    let key: IdempotencyKey = "menu".parse().unwrap();
    let wanted = KeyUse { report_id: ReportId::random(), asked: String::new() };

    let error = keys.take(&key, wanted, at(1)).await.unwrap_err();

    let expected = format!("the report table did not answer for item key#{}", key.sha256());
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn only_one_of_many_concurrent_workers_gets_the_lease() {
    let (_cloud, reports, new) = recorded().await;
    let owners: Vec<_> = (0..8).map(|number| format!("worker {number}")).collect();
    let claims = owners.iter().map(|owner| reports.claim(new.id, owner, at(2), at(3)));

    let claims: Vec<_> =
        futures::future::join_all(claims).await.into_iter().map(Result::unwrap).collect();

    let granted = claims.iter().filter(|claim| matches!(claim, Claim::Granted(_))).count();
    let held = claims.iter().filter(|&claim| *claim == Claim::Refused(Refusal::Held)).count();
    assert_eq!((granted, held), (1, 7));
}

#[tokio::test]
async fn the_record_holds_its_expiry_in_seconds() {
    let (cloud, reports, new) = recorded().await;
    granted(&reports, new.id, "me", 2_000, 3_000).await;

    let items = cloud.dynamodb().scan().table_name(REPORT_TABLE).send().await.unwrap();

    assert_eq!(items.items()[0]["expires_at"].as_n().unwrap(), "1700000000");
}

/// Tries every transition, and recording the report a second time.
async fn nothing_changes(reports: &ReportTable, new: &NewReport) {
    let id = new.id;
    reports.record_running(new).await.unwrap();
    assert_eq!(
        reports.claim(id, "me", at(4_000), at(5_000)).await.unwrap(),
        Claim::Refused(Refusal::Final)
    );
    assert!(!reports.record_progress(id, "me", 1).await.unwrap());
    assert!(!completed(reports, id, "me", 2_600, 9).await);
    let other = Failure { code: FailureCode::DataUnreadable, ..failure() };
    assert!(!reports.record_attempt_failure(id, "me", &other).await.unwrap());
    assert!(!reports.release(id, "me", 1, &other).await.unwrap());
    assert!(!reports.mark_queued(id, at(2_600)).await.unwrap());
    assert!(!reports.mark_failed(id, &other).await.unwrap());
}

async fn recorded() -> (Cloud, ReportTable, NewReport) {
    let cloud = Cloud::start().await;
    let reports = cloud.report_table();
    let new = NewReport {
        id: ReportId::random(),
        parameters: ReportParameters { as_of: at(77), method: Method::PollCount },
        polls_kept_from: Some(at(76)),
        created_at: at(CREATED_AT),
        deadline: at(DEADLINE),
        expires_at: at(1_700_000_000_000_000),
    };
    reports.record_running(&new).await.unwrap();
    (cloud, reports, new)
}

async fn granted(reports: &ReportTable, id: ReportId, owner: &str, now: i64, until: i64) -> Report {
    match reports.claim(id, owner, at(now), at(until)).await.unwrap() {
        Claim::Granted(report) => *report,
        Claim::Refused(refusal) => panic!("{owner} should have got the lease: {refusal:?}"),
    }
}

async fn state(reports: &ReportTable, id: ReportId) -> ReportState {
    reports.get(id).await.unwrap().unwrap().state
}

fn running(shards_done: u32) -> ReportState {
    ReportState::Running { shards_done }
}

fn failure() -> Failure {
    Failure { code: FailureCode::ComputeFailed, detail: "the data did not answer".to_owned() }
}

/// Completes a report at an instant. Returns whether this worker was allowed to complete it.
async fn completed(
    reports: &ReportTable,
    id: ReportId,
    owner: &str,
    now: i64,
    attempt: u32,
) -> bool {
    reports.complete(id, owner, || at(now), in_a_minute(), &completion(attempt)).await.unwrap()
}

fn completion(attempt: u32) -> Completion {
    Completion {
        completed_at: at(2_500),
        counts: StoreCounts { stores: 3, ..StoreCounts::default() },
        tz_release: "2026f".to_owned(),
        files: StoredFiles {
            csv: stored(attempt, FileName::ReportCsv),
            others: vec![
                (FileName::StoresCsv, stored(attempt, FileName::StoresCsv)),
                (FileName::ReportHtml, stored(attempt, FileName::ReportHtml)),
            ],
        },
        files_expire_at: at(99_000),
    }
}

fn stored(attempt: u32, name: FileName) -> StoredFile {
    let key = format!("reports/x/{attempt}/{}", name.as_str());
    StoredFile { key, size_bytes: 12, sha256: "ab".repeat(32) }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

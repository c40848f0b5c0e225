//! Workers that die while they hold a lease, and workers that continue after theirs has ended.

use end_to_end::fault_injection::Fault;
use end_to_end::faulty_system::FaultySystem;
use end_to_end::report_files::{Contents, keys_named, keys_of_attempt};
use futures::future::join;
use uptime_aws::ReportState;

use crate::small::{self, NOON};

/// The `UpdateItem` that completes a report. The first one is the claim.
const COMPLETION: (&str, u32) = ("UpdateItem", 1);

#[tokio::test]
async fn a_dead_workers_report_is_completed_after_its_lease_has_ended_and_not_before() {
    // Dead while computing, while storing the files, or just before completing the report.
    let deaths = [
        ("Query", 40, Fault::DieBefore),
        ("PutObject", 0, Fault::DieAfter),
        ("PutObject", 3, Fault::DieBefore),
        complete_dies(),
    ];
    for (operation, earlier, death) in deaths {
        let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
        system.faults.plan(operation, earlier, death);
        assert_eq!(system.deliver(&id, 1).await, None);

        assert_eq!(system.deliver(&id, 2).await, Some(false), "the dead worker holds a lease");
        let report = system.recorded(&id).await;
        assert!(matches!(report.state, ReportState::Running { .. }));
        assert_eq!(report.attempt, 1);

        assert_eq!(system.deliver_late(&id, 3).await, Some(true));
        let report = system.recorded(&id).await;
        assert_eq!(report.attempt, 2);
        assert_eq!(keys_in(&report.state), keys_of_attempt(&id, 2));
        assert_eq!(system.story.csv_of(&id).await, small::csv_at_noon());
        check_objects(&system, &id).await;
    }
}

#[tokio::test]
async fn a_worker_that_wakes_after_its_lease_changes_no_byte_of_a_download() {
    let holds = [("Query", 40), ("PutObject", 0), ("PutObject", 3), COMPLETION];
    for (operation, earlier) in holds {
        let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
        system.faults.plan(operation, earlier, Fault::Hold);
        let zombie = system.deliver(&id, 1);
        let next = async {
            system.faults.held().await;
            // The late worker read its first shards earlier, so its files would differ.
            let later = "store_id,timestamp_utc,status\na,2023-01-23 09:30:00,inactive\n";
            system.story.load("later.csv", later).await;
            assert_eq!(system.deliver_late(&id, 2).await, Some(true));
            let completed = (system.recorded(&id).await, downloads(&system, &id).await);
            system.faults.release();
            completed
        };

        let (woken, (report, files)) = join(zombie, next).await;

        assert_eq!(woken, Some(true), "its message is done");
        assert_ne!(files["report.csv"], small::csv_at_noon().as_bytes());
        assert_eq!(system.recorded(&id).await, report);
        assert_eq!(downloads(&system, &id).await, files);
        assert_eq!(keys_in(&report.state), keys_of_attempt(&id, 2));
        check_objects(&system, &id).await;
    }
}

#[tokio::test]
async fn a_worker_that_wakes_while_another_holds_the_lease_cannot_complete_the_report() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    system.faults.plan(COMPLETION.0, COMPLETION.1, Fault::Hold);
    let zombie = async {
        let woken = system.deliver(&id, 1).await;
        let report = system.recorded(&id).await;
        system.faults.release();
        (woken, report.state)
    };
    let next = async {
        system.faults.held().await;
        system.faults.plan("PutObject", 0, Fault::Hold);
        let wake_the_first = async {
            system.faults.held().await;
            system.faults.release();
        };
        join(system.deliver_late(&id, 2), wake_the_first).await.0
    };

    let ((woken, state), next) = join(zombie, next).await;

    assert_eq!(woken, Some(false), "its message must be kept for a retry");
    assert!(matches!(state, ReportState::Running { .. }), "{state:?}");
    assert_eq!(next, Some(true));
    let report = system.recorded(&id).await;
    assert_eq!(keys_in(&report.state), keys_of_attempt(&id, 2));
    assert_eq!(system.story.csv_of(&id).await, small::csv_at_noon());
}

#[tokio::test]
async fn a_work_order_after_the_lease_of_a_complete_report_changes_nothing() {
    let (system, id) = FaultySystem::with_report(&small::FILES, NOON).await;
    assert_eq!(system.deliver(&id, 1).await, Some(true));
    let (report, objects) = (system.recorded(&id).await, system.story.objects_of(&id).await);
    let later = "store_id,timestamp_utc,status\na,2023-01-23 09:30:00,inactive\n";
    system.story.load("later.csv", later).await;

    assert_eq!(system.deliver_late(&id, 2).await, Some(true));

    assert_eq!(system.recorded(&id).await, report);
    assert_eq!(system.story.objects_of(&id).await, objects);
    assert_eq!(system.story.csv_of(&id).await, small::csv_at_noon());
}

fn complete_dies() -> (&'static str, u32, Fault) {
    (COMPLETION.0, COMPLETION.1, Fault::DieBefore)
}

/// Each attempt has objects of its own: those of the second are whole, and the first has stored some
/// or all of its own.
async fn check_objects(system: &FaultySystem, id: &str) {
    let mut keys = system.story.keys_of(id).await;
    let of_the_first = keys_of_attempt(id, 1);
    keys.retain(|key| !of_the_first.contains(key));
    assert_eq!(keys, keys_of_attempt(id, 2));
}

/// All files of a report, each whole.
async fn downloads(system: &FaultySystem, id: &str) -> Contents {
    system.story.files_in(&system.story.status(id).await).await
}

fn keys_in(state: &ReportState) -> Vec<String> {
    match state {
        ReportState::Complete(completion) => keys_named(&completion.files),
        other => panic!("the report should be Complete, not {other:?}"),
    }
}

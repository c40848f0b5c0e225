//! Several work orders in one event: the outcome of one does not affect the others.

use end_to_end::fault_injection::Fault;
use end_to_end::faulty_system::FaultySystem;
use end_to_end::story::Story;
use serde_json::json;
use uptime_aws::{ReportId, ReportState};

use crate::small::{self, NOON};

#[tokio::test]
async fn only_the_failed_messages_of_a_batch_are_named_and_the_others_are_done() {
    let system = FaultySystem::start(&small::FILES).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(system.accepted(NOON, None).await);
    }
    let unknown = ReportId::random().to_string();
    let bodies = [
        order(&ids[0]),
        order(&ids[1]),
        "no JSON".to_owned(),
        order(&ids[2]),
        order(&unknown),
        // A message that appears twice in the batch: the second finds its report Complete.
        order(&ids[0]),
    ];

    assert_eq!(system.deliver_batch(&bodies).await, [2, 4]);

    for id in &ids {
        assert_eq!(system.story.csv_of(id).await, small::csv_at_noon());
        assert_eq!(system.recorded(id).await.attempt, 1);
    }
}

#[tokio::test]
async fn a_panic_fails_only_its_own_message() {
    let system = FaultySystem::start(&small::FILES).await;
    let bad = system.accepted(NOON, None).await;
    let good = system.accepted(NOON, None).await;
    system.faults.clear();
    system.faults.plan("Query", 20, Fault::Panic);

    assert_eq!(system.deliver_batch(&[order(&bad), order(&good)]).await, [0]);

    assert_eq!(system.story.csv_of(&good).await, small::csv_at_noon());
    let report = system.recorded(&bad).await;
    assert!(matches!(report.state, ReportState::Running { .. }), "{report:?}");
    assert_eq!(report.last_failure.unwrap().detail, "computing the report failed");
    assert_eq!(system.deliver(&bad, 2).await, Some(true), "the failed attempt released its lease");
    assert_eq!(system.story.csv_of(&bad).await, small::csv_at_noon());
}

#[tokio::test]
async fn a_panic_while_a_file_is_loaded_fails_only_its_own_message() {
    let system = FaultySystem::start(&small::FILES).await;
    system.faults.plan("GetObject", 0, Fault::Panic);

    assert_eq!(system.announce(&["0.csv", "1.csv", "2.csv"]).await, [0]);
    assert_eq!(system.announce(&["0.csv"]).await, [0_usize; 0]);
}

#[tokio::test]
async fn an_event_without_records_fails_nothing() {
    let system = FaultySystem::start(&small::FILES).await;
    assert_eq!(system.deliver_batch(&[]).await, [0_usize; 0]);

    let story = Story::begin().await;
    let answer = story.invoke_load_data(json!({ "Records": [] })).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
}

fn order(id: &str) -> String {
    json!({ "report_id": id }).to_string()
}

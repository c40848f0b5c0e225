//! Files that are loaded repeatedly.

use end_to_end::metered_system::MeteredSystem;
use local::system::DATA_TABLE;
use serde_json::Value;
use uptime_aws::LoadStatus;

use crate::fleet::{STORES, hourly_file, load_all, sample, stores};

/// If each upload left something behind, a report could not read this many.
const UPLOADS: u32 = 100;
/// Enough stores to fill every shard. The test checks a ratio, which is the same for any fleet.
const UPLOADED_STORES: u32 = 3_500;

#[tokio::test]
async fn loading_files_again_adds_no_stored_bytes_and_names_the_first_load() {
    let sample = sample(STORES);
    let system = MeteredSystem::start().await;
    let first = load_all(&system, &sample, "first-").await;
    let stored = system.meter.stored_bytes(DATA_TABLE, "");

    let again = load_all(&system, &sample, "later-").await;

    assert_eq!(system.meter.stored_bytes(DATA_TABLE, ""), stored);
    for ((first, _), (again, usage)) in first.iter().zip(&again) {
        assert_eq!(again.same_content_as.as_ref(), Some(&first.folder));
        assert_eq!(first.same_content_as, None);
        eprintln!("{}: {:?}", again.file.key, usage);
    }
}

#[tokio::test]
async fn hours_uploaded_daily_cost_a_report_no_more_than_hours_uploaded_once() {
    let sample = sample(UPLOADED_STORES);
    let system = MeteredSystem::start().await;
    // Few polls, so that hours are most of what a report reads.
    let (polls, _) = system.load("polls.csv", hourly_file(&stores(&sample)[..100], 1)).await;
    assert_eq!(polls.status, LoadStatus::Complete);
    let mut found = Vec::new();
    for day in 0..UPLOADS {
        let name = format!("day-{day:03}.csv");
        let (hours, usage) = system.load(&name, sample.hours.as_str()).await;
        assert_eq!(hours.status, LoadStatus::Complete);
        if day == 0 || day == UPLOADS - 1 {
            eprintln!("{name}: {usage:?}");
            let report = system.report(Value::Null).await.compute;
            let stored = system.meter.stored_bytes(DATA_TABLE, "store#");
            found.push((stored, report.units_of(DATA_TABLE).read()));
        }
    }

    let [(stored_once, read_once), (stored_daily, read_daily)] = found[..] else { panic!() };

    eprintln!("a report reads {read_once} units after one upload, {read_daily} after {UPLOADS}");
    assert_eq!(stored_once, stored_daily);
    assert!(read_daily <= read_once * 1.1, "read units rose from {read_once} to {read_daily}");
}

//! Files that are loaded again and again.

use end_to_end::metered_system::MeteredSystem;
use local::system::DATA_TABLE;
use uptime_aws::LoadStatus;

use crate::fleet::{STORES, hourly_file, load_all, sample, stores};

/// More uploads than a report would stand if each left something behind.
const UPLOADS: u32 = 100;
/// Enough to fill every shard: what is asked here is a ratio, the same for any fleet.
const UPLOADED_STORES: u32 = 1_400;

#[tokio::test]
async fn files_loaded_again_leave_the_stored_bytes_as_they_were_and_say_so() {
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
    // Few polls, so that hours make up most of what a report reads.
    let (polls, _) = system.load("polls.csv", hourly_file(&stores(&sample)[..100], 1)).await;
    assert_eq!(polls.status, LoadStatus::Complete);
    let mut read_units = Vec::new();
    for day in 0..UPLOADS {
        let (hours, usage) = system.load(&format!("day-{day:03}.csv"), sample.hours.as_str()).await;
        assert_eq!(hours.status, LoadStatus::Complete);
        if day == 0 || day == UPLOADS - 1 {
            eprintln!("day {day}: {usage:?}");
            read_units.push(system.report().await.compute.units_of(DATA_TABLE).read());
        }
    }

    let (once, daily) = (read_units[0], read_units[1]);

    eprintln!("read units of a report after one upload: {once}, after {UPLOADS}: {daily}");
    assert!(daily <= once * 1.1, "{once} read units became {daily}");
}

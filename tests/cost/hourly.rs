//! One week of a fleet's polls, one file per hour.

use end_to_end::engine::Sample;
use end_to_end::metered_system::MeteredSystem;
use end_to_end::request_meter::usage::Usage;
use serde_json::Value;

use crate::budget::{Figures, HOURLY};
use crate::fleet::{HOURS, SMALL_FLEET, STORES, hourly_file, sample, stores};

#[tokio::test]
async fn a_fleets_week_in_hourly_files_keeps_to_its_budget() {
    let figures = loaded_hourly(&sample(STORES)).await;

    figures.print("hourly");
    figures.check(HOURLY);
}

#[tokio::test]
async fn a_small_fleets_week_in_hourly_files_needs_no_more_calls() {
    let figures = loaded_hourly(&sample(SMALL_FLEET)).await;

    figures.print("hourly, small fleet");
    figures.check_calls();
}

async fn loaded_hourly(sample: &Sample) -> Figures {
    let system = MeteredSystem::start().await;
    system.load("hours.csv", sample.hours.as_str()).await;
    system.load("zones.csv", sample.zones.as_str()).await;
    let stores = stores(sample);
    let (mut polls, mut loads) = (0, Usage::default());
    for hour in 1..=HOURS {
        let file = hourly_file(&stores, hour);
        let (manifest, usage) = system.load(&format!("hour-{hour}.csv"), file).await;
        assert_eq!(usize::try_from(manifest.loaded), Ok(stores.len()));
        polls += manifest.loaded;
        loads += usage;
    }
    Figures::of(&system, polls, loads, Value::Null).await
}

//! One week of a fleet's polls in one file.

use end_to_end::engine::Sample;
use end_to_end::metered_system::MeteredSystem;

use crate::budget::{Budget, Figures};
use crate::fleet::{SMALL_FLEET, STORES, load_all, sample};

#[tokio::test]
async fn a_fleets_week_in_one_file_keeps_to_its_budget() {
    let figures = loaded_in_bulk(&sample(STORES)).await;

    figures.print("bulk");
    figures.check(Budget { stored_bytes: 6.6, write_units: 6.5, read_units: 1.6 });
}

#[tokio::test]
async fn a_small_fleets_week_in_one_file_needs_no_more_calls() {
    let figures = loaded_in_bulk(&sample(SMALL_FLEET)).await;

    figures.print("bulk, small fleet");
    figures.check_calls();
}

async fn loaded_in_bulk(sample: &Sample) -> Figures {
    let system = MeteredSystem::start().await;
    let [_, _, (polls, usage)] = load_all(&system, sample, "").await;
    Figures::of(&system, polls.loaded, usage).await
}

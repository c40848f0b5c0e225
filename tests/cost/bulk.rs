//! One week, and a month, of a fleet's polls in one file.

use end_to_end::engine::Sample;
use end_to_end::metered_system::MeteredSystem;
use serde_json::{Value, json};

use crate::budget::{BULK, Figures};
use crate::fleet::{SMALL_FLEET, STORES, load_all, sample};

/// 31 days, which end before the polls of a sample do. So all polls around them are considered.
const MONTH: &str = "2022-12-23/2023-01-22";
/// The days of the month, and those around it that some time zone considers.
const DAYS_OF_MONTH: u32 = 36;

#[tokio::test]
async fn a_fleets_week_in_one_file_keeps_to_its_budget() {
    let figures = loaded_in_bulk(&sample(STORES), Value::Null).await;

    figures.print("bulk");
    figures.check(BULK);
}

#[tokio::test]
async fn a_small_fleets_week_in_one_file_needs_no_more_calls() {
    let figures = loaded_in_bulk(&sample(SMALL_FLEET), Value::Null).await;

    figures.print("bulk, small fleet");
    figures.check_calls();
}

#[tokio::test]
async fn a_report_about_a_month_needs_no_more_calls_and_keeps_to_the_budget_per_poll() {
    let sample = Sample::generate(STORES, DAYS_OF_MONTH, 7);
    let figures = loaded_in_bulk(&sample, json!({ "period": MONTH })).await;

    figures.print("bulk, month");
    figures.check(BULK);
}

async fn loaded_in_bulk(sample: &Sample, query: Value) -> Figures {
    let system = MeteredSystem::start().await;
    let [_, _, (polls, usage)] = load_all(&system, sample, "").await;
    Figures::of(&system, polls.loaded, usage, query).await
}

//! The limits that `functions/README.md`, "How large a fleet it carries", states: they follow from the
//! budgets of units, the time-outs in `template.yaml` and the capacity of a new table.

use local::dynamodb::TableLimits;

use crate::budget::{BULK, HOURLY};

/// The most polls in one file.
const FILE_POLLS: f64 = 360e6;
/// Write units per 1,000 polls of such a file of a million stores in random order. The budget of a
/// smaller file is lower, because a batch of it holds more polls per store and day.
const WRITE_UNITS: f64 = 7.7;
/// The least share of a table's write units that a large load uses (`tests/adapters`,
/// `limited_tables`).
const USED: f64 = 1.0 / 1.2;
/// A million stores, polled every hour of the 192 hours that a report considers.
const FLEET_POLLS: f64 = 1e6 * 192.0;
/// A million stores, each with a row in an hourly file.
const HOURLY_FILE_POLLS: f64 = 1e6;

/// The part of its time-out in which a load does not store: to stop, and to return its answer.
const LOAD_RESERVE_SECONDS: f64 = 10.0;
/// The same for a report: to record how it ended, and to return its answer.
const REPORT_RESERVE_SECONDS: f64 = 3.5;

#[test]
fn the_largest_file_can_be_stored_within_the_time_out_and_a_larger_one_cannot() {
    let time = time_out("load_data") - LOAD_RESERVE_SECONDS;
    let seconds = |polls: f64| polls / 1_000.0 * WRITE_UNITS / (NEW.write * USED);
    assert!(seconds(FILE_POLLS) <= time, "{} of {time} s", seconds(FILE_POLLS));
    assert!(seconds(1.1 * FILE_POLLS) > time, "{} of {time} s", seconds(1.1 * FILE_POLLS));
}

#[test]
fn a_report_of_the_largest_fleet_can_be_read_within_half_of_its_time_out() {
    let time = time_out("compute_report") - REPORT_RESERVE_SECONDS;
    for (loaded, units) in [("bulk", BULK.read_units), ("hourly", HOURLY.read_units)] {
        let seconds = FLEET_POLLS / 1_000.0 * units / NEW.read;
        assert!(seconds <= time / 2.0, "{loaded}: {seconds} of {time} s");
    }
}

#[test]
fn hourly_files_of_the_largest_fleet_are_stored_faster_than_they_come() {
    let seconds = HOURLY_FILE_POLLS / 1_000.0 * HOURLY.write_units / NEW.write;
    assert!(seconds < 3_600.0 / 100.0, "{seconds}");
}

#[test]
fn the_guide_states_these_limits() {
    let guide = include_str!("../../functions/README.md");
    let (file, fleet) = (FILE_POLLS / 1e6, FLEET_POLLS / 1e6);
    for stated in [format!("{file} million polls in one file"), format!("{fleet} million polls")] {
        assert!(guide.contains(&stated), "{stated}");
    }
}

const NEW: local::dynamodb::Rate = TableLimits::NEW_ON_DEMAND.table;

/// The time-out of a function in `template.yaml`, in seconds.
fn time_out(function: &str) -> f64 {
    let template = include_str!("../../template.yaml");
    let code = format!("      CodeUri: functions/{function}\n");
    let (_, properties) = template.split_once(&code).unwrap();
    let (_, time_out) = properties.split_once("      Timeout: ").unwrap();
    time_out.lines().next().unwrap().parse().unwrap()
}

//! What `stores.csv`, `outages.csv` and `report.json` show of a few stores.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::Zone;
use crate::fleet::Fleet;
use crate::parameters::{Method, ReportParameters};
use crate::report::StoreFacts;
use crate::test_text::{at, max_hold, store};
use crate::times::ZoneClocks;

const HOURS: &str = "0 09:00-14:00";
const POLLS: &str = "09:30 up, 10:30 up, 11:30 down, 12:30 down, 13:30 up";
const MEASURED: Method = Method::TIME_WEIGHTED;

#[test]
fn a_report_has_its_files_in_the_order_of_the_rules() {
    let names = |method| names_of(&files(method, [store("1", "UTC", HOURS, POLLS)]));
    assert_eq!(names(MEASURED), FileName::ALL.map(FileName::as_str));
    assert_eq!(names(Method::PollCount), ["report.csv", "report.json"]);
}

#[test]
fn a_file_is_found_by_its_name() {
    for name in FileName::ALL {
        assert_eq!(FileName::from_name(name.as_str()), Some(name));
    }
    assert_eq!(FileName::from_name("Report.csv"), None);
}

#[test]
fn every_row_has_as_many_cells_as_its_header() {
    for method in [MEASURED, of_period("2023-01-23")] {
        let files = files(method, [store("1", "UTC", HOURS, POLLS), store("2", "", "", "")]);
        for csv in files.iter().filter(|file| file.name.content_type().starts_with("text/csv")) {
            let text = String::from_utf8(csv.bytes.clone()).unwrap();
            let cells: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
            assert!(cells.len() > 1, "{text}");
            assert!(cells.iter().all(|count| *count == cells[0]), "{text}");
        }
    }
}

#[test]
fn the_columns_of_a_period_have_no_window_in_their_names() {
    let header = |name: &str| {
        let files = files(of_period("2023-01"), [store("1", "UTC", HOURS, POLLS)]);
        let file = files.into_iter().find(|file| file.name.as_str() == name).unwrap();
        String::from_utf8(file.bytes).unwrap().lines().next().unwrap().to_owned()
    };
    assert_eq!(header("report.csv"), "store_id,uptime_hours,downtime_hours");
    assert_eq!(
        header("stores.csv"),
        "store_id,uptime_hours,downtime_hours,time_zone,time_zone_given,hours_given,last_poll_at,\
         last_status,scheduled_hours,unknown_hours,uptime_percent,coverage_percent,\
         downtime_least_hours,downtime_most_hours,outages,longest_outage_minutes"
    );
}

#[test]
fn the_json_of_a_period_has_its_text_and_its_totals() {
    let stores = [store("1", "UTC", HOURS, POLLS), store("2", "", HOURS, "")];
    let json = json_of(&files(of_period("2023-W04"), stores));
    assert_eq!(json["period"], "2023-W04");
    // Store 2 is in Chicago and not yet open.
    let totals = json!({
        "scheduled_hours": 5.0, "uptime_hours": 3.0, "downtime_hours": 2.0, "unknown_hours": 0.0,
        "downtime_least_hours": 1.0, "downtime_most_hours": 4.0, "coverage_percent": 100.0,
    });
    assert_eq!(json["totals"], json!({ "period": totals }));
}

#[test]
fn a_store_has_its_figures_and_their_certainty() {
    let row = only_row(MEASURED, "stores.csv", store("1", "us/central", HOURS, POLLS));
    // Chicago is six hours behind UTC: the store is open from 15:00 to 20:00.
    assert_eq!(row["time_zone"], "US/Central");
    assert_eq!(row["last_poll_at"], "");

    let row = only_row(MEASURED, "stores.csv", store("1", "UTC", HOURS, POLLS));
    check_cells(
        &row,
        "store_id 1, time_zone UTC, time_zone_given yes, hours_given yes, \
         last_poll_at 2023-01-23T13:30:00Z, last_status active, \
         scheduled_last_hour_minutes 60.00, unknown_last_hour_minutes 0.00, \
         uptime_last_hour_minutes 30.00, downtime_last_hour_minutes 30.00, \
         scheduled_last_day_hours 5.00, unknown_last_day_hours 0.00, \
         uptime_last_day_percent 60.00, coverage_last_day_percent 100.00, \
         downtime_least_last_day_hours 1.00, downtime_most_last_day_hours 4.00, \
         downtime_last_day_hours 2.00, scheduled_last_week_hours 5.00, \
         downtime_last_week_hours 2.00, downtime_least_last_week_hours 1.00, \
         downtime_most_last_week_hours 4.00, outages_last_week 1, \
         longest_outage_last_week_minutes 120.00",
    );
}

#[test]
fn a_store_that_was_never_down_has_no_outage_and_one_without_a_poll_has_empty_cells() {
    let up = only_row(MEASURED, "stores.csv", store("1", "UTC", HOURS, "10:00 up"));
    check_cells(&up, "outages_last_week 0, longest_outage_last_week_minutes 0.00");
    let unknown = only_row(MEASURED, "stores.csv", store("1", "", "", ""));
    check_cells(
        &unknown,
        "time_zone America/Chicago, time_zone_given no, hours_given no, last_poll_at , \
         last_status , unknown_last_week_hours 168.00, uptime_last_week_percent , \
         coverage_last_week_percent 0.00, downtime_least_last_week_hours 0.00, \
         downtime_most_last_week_hours 168.00, outages_last_week , \
         longest_outage_last_week_minutes ",
    );
}

#[test]
fn a_window_without_open_time_has_no_percentages() {
    let row = only_row(MEASURED, "stores.csv", store("1", "UTC", "3 09:00-14:00", "19 10:00 up"));
    check_cells(
        &row,
        "scheduled_last_day_hours 0.00, uptime_last_day_percent , coverage_last_day_percent , \
         downtime_most_last_day_hours 0.00, uptime_last_week_percent 100.00",
    );
}

#[test]
fn an_outage_has_its_times_in_utc_and_in_the_zone_of_the_store() {
    let polls = "12:30 up, 13:30 down, 13:50:00.000001 up";
    let row = only_row(MEASURED, "outages.csv", store("=1", "America/St_Johns", "", polls));
    check_cells(
        &row,
        "store_id '=1, started_at 2023-01-23T13:30:00Z, \
         started_at_local 2023-01-23T10:00:00-03:30, ended_at 2023-01-23T13:50:00.000001Z, \
         ended_at_local 2023-01-23T10:20:00.000001-03:30, state ended, downtime_minutes 20.00, \
         downtime_least_minutes 0.00, downtime_most_minutes 80.00, inactive_polls 1, \
         last_active_before 2023-01-23T12:30:00Z, \
         first_active_after 2023-01-23T13:50:00.000001Z, poller_silent_minutes ",
    );
}

#[test]
fn what_is_not_known_of_an_outage_is_empty() {
    let row = only_row(MEASURED, "outages.csv", store("1", "UTC", HOURS, "13:00 down"));
    check_cells(
        &row,
        "started_at , started_at_local , ended_at , ended_at_local , state ongoing, \
         downtime_minutes 300.00, last_active_before , first_active_after ",
    );
}

#[test]
fn outages_are_in_the_order_of_the_stores_and_then_of_their_first_polls() {
    let polls = "09:30 up, 10:30 down, 11:30 up, 12:30 down";
    let stores = ["b", "10", "9"].map(|id| store(id, "UTC", HOURS, polls));
    let rows = rows(&files(MEASURED, stores), "outages.csv");
    let order: Vec<String> =
        rows.iter().map(|row| format!("{} {}", row["store_id"], row["state"])).collect();
    assert_eq!(order, ["10 ended", "10 ongoing", "9 ended", "9 ongoing", "b ended", "b ongoing"]);
}

#[test]
fn an_outage_shows_how_much_of_it_lies_in_a_poller_silence() {
    // From Sunday on, twenty stores are polled every ten minutes, but not on Monday at 12:00.
    let polls = |status: &str| -> String {
        let minutes = (0..=2_280).step_by(10).filter(|minute| !(2_160..2_220).contains(minute));
        let poll = |minute: i64| {
            let (day, hour) = (22 + minute / 1_440, minute / 60 % 24);
            format!("{day} {hour:02}:{:02} {status}", minute % 60)
        };
        minutes.map(poll).collect::<Vec<_>>().join(", ")
    };
    let (up, down) = (polls("up"), polls("down"));
    let stores =
        (0..20).map(|id| store(&id.to_string(), "UTC", "", if id == 7 { &down } else { &up }));

    let files = files(MEASURED, stores);

    let [row] = &rows(&files, "outages.csv")[..] else { panic!("one outage") };
    check_cells(row, "store_id 7, downtime_minutes 10080.00, poller_silent_minutes 69.00");
    let silence = json!({
        "start": "2023-01-23T11:51:00Z", "end": "2023-01-23T13:00:00Z", "minutes": 69,
    });
    assert_eq!(
        json_of(&files)["poller"],
        json!({ "judged": true, "threshold_minutes": 27, "silences": [silence] })
    );
}

#[test]
fn the_json_of_a_measured_report_says_what_it_is_about() {
    let stores = [
        store("1", "UTC", HOURS, POLLS),
        store("2", "", HOURS, ""),
        store("3", "UTC", "", "13:00 down"),
    ];
    let files = files(Method::TimeWeighted { max_hold: max_hold("600"), period: None }, stores);

    let mut json = json_of(&files);
    let described = json["files"].take();
    assert_eq!(
        json,
        json!({
            "as_of": "2023-01-23T14:00:00Z",
            "method": "time_weighted",
            "max_hold_minutes": 600,
            "period": null,
            "tz_release": crate::zone::TZ_RELEASE,
            "program_version": env!("CARGO_PKG_VERSION"),
            "stores": 3,
            "stores_without_counting_poll": 1,
            "stores_with_default_hours": 1,
            "stores_with_default_zone": 1,
            "settled_gap_minutes": 150,
            "coverage_reach_minutes": 45,
            "poller": { "judged": false, "threshold_minutes": null, "silences": [] },
            "totals": {
                "last_hour": {
                    "scheduled_hours": 2.0, "uptime_hours": 0.5,
                    "downtime_hours": 1.5, "unknown_hours": 0.0,
                },
                "last_day": {
                    "scheduled_hours": 29.0, "uptime_hours": 3.0,
                    "downtime_hours": 13.0, "unknown_hours": 13.0,
                    "downtime_least_hours": 1.0, "downtime_most_hours": 28.0,
                    "coverage_percent": 22.41,
                },
                "last_week": {
                    "scheduled_hours": 178.0, "uptime_hours": 3.0,
                    "downtime_hours": 13.0, "unknown_hours": 162.0,
                    "downtime_least_hours": 1.0, "downtime_most_hours": 177.0,
                    "coverage_percent": 3.65,
                },
            },
            "outages": 2,
            "files": null,
        })
    );
    let others = &files[..files.len() - 1];
    let expected: Vec<Value> = others
        .iter()
        .map(|file| {
            let hexadecimal = |byte: &u8| format!("{byte:02x}");
            let sha256: String = Sha256::digest(&file.bytes).iter().map(hexadecimal).collect();
            json!({
                "name": file.name.as_str(), "content_type": file.name.content_type(),
                "length": file.bytes.len(), "sha256": sha256,
            })
        })
        .collect();
    assert_eq!(described, Value::Array(expected));
}

#[test]
fn the_json_of_counts_has_no_certainty_and_no_outages() {
    let files = files(Method::PollCount, [store("1", "UTC", "", POLLS)]);
    let json = json_of(&files);
    assert_eq!(json["method"], "poll_count");
    assert_eq!(json["max_hold_minutes"], Value::Null);
    assert_eq!(json["poller"], Value::Null);
    assert_eq!(json["outages"], Value::Null);
    assert_eq!(
        json["totals"],
        json!({
            "last_hour": { "uptime_hours": 1.0, "downtime_hours": 0.0 },
            "last_day": { "uptime_hours": 3.0, "downtime_hours": 2.0 },
            "last_week": { "uptime_hours": 3.0, "downtime_hours": 2.0 },
        })
    );
    assert_eq!(json["files"].as_array().unwrap().len(), 1);
}

#[test]
fn the_members_of_the_json_are_in_the_order_of_the_rules() {
    let files = files(MEASURED, [store("1", "UTC", HOURS, POLLS)]);
    let text = String::from_utf8(files.last().unwrap().bytes.clone()).unwrap();
    assert_eq!(
        members_of(&text),
        "as_of method max_hold_minutes period tz_release program_version stores \
         stores_without_counting_poll stores_with_default_hours stores_with_default_zone \
         settled_gap_minutes coverage_reach_minutes poller totals outages files"
    );
    assert!(text.ends_with("}\n"));
}

#[test]
fn the_note_that_polls_may_have_been_deleted_is_a_further_member_and_changes_no_other_file() {
    for method in [MEASURED, of_period("2023-01"), Method::PollCount] {
        let json = |polls_kept_from| {
            let mut fleet = fleet(method, [store("1", "UTC", HOURS, POLLS)]);
            fleet.about.polls_kept_from = polls_kept_from;
            String::from_utf8(report_files(fleet).pop().unwrap().bytes).unwrap()
        };
        let (noted, without) = (json(Some(at("24 07:00"))), json(None));
        let first = "as_of method max_hold_minutes period polls_kept_from tz_release";
        assert!(members_of(&noted).starts_with(first), "{noted}");
        // The JSON has the SHA-256 of each other file.
        let note = "\n  \"polls_kept_from\": \"2023-01-24T07:00:00Z\",";
        assert_eq!(noted.replacen(note, "", 1), without);
    }
}

/// The names of the members of a JSON document, in their order.
fn members_of(json: &str) -> String {
    let members = json.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next());
    members.collect::<Vec<_>>().join(" ")
}

fn of_period(text: &str) -> Method {
    Method::TimeWeighted { max_hold: None, period: Some(text.parse().unwrap()) }
}

/// The report of these stores about Monday, 14:00.
fn files(method: Method, stores: impl IntoIterator<Item = StoreFacts>) -> Vec<ReportFile> {
    report_files(fleet(method, stores))
}

fn fleet(method: Method, stores: impl IntoIterator<Item = StoreFacts>) -> Fleet {
    let parameters = ReportParameters { as_of: at("14:00"), method };
    let mut clocks = ZoneClocks::new(parameters);
    let mut fleet = Fleet::new(parameters);
    for facts in stores {
        let clock = clocks.of(facts.zone.unwrap_or(Zone::DEFAULT));
        fleet.add(facts, clock);
    }
    fleet
}

fn names_of(files: &[ReportFile]) -> Vec<&'static str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

fn json_of(files: &[ReportFile]) -> Value {
    let file = files.iter().find(|file| file.name == FileName::ReportJson).unwrap();
    serde_json::from_slice(&file.bytes).unwrap()
}

/// The cells of one row by their columns.
type Row = BTreeMap<String, String>;

fn rows(files: &[ReportFile], name: &str) -> Vec<Row> {
    let file = files.iter().find(|file| file.name.as_str() == name).unwrap();
    let mut reader = csv::Reader::from_reader(&file.bytes[..]);
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn only_row(method: Method, name: &str, facts: StoreFacts) -> Row {
    let rows = rows(&files(method, [facts]), name);
    let [row] = &rows[..] else { panic!("one row: {rows:?}") };
    row.clone()
}

/// Checks cells such as `state ended, outages_last_week 1`.
#[track_caller]
fn check_cells(row: &Row, expected: &str) {
    for cell in expected.split(", ") {
        let (column, value) = cell.split_once(' ').unwrap();
        assert_eq!(row[column], value, "{column}");
    }
}

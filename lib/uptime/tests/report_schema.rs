//! `report.json` matches `report.schema.json`, which has no room for anything else.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod engine;

use std::collections::BTreeMap;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Map, Value, json};
use uptime::Timestamp;
use uptime::output::FileName;
use uptime::parameters::{Method, ReportParameters};
use uptime::timeline::MaxHold;

#[test]
fn the_json_of_both_methods_and_of_periods_matches_the_schema() {
    let schema = Schema::read();
    for json in reports() {
        assert_eq!(schema.fault(&json), None, "{json:#}");
    }
}

#[test]
fn the_reports_of_this_test_have_silences_and_empty_windows() {
    let [silent, _, of_period, counted, empty] = reports();
    assert_eq!(silent["poller"]["silences"].as_array().map(Vec::len), Some(1));
    assert_eq!(of_period["poller"]["silences"].as_array().map(Vec::len), Some(1));
    assert_eq!(counted["poller"], Value::Null);
    assert_eq!(empty["totals"]["last_day"]["coverage_percent"], Value::Null);
}

#[test]
fn a_member_that_is_missing_or_unknown_does_not_match() {
    let schema = Schema::read();
    for json in reports() {
        for place in objects(&json, String::new()) {
            let object = |json: &mut Value| -> Map<String, Value> {
                json.pointer(&place).unwrap().as_object().unwrap().clone()
            };
            let mut changed = json.clone();
            let mut more = object(&mut changed);
            more.insert("colour".to_owned(), json!("red"));
            *changed.pointer_mut(&place).unwrap() = Value::Object(more);
            assert!(schema.fault(&changed).is_some(), "{place} has a further member");

            for member in object(&mut json.clone()).keys() {
                let mut changed = json.clone();
                let mut less = object(&mut changed);
                less.remove(member);
                *changed.pointer_mut(&place).unwrap() = Value::Object(less);
                assert!(schema.fault(&changed).is_some(), "{place} has no {member}");
            }
        }
    }
}

#[test]
fn the_note_that_polls_may_have_been_deleted_matches_as_an_instant_only() {
    let schema = Schema::read();
    for mut json in reports() {
        json["polls_kept_from"] = json!("2023-01-24T09:30:00.123456Z");
        assert_eq!(schema.fault(&json), None, "{json:#}");
        for bad in [Value::Null, json!(400), json!("2023-01-24")] {
            json["polls_kept_from"] = bad;
            assert!(schema.fault(&json).is_some(), "{json:#}");
        }
    }
}

#[test]
fn what_belongs_to_another_report_does_not_match() {
    let schema = Schema::read();
    let [measured, _, of_period, counted, _] = reports();
    let check = |one: &Value, other: &Value, member: &str| {
        for (one, other) in [(one, other), (other, one)] {
            let mut mixed = one.clone();
            mixed[member] = other[member].clone();
            assert!(schema.fault(&mixed).is_some(), "{member} of the other report");
        }
    };
    for member in ["poller", "outages", "totals"] {
        check(&measured, &counted, member);
    }
    for member in ["period", "totals"] {
        check(&measured, &of_period, member);
    }
    let mut of_counts = counted.clone();
    of_counts["period"] = of_period["period"].clone();
    assert!(schema.fault(&of_counts).is_some(), "counts of a period");
}

/// Returns `report.json` with silences, with `max_hold`, of a period, of counts, and without stores.
fn reports() -> [Value; 5] {
    let sources = BTreeMap::from([(
        "polls.csv".to_owned(),
        include_bytes!("golden/poller_silence/polls.csv").to_vec(),
    )]);
    let measured = |minutes: u32| Method::TimeWeighted {
        max_hold: MaxHold::from_minutes(minutes),
        period: None,
    };
    let period = "2023-01-24/2023-01-25".parse().unwrap();
    let of_period = Method::TimeWeighted { max_hold: None, period: Some(period) };
    [
        report(&sources, measured(0)),
        report(&sources, measured(90)),
        report(&sources, of_period),
        report(&sources, Method::PollCount),
        report(&BTreeMap::new(), measured(0)),
    ]
}

fn report(sources: &BTreeMap<String, Vec<u8>>, method: Method) -> Value {
    let as_of = Timestamp::from_rfc3339("2023-01-25T02:00:00Z").unwrap();
    let segments = engine::load(sources).unwrap();
    let files = engine::files(&segments, ReportParameters { as_of, method }).unwrap();
    let json = files.iter().find(|file| file.name == FileName::ReportJson).unwrap();
    serde_json::from_slice(&json.bytes).unwrap()
}

/// Returns the JSON pointers of all objects within `json`.
fn objects(json: &Value, place: String) -> Vec<String> {
    let inside: Vec<String> = match json {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| objects(value, format!("{place}/{name}")))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| objects(item, format!("{place}/{index}")))
            .collect(),
        _ => return Vec::new(),
    };
    if json.is_object() { [vec![place], inside].concat() } else { inside }
}

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn read() -> Schema {
        let text = include_str!("../report.schema.json");
        let mut compiler = Compiler::new();
        // The name is only a label: nothing is fetched.
        let name = "report.schema.json";
        compiler.add_resource(name, serde_json::from_str(text).unwrap()).unwrap();
        let mut schemas = Schemas::new();
        let index = compiler.compile(name, &mut schemas).unwrap();
        Schema { schemas, index }
    }

    fn fault(&self, json: &Value) -> Option<String> {
        self.schemas.validate(json, self.index).err().map(|error| error.to_string())
    }
}

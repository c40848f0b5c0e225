//! Runs every folder of `tests/golden`: source files in, reports out, compared byte for byte.
//!
//! A folder holds source files (`polls.csv`, `business_hours.csv`, `time_zones.csv`, each with a
//! `_newer` one beside it at will; any may be absent), whole reports (`expected.csv`,
//! `expected.<what>.csv`) and `case.txt`: why the case is there and how its figures come about by
//! hand, then for each report a section `[expected.csv]` with its parameters, `key = value`.

mod golden_case;

use std::collections::BTreeMap;
use std::path::Path;

use golden_case::{Expected, GoldenCase};
use uptime::ingest::{Ingest, IngestSettings};
use uptime::output::report_csv;
use uptime::report::Parameters;
use uptime::segment::{Segment, Source};
use uptime::shard_data::ShardData;
use uptime::{Shard, Timestamp};

#[test]
fn every_golden_case_gives_its_reports() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut checked = 0;
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("tests/golden exists") {
        let path = entry.expect("tests/golden can be listed").path();
        let outcome = GoldenCase::read(&path).and_then(|case| check(&case));
        match outcome {
            Ok(reports) => checked += reports,
            Err(fault) => faults.push(format!("{}: {fault}", path.display())),
        }
    }
    faults.sort();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    assert!(checked > 0, "no golden case was found");
}

/// Returns how many reports were compared; an error tells all that differ.
fn check(case: &GoldenCase) -> Result<usize, String> {
    let segments = load(&case.sources)?;
    let backwards_and_twice: Vec<Segment> =
        segments.iter().rev().chain(segments.iter().rev()).cloned().collect();
    let mut differences = Vec::new();
    for expected in &case.reports {
        differences.extend(difference(expected, &segments, "as loaded")?);
        differences.extend(difference(expected, &backwards_and_twice, "backwards, twice")?);
    }
    if differences.is_empty() { Ok(case.reports.len()) } else { Err(differences.join("\n")) }
}

fn difference(
    expected: &Expected,
    segments: &[Segment],
    order: &str,
) -> Result<Option<String>, String> {
    let actual = report(segments, expected.parameters)?;
    let actual = String::from_utf8_lossy(&actual);
    let file = &expected.file;
    Ok((actual != expected.csv)
        .then(|| format!("{file} ({order})\n  expected\n{}  actual\n{actual}", expected.csv)))
}

/// Files later in the order of names count as newer uploads.
fn load(sources: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Segment>, String> {
    let mut segments = Vec::new();
    for (upload, (name, bytes)) in (0..).zip(sources) {
        let source = Source::new(Timestamp::from_micros(upload), name, "");
        let latest_poll =
            Timestamp::from_rfc3339("2100-01-01T00:00:00Z").map_err(fault_in(name))?;
        let mut ingest = Ingest::new(IngestSettings {
            latest_poll,
            batch_bytes: 1 << 20,
            gzip_ratio_limit: 100,
        });
        ingest.feed(bytes).map_err(fault_in(name))?;
        ingest.finish(&source).map_err(fault_in(name))?;
        let rejects = ingest.take_rejects();
        if !rejects.is_empty() {
            return Err(format!("{name}: rejects\n{}", String::from_utf8_lossy(&rejects)));
        }
        segments.extend(ingest.take_segments());
    }
    Ok(segments)
}

fn fault_in<E: std::fmt::Display>(name: &str) -> impl Fn(E) -> String {
    move |error| format!("{name}: {error}")
}

fn report(segments: &[Segment], parameters: Parameters) -> Result<Vec<u8>, String> {
    let mut rows = Vec::new();
    for shard in Shard::all() {
        let mut data = ShardData::new(parameters);
        for segment in segments.iter().filter(|segment| segment.shard == shard) {
            data.add(&segment.bytes).map_err(|error| error.to_string())?;
        }
        rows.extend(data.report().rows);
    }
    Ok(report_csv(&rows))
}

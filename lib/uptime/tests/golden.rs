//! Runs every golden case: computes the reports of each folder in `tests/golden` from its source
//! files and compares them byte for byte with the expected reports.
//!
//! A folder holds:
//!
//! - source files: `polls.csv`, `business_hours.csv`, `time_zones.csv` and `special_days.csv`. Each
//!   may be absent, and each may have a newer version, such as `polls_newer.csv`.
//! - complete expected reports: `expected.csv` or `expected.<what>.csv`.
//! - further files of such a report, which are named after it: those of `expected.<what>.csv` are
//!   `expected.<what>.stores.csv`, `expected.<what>.outages.csv` and `expected.<what>.report.json`.
//! - `case.txt`: the reason for the case and the calculation of its figures by hand, then for each
//!   report a section such as `[expected.csv]` with its parameters as `key = value`. The line
//!   `files = stores.csv outages.csv report.json` lists the further files that the folder holds.
//!
//! `UPDATE_GOLDEN=1` writes the expected files before comparing them. This is refused if `CI` is
//! set.

mod engine;
mod golden_case;

use std::path::Path;

use engine::{data_of, files, load};
use golden_case::{Expected, GoldenCase};
use uptime::Shard;
use uptime::output::{FileName, ReportFile, report_csv};
use uptime::parameters::ReportParameters;
use uptime::segment::Segment;

#[test]
fn every_golden_case_gives_its_reports() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let updates = std::env::var_os("UPDATE_GOLDEN").is_some();
    assert!(!updates || std::env::var_os("CI").is_none(), "expected files are not written in CI");
    let mut checked = 0;
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("tests/golden exists") {
        let path = entry.expect("tests/golden can be listed").path();
        if updates && let Err(fault) = update(&path) {
            faults.push(format!("{}: {fault}", path.display()));
        }
        let outcome = GoldenCase::read(&path, false).and_then(|case| check(&case));
        match outcome {
            Ok(reports) => checked += reports,
            Err(fault) => faults.push(format!("{}: {fault}", path.display())),
        }
    }
    faults.sort();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    assert!(checked > 0, "no golden case was found");
}

/// Writes the files that `case.txt` names.
fn update(folder: &Path) -> Result<(), String> {
    let case = GoldenCase::read(folder, true)?;
    let segments = load(&case.sources)?;
    for expected in &case.reports {
        let actual = files(&segments, expected.parameters)?;
        for file in &expected.files {
            std::fs::write(folder.join(&file.path), content(&actual, file.name)?)
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Returns how many reports were compared. The error lists all files that differ.
fn check(case: &GoldenCase) -> Result<usize, String> {
    let segments = load(&case.sources)?;
    let backwards_and_twice: Vec<Segment> =
        segments.iter().rev().chain(segments.iter().rev()).cloned().collect();
    let mut differences = Vec::new();
    for expected in &case.reports {
        differences.extend(compare(expected, &segments, "as loaded")?);
        differences.extend(compare(expected, &backwards_and_twice, "backwards, twice")?);
    }
    if differences.is_empty() { Ok(case.reports.len()) } else { Err(differences.join("\n")) }
}

/// Returns a text for each file that differs. `report.csv` is also computed without the other
/// files.
fn compare(expected: &Expected, segments: &[Segment], order: &str) -> Result<Vec<String>, String> {
    let actual = files(segments, expected.parameters)?;
    let mut differences = Vec::new();
    for file in &expected.files {
        let text = String::from_utf8_lossy(content(&actual, file.name)?);
        if text != file.text {
            let path = &file.path;
            differences
                .push(format!("{path} ({order})\n  expected\n{}  actual\n{text}", file.text));
        }
    }
    if report_csv_alone(segments, expected.parameters)? != content(&actual, FileName::ReportCsv)? {
        differences.push(format!("report.csv differs if it is computed alone ({order})"));
    }
    Ok(differences)
}

fn content(files: &[ReportFile], name: FileName) -> Result<&[u8], String> {
    let file = files.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| format!("the report has no {}", name.as_str()))?;
    Ok(&file.bytes)
}

fn report_csv_alone(segments: &[Segment], parameters: ReportParameters) -> Result<Vec<u8>, String> {
    let mut rows = Vec::new();
    for shard in Shard::all() {
        rows.extend(data_of(shard, segments, parameters)?.report().rows);
    }
    Ok(report_csv(&parameters, &rows))
}

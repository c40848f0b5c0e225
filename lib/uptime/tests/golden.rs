//! Runs every golden case: computes the reports of each folder in `tests/golden` from its source
//! files and compares them byte for byte with the expected reports.
//!
//! A folder holds:
//!
//! - source files: `polls.csv`, `business_hours.csv` and `time_zones.csv`. Each may be absent, and
//!   each may have a newer version, such as `polls_newer.csv`.
//! - complete expected reports: `expected.csv` or `expected.<what>.csv`.
//! - `case.txt`: the reason for the case and the calculation of its figures by hand, then for each
//!   report a section such as `[expected.csv]` with its parameters as `key = value`.
//!
//! `UPDATE_GOLDEN=1` writes the expected reports before comparing them. This is refused if `CI` is
//! set.

mod engine;
mod golden_case;

use std::path::Path;

use engine::{load, report};
use golden_case::{Expected, GoldenCase};
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

/// Writes the reports that `case.txt` has sections for.
fn update(folder: &Path) -> Result<(), String> {
    let case = GoldenCase::read(folder, true)?;
    let segments = load(&case.sources)?;
    for expected in &case.reports {
        let csv = report(&segments, expected.parameters)?;
        std::fs::write(folder.join(&expected.file), csv).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Returns how many reports were compared. The error lists all reports that differ.
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

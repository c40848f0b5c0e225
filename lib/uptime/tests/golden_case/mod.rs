//! Reads the folder of a golden case, and refuses an incomplete folder.

use std::collections::BTreeMap;
use std::path::Path;

use uptime::Timestamp;
use uptime::output::FileName;
use uptime::parameters::{Method, ReportParameters};
use uptime::period::Period;
use uptime::timeline::MaxHold;

const SOURCE_FILES: [&str; 8] = [
    "polls.csv",
    "polls_newer.csv",
    "business_hours.csv",
    "business_hours_newer.csv",
    "time_zones.csv",
    "time_zones_newer.csv",
    "special_days.csv",
    "special_days_newer.csv",
];

/// The content of one folder.
#[derive(Debug)]
pub(crate) struct GoldenCase {
    /// The bytes of the source files, by name.
    pub(crate) sources: BTreeMap<String, Vec<u8>>,
    /// The expected reports, at least one.
    pub(crate) reports: Vec<Expected>,
}

/// A report that the source files of the case must give.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) parameters: ReportParameters,
    /// Its `report.csv`, then the further files that the case has.
    pub(crate) files: Vec<ExpectedFile>,
}

/// A file of an expected report.
#[derive(Debug)]
pub(crate) struct ExpectedFile {
    pub(crate) name: FileName,
    /// Where it is in the folder of the case.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What a section of `case.txt` says.
#[derive(Debug)]
struct Section {
    parameters: ReportParameters,
    files: Vec<(FileName, String)>,
}

impl GoldenCase {
    /// Reads a folder. The error says what is wrong with it. With `or_empty`, a missing expected
    /// file is read as empty.
    pub(crate) fn read(folder: &Path, or_empty: bool) -> Result<GoldenCase, String> {
        let mut files = read_files(folder)?;
        let case_text = files.remove("case.txt").ok_or("case.txt is missing")?;
        let mut reports = Vec::new();
        for Section { parameters, files: named } in read_case_text(&text(case_text)?)? {
            let mut expected = Vec::new();
            for (name, path) in named {
                let bytes = files.remove(&path).or(or_empty.then(Vec::new));
                let bytes = bytes.ok_or_else(|| format!("{path} is missing"))?;
                expected.push(ExpectedFile { name, path, text: text(bytes)? });
            }
            reports.push(Expected { parameters, files: expected });
        }
        let stray = files.keys().find(|name| !SOURCE_FILES.contains(&name.as_str()));
        match stray {
            Some(name) => Err(format!("{name} is not a source file and case.txt does not name it")),
            None if files.is_empty() => Err("the folder has no source file".to_owned()),
            None => Ok(GoldenCase { sources: files, reports }),
        }
    }
}

fn read_files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let bytes = std::fs::read(entry.path()).map_err(|error| error.to_string())?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), bytes);
    }
    Ok(files)
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn read_case_text(text: &str) -> Result<Vec<Section>, String> {
    let (why, sections) = text.split_once("\n[").ok_or("case.txt has no section")?;
    if why.trim().is_empty() {
        return Err("case.txt gives no reason for the case".to_owned());
    }
    sections.split("\n[").map(read_section).collect()
}

fn read_section(section: &str) -> Result<Section, String> {
    let (file, lines) = section.split_once("]\n").ok_or("a section's name is not closed")?;
    let mut settings = BTreeMap::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let (key, value) =
            line.split_once(" = ").ok_or_else(|| format!("[{file}]: {line} is not key = value"))?;
        if settings.insert(key, value).is_some() {
            return Err(format!("[{file}]: {key} is repeated"));
        }
    }
    let as_of = settings.remove("as_of").ok_or_else(|| format!("[{file}]: as_of is missing"))?;
    let as_of =
        Timestamp::from_rfc3339(as_of).map_err(|error| format!("[{file}]: as_of: {error}"))?;
    let further = settings.remove("files").unwrap_or_default();
    let files = read_files_line(file, further).map_err(|fault| format!("[{file}]: {fault}"))?;
    let method = read_method(settings).map_err(|fault| format!("[{file}]: {fault}"))?;
    Ok(Section { parameters: ReportParameters { as_of, method }, files })
}

/// Returns the files of a report with their paths. Those of `expected.csv` besides itself begin with
/// `expected.`.
fn read_files_line(report_csv: &str, further: &str) -> Result<Vec<(FileName, String)>, String> {
    let stem = report_csv.strip_suffix(".csv").ok_or("the section does not name a .csv")?;
    let mut files = vec![(FileName::ReportCsv, report_csv.to_owned())];
    for name in further.split_whitespace() {
        let file = FileName::from_name(name).filter(|file| *file != FileName::ReportCsv);
        let file = file.ok_or_else(|| format!("{name} is not a further file of a report"))?;
        files.push((file, format!("{stem}.{name}")));
    }
    Ok(files)
}

fn read_method(mut settings: BTreeMap<&str, &str>) -> Result<Method, String> {
    let max_hold = settings.remove("max_hold_minutes").map(read_max_hold).transpose()?;
    let period = settings.remove("period").map(read_period).transpose()?;
    let name = settings.remove("method").unwrap_or_default();
    let method = Method::from_name(name).ok_or_else(|| format!("method is {name:?}"))?;
    let method = method.with_max_hold(max_hold).and_then(|method| method.with_period(period));
    let method = method.ok_or_else(|| format!("{name} takes no max_hold and no period"))?;
    match settings.keys().next() {
        Some(key) => Err(format!("{key} is unknown")),
        None => Ok(method),
    }
}

fn read_max_hold(minutes: &str) -> Result<MaxHold, String> {
    let minutes = minutes.parse().map_err(|error| format!("max_hold_minutes: {error}"))?;
    MaxHold::from_minutes(minutes).ok_or_else(|| "max_hold_minutes is 1 to 11520".to_owned())
}

fn read_period(text: &str) -> Result<Period, String> {
    text.parse().map_err(|error| format!("period {error}"))
}

#[test]
fn an_incomplete_case_text_is_refused() {
    let section = "as_of = 2023-01-25T12:00:00Z\nmethod = poll_count\n";
    let refused = [
        "why\n".to_owned(),
        format!("\n\n[expected.csv]\n{section}"),
        "why\n[expected.csv]\nmethod = poll_count\n".to_owned(),
        "why\n[expected.csv]\nas_of = 2023-01-25T12:00:00Z\n".to_owned(),
        format!("why\n[expected.csv]\n{section}max_hold_minutes = 5\n"),
        format!("why\n[expected.csv]\n{section}period = 2023-01\n"),
        format!("why\n[expected.csv]\n{section}colour = red\n"),
        format!("why\n[expected.csv]\n{section}{section}"),
        format!("why\n[expected]\n{section}"),
        format!("why\n[expected.csv]\n{section}files = report.csv\n"),
        format!("why\n[expected.csv]\n{section}files = stores.txt\n"),
    ];
    for text in refused {
        assert!(read_case_text(&text).is_err(), "{text}");
    }
    let text = format!("why\n[a.csv]\n{section}\n[b.csv]\n{section}files = report.json\n");
    let sections = read_case_text(&text).unwrap();
    let paths: Vec<&str> =
        sections.iter().flat_map(|section| &section.files).map(|(_, path)| path.as_str()).collect();
    assert_eq!(paths, ["a.csv", "b.csv", "b.report.json"]);
}

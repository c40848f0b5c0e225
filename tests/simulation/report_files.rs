//! The promise about a report's files: a Complete report names only whole files of the attempt that
//! completed it, all of them.

use std::io::Read as _;

use end_to_end::engine::files_of;
use end_to_end::report_files::Contents;
use flate2::read::GzDecoder;
use serde_json::Value;
use uptime::gzip::MAGIC;
use uptime::parameters::{Method, ReportParameters};
use uptime_aws::hash;

use crate::models::expression::{Item, number};
use crate::models::s3::Buckets;
use crate::promises::text;
use crate::sources::{FILES, newest_poll};

/// The parameters of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: &'static str,
    pub(crate) period: Option<&'static str>,
}

/// The parameters that callers choose from.
pub(crate) const ASKED: [Asked; 3] = [
    Asked { method: "time_weighted", period: None },
    Asked { method: "poll_count", period: None },
    Asked { method: "time_weighted", period: Some("2023-01") },
];

/// The files of the report on all sources, as of the newest poll, for each of [`ASKED`].
pub(crate) fn undisturbed_files() -> Vec<(Asked, Contents)> {
    let texts = FILES.map(|file| file.text);
    let files = ASKED.map(|asked| {
        let period = asked.period.map(|period| period.parse().unwrap());
        let method = Method::from_name(asked.method).unwrap().with_period(period).unwrap();
        let made = files_of(&texts, ReportParameters { as_of: newest_poll(), method });
        let files = made.iter().map(|file| (file.name.as_str().to_owned(), file.bytes.clone()));
        (asked, files.collect())
    });
    files.into()
}

/// A file that the record of a report names.
#[derive(Debug)]
struct Named {
    name: String,
    key: String,
    size_bytes: i128,
    sha256: String,
}

/// All files that a record names. A record of an unfinished report names none.
fn named(report: &Item) -> Vec<Named> {
    if text(report, "state") != "Complete" {
        return Vec::new();
    }
    let read = |item: &Item, name: String| Named {
        name,
        key: text(item, "object_key"),
        size_bytes: number(&item["size_bytes"]),
        sha256: text(item, "sha256"),
    };
    let others = report["files"]["L"].as_array().expect("a list").iter().map(|file| {
        let file = file["M"].as_object().expect("a map");
        read(file, text(file, "name"))
    });
    let csv = read(report, "report.csv".to_owned());
    [csv].into_iter().chain(others).collect()
}

/// Returns the files of a report that was just completed. `is_own` says whether a key's object was
/// stored by the worker that completed it. An error describes a file that is not as the promise says.
pub(crate) fn whole_files(
    report: &Item,
    buckets: &Buckets,
    is_own: impl Fn(&str) -> bool,
) -> Result<Contents, String> {
    // A claim whose answer came too late raises the recorded number of attempts once more.
    let csv_key = text(report, "object_key");
    let folder = csv_key.strip_suffix("report.csv").unwrap_or_default();
    let read = |file: Named| {
        let Named { name, key, size_bytes, sha256 } = file;
        if key != format!("{folder}{name}") || !is_own(&key) {
            return Err(format!("a report is Complete with another attempt's {key}"));
        }
        let Some(object) = buckets.newest(&format!("/reports/{key}")) else {
            return Err(format!("a report is Complete but its {name} does not exist"));
        };
        let body = unpacked(&object.body);
        if size_bytes != body.len() as i128 || sha256 != hash::sha256_hex(&body) {
            return Err(format!("a report is Complete but its {name} is not the one recorded"));
        }
        Ok((name, body))
    };
    named(report).into_iter().map(read).collect()
}

/// Whether no report names this object, or its body is still the one recorded.
pub(crate) fn is_as_named<'a>(
    key: &str,
    body: &[u8],
    mut reports: impl Iterator<Item = &'a Item>,
) -> bool {
    let named = reports.find_map(|report| named(report).into_iter().find(|file| file.key == key));
    named.is_none_or(|file| file.sha256 == hash::sha256_hex(&unpacked(body)))
}

/// A page is stored packed. No other file of a report begins like gzip.
fn unpacked(body: &[u8]) -> Vec<u8> {
    if !body.starts_with(&MAGIC) {
        return body.to_vec();
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(body).read_to_end(&mut unpacked).expect("a packed page");
    unpacked
}

/// Whether a value holds the names of the files, in the order of a status.
pub(crate) fn lists(status: &Value, files: &Contents) -> bool {
    let listed = status["files"].as_array().expect("a list of files");
    let mut names: Vec<&str> = listed.iter().filter_map(|file| file["name"].as_str()).collect();
    names.sort_unstable();
    names.iter().eq(files.keys())
}

//! The files of a report, by name.

use std::iter;

use sha2::{Digest as _, Sha256};

use super::outages_csv::outages_csv;
use super::page::report_html;
use super::report_csv::report_csv;
use super::report_json::report_json;
use super::stores_csv::stores_csv;
use crate::fleet::{Fleet, MeasuredReport, Stores};
use crate::report::ReportRow;

/// The name of a file of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileName {
    /// `report.csv`: the six figures of each store, for programs.
    ReportCsv,
    /// `stores.csv`: the six figures and their certainty, for analysts.
    StoresCsv,
    /// `outages.csv`: one row an outage.
    OutagesCsv,
    /// `report.html`: a page to look at.
    ReportHtml,
    /// `report.json`: what the report is about and its other files.
    ReportJson,
}

/// A file of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Its name.
    pub name: FileName,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The SHA-256 of its content: 64 hexadecimal digits in lower case.
    pub sha256: String,
}

impl FileName {
    /// All names, in the order in which a report lists its files.
    pub const ALL: [FileName; 5] = [
        FileName::ReportCsv,
        FileName::StoresCsv,
        FileName::OutagesCsv,
        FileName::ReportHtml,
        FileName::ReportJson,
    ];

    /// Returns the name, such as `report.csv`.
    pub fn as_str(self) -> &'static str {
        match self {
            FileName::ReportCsv => "report.csv",
            FileName::StoresCsv => "stores.csv",
            FileName::OutagesCsv => "outages.csv",
            FileName::ReportHtml => "report.html",
            FileName::ReportJson => "report.json",
        }
    }

    /// Returns the file of this name.
    pub fn from_name(name: &str) -> Option<FileName> {
        FileName::ALL.into_iter().find(|file| file.as_str() == name)
    }

    /// Returns the media type of the file.
    pub fn content_type(self) -> &'static str {
        match self {
            FileName::ReportCsv | FileName::StoresCsv | FileName::OutagesCsv => {
                "text/csv; charset=utf-8"
            }
            FileName::ReportHtml => "text/html; charset=utf-8",
            FileName::ReportJson => "application/json",
        }
    }
}

impl ReportFile {
    /// Takes the content of a file.
    fn new(name: FileName, bytes: Vec<u8>) -> ReportFile {
        let digest = Sha256::digest(&bytes);
        let hexadecimal = |byte: &u8| format!("{byte:02x}");
        let sha256 = digest.iter().map(hexadecimal).collect();
        ReportFile { name, bytes, sha256 }
    }
}

/// All files of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// `report.csv`, which every report has.
    pub csv: ReportFile,
    /// The other files, in the order of [`FileName::ALL`].
    pub others: Vec<ReportFile>,
}

impl Files {
    /// Returns all files, in the order of [`FileName::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = &ReportFile> {
        iter::once(&self.csv).chain(&self.others)
    }
}

/// What a report shows besides what it is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Contents<'a> {
    Measured(&'a MeasuredReport),
    Counted(&'a [ReportRow]),
}

/// Writes all files of a report. `report.json` describes the others.
pub fn report_files(fleet: Fleet) -> Files {
    let Fleet { about, stores } = fleet;
    let (mut files, json) = match stores {
        Stores::Measured { accounts, activity, heat_map } => {
            let mut report = MeasuredReport::new(about, accounts, activity, heat_map);
            // Only the page needs the details. About a month, `outages.csv` is much longer than they
            // are, so they go before it is written.
            let html = ReportFile::new(FileName::ReportHtml, report_html(&report));
            report.drop_details();
            let csv = report_csv(&about.parameters, report.rows());
            let files = Files {
                csv: ReportFile::new(FileName::ReportCsv, csv),
                others: vec![
                    ReportFile::new(FileName::StoresCsv, stores_csv(&report)),
                    ReportFile::new(FileName::OutagesCsv, outages_csv(&report)),
                    html,
                ],
            };
            let json = report_json(&about, Contents::Measured(&report), &files);
            (files, json)
        }
        Stores::Counted(rows) => {
            let csv = ReportFile::new(FileName::ReportCsv, report_csv(&about.parameters, &rows));
            let files = Files { csv, others: Vec::new() };
            let json = report_json(&about, Contents::Counted(&rows), &files);
            (files, json)
        }
    };
    files.others.push(ReportFile::new(FileName::ReportJson, json));
    files
}

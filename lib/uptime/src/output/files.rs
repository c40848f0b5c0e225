//! The files of a report, by name.

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest as _, Sha256};

use super::page::report_html;
use super::report_json::report_json;
use super::{outages_csv, report_csv, stores_csv};
use crate::fleet::{About, Fleet, MeasuredReport, Stores};
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

/// A file of a report, as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Its name.
    pub name: FileName,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The SHA-256 of its content: 64 hexadecimal digits in lower case.
    pub sha256: String,
}

/// What `report.json` says of another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSum {
    /// Its name.
    pub name: FileName,
    /// Its length in bytes.
    pub length: u64,
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
        let sha256 = hexadecimal(Sha256::digest(&bytes));
        ReportFile { name, bytes, sha256 }
    }

    /// Returns what `report.json` says of it.
    pub fn sum(&self) -> FileSum {
        let length = self.bytes.len() as u64;
        FileSum { name: self.name, length, sha256: self.sha256.clone() }
    }
}

/// What a report shows besides what it is about.
#[derive(Debug)]
pub(super) enum Contents {
    Measured(Box<MeasuredReport>),
    Counted(Vec<ReportRow>),
}

/// A report whose files can be written. The tables can have hundreds of megabytes, so they are written
/// piece by piece.
#[derive(Debug)]
pub struct ReportWriter {
    about: About,
    contents: Contents,
    page: Option<ReportFile>,
}

impl ReportWriter {
    /// Puts the stores in order and makes the page.
    pub fn new(fleet: Fleet) -> ReportWriter {
        let Fleet { about, stores } = fleet;
        let (contents, page) = match stores {
            Stores::Measured { accounts, activity, heat_map } => {
                let mut report = MeasuredReport::new(about, accounts, activity, heat_map);
                let page = ReportFile::new(FileName::ReportHtml, report_html(&report));
                // Only the page needs the details.
                report.accounts.drop_details();
                (Contents::Measured(Box::new(report)), Some(page))
            }
            Stores::Counted(rows) => (Contents::Counted(rows), None),
        };
        ReportWriter { about, contents, page }
    }

    /// Returns whether the report has this file.
    pub fn has(&self, name: FileName) -> bool {
        match self.contents {
            Contents::Measured(_) => true,
            Contents::Counted(_) => matches!(name, FileName::ReportCsv | FileName::ReportJson),
        }
    }

    /// Returns the page, once. A report by the method `poll_count` has none.
    pub fn take_page(&mut self) -> Option<ReportFile> {
        self.page.take()
    }

    /// Returns the tables that the report has, in the order of [`FileName::ALL`]. The first is
    /// `report.csv`.
    pub fn tables(&self) -> Vec<Table<'_>> {
        let parameters = &self.about.parameters;
        match &self.contents {
            Contents::Measured(report) => {
                let rows = report.accounts.iter().map(|account| match account {
                    Cow::Borrowed(account) => Cow::Borrowed(&account.row),
                    Cow::Owned(account) => Cow::Owned(account.row),
                });
                vec![
                    report_csv::table(parameters, rows),
                    stores_csv::table(report),
                    outages_csv::table(report),
                ]
            }
            Contents::Counted(rows) => {
                let rows = report_csv::in_order(rows).map(Cow::Borrowed);
                vec![report_csv::table(parameters, rows)]
            }
        }
    }

    /// Returns `report.json`, which describes all other files. `others` may be in any order.
    pub fn json(&self, mut others: Vec<FileSum>) -> ReportFile {
        others.sort_unstable_by_key(|file| file.name);
        let json = report_json(&self.about, &self.contents, &others);
        ReportFile::new(FileName::ReportJson, json)
    }
}

/// How many bytes a piece of a table has at least, except for the last one. It stays in the cache of a
/// core until it is hashed and written.
const PIECE_BYTES: usize = 256 << 10;

/// A CSV file of a report while it is written.
pub struct Table<'a> {
    name: FileName,
    piece: Vec<u8>,
    write_next: NextRows<'a>,
    hash: Sha256,
    length: u64,
}

/// Writes the next rows of a table, if any. Returns whether more may follow.
type NextRows<'a> = Box<dyn FnMut(&mut Vec<u8>) -> bool + Send + 'a>;

impl<'a> Table<'a> {
    /// Begins a table with its header. `write_row` writes the rows of one entry.
    pub(super) fn new<Entry>(
        name: FileName,
        header: &str,
        mut entries: impl Iterator<Item = Entry> + Send + 'a,
        mut write_row: impl FnMut(&mut Vec<u8>, Entry) + Send + 'a,
    ) -> Table<'a> {
        let write_next = Box::new(move |csv: &mut Vec<u8>| {
            let next = entries.next();
            next.map(|entry| write_row(csv, entry)).is_some()
        });
        let (hash, length) = (Sha256::new(), 0);
        Table { name, piece: header.as_bytes().to_vec(), write_next, hash, length }
    }

    /// Returns the name of the file.
    pub fn name(&self) -> FileName {
        self.name
    }

    /// Returns the next piece of the text, or `None` after the last one.
    pub fn next_piece(&mut self) -> Option<&[u8]> {
        // The header begins the first piece.
        if self.length > 0 {
            self.piece.clear();
        }
        while self.piece.len() < PIECE_BYTES && (self.write_next)(&mut self.piece) {}
        self.hash.update(&self.piece);
        self.length += self.piece.len() as u64;
        (!self.piece.is_empty()).then_some(&self.piece)
    }

    /// Makes the whole file in memory.
    pub fn into_file(mut self) -> ReportFile {
        let mut bytes = Vec::new();
        while let Some(piece) = self.next_piece() {
            bytes.extend_from_slice(piece);
        }
        let FileSum { name, sha256, .. } = self.sum();
        ReportFile { name, bytes, sha256 }
    }

    /// Returns what `report.json` says of the table. All pieces must have been taken.
    pub fn sum(self) -> FileSum {
        let sha256 = hexadecimal(self.hash.finalize());
        FileSum { name: self.name, length: self.length, sha256 }
    }
}

impl fmt::Debug for Table<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Table { name, length, .. } = self;
        formatter.debug_struct("Table").field("name", name).field("length", length).finish()
    }
}

/// Makes all files of a report in memory, in the order of [`FileName::ALL`].
pub fn report_files(fleet: Fleet) -> Vec<ReportFile> {
    let mut report = ReportWriter::new(fleet);
    let page = report.take_page();
    let mut files: Vec<ReportFile> = report.tables().into_iter().map(Table::into_file).collect();
    files.extend(page);
    files.push(report.json(files.iter().map(ReportFile::sum).collect()));
    files
}

fn hexadecimal(digest: impl AsRef<[u8]>) -> String {
    let text = |byte: &u8| format!("{byte:02x}");
    digest.as_ref().iter().map(text).collect()
}

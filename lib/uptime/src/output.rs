//! The files of a report (`RULES.md`, "The report"): one module a file, all from the same account of
//! each store.

mod cells;
mod explanation;
mod files;
mod outages_csv;
mod page;
mod report_csv;
mod report_json;
mod stores_csv;

pub use cells::guarded;
pub use explanation::explanation;
pub use files::{FileName, FileSum, ReportFile, ReportWriter, Table, report_files};
pub use page::BASE_STYLE;
pub use report_csv::{HEADER, PERIOD_HEADER, report_csv};

#[cfg(test)]
mod tests;

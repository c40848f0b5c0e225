//! Writes `rejects.csv` and `rejected_rows.csv`. Keeps only what the caller has not taken yet.

use csv::{Writer, WriterBuilder};

use crate::input::{MAX_RECORD_BYTES, Reject, leaves_quote_open};
use crate::output::guarded;

/// The columns of `rejects.csv`.
const COLUMNS: [&str; 4] = ["line", "column", "code", "message"];

#[derive(Debug, Default)]
pub(super) struct RejectTables {
    rejects: Option<Writer<Vec<u8>>>,
    has_columns: bool,
    // The source file's header with a line end. Empty once it is written.
    header: Vec<u8>,
    rejected_rows: Vec<u8>,
    // Whether the last record written leaves a quote open.
    has_open_quote: bool,
}

impl RejectTables {
    pub(super) fn set_header(&mut self, record: &[u8]) {
        self.header = [record, b"\n"].concat();
    }

    pub(super) fn add_reject(&mut self, reject: &Reject) {
        if !self.has_columns {
            self.has_columns = true;
            self.write(COLUMNS);
        }
        let line = reject.line.to_string();
        let message: String = guarded(&reject.message).collect();
        let column: String = guarded(reject.column.unwrap_or_default()).collect();
        self.write([&line, &column, reject.code.name(), &message]);
    }

    /// Adds a record. It may also be an accepted one.
    ///
    /// If the user uploads the file again unchanged, a quote that is left open could be closed by a
    /// quote in the next record. A line of blanks, as long as a record may be, prevents that.
    pub(super) fn add_rejected_row(&mut self, record: &[u8]) {
        if self.has_open_quote {
            self.rejected_rows.resize(self.rejected_rows.len() + MAX_RECORD_BYTES, b' ');
            self.rejected_rows.push(b'\n');
        }
        self.has_open_quote = leaves_quote_open(record);
        self.rejected_rows.append(&mut self.header);
        self.rejected_rows.extend_from_slice(record);
        self.rejected_rows.push(b'\n');
    }

    pub(super) fn take_rejects(&mut self) -> Vec<u8> {
        let writer = self.rejects.take();
        writer.and_then(|writer| writer.into_inner().ok()).unwrap_or_default()
    }

    pub(super) fn take_rejected_rows(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rejected_rows)
    }

    fn write(&mut self, cells: [&str; COLUMNS.len()]) {
        let new_writer = || WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        // Writing to memory does not fail.
        let _ = self.rejects.get_or_insert_with(new_writer).write_record(cells);
    }
}

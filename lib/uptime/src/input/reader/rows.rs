//! Reads the records after the header and passes the resulting rows and rejects to [`Records`].

use chrono::Weekday;

use super::{DaysNamed, Place, SourceReader};
use crate::StoreId;
use crate::blanks::is_blank_line;
use crate::business_hours::HoursRow;
use crate::input::checks::{check_fields, of_record};
use crate::input::header::{Header, HoursColumns, MAX_COLUMNS, PollColumn};
use crate::input::plain::PlainRecord;
use crate::input::record::{MAX_RECORD_BYTES, Scanned};
use crate::input::usual_line;
use crate::input::values::{read_poll, read_replacing_row, read_store, value_of};
use crate::input::{FileKind, Problem, Records, Reject, RejectCode, ReplacingKind, ReplacingRow};

impl SourceReader {
    /// Reads records on the fast paths as long as possible, and returns how many bytes they have.
    pub(super) fn read_fast(
        &mut self,
        bytes: &[u8],
        header: &Header,
        records: &mut impl Records,
    ) -> usize {
        let mut consumed = 0;
        while self.takes_fast_paths {
            // Lines with quotes are also read without them. In a file without quotes, the first
            // reader reads all lines, and it is faster.
            consumed += self.read_usual_lines::<false>(&bytes[consumed..], header, records);
            consumed += self.read_usual_lines::<true>(&bytes[consumed..], header, records);
            let Some(record) = PlainRecord::find(&bytes[consumed..]) else { break };
            if record.field_count != header.width {
                break;
            }
            let values = header.pick(|place| record.field(place));
            self.days.note(values, header, self.line);
            self.take_row(values, record.bytes(), header, records);
            self.line += 1;
            consumed += record.extent.length_with_end;
        }
        consumed
    }

    /// Reads lines of usual values. Values in quotes are read only if `QUOTES` is true.
    fn read_usual_lines<const QUOTES: bool>(
        &mut self,
        bytes: &[u8],
        header: &Header,
        records: &mut impl Records,
    ) -> usize {
        if let Some(columns) = header.poll_columns() {
            self.read_poll_lines::<QUOTES>(bytes, columns, records)
        } else if let Some(columns) = header.hours_columns() {
            self.read_hours_lines::<QUOTES>(bytes, columns, records)
        } else {
            0
        }
    }

    fn read_poll_lines<const QUOTES: bool>(
        &mut self,
        bytes: &[u8],
        columns: [PollColumn; 3],
        records: &mut impl Records,
    ) -> usize {
        let mut consumed = 0;
        while let Some((store, poll, extent)) =
            usual_line::poll::<QUOTES>(&bytes[consumed..], columns, self.latest_poll)
        {
            records.poll(store, poll, &bytes[consumed..consumed + extent.length]);
            self.line += 1;
            consumed += extent.length_with_end;
        }
        consumed
    }

    fn read_hours_lines<const QUOTES: bool>(
        &mut self,
        bytes: &[u8],
        columns: HoursColumns,
        records: &mut impl Records,
    ) -> usize {
        let mut consumed = 0;
        while let Some((store, opening, extent)) =
            usual_line::hours::<QUOTES>(&bytes[consumed..], columns)
        {
            let record = &bytes[consumed..consumed + extent.length];
            self.days.has_day_0 |= opening.day == Weekday::Mon;
            let taken = if QUOTES {
                let row = ReplacingRow::Hours(HoursRow::Opens(opening));
                records.replacing(store, row, record)
            } else {
                records.usual_hours(store, opening, columns, record)
            };
            if let Err(problem) = taken {
                let store = usual_line::hours::<QUOTES>(&bytes[consumed..], columns);
                self.reject_row(problem, store.map(|(store, ..)| store), record, records);
            }
            self.line += 1;
            consumed += extent.length_with_end;
        }
        consumed
    }

    /// Reads one record of any form and returns how many bytes it has, or 0 if it is not complete.
    pub(super) fn read_any(
        &mut self,
        bytes: &[u8],
        at_end: bool,
        header: &Header,
        records: &mut impl Records,
    ) -> usize {
        if bytes.is_empty() {
            return 0;
        }
        match self.fields.scan(bytes, at_end) {
            Scanned::More => 0,
            Scanned::Record(extent, lines) => {
                let record = &bytes[..extent.length];
                if !is_blank_line(record) {
                    self.take_record(record, header, records);
                }
                self.line += lines;
                extent.length_with_end
            }
            Scanned::TooLong(line_ends) => {
                self.reject_too_long(bytes, header, records);
                self.line += line_ends;
                self.place = Place::LineRest(*header);
                MAX_RECORD_BYTES
            }
            Scanned::UnclosedQuote(opening_line) => {
                let limit = bytes.len().min(MAX_RECORD_BYTES);
                let length = opening_line.map_or(limit, |line| line.length);
                self.reject_unclosed_quote(&bytes[..length], header, records);
                if let Some(line) = opening_line {
                    self.line += 1;
                    line.length_with_end
                } else {
                    self.place = Place::LineRest(*header);
                    limit
                }
            }
        }
    }

    fn reject_too_long(&mut self, bytes: &[u8], header: &Header, records: &mut impl Records) {
        let record = &bytes[..=MAX_RECORD_BYTES];
        let message = format!(
            "the row is too long; at most {MAX_RECORD_BYTES} bytes are accepted, and the first {} \
             are kept",
            record.len()
        );
        self.reject(of_record(RejectCode::RecordTooLong, message), record, header, records);
    }

    fn reject_unclosed_quote(
        &mut self,
        opening_line: &[u8],
        header: &Header,
        records: &mut impl Records,
    ) {
        // Only fields that end on the opening line belong to the rejected row.
        self.fields.scan(opening_line, true);
        let message = format!(
            "a quoted field is not closed within {MAX_RECORD_BYTES} bytes or before the file ends, \
             or it is closed on a later line and text follows the quote; reading continues on the \
             next line"
        );
        self.reject(of_record(RejectCode::UnclosedQuote, message), opening_line, header, records);
    }

    /// Reads a complete record whose fields are in `self.fields`.
    fn take_record(&mut self, record: &[u8], header: &Header, records: &mut impl Records) {
        if let Err(problem) = check_fields(record, &self.fields, header) {
            self.reject(problem, record, header, records);
            return;
        }
        let values = header.pick(|place| self.fields.get(place).unwrap_or_default());
        self.days.note(values, header, self.line);
        self.take_row(values, record, header, records);
    }

    #[inline]
    fn take_row(
        &self,
        values: [&[u8]; MAX_COLUMNS],
        record: &[u8],
        header: &Header,
        records: &mut impl Records,
    ) {
        let taken = match header.kind {
            FileKind::Polls => read_poll(values, self.latest_poll)
                .map(|(store, poll)| records.poll(store, poll, record)),
            FileKind::Replacing(kind) => read_replacing_row(kind, values)
                .and_then(|(store, row)| records.replacing(store, row, record)),
        };
        match taken {
            Ok(()) => {}
            // A blank line is not a row. It has no store id, so it always ends up here, and other
            // rows need no check for blank lines.
            Err(_) if is_blank_line(record) => {}
            Err(problem) => {
                self.reject_row(problem, read_store(values[0]).ok(), record, records);
            }
        }
    }

    /// Rejects a record because of its form, not because of a value in it.
    fn reject(&self, problem: Problem, record: &[u8], header: &Header, records: &mut impl Records) {
        let store = self.fields.get(header.store_place());
        let store = store.and_then(|value| read_store(value_of(value)).ok());
        self.reject_row(problem, store, record, records);
    }

    #[cold]
    fn reject_row(
        &self,
        problem: Problem,
        store: Option<StoreId>,
        record: &[u8],
        records: &mut impl Records,
    ) {
        let Problem { column, code, message } = problem;
        records.reject(Reject { line: self.line, column, code, message, store }, record);
    }
}

impl DaysNamed {
    /// Notes the day of a row, whether the row is accepted or not.
    #[inline]
    fn note(&mut self, values: [&[u8]; MAX_COLUMNS], header: &Header, line: u64) {
        match (header.kind, values[1]) {
            (FileKind::Replacing(ReplacingKind::Hours), [b'0']) => self.has_day_0 = true,
            (FileKind::Replacing(ReplacingKind::Hours), [b'7']) => {
                self.day_7_line.get_or_insert(line);
            }
            _ => {}
        }
    }
}

//! Reads a source file that is pushed at it.

use memchr::memchr2;

use super::checks::{check_fields, of_record};
use super::header::{Header, MAX_COLUMNS};
use super::plain::PlainRecord;
use super::record::{Fields, MAX_RECORD_BYTES, Scanned, first_line};
use super::values::{read_row, read_store, trimmed};
use super::{Problem, Records, RefusedFile, Reject, RejectCode};
use crate::Timestamp;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a source file pushed at it in pieces of any size; how it is cut up changes nothing.
///
/// It keeps at most one record, however long the file and whatever it holds.
#[derive(Debug)]
pub struct SourceReader {
    latest_poll: Timestamp,
    place: Place,
    /// The number of the physical line that is next.
    line: u64,
    /// The start of a record that is not whole yet.
    kept: Vec<u8>,
    fields: Fields,
    takes_plain_path: bool,
}

/// What is next in the file.
#[derive(Debug)]
enum Place {
    FileStart,
    Header,
    Rows(Header),
    /// The rest of a physical line that was rejected.
    LineRest(Header),
}

impl SourceReader {
    /// Polls later than `latest_poll` are rejected.
    pub fn new(latest_poll: Timestamp) -> SourceReader {
        SourceReader {
            latest_poll,
            place: Place::FileStart,
            line: 1,
            kept: Vec::new(),
            fields: Fields::default(),
            takes_plain_path: true,
        }
    }

    /// The same without the fast path, to compare with.
    #[cfg(test)]
    pub(super) fn without_plain_path(latest_poll: Timestamp) -> SourceReader {
        SourceReader { takes_plain_path: false, ..SourceReader::new(latest_poll) }
    }

    #[cfg(test)]
    pub(super) fn kept_capacity(&self) -> usize {
        self.kept.capacity()
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8], records: &mut impl Records) -> Result<(), RefusedFile> {
        let mut bytes = bytes;
        // What is kept is completed by as little as possible, for the rest need not be copied.
        while !self.kept.is_empty() && !bytes.is_empty() {
            let kept_before = self.kept.len();
            let added = piece_to_line_end(bytes);
            let mut kept = std::mem::take(&mut self.kept);
            kept.extend_from_slice(&bytes[..added]);
            let consumed = self.read(&kept, false, records)?;
            if consumed >= kept_before {
                bytes = &bytes[consumed - kept_before..];
            } else {
                bytes = &bytes[added..];
                kept.drain(..consumed);
                self.kept = kept;
            }
        }
        if !bytes.is_empty() {
            let consumed = self.read(bytes, false, records)?;
            self.kept.extend_from_slice(&bytes[consumed..]);
        }
        Ok(())
    }

    /// Ends the file.
    pub fn finish(&mut self, records: &mut impl Records) -> Result<(), RefusedFile> {
        let kept = std::mem::take(&mut self.kept);
        self.read(&kept, true, records)?;
        match self.place {
            Place::FileStart | Place::Header => {
                Err(RefusedFile::Header("the file is empty".to_owned()))
            }
            Place::Rows(_) | Place::LineRest(_) => Ok(()),
        }
    }

    /// Reads what is whole and returns how many bytes that was.
    fn read(
        &mut self,
        bytes: &[u8],
        at_end: bool,
        records: &mut impl Records,
    ) -> Result<usize, RefusedFile> {
        let mut position = 0;
        while position < bytes.len() {
            let rest = &bytes[position..];
            position += match &self.place {
                Place::FileStart => match pass_mark(rest, at_end) {
                    None => break,
                    Some(passed) => {
                        self.place = Place::Header;
                        passed
                    }
                },
                Place::Header => match self.read_header(rest, at_end, records)? {
                    0 => break,
                    consumed => consumed,
                },
                Place::Rows(header) => {
                    let header = *header;
                    let plain = self.read_plain(rest, &header, records);
                    if plain > 0 {
                        self.fields.forget();
                    }
                    position += plain;
                    match self.read_any(&bytes[position..], at_end, &header, records) {
                        0 => break,
                        consumed => consumed,
                    }
                }
                Place::LineRest(header) => {
                    let header = *header;
                    match self.pass_line_rest(rest, at_end, header) {
                        0 => break,
                        passed => passed,
                    }
                }
            };
        }
        Ok(position)
    }

    fn read_header(
        &mut self,
        bytes: &[u8],
        at_end: bool,
        records: &mut impl Records,
    ) -> Result<usize, RefusedFile> {
        let (extent, lines) = match self.fields.scan(bytes, at_end) {
            Scanned::More => return Ok(0),
            Scanned::Record(extent, lines) => (extent, lines),
            Scanned::TooLong(_) => {
                let reason = format!("its first line is over {MAX_RECORD_BYTES} bytes");
                return Err(RefusedFile::Header(reason));
            }
            Scanned::UnclosedQuote(_) => {
                let reason = format!("a quote in it is not closed within {MAX_RECORD_BYTES} bytes");
                return Err(RefusedFile::Header(reason));
            }
        };
        let record = &bytes[..extent.length];
        if !trimmed(record).is_empty() {
            let header = Header::read(record, &self.fields)?;
            records.header(header.kind, record);
            self.place = Place::Rows(header);
        }
        self.line += lines;
        Ok(extent.length_with_end)
    }

    /// Reads plain records as long as there are any, and returns how many bytes they had.
    fn read_plain(&mut self, bytes: &[u8], header: &Header, records: &mut impl Records) -> usize {
        let mut consumed = 0;
        while self.takes_plain_path {
            let Some(record) = PlainRecord::find(&bytes[consumed..]) else { break };
            if record.field_count != header.width {
                break;
            }
            let values = header.pick(|place| record.field(place));
            self.take_row(values, record.bytes(), header, records);
            self.line += 1;
            consumed += record.extent.length_with_end;
        }
        consumed
    }

    /// Reads one record of any form and returns how many bytes it had; 0 if it is not whole.
    fn read_any(
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
                if !trimmed(record).is_empty() {
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
            "a record has at most {MAX_RECORD_BYTES} bytes; this one has more, of which the first \
             {} are kept",
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
        // Only fields that end on the opening line belong to what is rejected.
        self.fields.scan(opening_line, true);
        let message = format!(
            "a quote that opens a field must be closed within {MAX_RECORD_BYTES} bytes and before \
             the file ends; reading resumes on the next line"
        );
        self.reject(of_record(RejectCode::UnclosedQuote, message), opening_line, header, records);
    }

    /// Takes a whole record whose fields are at hand.
    fn take_record(&self, record: &[u8], header: &Header, records: &mut impl Records) {
        if let Err(problem) = check_fields(record, &self.fields, header) {
            self.reject(problem, record, header, records);
            return;
        }
        let values = header.pick(|place| self.fields.get(place).unwrap_or_default());
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
        let row = read_row(header.kind, values, self.latest_poll);
        let row = row.and_then(|row| match records.objection(&row) {
            None => Ok(row),
            Some(problem) => Err(problem),
        });
        match row {
            Ok(row) => records.row(row, record),
            Err(Problem { column, code, message }) => {
                let store = read_store(values[0]).ok();
                records.reject(Reject { line: self.line, column, code, message, store }, record);
            }
        }
    }

    /// Rejects a record for what it is, not for a value in it.
    #[cold]
    fn reject(&self, problem: Problem, record: &[u8], header: &Header, records: &mut impl Records) {
        let store = self.fields.get(header.store_place());
        let store = store.and_then(|value| read_store(trimmed(value)).ok());
        let Problem { column, code, message } = problem;
        records.reject(Reject { line: self.line, column, code, message, store }, record);
    }

    /// Passes over the rest of a rejected line.
    fn pass_line_rest(&mut self, bytes: &[u8], at_end: bool, header: Header) -> usize {
        match first_line(bytes, at_end) {
            Some(line) => {
                self.line += 1;
                self.place = Place::Rows(header);
                line.length_with_end
            }
            // A CR at the very end may be half of CRLF.
            None => bytes.len() - usize::from(!at_end && bytes.ends_with(b"\r")),
        }
    }
}

/// Returns how many bytes to pass over for a byte order mark; `None` if that is not known yet.
fn pass_mark(bytes: &[u8], at_end: bool) -> Option<usize> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        return Some(BYTE_ORDER_MARK.len());
    }
    (at_end || !BYTE_ORDER_MARK.starts_with(bytes)).then_some(0)
}

/// Returns how many bytes to add to a record's start: up to a line's end, and a byte more to tell
/// CR from CRLF.
fn piece_to_line_end(bytes: &[u8]) -> usize {
    let most = bytes.len().min(MAX_RECORD_BYTES);
    memchr2(b'\n', b'\r', &bytes[..most]).map_or(most, |index| most.min(index + 2))
}

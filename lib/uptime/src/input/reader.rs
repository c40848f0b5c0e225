//! Reads a source file that the caller feeds in pieces.

mod rows;

use memchr::memchr2;

use super::first_lines::{is_separator_line, other_format, pass_marks};
use super::header::{Header, unusable};
use super::record::{Fields, MAX_RECORD_BYTES, Scanned, first_line};
use super::{FileKind, Records, RefusedFile};
use crate::Timestamp;
use crate::blanks::is_blank_line;

/// Reads a source file that the caller feeds in pieces. The sizes of the pieces change nothing.
///
/// It keeps at most one record in memory, whatever the length and content of the file.
#[derive(Debug)]
pub struct SourceReader {
    latest_poll: Timestamp,
    place: Place,
    /// The number of the next physical line.
    line: u64,
    /// The start of a record that is not complete yet.
    kept: Vec<u8>,
    fields: Fields,
    days: DaysNamed,
    takes_fast_paths: bool,
}

/// The days of a file of hours that show whether it counts from 0 or from 1.
#[derive(Debug, Default)]
struct DaysNamed {
    has_day_0: bool,
    /// The line of the first row with the day 7, which is rejected.
    day_7_line: Option<u64>,
}

/// What comes next in the file.
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
            days: DaysNamed::default(),
            takes_fast_paths: true,
        }
    }

    /// Like [`SourceReader::new`] without the fast paths, to compare results.
    #[cfg(test)]
    pub(super) fn without_fast_paths(latest_poll: Timestamp) -> SourceReader {
        SourceReader { takes_fast_paths: false, ..SourceReader::new(latest_poll) }
    }

    #[cfg(test)]
    pub(super) fn kept_capacity(&self) -> usize {
        self.kept.capacity()
    }

    /// Returns the header if the next byte of a file of polls begins a row.
    pub(crate) fn at_row_of_polls(&self) -> Option<Header> {
        match self.place {
            Place::Rows(header) if self.kept.is_empty() && header.kind == FileKind::Polls => {
                Some(header)
            }
            _ => None,
        }
    }

    /// Begins at a row of the file, as if this row were on line 1.
    pub(crate) fn begin_at_row(header: Header, latest_poll: Timestamp) -> SourceReader {
        SourceReader { place: Place::Rows(header), ..SourceReader::new(latest_poll) }
    }

    /// Returns how many lines were read.
    pub(crate) fn lines_read(&self) -> u64 {
        self.line - 1
    }

    /// Counts lines that were read before the first line of this reader.
    pub(crate) fn add_lines_before(&mut self, lines: u64) {
        self.line += lines;
    }

    /// Reads the next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8], records: &mut impl Records) -> Result<(), RefusedFile> {
        let mut bytes = bytes;
        // Only as many bytes as needed are added to the kept record. The rest is not copied.
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

    /// Ends the file. Reads a last record without a line end.
    pub fn finish(&mut self, records: &mut impl Records) -> Result<(), RefusedFile> {
        let kept = std::mem::take(&mut self.kept);
        self.read(&kept, true, records)?;
        match self.place {
            Place::FileStart | Place::Header => {
                Err(RefusedFile::Header("the file is empty".to_owned()))
            }
            Place::Rows(_) | Place::LineRest(_) => self.check_days(),
        }
    }

    /// Refuses a file of hours whose rows so far count days from 1. [`SourceReader::finish`] also
    /// checks this. Call it for a file that is truncated.
    pub fn check_days(&self) -> Result<(), RefusedFile> {
        match self.days {
            DaysNamed { has_day_0: false, day_7_line: Some(line) } => {
                Err(RefusedFile::DaysFromOne { line })
            }
            _ => Ok(()),
        }
    }

    /// Reads all complete records and returns how many bytes they have.
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
                Place::FileStart => match pass_marks(rest, at_end) {
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
                    let fast = self.read_fast(rest, &header, records);
                    if fast > 0 {
                        self.fields.forget();
                    }
                    position += fast;
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

    /// Reads the header, or skips a line before it.
    fn read_header(
        &mut self,
        bytes: &[u8],
        at_end: bool,
        records: &mut impl Records,
    ) -> Result<usize, RefusedFile> {
        let is_file_start = self.line == 1;
        self.read_first_line(bytes, at_end, records).map_err(|refused| {
            // Checked only now, because a usable header may start like another format.
            let format = if is_file_start { other_format(bytes) } else { None };
            format.map_or(refused, RefusedFile::OtherFormat)
        })
    }

    fn read_first_line(
        &mut self,
        bytes: &[u8],
        at_end: bool,
        records: &mut impl Records,
    ) -> Result<usize, RefusedFile> {
        let (extent, lines) = match self.fields.scan(bytes, at_end) {
            Scanned::More => return Ok(0),
            Scanned::Record(extent, lines) => (extent, lines),
            Scanned::TooLong(_) => {
                let reason = format!(
                    "its first line is too long; at most {MAX_RECORD_BYTES} bytes are accepted"
                );
                return Err(unusable(&reason, &bytes[..=MAX_RECORD_BYTES]));
            }
            Scanned::UnclosedQuote(opening_line) => {
                let reason = format!(
                    "a quoted field in it is not closed within {MAX_RECORD_BYTES} bytes, or is \
                     closed on a later line and text follows the quote"
                );
                let limit = bytes.len().min(MAX_RECORD_BYTES);
                let length = opening_line.map_or(limit, |line| line.length);
                return Err(unusable(&reason, &bytes[..length]));
            }
        };
        let record = &bytes[..extent.length];
        let is_passed = is_blank_line(record) || self.line == 1 && is_separator_line(record)?;
        if !is_passed {
            let header = Header::read(record, &self.fields)?;
            records.header(header.kind, record);
            self.place = Place::Rows(header);
        }
        self.line += lines;
        Ok(extent.length_with_end)
    }

    /// Skips the rest of a rejected line.
    fn pass_line_rest(&mut self, bytes: &[u8], at_end: bool, header: Header) -> usize {
        match first_line(bytes, at_end) {
            Some(line) => {
                self.line += 1;
                self.place = Place::Rows(header);
                line.length_with_end
            }
            // A CR at the end of the piece may be the first half of CRLF.
            None => bytes.len() - usize::from(!at_end && bytes.ends_with(b"\r")),
        }
    }
}

/// Returns how many bytes to add to the start of a record: up to the end of a line, and one more
/// byte to distinguish CR from CRLF.
fn piece_to_line_end(bytes: &[u8]) -> usize {
    let most = bytes.len().min(MAX_RECORD_BYTES);
    memchr2(b'\n', b'\r', &bytes[..most]).map_or(most, |index| most.min(index + 2))
}

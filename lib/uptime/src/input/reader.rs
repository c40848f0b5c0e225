//! Reads a source file that is pushed at it.

mod rows;

use memchr::memchr2;

use super::header::Header;
use super::record::{Fields, MAX_RECORD_BYTES, Scanned, first_line};
use super::values::trimmed;
use super::{Records, RefusedFile};
use crate::Timestamp;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The first bytes of a file that zstd packed: to whoever has gzip accepted it is worth a word.
const ZSTD_MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";

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
    takes_fast_paths: bool,
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
            takes_fast_paths: true,
        }
    }

    /// The same without the fast paths, to compare with.
    #[cfg(test)]
    pub(super) fn without_fast_paths(latest_poll: Timestamp) -> SourceReader {
        SourceReader { takes_fast_paths: false, ..SourceReader::new(latest_poll) }
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

    fn read_header(
        &mut self,
        bytes: &[u8],
        at_end: bool,
        records: &mut impl Records,
    ) -> Result<usize, RefusedFile> {
        if bytes.starts_with(ZSTD_MAGIC) {
            return Err(RefusedFile::Encoding("packed by zstd, where gzip is what is unpacked"));
        }
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

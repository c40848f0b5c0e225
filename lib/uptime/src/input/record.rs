//! Finds records and splits them into fields, whatever they hold: quotes, line breaks in quotes,
//! any byte. All limits are applied here.
//!
//! Records are read as the csv crate reads them: CRLF, LF and a bare CR end a record; `""` in a
//! quoted field is one quote; a quote within an unquoted field, and text after a closing quote, are
//! kept unchanged. There are two differences. Blanks may stand before an opening quote. If a quoted
//! field has several lines, only blanks may follow its closing quote. Otherwise the two quotes are
//! probably stray, and reading the lines between them as one field would lose those lines.

use std::ops::Range;

use memchr::memchr2;

/// The longest field accepted.
pub const MAX_FIELD_BYTES: usize = 1024;
/// The longest record accepted, without its line end.
pub const MAX_RECORD_BYTES: usize = 8 * 1024;

/// The length of a line or record in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// How many bytes it has without its line end.
    pub(super) length: usize,
    /// How many bytes it has with its line end.
    pub(super) length_with_end: usize,
}

/// What the start of some bytes holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scanned {
    /// A record and the number of its physical lines. [`Fields`] holds its fields.
    Record(Extent, u64),
    /// The start of a record. More bytes are needed. Never returned for `MAX_RECORD_BYTES + 2`
    /// bytes or more.
    More,
    /// A record longer than [`MAX_RECORD_BYTES`], and the number of line ends in its first
    /// `MAX_RECORD_BYTES` bytes. [`Fields`] holds the fields that end within these bytes.
    TooLong(u64),
    /// A record with a quoted field that is not closed within the limit or before the file's end,
    /// or that has several lines and text after its closing quote. Holds the line on which the
    /// record starts, if this line ends within the limit.
    UnclosedQuote(Option<Extent>),
}

/// The fields of a record, without the quotes around them. Reused for all records, to save
/// allocations.
#[derive(Debug, Default)]
pub(super) struct Fields {
    text: Vec<u8>,
    // The index in `text` at which each field ends.
    ends: Vec<usize>,
    // How far an incomplete record has been read.
    progress: Option<Progress>,
}

#[derive(Debug, Clone, Copy)]
struct Progress {
    index: usize,
    state: State,
    line_ends: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Only blanks so far.
    FieldStart,
    /// Only blanks, then a byte that may be the first half of a no-break space.
    HalfBlankAtStart,
    Unquoted,
    Quoted,
    /// After a quote that closes the field, unless another quote follows.
    QuoteInQuoted,
    /// After a closing quote and blanks.
    BlankBehindQuote,
}

impl Fields {
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.count()).filter_map(|index| self.get(index))
    }

    /// Drops an incomplete record, because other bytes come next.
    pub(super) fn forget(&mut self) {
        self.progress = None;
    }

    /// Reads the record at the start of `bytes`. `at_end` says that the file has no further bytes.
    ///
    /// After [`Scanned::More`], the next call must pass the same bytes again with more bytes after
    /// them. Bytes that were already read are not read twice.
    pub(super) fn scan(&mut self, bytes: &[u8], at_end: bool) -> Scanned {
        let Progress { index: start, mut state, mut line_ends } = self.begin();
        #[cfg(test)]
        looks::count(bytes.len().min(MAX_RECORD_BYTES + 1) - start);
        for (index, &byte) in bytes.iter().enumerate().skip(start) {
            let is_open = match state {
                State::Quoted => true,
                State::FieldStart | State::HalfBlankAtStart | State::Unquoted => false,
                State::QuoteInQuoted | State::BlankBehindQuote => {
                    if self.is_stray(state, byte) {
                        let scanned = unclosed_quote(bytes, at_end);
                        return self.settle(scanned, Progress { index, state, line_ends });
                    }
                    matches!(state, State::QuoteInQuoted) && byte == b'"'
                }
            };
            let ends_line = matches!(byte, b'\n' | b'\r');
            let is_over_limit = index == MAX_RECORD_BYTES;
            if ends_line && !is_open || is_over_limit {
                let scanned = if is_open {
                    unclosed_quote(bytes, at_end)
                } else if ends_line {
                    line_end(bytes, index, at_end)
                        .map_or(Scanned::More, |end| Scanned::Record(end, line_ends + 1))
                } else {
                    Scanned::TooLong(line_ends)
                };
                return self.settle(scanned, Progress { index, state, line_ends });
            }
            if ends_line {
                line_ends += u64::from(starts_line_end(bytes, index));
            }
            state = self.step(state, byte);
        }
        let scanned = match state {
            _ if !at_end => Scanned::More,
            State::Quoted => unclosed_quote(bytes, at_end),
            State::FieldStart
            | State::HalfBlankAtStart
            | State::Unquoted
            | State::QuoteInQuoted
            | State::BlankBehindQuote => {
                let extent = Extent { length: bytes.len(), length_with_end: bytes.len() };
                Scanned::Record(extent, line_ends + 1)
            }
        };
        self.settle(scanned, Progress { index: bytes.len(), state, line_ends })
    }

    fn begin(&mut self) -> Progress {
        self.progress.take().unwrap_or_else(|| {
            self.text.clear();
            self.ends.clear();
            Progress { index: 0, state: State::FieldStart, line_ends: 0 }
        })
    }

    fn settle(&mut self, scanned: Scanned, progress: Progress) -> Scanned {
        match scanned {
            Scanned::More => self.progress = Some(progress),
            Scanned::Record(..) => self.end_field(),
            Scanned::TooLong(_) | Scanned::UnclosedQuote(_) => {}
        }
        scanned
    }

    /// Returns whether a byte is text after the closing quote of a field with several lines.
    fn is_stray(&self, state: State, byte: u8) -> bool {
        let is_text = match state {
            State::QuoteInQuoted => !matches!(byte, b'"' | b',' | b' ' | b'\t' | b'\n' | b'\r'),
            State::BlankBehindQuote => !matches!(byte, b',' | b' ' | b'\t' | b'\n' | b'\r'),
            _ => false,
        };
        let field = || &self.text[self.ends.last().copied().unwrap_or(0)..];
        is_text && memchr2(b'\n', b'\r', field()).is_some()
    }

    /// Reads a byte that does not end the record.
    fn step(&mut self, state: State, byte: u8) -> State {
        let next = match (state, byte) {
            (State::Quoted, b'"') => return State::QuoteInQuoted,
            (State::Quoted, _) | (State::QuoteInQuoted, b'"') => State::Quoted,
            (_, b',') => {
                self.end_field();
                return State::FieldStart;
            }
            (State::FieldStart, b'"') => {
                self.text.truncate(self.ends.last().copied().unwrap_or(0));
                return State::Quoted;
            }
            (State::QuoteInQuoted | State::BlankBehindQuote, b' ' | b'\t') => {
                State::BlankBehindQuote
            }
            (State::FieldStart, b' ' | b'\t') | (State::HalfBlankAtStart, 0xa0) => {
                State::FieldStart
            }
            (State::FieldStart, 0xc2) => State::HalfBlankAtStart,
            _ => State::Unquoted,
        };
        self.text.push(byte);
        next
    }

    fn end_field(&mut self) {
        self.ends.push(self.text.len());
    }
}

/// Returns whether a record ends within a quoted field.
pub(crate) fn leaves_quote_open(record: &[u8]) -> bool {
    matches!(Fields::default().scan(record, true), Scanned::UnclosedQuote(_))
}

/// Finds the end of the physical line at the start of `bytes`. Returns `None` if more bytes are
/// needed, or, `at_end`, if the line has no end.
pub(super) fn first_line(bytes: &[u8], at_end: bool) -> Option<Extent> {
    line_end(bytes, memchr2(b'\n', b'\r', bytes)?, at_end)
}

/// Returns the line that ends at `index`, or `None` if it is not known yet whether CR is part of
/// CRLF.
fn line_end(bytes: &[u8], index: usize, at_end: bool) -> Option<Extent> {
    let length_with_end = match bytes.get(index..index + 2) {
        Some(b"\r\n") => index + 2,
        None if bytes[index] == b'\r' && !at_end => return None,
        _ => index + 1,
    };
    Some(Extent { length: index, length_with_end })
}

/// Returns whether a line end starts at `index`. CRLF is one line end.
fn starts_line_end(bytes: &[u8], index: usize) -> bool {
    match bytes[index] {
        b'\r' => true,
        b'\n' => index == 0 || bytes[index - 1] != b'\r',
        _ => false,
    }
}

fn unclosed_quote(bytes: &[u8], at_end: bool) -> Scanned {
    let within: Range<usize> = 0..bytes.len().min(MAX_RECORD_BYTES + 1);
    match memchr2(b'\n', b'\r', &bytes[within]) {
        None => Scanned::UnclosedQuote(None),
        Some(index) => match line_end(bytes, index, at_end) {
            None => Scanned::More,
            opening_line => Scanned::UnclosedQuote(opening_line),
        },
    }
}

/// Counts how often bytes are read. A hostile file must not cause repeated reads of its bytes.
#[cfg(test)]
pub(super) mod looks {
    use std::cell::Cell;

    thread_local! {
        static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count(bytes: usize) {
        LOOKS.set(LOOKS.get() + bytes);
    }

    /// Returns the count of this thread and begins a new one.
    pub(in crate::input) fn taken() -> usize {
        LOOKS.take()
    }
}

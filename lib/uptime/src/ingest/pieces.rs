//! Reads pieces of a plain file of polls independently of each other, so that several cores can
//! share a file.
//!
//! **A piece is read as if it began with a row.** Whether that is so shows when the piece before it
//! is added: if that one does not end between rows, for example because a quoted field has line
//! ends, what was read of the next pieces is not used and their bytes are read in order.

use super::content::Content;
use super::polls::Rows;
use super::{PollSpan, extended};
use crate::input::{FileKind, Header, Problem, Records, Reject, ReplacingRow, SourceReader};
use crate::{Poll, StoreId, Timestamp};

/// Reads pieces of a file.
#[derive(Debug, Clone, Copy)]
pub struct PieceReader {
    header: Header,
    latest_poll: Timestamp,
}

/// What was read of a piece. It keeps its memory when it is used again.
#[derive(Debug, Default)]
pub struct Piece {
    rows: Rows,
    rejects: Vec<(Reject, Vec<u8>)>,
    poll_span: Option<PollSpan>,
    /// Its lines count from the start of the piece.
    reader: Option<SourceReader>,
}

impl PieceReader {
    pub(super) fn new(header: Header, latest_poll: Timestamp) -> PieceReader {
        PieceReader { header, latest_poll }
    }

    /// Reads a piece into `piece`, which has to be empty.
    pub fn read(&self, bytes: &[u8], piece: &mut Piece) {
        let mut reader = SourceReader::begin_at_row(self.header, self.latest_poll);
        // Only a header can be refused.
        let _ = reader.feed(bytes, piece);
        piece.reader = Some(reader);
    }
}

impl Piece {
    /// Moves the rows and rejects to `content`, and continues `reader` with the state at the end of
    /// the piece.
    pub(super) fn add_to(&mut self, reader: &mut SourceReader, content: &mut Content) {
        let lines_before = reader.lines_read();
        for (mut reject, record) in self.rejects.drain(..) {
            reject.line += lines_before;
            content.reject(reject, &record);
        }
        content.add_rows(&mut self.rows);
        if let Some(span) = self.poll_span.take() {
            content.extend_span(span);
        }
        if let Some(mut of_piece) = self.reader.take() {
            of_piece.add_lines_before(lines_before);
            *reader = of_piece;
        }
    }
}

impl Records for Piece {
    // A piece begins behind the header, and a file of polls has no rows of another kind.

    fn header(&mut self, _kind: FileKind, _record: &[u8]) {}

    #[inline]
    fn poll(&mut self, store: StoreId, poll: Poll, _record: &[u8]) {
        self.poll_span = Some(extended(self.poll_span, (poll.at(), poll.at())));
        self.rows.push(store, poll);
    }

    fn replacing(&mut self, _: StoreId, _: ReplacingRow, _: &[u8]) -> Result<(), Problem> {
        Ok(())
    }

    fn reject(&mut self, reject: Reject, record: &[u8]) {
        self.rejects.push((reject, record.to_vec()));
    }
}

//! The fast path for any kind of file. It reads records of printable ASCII, which nearly all records
//! are. Quotes may only enclose whole fields.
//!
//! It searches eight bytes at a time for commas, quotes and bytes that are not printable ASCII.
//! Everything else, including a record that is not complete, is left to `record`.

use super::record::{Extent, MAX_FIELD_BYTES};
use crate::digits::{WORD, equal_to, first_marked, unprintable};

const MAX_FIELDS: usize = 16;

/// A record whose fields are all within their limit and whose bytes are all printable ASCII.
#[derive(Debug)]
pub(super) struct PlainRecord<'b> {
    bytes: &'b [u8],
    // Where each field starts and ends, without quotes around it.
    fields: [(u16, u16); MAX_FIELDS],
    pub(super) field_count: usize,
    pub(super) extent: Extent,
}

impl<'b> PlainRecord<'b> {
    /// Reads the record at the start of `bytes`. Returns `None` if it is not plain or not complete.
    pub(super) fn find(bytes: &'b [u8]) -> Option<PlainRecord<'b>> {
        let mut fields = [(0, 0); MAX_FIELDS];
        let mut field_count = 0;
        let mut start = 0;
        let mut is_open = false;
        let mut closing_quote = None;
        // In a longer record a field could be too long.
        let words = bytes[..bytes.len().min(MAX_FIELD_BYTES)].as_chunks::<WORD>().0;
        for (index, word) in words.iter().enumerate() {
            let mut marks = marks(u64::from_le_bytes(*word));
            while marks != 0 {
                let place = index * WORD + first_marked(marks);
                marks &= marks - 1;
                match bytes[place] {
                    b'"' if is_open => {
                        is_open = false;
                        closing_quote = Some(place);
                    }
                    b'"' if place == start => is_open = true,
                    b',' if is_open => {}
                    // A quote within a field, or a byte in quotes that is not plain.
                    b'"' => return None,
                    _ if is_open => return None,
                    byte => {
                        let field = match closing_quote.take() {
                            None => start..place,
                            Some(quote) if quote + 1 == place => start + 1..quote,
                            Some(_) => return None,
                        };
                        let field = (u16::try_from(field.start), u16::try_from(field.end));
                        *fields.get_mut(field_count)? = (field.0.ok()?, field.1.ok()?);
                        field_count += 1;
                        start = place + 1;
                        if byte != b',' {
                            let extent = line_end(bytes, place)?;
                            return Some(PlainRecord { bytes, fields, field_count, extent });
                        }
                    }
                }
            }
        }
        None
    }

    /// Returns a field. `index` must be below `field_count`.
    pub(super) fn field(&self, index: usize) -> &'b [u8] {
        let (start, end) = self.fields[index];
        &self.bytes[start.into()..end.into()]
    }

    /// Returns the record without its line end.
    pub(super) fn bytes(&self) -> &'b [u8] {
        &self.bytes[..self.extent.length]
    }
}

fn line_end(bytes: &[u8], index: usize) -> Option<Extent> {
    let length_with_end = match bytes.get(index..)? {
        [b'\n', ..] => index + 1,
        [b'\r', b'\n', ..] => index + 2,
        _ => return None,
    };
    Some(Extent { length: index, length_with_end })
}

/// Marks commas, quotes and the bytes that are not printable ASCII, by setting their highest bit.
fn marks(word: u64) -> u64 {
    unprintable(word) | equal_to(b',', word) | equal_to(b'"', word)
}

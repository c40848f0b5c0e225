//! The fast path for any kind of file. It reads records of printable ASCII without quotes, which
//! nearly all records are.
//!
//! It searches eight bytes at a time for commas and for bytes that are not plain. Everything else,
//! including a record that is not complete, is left to `record`.

use super::record::{Extent, MAX_FIELD_BYTES};
use crate::digits::{WORD, equal_to, first_marked, unprintable};

const MAX_FIELDS: usize = 16;

/// A record whose fields are all within their limit and whose bytes are all printable ASCII except
/// quotes.
#[derive(Debug)]
pub(super) struct PlainRecord<'b> {
    bytes: &'b [u8],
    // The index at which each field ends.
    ends: [u16; MAX_FIELDS],
    pub(super) field_count: usize,
    pub(super) extent: Extent,
}

impl<'b> PlainRecord<'b> {
    /// Reads the record at the start of `bytes`. Returns `None` if it is not plain or not complete.
    pub(super) fn find(bytes: &'b [u8]) -> Option<PlainRecord<'b>> {
        let mut ends = [0; MAX_FIELDS];
        let mut field_count = 0;
        // In a longer record a field could be too long.
        let words = bytes[..bytes.len().min(MAX_FIELD_BYTES)].as_chunks::<WORD>().0;
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let special = specials(word);
            let mut commas = equal_to(b',', word);
            if special != 0 {
                commas &= (special & special.wrapping_neg()) - 1;
            }
            while commas != 0 {
                // The last place is reserved for the field that ends with the line.
                if field_count == MAX_FIELDS - 1 {
                    return None;
                }
                ends[field_count] = u16::try_from(place(index, commas)).ok()?;
                field_count += 1;
                commas &= commas - 1;
            }
            if special != 0 {
                let end = place(index, special);
                let extent = line_end(bytes, end)?;
                ends[field_count] = u16::try_from(end).ok()?;
                return Some(PlainRecord { bytes, ends, field_count: field_count + 1, extent });
            }
        }
        None
    }

    /// Returns a field. `index` must be below `field_count`.
    pub(super) fn field(&self, index: usize) -> &'b [u8] {
        let start = index.checked_sub(1).map_or(0, |before| usize::from(self.ends[before]) + 1);
        &self.bytes[start..usize::from(self.ends[index])]
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

/// Returns the index in the record of the first marked byte of a word.
fn place(word_index: usize, marks: u64) -> usize {
    word_index * WORD + first_marked(marks)
}

/// Marks quotes and the bytes that are not printable ASCII, by setting their highest bit.
fn specials(word: u64) -> u64 {
    unprintable(word) | equal_to(b'"', word)
}

//! Converts the ids that need no memory on the heap, decimal integers and UUIDs, from and to text.

use super::IdForm;
use crate::digits::{WORD, decimal, decimal_count, eight_hexadecimals, word};

/// A UUID has 36 characters. The largest integer has 20 digits.
pub(super) const LONGEST_SHORT_TEXT: usize = 36;
/// How many bytes each group of a UUID's text stands for. The groups have 8-4-4-4-12 digits.
const UUID_GROUPS: [usize; 5] = [4, 2, 2, 2, 6];

/// Returns the short form of a text, or `None` unless writing that form gives the same bytes again.
pub(super) fn short_form(text: &[u8]) -> Option<IdForm> {
    // `read` needs a character after the id that ends it.
    let mut line = [b','; USUAL_ID_BYTES];
    line.get_mut(..text.len())?.copy_from_slice(text);
    match read(&line) {
        Some((form, length)) if length == text.len() => Some(form),
        // `read` does not handle 0 and numbers of 20 digits.
        _ => match text {
            [b'0'] => Some(IdForm::Integer(0)),
            [b'1'..=b'9', ..] if text.len() == 20 => parse_decimal(text).map(IdForm::Integer),
            _ => None,
        },
    }
}

/// How many bytes [`read`] needs: the longest id and some bytes after it.
pub(crate) const USUAL_ID_BYTES: usize = 40;

/// Reads an id, which a comma, a quote or a line end must follow, and returns its length as well.
#[inline]
pub(super) fn read(text: &[u8; USUAL_ID_BYTES]) -> Option<(IdForm, usize)> {
    let (form, length) = match usual_integer(text) {
        Some((integer, length)) => (IdForm::Integer(integer), length),
        None => (IdForm::Uuid(parse_uuid(text.first_chunk()?)?), LONGEST_SHORT_TEXT),
    };
    ends_field(text[length]).then_some((form, length))
}

/// Reads a number of 1 to 19 digits whose first digit is not 0.
#[inline]
fn usual_integer(text: &[u8; USUAL_ID_BYTES]) -> Option<(u64, usize)> {
    let mut value = 0;
    let mut length = 0;
    loop {
        let digits = word(&text[length..])?;
        let count = decimal_count(digits);
        if count < WORD {
            length += count;
            // Every number of up to 19 digits fits.
            let is_usual = (1..=19).contains(&length) && text[0] != b'0';
            let number = || value * POWERS_OF_TEN[count] + decimal(digits, count);
            return (is_usual && ends_field(text[length])).then(|| (number(), length));
        }
        if length == 2 * WORD {
            return None;
        }
        value = value * 100_000_000 + decimal(digits, WORD);
        length += WORD;
    }
}

fn ends_field(byte: u8) -> bool {
    matches!(byte, b',' | b'"' | b'\n' | b'\r')
}

const POWERS_OF_TEN: [u64; WORD] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

fn parse_decimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, &digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// Accepts lower case only: capital letters would be lost when the id is written again.
#[inline]
fn parse_uuid(text: &[u8; LONGEST_SHORT_TEXT]) -> Option<[u64; 2]> {
    // The digits are read as four words: eight digits; four, a hyphen, four; the same again; eight.
    let [h1, h2, h3, h4] = [text[8], text[13], text[18], text[23]];
    if [h1, h2, h3, h4] != [b'-'; 4] {
        return None;
    }
    let around_hyphen = |start: usize| {
        let first = u32::from_le_bytes(*text[start..].first_chunk()?);
        let second = u32::from_le_bytes(*text[start + 5..].first_chunk()?);
        Some(u64::from(second) << 32 | u64::from(first))
    };
    let half = |first, second| {
        let [first, second] = [eight_hexadecimals(first)?, eight_hexadecimals(second)?];
        Some(u64::from(first) << 32 | u64::from(second))
    };
    let first = half(word(text)?, around_hyphen(9)?)?;
    Some([first, half(around_hyphen(19)?, word(&text[28..])?)?])
}

/// Writes to the end of `buffer` and returns the index at which the text starts.
pub(super) fn write_decimal(mut value: u64, buffer: &mut [u8; LONGEST_SHORT_TEXT]) -> usize {
    let mut start = LONGEST_SHORT_TEXT;
    loop {
        start -= 1;
        buffer[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return start;
        }
    }
}

/// Fills the whole `buffer` and returns the index at which the text starts, which is 0.
pub(super) fn write_uuid(halves: [u64; 2], buffer: &mut [u8; LONGEST_SHORT_TEXT]) -> usize {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut written = 0;
    let bytes = halves.map(u64::to_be_bytes);
    let mut rest = bytes.as_flattened();
    for (index, group) in UUID_GROUPS.into_iter().enumerate() {
        if index > 0 {
            buffer[written] = b'-';
            written += 1;
        }
        let (these, others) = rest.split_at(group);
        for byte in these {
            buffer[written] = DIGITS[usize::from(byte >> 4)];
            buffer[written + 1] = DIGITS[usize::from(byte & 15)];
            written += 2;
        }
        rest = others;
    }
    0
}

//! What is said of a row that was not accepted.

use std::fmt::Write;

use crate::StoreId;

/// A row that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Physical line of the record's first byte, from 1.
    pub line: u64,
    /// Column concerned, by its canonical name.
    pub column: Option<&'static str>,
    /// Why.
    pub code: RejectCode,
    /// The same for people: what was found, and what is accepted.
    pub message: String,
    /// The store the row names, if its id can be read (needed for hours files).
    pub store: Option<StoreId>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Column concerned, by its canonical name.
    pub column: Option<&'static str>,
    /// The reason.
    pub code: RejectCode,
    /// What was found, and what is accepted.
    pub message: String,
}

/// Why a row is rejected. Codes are stable; files of rejects name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectCode {
    /// A quoted field is open after 8 KiB, or at the end of the file; or it is closed on a later line
    /// and text follows.
    UnclosedQuote,
    /// The record is over 8 KiB.
    RecordTooLong,
    /// A field is over 1 KiB.
    FieldTooLong,
    /// The row has more or fewer fields than the header.
    FieldCount,
    /// The row is not UTF-8.
    NotUtf8,
    /// A field holds a control character.
    ControlCharacter,
    /// The store id is empty or over 128 bytes.
    BadStoreId,
    /// The timestamp has none of the accepted forms.
    BadTimestamp,
    /// The poll was taken before 2000-01-01.
    TimestampTooEarly,
    /// The poll was taken after the file was uploaded.
    TimestampTooLate,
    /// The status is neither active nor inactive.
    BadStatus,
    /// The day is none of 0 to 6.
    BadDay,
    /// The local time has none of the accepted forms.
    BadTime,
    /// No IANA zone is called so.
    UnknownZone,
    /// The file has more rows of hours for the store than can be kept.
    TooManyRows,
}

impl RejectCode {
    /// Whether it is not sure where the fields of the row begin and end.
    pub(crate) fn is_of_fields(self) -> bool {
        matches!(
            self,
            RejectCode::UnclosedQuote | RejectCode::RecordTooLong | RejectCode::FieldCount
        )
    }

    /// Returns the code's stable text, `unclosed_quote`.
    pub fn name(self) -> &'static str {
        match self {
            RejectCode::UnclosedQuote => "unclosed_quote",
            RejectCode::RecordTooLong => "record_too_long",
            RejectCode::FieldTooLong => "field_too_long",
            RejectCode::FieldCount => "field_count",
            RejectCode::NotUtf8 => "not_utf8",
            RejectCode::ControlCharacter => "control_character",
            RejectCode::BadStoreId => "bad_store_id",
            RejectCode::BadTimestamp => "bad_timestamp",
            RejectCode::TimestampTooEarly => "timestamp_too_early",
            RejectCode::TimestampTooLate => "timestamp_too_late",
            RejectCode::BadStatus => "bad_status",
            RejectCode::BadDay => "bad_day",
            RejectCode::BadTime => "bad_time",
            RejectCode::UnknownZone => "unknown_zone",
            RejectCode::TooManyRows => "too_many_rows",
        }
    }
}

/// How much of a bad value a message shows.
const SHOWN_CHARACTERS: usize = 40;

/// Returns a value as a message may show it: quoted, escaped, cut short.
pub(super) fn shown(value: &[u8]) -> String {
    shown_up_to(SHOWN_CHARACTERS, value)
}

/// The same with room for so many characters, escaped ones counted as they are shown.
pub(super) fn shown_up_to(room: usize, value: &[u8]) -> String {
    // No character has more than four bytes.
    let start = &value[..value.len().min((room + 1) * 4)];
    let text = String::from_utf8_lossy(start);
    let mut shown = String::from('"');
    let mut left = room;
    let mut is_cut = start.len() < value.len();
    for character in text.chars() {
        let escaped = character.escape_debug();
        let Some(less) = left.checked_sub(escaped.len()) else {
            is_cut = true;
            break;
        };
        left = less;
        shown.extend(escaped);
    }
    shown.push('"');
    if is_cut {
        // Writing to a string does not fail.
        let _ = write!(shown, "... ({} bytes)", value.len());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_value_40_characters_are_shown_escaped_and_how_long_it_is() {
        check("a\"b", r#""a\"b""#);
        check(&"x".repeat(40), &format!("\"{}\"", "x".repeat(40)));
        check(&"x".repeat(41), &format!("\"{}\"... (41 bytes)", "x".repeat(40)));
        let four_bytes = "\u{1f355}";
        check(&four_bytes.repeat(40), &format!("\"{}\"", four_bytes.repeat(40)));
        let cut_short = format!("\"{}\"... (164 bytes)", four_bytes.repeat(40));
        check(&four_bytes.repeat(41), &cut_short);
        check(&"\r".repeat(21), &format!("\"{}\"... (21 bytes)", "\\r".repeat(20)));
    }

    #[track_caller]
    fn check(value: &str, expected: &str) {
        assert_eq!(shown(value.as_bytes()), expected);
    }
}

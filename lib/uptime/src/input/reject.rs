//! Rejected rows and the reasons to reject them.

use std::fmt::Write;

use crate::StoreId;

/// A rejected row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The physical line of the record's first byte. Lines count from 1.
    pub line: u64,
    /// The canonical name of the column. `None` if the whole row is at fault.
    pub column: Option<&'static str>,
    /// Why the row is rejected.
    pub code: RejectCode,
    /// The reason for people: what was found and what is accepted.
    pub message: String,
    /// The store that the row names, if its id can be read. Needed for files of hours and of special
    /// days.
    pub store: Option<StoreId>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The canonical name of the column. `None` if the whole row is at fault.
    pub column: Option<&'static str>,
    /// Why the row is rejected.
    pub code: RejectCode,
    /// The reason for people: what was found and what is accepted.
    pub message: String,
}

/// Why a row is rejected. The names of codes are stable, because `rejects.csv` contains them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectCode {
    /// A quoted field is not closed within 8 KiB or before the end of the file, or it is closed on
    /// a later line and text follows the quote.
    UnclosedQuote,
    /// The record is longer than 8 KiB.
    RecordTooLong,
    /// A field is longer than 1 KiB.
    FieldTooLong,
    /// The row has more or fewer fields than the header.
    FieldCount,
    /// The row is not UTF-8.
    NotUtf8,
    /// A field holds a control character.
    ControlCharacter,
    /// The store id is empty or longer than 128 bytes.
    BadStoreId,
    /// The timestamp has none of the accepted forms.
    BadTimestamp,
    /// The poll was taken before 2000-01-01.
    TimestampTooEarly,
    /// The poll was taken more than one hour after the file was uploaded.
    TimestampTooLate,
    /// The status is neither active nor inactive.
    BadStatus,
    /// The day is not one digit from 0 to 6.
    BadDay,
    /// The date of a special day has another form, does not exist or is out of range.
    BadDate,
    /// The local time has none of the accepted forms.
    BadTime,
    /// There is no IANA time zone of this name.
    UnknownZone,
    /// The file has more different rows for the store than can be kept. Only rows of hours and of
    /// special days have such a limit.
    TooManyRows,
}

impl RejectCode {
    /// Returns whether it is uncertain where the fields of the row begin and end.
    pub(crate) fn is_of_fields(self) -> bool {
        matches!(
            self,
            RejectCode::UnclosedQuote | RejectCode::RecordTooLong | RejectCode::FieldCount
        )
    }

    /// Returns the stable name of the code, such as `unclosed_quote`.
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
            RejectCode::BadDate => "bad_date",
            RejectCode::BadTime => "bad_time",
            RejectCode::UnknownZone => "unknown_zone",
            RejectCode::TooManyRows => "too_many_rows",
        }
    }
}

/// How many characters of a bad value a message shows.
const SHOWN_CHARACTERS: usize = 40;

/// Returns a value as messages show it: quoted, escaped and shortened.
pub(super) fn shown(value: &[u8]) -> String {
    shown_up_to(SHOWN_CHARACTERS, value)
}

/// Like [`shown`], but shows up to `room` characters. An escaped character counts with the length
/// of its escape.
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
    fn messages_show_40_escaped_characters_of_a_value_and_its_length_if_it_is_longer() {
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

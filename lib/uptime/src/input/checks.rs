//! What every row has to keep, whatever its columns mean.

use super::header::{Header, TIMESTAMP};
use super::record::{Fields, MAX_FIELD_BYTES};
use super::{Problem, RejectCode};
use crate::blanks::trimmed;

/// Checks a whole record whose fields are at hand.
pub(super) fn check_fields(record: &[u8], fields: &Fields, header: &Header) -> Result<(), Problem> {
    if fields.count() != header.width {
        let message =
            format!("a row has {} fields, as the header; found {}", header.width, fields.count());
        return Err(of_record(RejectCode::FieldCount, message));
    }
    let place_of = |is_bad: &dyn Fn(usize, &[u8]) -> bool| {
        fields.iter().enumerate().position(|(place, field)| is_bad(place, field))
    };
    let problem = |place: usize, code, message| {
        let field = place + 1;
        let message = format!("{message}; field {field} is not");
        Problem { column: header.column_at(place), code, message }
    };
    if let Some(place) = place_of(&|_, field| field.len() > MAX_FIELD_BYTES) {
        let message = format!("a field must be of at most {MAX_FIELD_BYTES} bytes");
        return Err(problem(place, RejectCode::FieldTooLong, message));
    }
    if std::str::from_utf8(record).is_err() {
        let place = place_of(&|_, field| std::str::from_utf8(field).is_err()).unwrap_or_default();
        let message = "a field must be UTF-8".to_owned();
        return Err(problem(place, RejectCode::NotUtf8, message));
    }
    let has_control = |place: usize, field: &[u8]| {
        let accepted: &[char] = match header.column_at(place) {
            // What is ignored may be text of several lines.
            None => &['\t', '\n', '\r'],
            // A tab is one of the blanks that may stand between date and time.
            Some(TIMESTAMP) => &['\t'],
            Some(_) => &[],
        };
        let is_fine = |character: char| !character.is_control() || accepted.contains(&character);
        !String::from_utf8_lossy(trimmed(field)).chars().all(is_fine)
    };
    if let Some(place) = place_of(&has_control) {
        let message = "a field must be free of control characters".to_owned();
        return Err(problem(place, RejectCode::ControlCharacter, message));
    }
    Ok(())
}

/// A problem of a record, not of a value in it.
pub(super) fn of_record(code: RejectCode, message: String) -> Problem {
    Problem { column: None, code, message }
}

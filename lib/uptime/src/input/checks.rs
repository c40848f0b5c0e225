//! The checks that apply to every row, whatever its columns mean.

use super::header::{Header, TIMESTAMP};
use super::record::{Fields, MAX_FIELD_BYTES};
use super::{Problem, RejectCode};
use crate::blanks::trimmed;

/// Checks a complete record and its fields.
pub(super) fn check_fields(record: &[u8], fields: &Fields, header: &Header) -> Result<(), Problem> {
    if fields.count() != header.width {
        let message = format!(
            "the row must have {} fields, as many as the header; found {}",
            header.width,
            fields.count()
        );
        return Err(of_record(RejectCode::FieldCount, message));
    }
    let place_of = |is_bad: &dyn Fn(usize, &[u8]) -> bool| {
        fields.iter().enumerate().position(|(place, field)| is_bad(place, field))
    };
    let problem = |place: usize, code, fault| {
        let field = place + 1;
        let message = format!("field {field} {fault}");
        Problem { column: header.column_at(place), code, message }
    };
    if let Some(place) = place_of(&|_, field| field.len() > MAX_FIELD_BYTES) {
        let fault = format!("is too long; at most {MAX_FIELD_BYTES} bytes are accepted");
        return Err(problem(place, RejectCode::FieldTooLong, fault));
    }
    if std::str::from_utf8(record).is_err() {
        let place = place_of(&|_, field| std::str::from_utf8(field).is_err()).unwrap_or_default();
        let fault = "is not in UTF-8; only UTF-8 is accepted".to_owned();
        return Err(problem(place, RejectCode::NotUtf8, fault));
    }
    let has_control = |place: usize, field: &[u8]| {
        let accepted: &[char] = match header.column_at(place) {
            // An ignored field may be text of several lines.
            None => &['\t', '\n', '\r'],
            // A tab may separate date and time.
            Some(TIMESTAMP) => &['\t'],
            Some(_) => &[],
        };
        let is_fine = |character: char| !character.is_control() || accepted.contains(&character);
        !String::from_utf8_lossy(trimmed(field)).chars().all(is_fine)
    };
    if let Some(place) = place_of(&has_control) {
        let fault = "holds a control character; none is accepted".to_owned();
        return Err(problem(place, RejectCode::ControlCharacter, fault));
    }
    Ok(())
}

/// Returns a problem of a whole record, not of one of its values.
pub(super) fn of_record(code: RejectCode, message: String) -> Problem {
    Problem { column: None, code, message }
}

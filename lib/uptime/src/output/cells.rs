//! Writes the cells of CSV files (RFC 4180) and the units and rounding of their figures. Only this
//! module knows the rounding and the guard against formulas.

use crate::Timestamp;
use crate::interval::{HOUR, MINUTE};
use crate::zone_clock::ZoneClock;

/// Returns the text of a cell in parts. Puts `'` first if a spreadsheet would otherwise read the
/// text as a formula.
pub fn guarded(text: &str) -> impl Iterator<Item = &str> {
    let looks_like_a_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    looks_like_a_formula.then_some("'").into_iter().chain([text])
}

/// Writes a cell of text, in quotes only where needed.
pub(super) fn write_text(csv: &mut Vec<u8>, text: &str) {
    let needs_quotes = text.contains([',', '"', '\n', '\r']);
    if needs_quotes {
        csv.push(b'"');
    }
    for part in guarded(text) {
        if needs_quotes {
            csv.extend_from_slice(part.replace('"', "\"\"").as_bytes());
        } else {
            csv.extend_from_slice(part.as_bytes());
        }
    }
    if needs_quotes {
        csv.push(b'"');
    }
}

/// A unit of time that figures are given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Minutes,
    Hours,
}

impl Unit {
    /// Returns the hundredths of the unit, rounded half away from zero.
    pub(super) fn hundredths(self, micros: i64) -> u64 {
        let unit = match self {
            Unit::Minutes => MINUTE,
            Unit::Hours => HOUR,
        };
        rounded(micros, unit / 100)
    }

    /// Writes a comma and a figure.
    pub(super) fn write(self, csv: &mut Vec<u8>, micros: i64) {
        csv.push(b',');
        write_hundredths(csv, self.hundredths(micros));
    }
}

/// Returns the hundredths of a per cent that `part` is of `whole`, rounded down, so that 100.00
/// means all. `None` if there is no whole.
pub(super) fn percent_hundredths(part: i64, whole: i64) -> Option<u64> {
    let share = (i128::from(part) * 10_000).checked_div(i128::from(whole))?;
    u64::try_from(share).ok()
}

/// Returns `12.34` for 1234.
pub(super) fn hundredths_text(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Writes a comma and a percentage, or nothing after the comma.
pub(super) fn write_percent(csv: &mut Vec<u8>, part: i64, whole: i64) {
    csv.push(b',');
    if let Some(hundredths) = percent_hundredths(part, whole) {
        write_hundredths(csv, hundredths);
    }
}

/// Writes a comma and a text without commas, quotes or line ends, or nothing after the comma.
pub(super) fn write_plain(csv: &mut Vec<u8>, value: Option<impl std::fmt::Display>) {
    csv.push(b',');
    if let Some(value) = value {
        csv.extend_from_slice(value.to_string().as_bytes());
    }
}

/// Writes a comma and an instant in RFC 3339 in UTC, or nothing after the comma.
pub(super) fn write_instant(csv: &mut Vec<u8>, at: Option<Timestamp>) {
    csv.push(b',');
    if let Some(text) = at.and_then(Timestamp::date_and_time) {
        csv.extend_from_slice(text.as_str().as_bytes());
        csv.push(b'Z');
    }
}

/// Writes a comma and an instant with the offset of a zone, or nothing after the comma.
pub(super) fn write_local(csv: &mut Vec<u8>, at: Option<Timestamp>, clock: &ZoneClock) {
    csv.push(b',');
    let Some(at) = at else { return };
    let offset = clock.offset_micros(at);
    if let Some(text) = at.plus(offset).date_and_time() {
        csv.extend_from_slice(text.as_str().as_bytes());
        csv.extend_from_slice(&offset_text(offset));
    }
}

/// An instant in RFC 3339 with the offset of a zone.
pub(super) fn local_text(at: Timestamp, clock: &ZoneClock) -> String {
    let mut cell = Vec::new();
    write_local(&mut cell, Some(at), clock);
    String::from_utf8_lossy(&cell[1..]).into_owned()
}

/// `+05:45`; an offset of zero is `+00:00`, never `Z`.
fn offset_text(offset_micros: i64) -> [u8; 6] {
    let minutes = (offset_micros.abs() / MINUTE).unsigned_abs();
    let digit = |value: u64| b'0' + (value % 10) as u8;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let sign = if offset_micros < 0 { b'-' } else { b'+' };
    [sign, digit(hours / 10), digit(hours), b':', digit(minutes / 10), digit(minutes)]
}

/// Divides and rounds half away from zero. `micros` is never negative.
fn rounded(micros: i64, hundredth: i64) -> u64 {
    ((micros + hundredth / 2) / hundredth).unsigned_abs()
}

/// Writes `1234` as `12.34`.
pub(super) fn write_hundredths(csv: &mut Vec<u8>, mut hundredths: u64) {
    // The largest figure has 18 digits before the point.
    let mut digits = [b'0'; 21];
    let mut start = digits.len();
    while hundredths > 0 || start > digits.len() - 4 {
        start -= 1;
        if start == digits.len() - 3 {
            digits[start] = b'.';
            continue;
        }
        digits[start] = b'0' + (hundredths % 10) as u8;
        hundredths /= 10;
    }
    csv.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests;

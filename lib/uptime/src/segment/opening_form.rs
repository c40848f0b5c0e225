//! Packs a row of hours or of special days. Nearly all rows of hours have whole minutes and take five
//! bytes.
//!
//! The first byte of a row of hours holds the weekday in its three lowest bits, and two flags that
//! say whether the start and the end have seconds. Start and end follow, each as minutes in two bytes
//! or as seconds in three bytes, the low byte first.
//!
//! A row without times is one byte: the weekday and a flag that the store does not open on it, or
//! only a flag that nothing is known. Older programs refuse such a byte, because to them it is not
//! a weekday.
//!
//! A row of special days is a varint, how many days its date is after that of the row before it, and
//! then the same bytes as for hours, with zeros in place of the weekday.

use chrono::Weekday;

use super::DecodeError;
use super::reader::Reader;
use super::varint::write_varint;
use crate::business_hours::{HoursRow, LocalTime, Opening, OpeningRow, SpecialDate, SpecialRow};

/// The longest row of hours has seconds in both times.
pub(super) const MAX_HOURS_ROW_BYTES: usize = 1 + 3 + 3;
/// The longest row of special days also has a varint of 16 bits.
pub(super) const MAX_SPECIAL_ROW_BYTES: usize = 3 + MAX_HOURS_ROW_BYTES;

const START_HAS_SECONDS: u8 = 1 << 3;
const END_HAS_SECONDS: u8 = 1 << 4;
const CLOSED: u8 = 1 << 5;
const UNKNOWN: u8 = 1 << 6;

#[inline]
pub(super) fn write_hours_row(bytes: &mut Vec<u8>, row: HoursRow) {
    let weekday_bits = |day: Weekday| {
        let [bits, ..] = day.num_days_from_monday().to_le_bytes();
        bits
    };
    write_row(bytes, row, weekday_bits);
}

/// Writes a row whose date is not before that of the row before it, which has the number `before`.
/// Returns the number of the row's date.
pub(super) fn write_special_row(bytes: &mut Vec<u8>, row: SpecialRow, before: u16) -> u16 {
    let number = row.day().map_or(before, SpecialDate::number);
    write_varint(bytes, number.saturating_sub(before).into());
    write_row(bytes, row, |_| 0);
    number
}

#[inline]
fn write_row<Day>(bytes: &mut Vec<u8>, row: OpeningRow<Day>, day_bits: impl Fn(Day) -> u8) {
    match row {
        OpeningRow::Opens(Opening { day, start, end }) => {
            write_opening(bytes, day_bits(day), start, end);
        }
        OpeningRow::Closed(day) => bytes.push(CLOSED | day_bits(day)),
        OpeningRow::Unknown => bytes.push(UNKNOWN),
    }
}

#[inline]
fn write_opening(bytes: &mut Vec<u8>, day_bits: u8, start: LocalTime, end: LocalTime) {
    let flag = |time: LocalTime, flag: u8| if time.seconds().is_multiple_of(60) { 0 } else { flag };
    let flags = flag(start, START_HAS_SECONDS) | flag(end, END_HAS_SECONDS);
    bytes.push(day_bits | flags);
    for time in [start, end] {
        let seconds = time.seconds();
        if seconds.is_multiple_of(60) {
            bytes.extend_from_slice(&(seconds / 60).to_le_bytes()[..2]);
        } else {
            bytes.extend_from_slice(&seconds.to_le_bytes()[..3]);
        }
    }
}

pub(super) fn read_hours_row(reader: &mut Reader<'_>) -> Result<HoursRow, DecodeError> {
    read_row(reader, |bits| {
        Weekday::try_from(bits).map_err(|_| DecodeError("a row of hours has no weekday"))
    })
}

/// Reads a row and the number of its date. The date of the row before it has the number `before`.
pub(super) fn read_special_row(
    reader: &mut Reader<'_>,
    before: u16,
) -> Result<(SpecialRow, u16), DecodeError> {
    let days = u16::try_from(reader.varint()?).ok();
    let number = days.and_then(|days| before.checked_add(days));
    let date = number.and_then(SpecialDate::from_number);
    let date = date.ok_or(DecodeError("the date of a special day is out of range"))?;
    let row = read_row(reader, |bits| match bits {
        0 => Ok(date),
        _ => Err(DecodeError("a row of special days has a weekday")),
    });
    row.map(|row| (row, date.number()))
}

/// Reads a row. `day_of` returns the day of the bits that are left in the first byte without flags.
fn read_row<Day>(
    reader: &mut Reader<'_>,
    day_of: impl Fn(u8) -> Result<Day, DecodeError>,
) -> Result<OpeningRow<Day>, DecodeError> {
    let first = reader.byte()?;
    if first & (CLOSED | UNKNOWN) != 0 {
        return match first {
            UNKNOWN => Ok(OpeningRow::Unknown),
            _ => day_of(first ^ CLOSED).map(OpeningRow::Closed),
        };
    }
    let flags = first & (START_HAS_SECONDS | END_HAS_SECONDS);
    let day = day_of(first ^ flags)?;
    let start = read_time(reader, flags & START_HAS_SECONDS != 0)?;
    let end = read_time(reader, flags & END_HAS_SECONDS != 0)?;
    if start == LocalTime::DAY_END {
        return Err(DecodeError("a row starts at the day's end"));
    }
    Ok(OpeningRow::Opens(Opening { day, start, end }))
}

fn read_time(reader: &mut Reader<'_>, has_seconds: bool) -> Result<LocalTime, DecodeError> {
    let seconds = if has_seconds {
        let bytes = reader.take(3)?;
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])
    } else {
        let bytes = reader.take(2)?;
        u32::from_le_bytes([bytes[0], bytes[1], 0, 0]) * 60
    };
    LocalTime::from_seconds(seconds).ok_or(DecodeError("a local time is after 24:00"))
}

//! Packs a row of hours. Nearly all rows have whole minutes and take five bytes.
//!
//! The first byte holds the weekday in its three lowest bits, and two flags that say whether the
//! start and the end have seconds. Start and end follow, each as minutes in two bytes or as seconds
//! in three bytes, the low byte first.
//!
//! A row without times is one byte: the weekday and a flag that the store does not open on it, or
//! only a flag that nothing is known. Older programs refuse such a byte, because to them it is not
//! a weekday.

use chrono::Weekday;

use super::DecodeError;
use super::reader::Reader;
use crate::business_hours::{HoursRow, LocalTime, Opening};

const START_HAS_SECONDS: u8 = 1 << 3;
const END_HAS_SECONDS: u8 = 1 << 4;
const CLOSED: u8 = 1 << 5;
const UNKNOWN: u8 = 1 << 6;

#[inline]
pub(super) fn write_row(bytes: &mut Vec<u8>, row: HoursRow) {
    match row {
        HoursRow::Opens(opening) => write_opening(bytes, opening),
        HoursRow::Closed(day) => bytes.push(CLOSED | weekday_bits(day)),
        HoursRow::Unknown => bytes.push(UNKNOWN),
    }
}

fn weekday_bits(day: Weekday) -> u8 {
    let [bits, ..] = day.num_days_from_monday().to_le_bytes();
    bits
}

#[inline]
fn write_opening(bytes: &mut Vec<u8>, opening: Opening) {
    let Opening { day, start, end } = opening;
    let flag = |time: LocalTime, flag: u8| if time.seconds().is_multiple_of(60) { 0 } else { flag };
    let flags = flag(start, START_HAS_SECONDS) | flag(end, END_HAS_SECONDS);
    bytes.push(weekday_bits(day) | flags);
    for time in [start, end] {
        let seconds = time.seconds();
        if seconds.is_multiple_of(60) {
            bytes.extend_from_slice(&(seconds / 60).to_le_bytes()[..2]);
        } else {
            bytes.extend_from_slice(&seconds.to_le_bytes()[..3]);
        }
    }
}

pub(super) fn read_row(reader: &mut Reader<'_>) -> Result<HoursRow, DecodeError> {
    let first = reader.byte()?;
    let weekday = |bits: u8| {
        Weekday::try_from(bits).map_err(|_| DecodeError("a row of hours has no weekday"))
    };
    if first & (CLOSED | UNKNOWN) != 0 {
        return match first {
            UNKNOWN => Ok(HoursRow::Unknown),
            _ => weekday(first ^ CLOSED).map(HoursRow::Closed),
        };
    }
    let flags = first & (START_HAS_SECONDS | END_HAS_SECONDS);
    let day = weekday(first ^ flags)?;
    let start = read_time(reader, flags & START_HAS_SECONDS != 0)?;
    let end = read_time(reader, flags & END_HAS_SECONDS != 0)?;
    if start == LocalTime::DAY_END {
        return Err(DecodeError("a row of hours starts at the day's end"));
    }
    Ok(HoursRow::Opens(Opening { day, start, end }))
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

//! One row of hours in five bytes, as nearly all rows are of whole minutes.
//!
//! A byte holds the weekday in its three lowest bits and two flags: start, and end, have seconds.
//! Start and end follow in two bytes of minutes each, or three of seconds; the low byte first.

use super::DecodeError;
use super::decode::Reader;
use crate::business_hours::{HoursRow, LocalTime};

const START_HAS_SECONDS: u8 = 1 << 3;
const END_HAS_SECONDS: u8 = 1 << 4;

pub(super) fn write_row(bytes: &mut Vec<u8>, row: HoursRow) {
    let flag = |time: LocalTime, flag: u8| if time.seconds().is_multiple_of(60) { 0 } else { flag };
    let [weekday, ..] = row.day.num_days_from_monday().to_le_bytes();
    let start = flag(row.start, START_HAS_SECONDS);
    bytes.push(weekday | start | flag(row.end, END_HAS_SECONDS));
    for time in [row.start, row.end] {
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
    let flags = first & (START_HAS_SECONDS | END_HAS_SECONDS);
    let day = chrono::Weekday::try_from(first ^ flags)
        .map_err(|_| DecodeError("a row of hours has no weekday"))?;
    let start = read_time(reader, flags & START_HAS_SECONDS != 0)?;
    let end = read_time(reader, flags & END_HAS_SECONDS != 0)?;
    if start == LocalTime::DAY_END {
        return Err(DecodeError("a row of hours starts at the day's end"));
    }
    Ok(HoursRow { day, start, end })
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

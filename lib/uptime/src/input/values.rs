//! Turns the values of a row into a valid row.

use chrono::Weekday;
use memchr::memchr_iter;

use super::header::{DATE, DAY, END, MAX_COLUMNS, START, STATUS, STORE_ID, TIMESTAMP, ZONE};
use super::reject::shown;
use super::{Problem, RejectCode, ReplacingKind, ReplacingRow};
use crate::blanks::trimmed;
use crate::business_hours::{LocalTime, Opening, OpeningRow, SpecialDate};
use crate::digits::{WORD, pairs, word};
use crate::interval::HOUR;
use crate::timestamp::days_of_date;
use crate::zone_clock::LocalDate;
use crate::{Poll, Status, StoreId, Timestamp, Zone};

/// 2000-01-01T00:00:00Z. Earlier polls are rejected, and so is an earlier `as_of` of a report.
pub const EARLIEST_POLL: Timestamp = Timestamp::from_micros(946_684_800_000_000);

/// Returns the latest instant accepted for polls of a file uploaded at `uploaded_at`. It is one
/// hour later, because clocks differ (`RULES.md`, "Timestamps").
pub fn latest_poll(uploaded_at: Timestamp) -> Timestamp {
    uploaded_at.plus(HOUR)
}

const DAYS: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// Returns the value of a field, without the blanks around it. `\N`, which `MySQL` and `PostgreSQL`
/// write for NULL, becomes an empty value.
pub(super) fn value_of(field: &[u8]) -> &[u8] {
    match trimmed(field) {
        [b'\\', b'N'] => &[],
        value => value,
    }
}

/// Reads the values of the columns of a poll. Rejects a poll after `latest_poll`.
#[inline]
pub(super) fn read_poll(
    [store, at, status, _]: [&[u8]; MAX_COLUMNS],
    latest_poll: Timestamp,
) -> Result<(StoreId, Poll), Problem> {
    let store = read_store(store)?;
    let at = read_timestamp(at, latest_poll)?;
    Ok((store, Poll::new(at, read_status(status)?)))
}

/// Reads the values of the columns of another row, in the order that the kind defines.
#[inline]
pub(super) fn read_replacing_row(
    kind: ReplacingKind,
    [store, first, second, third]: [&[u8]; MAX_COLUMNS],
) -> Result<(StoreId, ReplacingRow), Problem> {
    let store = read_store(store)?;
    let row = match kind {
        ReplacingKind::Hours => ReplacingRow::Hours(read_opening(first, second, third, read_day)?),
        ReplacingKind::Zones => ReplacingRow::Zone(read_zone(first)?),
        ReplacingKind::SpecialDays => {
            ReplacingRow::SpecialDay(read_opening(first, second, third, read_date)?)
        }
    };
    Ok((store, row))
}

/// Reads a store id without blanks around it.
pub(super) fn read_store(value: &[u8]) -> Result<StoreId, Problem> {
    // The usual forms are ASCII. Checking them for UTF-8 took a third of this function's time.
    if let Some(store) = StoreId::short(value) {
        return Ok(store);
    }
    let text = std::str::from_utf8(value)
        .map_err(|_| unlike(STORE_ID, RejectCode::NotUtf8, value, "in UTF-8"))?;
    StoreId::long(text)
        .map_err(|error| problem(STORE_ID, RejectCode::BadStoreId, error.to_string()))
}

fn read_timestamp(value: &[u8], latest_poll: Timestamp) -> Result<Timestamp, Problem> {
    let at = Timestamp::from_source(value).map_err(|_| {
        let accepted = "YYYY-MM-DD HH:MM:SS[.ffffff], with a date that exists and a time from \
                        00:00:00 to 23:59:59, then nothing, UTC, Z, or an offset +hh, +hhmm or \
                        +hh:mm of at most 14 hours";
        unlike(TIMESTAMP, RejectCode::BadTimestamp, value, accepted)
    })?;
    if at < EARLIEST_POLL {
        let accepted = format!("not before {EARLIEST_POLL}");
        return Err(unlike(TIMESTAMP, RejectCode::TimestampTooEarly, value, &accepted));
    }
    if at > latest_poll {
        let accepted = format!("not after {latest_poll}");
        return Err(unlike(TIMESTAMP, RejectCode::TimestampTooLate, value, &accepted));
    }
    Ok(at)
}

fn read_status(value: &[u8]) -> Result<Status, Problem> {
    if value.eq_ignore_ascii_case(b"active") {
        Ok(Status::Active)
    } else if value.eq_ignore_ascii_case(b"inactive") {
        Ok(Status::Inactive)
    } else {
        Err(unlike(STATUS, RejectCode::BadStatus, value, "active or inactive"))
    }
}

/// Reads a row that says when a store opens. `read_day` reads its weekday or date.
fn read_opening<Day>(
    day: &[u8],
    start: &[u8],
    end: &[u8],
    read_day: impl Fn(&[u8]) -> Result<Day, Problem>,
) -> Result<OpeningRow<Day>, Problem> {
    // No local time starts like this, so most rows skip these checks.
    if matches!(start, [] | [b'c' | b'C', ..]) {
        let are_both =
            |text: &[u8]| start.eq_ignore_ascii_case(text) && end.eq_ignore_ascii_case(text);
        if day.is_empty() && are_both(b"") {
            return Ok(OpeningRow::Unknown);
        }
        if are_both(b"") || are_both(b"closed") {
            return read_day(day).map(OpeningRow::Closed);
        }
    }
    let day = read_day(day)?;
    let start = read_time(start, START)?;
    Ok(OpeningRow::Opens(Opening { day, start, end: read_time(end, END)? }))
}

/// Returns the day of a digit, or `None` if no day has this digit.
pub(super) fn day_of(digit: u8) -> Option<Weekday> {
    DAYS.get(usize::from(digit.wrapping_sub(b'0'))).copied()
}

fn read_day(value: &[u8]) -> Result<Weekday, Problem> {
    let day = value.as_array().and_then(|[digit]| day_of(*digit));
    day.ok_or_else(|| {
        let accepted = "one digit, 0 (Monday) to 6 (Sunday), or empty if both times are empty";
        unlike(DAY, RejectCode::BadDay, value, accepted)
    })
}

fn read_date(value: &[u8]) -> Result<SpecialDate, Problem> {
    let days = value.try_into().ok().and_then(days_of_date);
    let date = days.map(LocalDate::from_days_since_1970).and_then(SpecialDate::new);
    date.ok_or_else(|| {
        let accepted = "YYYY-MM-DD, a date that exists, from 2000-01-01 to 2099-12-31, or empty if \
                        both times are empty";
        unlike(DATE, RejectCode::BadDate, value, accepted)
    })
}

fn read_time(value: &[u8], column: &'static str) -> Result<LocalTime, Problem> {
    let may_be_midnight = column == END;
    let time = local_time(value).filter(|time| may_be_midnight || *time < LocalTime::DAY_END);
    time.ok_or_else(|| {
        let limit = if may_be_midnight { "up to 24:00" } else { "before 24:00" };
        let accepted = format!(
            "a local time {limit}, H:MM or HH:MM, then optionally :SS and a fraction of zeros; on \
             a day when the store does not open, both times must be empty or closed"
        );
        unlike(column, RejectCode::BadTime, value, &accepted)
    })
}

fn local_time(value: &[u8]) -> Option<LocalTime> {
    let usual = word(value).filter(|_| value.len() == WORD);
    usual.and_then(usual_time).or_else(|| of_parts(parts_of_time(without_zero_fraction(value))?))
}

/// Reads the usual form of a local time, `HH:MM:SS`.
pub(super) fn usual_time(text: u64) -> Option<LocalTime> {
    let [hours, _, _, minutes, _, _, seconds, _] = pairs(text, *b"00:00:00")?;
    of_parts([hours, minutes, seconds].map(u32::from))
}

fn of_parts([hours, minutes, seconds]: [u32; 3]) -> Option<LocalTime> {
    if minutes > 59 || seconds > 59 {
        return None;
    }
    LocalTime::from_seconds(hours * 3600 + minutes * 60 + seconds)
}

/// Removes the fraction of seconds if it consists of zeros. `MySQL`'s `TIME(6)` and SQL Server's
/// `time(7)` write such a fraction.
fn without_zero_fraction(value: &[u8]) -> &[u8] {
    let zeros = value.iter().rev().take_while(|byte| **byte == b'0').count();
    let whole = &value[..value.len() - zeros];
    match whole {
        // Only seconds may have a fraction, so there must be two colons.
        [time @ .., b'.'] if zeros > 0 && memchr_iter(b':', time).count() == 2 => time,
        _ => value,
    }
}

/// Reads hours, minutes and seconds in the forms with fewer digits.
fn parts_of_time(value: &[u8]) -> Option<[u32; 3]> {
    let mut parts = value.split(|byte| *byte == b':');
    let hours = number(parts.next().filter(|digits| digits.len() <= 2)?)?;
    let minutes = number(parts.next().filter(|digits| digits.len() == 2)?)?;
    let seconds = match parts.next() {
        Some(digits) => number(Some(digits).filter(|digits| digits.len() == 2)?)?,
        None => 0,
    };
    parts.next().is_none().then_some([hours, minutes, seconds])
}

fn number(digits: &[u8]) -> Option<u32> {
    let are_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    are_digits.then(|| digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
}

/// Reads the name of a zone. An empty name means that no zone is known.
fn read_zone(value: &[u8]) -> Result<Option<Zone>, Problem> {
    if value.is_empty() {
        return Ok(None);
    }
    let zone = std::str::from_utf8(value).ok().and_then(Zone::named);
    zone.map(Some).ok_or_else(|| {
        let accepted = "empty or an IANA zone name, such as America/Chicago";
        unlike(ZONE, RejectCode::UnknownZone, value, accepted)
    })
}

fn unlike(column: &'static str, code: RejectCode, value: &[u8], accepted: &str) -> Problem {
    problem(column, code, format!("{column} must be {accepted}; found {}", shown(value)))
}

fn problem(column: &'static str, code: RejectCode, message: String) -> Problem {
    Problem { column: Some(column), code, message }
}

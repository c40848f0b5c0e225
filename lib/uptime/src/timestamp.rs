//! How instants are read and written: the source files' form, and RFC 3339.

use std::fmt;

use chrono::{DateTime, SecondsFormat};
use thiserror::Error;

use crate::Timestamp;
use crate::digits::{decimal_count, decimal_left, pairs, word};
use crate::interval::{DAY, HOUR, MINUTE, SECOND};

/// The text is no instant of the form asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the text is no timestamp of the accepted form")]
pub struct TimestampError;

impl Timestamp {
    /// Reads the form of the source files (spec section 2): `YYYY-MM-DD`, a blank or `T`,
    /// `HH:MM:SS`, a fraction of 1 to 9 digits or none, and ` UTC`, `Z`, an offset `+hh:mm` or
    /// nothing, which is UTC too. Letters may be of any case. Digits after the sixth are cut off.
    pub fn from_source(text: &[u8]) -> Result<Timestamp, TimestampError> {
        let mut start = [0; USUAL_FORM_BYTES];
        if let Some(same) = start.get_mut(..text.len()) {
            same.copy_from_slice(text);
            if let Some((time, length)) = usual_form(&start)
                && length == text.len()
            {
                return Ok(time);
            }
        }
        let (time, suffix) = split_time(text).ok_or(TimestampError)?;
        if suffix.is_empty() || suffix.eq_ignore_ascii_case(b" UTC") {
            return Ok(time);
        }
        at_offset(time, suffix).ok_or(TimestampError)
    }

    /// Reads RFC 3339: as [`Timestamp::from_source`], but `Z` or an offset has to be there.
    pub fn from_rfc3339(text: &str) -> Result<Timestamp, TimestampError> {
        let (time, suffix) = split_time(text.as_bytes()).ok_or(TimestampError)?;
        at_offset(time, suffix).ok_or(TimestampError)
    }
}

/// The longest text of the usual form, and some room behind it.
pub(crate) const USUAL_FORM_BYTES: usize = 32;

/// Reads the usual form of the source files, `YYYY-MM-DD HH:MM:SS[.ffffff][ UTC]` with 1 to 6
/// digits of fraction, and returns how long it was; nothing is said of what follows it. `None` is
/// no verdict: [`Timestamp::from_source`] knows more forms.
///
/// Eight characters at a time, fully validated: a fifth of the time of reading them one by one.
#[inline]
pub(crate) fn usual_form(text: &[u8; USUAL_FORM_BYTES]) -> Option<(Timestamp, usize)> {
    let [y1, _, y2, _, _, month, ..] = pairs(word(text)?, *b"0000-00-")?;
    let [day, ..] = pairs(word(&text[8..])?, *b"00 00:00")?;
    let [hour, _, _, minute, _, _, second, _] = pairs(word(&text[11..])?, *b"00:00:00")?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days =
        days_since_1970(u32::from(y1) * 100 + u32::from(y2), u32::from(month), u32::from(day))?;
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    let mut length = 19;
    let mut micros = 0;
    if text[length] == b'.' {
        let fraction = word(&text[length + 1..])?;
        let count = decimal_count(fraction);
        if !(1..=6).contains(&count) {
            return None;
        }
        length += 1 + count;
        // Of eight digits the last two are zeros.
        micros = (decimal_left(fraction, count) / 100).cast_signed();
    }
    if text[length..].starts_with(b" UTC") {
        length += 4;
    }
    Some((Timestamp::from_micros(days * DAY + seconds * SECOND + micros), length))
}

/// Returns the days from 1970-01-01 to a date; `None` if the calendar has no such date.
///
/// The rules of leap years (ISO 8601, proleptic Gregorian) counted out: a third of the time that
/// chrono's dates take, which know more than their distance.
fn days_since_1970(year: u32, month: u32, day: u32) -> Option<i64> {
    /// The days of a common year before each month, and those of the whole year.
    const DAYS_BEFORE: [u32; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let leap_years_before = year.div_ceil(4) - year.div_ceil(100) + year.div_ceil(400);
    let is_century = year.is_multiple_of(100) && !year.is_multiple_of(400);
    let leap_day = u32::from(year.is_multiple_of(4) && !is_century);
    let month_index = (month as usize).checked_sub(1)?;
    let [before, after] = *DAYS_BEFORE.get(month_index..)?.first_chunk()?;
    let days = after - before + if month == 2 { leap_day } else { 0 };
    if day == 0 || day > days {
        return None;
    }
    let in_year = before + if month > 2 { leap_day } else { 0 } + day - 1;
    Some(i64::from(year * 365 + leap_years_before + in_year) - DAYS_FROM_0_TO_1970)
}

/// From 0000-01-01 to 1970-01-01.
const DAYS_FROM_0_TO_1970: i64 = 719_528;

/// RFC 3339 in UTC, `2023-01-24T09:06:42.605777Z`; a fraction only where there is one.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.micros();
        let Some(time) = DateTime::from_timestamp_micros(micros) else {
            return write!(formatter, "{micros} microseconds since 1970");
        };
        let fraction =
            if micros % SECOND == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
        formatter.write_str(&time.to_rfc3339_opts(fraction, true))
    }
}

/// Reads date, time and fraction as if in UTC, and returns what follows them.
fn split_time(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (time, rest) = text.split_at_checked("YYYY-MM-DD HH:MM:SS".len())?;
    let [century @ .., b'-', m1, m2, b'-', d1, d2, separator, h1, h2, b':', n1, n2, b':', s1, s2] =
        time
    else {
        return None;
    };
    if !matches!(separator, b' ' | b'T' | b't') {
        return None;
    }
    let [y1, y2, y3, y4] = century else {
        return None;
    };
    let year = two_digits(*y1, *y2, 99)? * 100 + two_digits(*y3, *y4, 99)?;
    let month = two_digits(*m1, *m2, 12)?;
    let day = two_digits(*d1, *d2, 31)?;
    let days = days_since_1970(year, month, day)?;
    let hours = two_digits(*h1, *h2, 23)?;
    let minutes = two_digits(*n1, *n2, 59)?;
    let seconds = two_digits(*s1, *s2, 59)?;
    let seconds = i64::from((hours * 60 + minutes) * 60 + seconds);
    let (fraction_micros, rest) = split_fraction(rest)?;
    Some((Timestamp::from_micros(days * DAY + seconds * SECOND + fraction_micros), rest))
}

/// Reads `.` and 1 to 9 digits, if there are any, as microseconds; the rest is cut off.
fn split_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || count > 9 {
        return None;
    }
    let (digits, rest) = digits.split_at(count);
    let digit = |place: usize| digits.get(place).map_or(0, |digit| i64::from(digit - b'0'));
    Some(((0..6).fold(0, |micros, place| micros * 10 + digit(place)), rest))
}

/// Takes `time` as local at the offset that `suffix` states: `Z` or `+hh:mm`.
fn at_offset(time: Timestamp, suffix: &[u8]) -> Option<Timestamp> {
    match suffix {
        b"Z" | b"z" => Some(time),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let hours = i64::from(two_digits(*h1, *h2, 23)?);
            let minutes = i64::from(two_digits(*m1, *m2, 59)?);
            let offset = hours * HOUR + minutes * MINUTE;
            Some(time.plus(if *sign == b'+' { -offset } else { offset }))
        }
        _ => None,
    }
}

fn two_digits(tens: u8, ones: u8, most: u32) -> Option<u32> {
    let both_are_digits = tens.is_ascii_digit() && ones.is_ascii_digit();
    let value = u32::from(tens.wrapping_sub(b'0')) * 10 + u32::from(ones.wrapping_sub(b'0'));
    (both_are_digits && value <= most).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_timestamp_keeps_its_microseconds() {
        check("2023-01-24 09:06:42.605777 UTC", "2023-01-24T09:06:42.605777Z");
        check("2023-01-24 09:06:42.6 UTC", "2023-01-24T09:06:42.600000Z");
        check("2023-01-24 09:06:42", "2023-01-24T09:06:42Z");
        check("2023-01-24t09:06:42z", "2023-01-24T09:06:42Z");
        check("2023-01-24 09:06:42 utc", "2023-01-24T09:06:42Z");
    }

    #[test]
    fn digits_after_the_sixth_are_cut_off_not_rounded() {
        check("2023-01-24 09:06:42.123456999 UTC", "2023-01-24T09:06:42.123456Z");
        check("2023-01-24 09:06:42.000000999", "2023-01-24T09:06:42Z");
        check("2023-01-24 09:06:42.1234567890", "no");
    }

    #[test]
    fn an_offset_is_taken_off() {
        check("2023-01-24T09:06:42+05:30", "2023-01-24T03:36:42Z");
        check("2023-01-24T09:06:42.5-10:00", "2023-01-24T19:06:42.500000Z");
        check("2023-01-01 00:00:00+00:01", "2022-12-31T23:59:00Z");
        check("2023-01-24T09:06:42-00:00", "2023-01-24T09:06:42Z");
    }

    #[test]
    fn every_date_of_ten_thousand_years_is_the_day_that_chrono_says() {
        for year in 0..10_000 {
            for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let date = chrono::NaiveDate::from_ymd_opt(year, month, day);
                let days = date.map(|date| i64::from(date.to_epoch_days()));
                let year = u32::try_from(year).unwrap();
                assert_eq!(days_since_1970(year, month, day), days, "{year}-{month}-{day}");
            }
        }
    }

    #[test]
    fn the_calendar_is_kept() {
        check("2024-02-29 00:00:00", "2024-02-29T00:00:00Z");
        for date in ["2023-02-29", "2023-04-31", "2023-00-10", "2023-13-10", "2023-01-00"] {
            check(&format!("{date} 00:00:00"), "no");
        }
    }

    #[test]
    fn hours_minutes_and_seconds_have_their_limits() {
        check("2023-01-24 23:59:59", "2023-01-24T23:59:59Z");
        for time in ["24:00:00", "00:60:00", "00:00:60", "23:59:60", "-1:00:00", "+1:00:00"] {
            check(&format!("2023-01-24 {time}"), "no");
        }
        for offset in ["+24:00", "+05:60", "+5:30", "+0530", "+05"] {
            check(&format!("2023-01-24 09:06:42{offset}"), "no");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "2023-01-24",
            "1674551202",
            "24.01.2023 09:06:42",
            "2023-1-24 09:06:42",
            "2023-01-24 9:06:42",
            "2023-01-24_09:06:42",
            "2023-01-24  09:06:42",
            "2023-01-24 09:06:42UTC",
            "2023-01-24 09:06:42 Z",
            "2023-01-24 09:06:42 +00:00",
            "2023-01-24 09:06:42.",
            "2023-01-24 09:06:42. UTC",
            "2023-01-24 09:06:42,5",
            "2023-01-24 09:06:42 CET",
            "2023/01/24 09:06:42",
            "2023-01-24 09:06",
            "\u{0662}023-01-24 09:06:42",
        ] {
            check(text, "no");
        }
    }

    #[test]
    fn rfc_3339_needs_an_offset() {
        let read = |text: &str| Timestamp::from_rfc3339(text).map(|at| at.to_string());
        assert_eq!(read("2023-01-24T09:06:42.5Z"), Ok("2023-01-24T09:06:42.500000Z".to_owned()));
        assert_eq!(read("2023-01-24 09:06:42+01:00"), Ok("2023-01-24T08:06:42Z".to_owned()));
        assert_eq!(read("2023-01-24T09:06:42"), Err(TimestampError));
        assert_eq!(read("2023-01-24T09:06:42 UTC"), Err(TimestampError));
        assert_eq!(read("now"), Err(TimestampError));
    }

    #[test]
    fn every_instant_prints() {
        let last = Timestamp::from_micros(i64::MAX).to_string();
        assert_eq!(last, "9223372036854775807 microseconds since 1970");
        assert_eq!(Timestamp::from_micros(-1).to_string(), "1969-12-31T23:59:59.999999Z");
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = Timestamp::from_source(text.as_bytes());
        assert_eq!(read.map_or("no".to_owned(), |at| at.to_string()), expected, "{text}");
    }
}

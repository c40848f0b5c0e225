//! Business hours and special days in words, such as "open Mon to Fri 10:00 to 20:00, Sat 11:00 to
//! 15:00; Thu 26 Nov: closed (special day)".

use std::fmt::Write;

use super::words::Moment;
use crate::business_hours::{HoursRow, Opening, SpecialRow, are_unknown};
use crate::interval::{DAY, MINUTE, SECOND};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// An opening as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    day: usize,
    /// First and last minute of the day. Seconds are dropped.
    minutes: [u64; 2],
}

/// Returns the hours and the special days in words. Rows of hours may be in any order, overlap and
/// repeat. Rows of special days must be in the order of their dates.
pub(super) fn opening_text(hours: &[HoursRow], special_days: &[SpecialRow]) -> String {
    let mut text = hours_text(hours);
    for of_date in special_days.chunk_by(|this, next| this.day() == next.day()) {
        let Some(date) = of_date[0].day() else { continue };
        let date = Moment::at_start_of(date.calendar_date()).weekday_date();
        // Writing to a string does not fail.
        let _ = write!(text, "; {date}: ");
        let mut openings: Vec<_> =
            of_date.iter().filter_map(|row| row.opening()).map(|it| minutes_of(&it)).collect();
        openings.sort_unstable();
        if openings.is_empty() {
            text.push_str("closed");
        }
        push_times(&mut text, openings);
        text.push_str(" (special day)");
    }
    text
}

fn hours_text(rows: &[HoursRow]) -> String {
    if are_unknown(rows) {
        return "hours not known, so it counts as always open".to_owned();
    }
    let mut openings: Vec<Shown> = rows.iter().filter_map(shown).collect();
    openings.sort_unstable();
    openings.dedup();
    let mut groups: Vec<(&[Shown], Vec<usize>)> = Vec::new();
    for of_day in openings.chunk_by(|this, next| this.day == next.day) {
        match groups.iter_mut().find(|(of_group, _)| times(of_group).eq(times(of_day))) {
            Some((_, days)) => days.push(of_day[0].day),
            None => groups.push((of_day, vec![of_day[0].day])),
        }
    }
    if groups.is_empty() {
        return "closed every day".to_owned();
    }
    let mut text = String::from("open ");
    for (place, (of_group, days)) in groups.iter().enumerate() {
        text.push_str(if place == 0 { "" } else { ", " });
        text.push_str(&days_text(days));
        text.push(' ');
        push_times(&mut text, times(of_group));
    }
    text
}

/// Writes openings, such as `11:30 to 14:30 and 17:00 to 22:00`.
fn push_times(text: &mut String, openings: impl IntoIterator<Item = [u64; 2]>) {
    for (place, [start, end]) in openings.into_iter().enumerate() {
        text.push_str(if place == 0 { "" } else { " and " });
        push_clock(text, start);
        text.push_str(" to ");
        push_clock(text, end);
    }
}

fn times(openings: &[Shown]) -> impl Iterator<Item = [u64; 2]> {
    openings.iter().map(|opening| opening.minutes)
}

fn shown(row: &HoursRow) -> Option<Shown> {
    let opening = row.opening()?;
    let day = opening.day.num_days_from_monday() as usize;
    Some(Shown { day, minutes: minutes_of(&opening) })
}

/// Returns the first and the last minute of the day of an opening, as they are shown.
fn minutes_of<Day>(opening: &Opening<Day>) -> [u64; 2] {
    let start = i64::from(opening.start.seconds()) * SECOND;
    let closing = opening.closing();
    // Midnight at the end of the day is 24:00. A later end is a time of the next day.
    let is_midnight = closing.days_later == 1 && closing.clock_micros == 0;
    let end = if is_midnight { DAY } else { closing.clock_micros };
    [start, end].map(|micros| (micros / MINUTE).unsigned_abs())
}

/// Writes a time of day, such as `7:00`. This is faster than `write!`, and a large fleet has
/// thousands of different hours.
fn push_clock(text: &mut String, minutes: u64) {
    let digit = |value: u64| char::from(b'0' + (value % 10) as u8);
    let (hour, minute) = (minutes / 60, minutes % 60);
    text.extend((hour >= 10).then(|| digit(hour / 10)));
    text.extend([digit(hour), ':', digit(minute / 10), digit(minute)]);
}

/// Returns weekdays in words, such as "Mon to Thu and Sun". `days` are in order.
fn days_text(days: &[usize]) -> String {
    if days.len() == WEEKDAYS.len() {
        return "every day".to_owned();
    }
    let in_a_row = days.chunk_by(|day, next| day + 1 == *next);
    let mut texts: Vec<String> = Vec::new();
    for row in in_a_row {
        match row {
            [first, .., last] if row.len() > 2 => {
                texts.push(format!("{} to {}", WEEKDAYS[*first], WEEKDAYS[*last]));
            }
            _ => texts.extend(row.iter().map(|day| WEEKDAYS[*day].to_owned())),
        }
    }
    match texts.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => texts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;

    use super::*;
    use crate::business_hours::{LocalTime, SpecialDate};

    #[test]
    fn equal_hours_of_several_days_are_named_once() {
        check(&["0-6 10:00-20:00"], "open every day 10:00 to 20:00");
        check(
            &["0-4 07:00-18:00", "5-6 07:00-19:00"],
            "open Mon to Fri 7:00 to 18:00, Sat and Sun 7:00 to 19:00",
        );
        check(&["0-3 09:00-17:30", "6-6 09:00-17:30"], "open Mon to Thu and Sun 9:00 to 17:30");
        check(
            &["0-0 09:00-17:00", "2-2 09:00-17:00", "4-4 09:00-17:00"],
            "open Mon, Wed and Fri 9:00 to 17:00",
        );
    }

    #[test]
    fn a_day_can_have_several_openings() {
        check(
            &["5-5 17:00-22:00", "5-5 11:30-14:30"],
            "open Sat 11:30 to 14:30 and 17:00 to 22:00",
        );
        check(&["5-5 11:30-14:30", "5-5 11:30-14:30"], "open Sat 11:30 to 14:30");
    }

    #[test]
    fn an_end_at_midnight_is_24_00_and_a_later_one_is_of_the_next_day() {
        check(&["0-6 10:00-23:59"], "open every day 10:00 to 24:00");
        check(&["4-4 10:00-00:00"], "open Fri 10:00 to 24:00");
        check(&["4-4 22:00-02:00"], "open Fri 22:00 to 2:00");
        check(&["0-6 00:00-24:00"], "open every day 0:00 to 24:00");
    }

    #[test]
    fn stores_without_an_opening_are_named_so() {
        assert_eq!(hours_text(&[]), "hours not known, so it counts as always open");
        assert_eq!(hours_text(&[HoursRow::Closed(Weekday::Mon)]), "closed every day");
    }

    #[test]
    fn special_days_follow_the_hours() {
        let closed = |number| SpecialRow::Closed(SpecialDate::from_number(number).unwrap());
        let opens = |number, hours: [u32; 2]| {
            let day = SpecialDate::from_number(number).unwrap();
            let [start, end] = hours.map(|hour| LocalTime::from_seconds(hour * 3_600).unwrap());
            SpecialRow::Opens(Opening { day, start, end })
        };
        // 2026-11-26.
        let thanksgiving = 9_826;
        let rows = [
            closed(thanksgiving),
            opens(thanksgiving + 1, [17, 22]),
            opens(thanksgiving + 1, [10, 14]),
            opens(thanksgiving + 2, [20, 24]),
        ];
        assert_eq!(
            opening_text(&rows_of("0-6 10:00-20:00"), &rows),
            "open every day 10:00 to 20:00; Thu 26 Nov: closed (special day); Fri 27 Nov: 10:00 to \
             14:00 and 17:00 to 22:00 (special day); Sat 28 Nov: 20:00 to 24:00 (special day)"
        );
        assert_eq!(
            opening_text(&[], &[closed(thanksgiving)]),
            "hours not known, so it counts as always open; Thu 26 Nov: closed (special day)"
        );
    }

    #[track_caller]
    fn check(rows: &[&str], expected: &str) {
        let rows: Vec<HoursRow> = rows.iter().flat_map(|row| rows_of(row)).collect();
        assert_eq!(hours_text(&rows), expected);
    }

    /// Reads rows such as `0-4 07:00-18:00`: the first and the last weekday, then the times.
    fn rows_of(text: &str) -> Vec<HoursRow> {
        let (days, times) = text.split_once(' ').unwrap();
        let (first, last) = days.split_once('-').unwrap();
        let (start, end) = times.split_once('-').unwrap();
        let time = |text: &str| {
            let (hour, minute) = text.split_once(':').unwrap();
            let minutes = hour.parse::<u32>().unwrap() * 60 + minute.parse::<u32>().unwrap();
            LocalTime::from_seconds(minutes * 60).unwrap()
        };
        let (start, end) = (time(start), time(end));
        (first.parse::<u8>().unwrap()..=last.parse().unwrap())
            .map(|day| {
                HoursRow::Opens(Opening { day: Weekday::try_from(day).unwrap(), start, end })
            })
            .collect()
    }
}

//! The sums of each local date of a store's week.
//!
//! A date takes one text: `c` if the store was closed; `n` and the open time if nothing was observed;
//! `u` with the open time and the most downtime if it was up whenever it was open; `d` with these, the
//! time down and the least downtime if the rest was up; `x` with these, the time up and the time that
//! was not observed. All are tenths of hours in two digits.

use super::digits::write_number;
use super::words::hours;
use crate::day_sums::DaySum;
use crate::timeline::Uptime;

/// Writes the sums of each day.
pub(super) fn write_day_sums(text: &mut Vec<u8>, days: impl IntoIterator<Item = DaySum>) {
    for day in days {
        write_sum(text, &day);
    }
}

/// Writes the sum of one day.
fn write_sum(text: &mut Vec<u8>, sum: &DaySum) {
    let tenths = |micros: i64| hours(micros).0;
    let open_micros = sum.uptime.scheduled_micros();
    let open = tenths(open_micros);
    let Uptime { up_micros, down_micros, unknown_micros } = sum.uptime;
    let [up, down, unknown] = [up_micros, down_micros, unknown_micros].map(tenths);
    let [least, most] = [sum.downtime_least_micros, sum.downtime_most_micros].map(tenths);
    let (form, figures): (u8, &[u64]) = if open_micros == 0 {
        (b'c', &[])
    } else if up_micros == 0 && down_micros == 0 {
        (b'n', &[open])
    } else if down_micros == 0 && unknown_micros == 0 {
        (b'u', &[open, most])
    } else if unknown_micros == 0 && up + down == open {
        (b'd', &[open, most, down, least])
    } else {
        (b'x', &[open, most, down, least, up, unknown])
    };
    text.push(form);
    for figure in figures {
        write_number(text, *figure, 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certainty::{Run, SpanStatus};
    use crate::day_sums::day_sums;
    use crate::interval::{DAY, HOUR, MINUTE};
    use crate::output::page::digits::read_number;
    use crate::{Interval, Timestamp};

    const UP: SpanStatus = SpanStatus::Up { settled: true };
    const MAYBE_UP: SpanStatus = SpanStatus::Up { settled: false };
    const DOWN: SpanStatus = SpanStatus::Down { settled: true };

    #[test]
    fn each_day_has_the_sum_of_its_runs() {
        check(&[(24, SpanStatus::Closed)], "c");
        check(&[(10, SpanStatus::Closed), (14, SpanStatus::Unknown)], "n 140");
        check(&[(20, UP), (4, MAYBE_UP)], "u 240 40");
        check(&[(20, UP), (3, DOWN), (1, MAYBE_UP)], "d 240 40 30 30");
        check(&[(20, UP), (3, DOWN), (1, SpanStatus::Unknown)], "x 240 40 30 30 200 10");
    }

    #[test]
    fn a_day_keeps_its_time_up_where_rounding_parts_it_from_the_rest() {
        // 12.06 h and 11.94 h are shown as 12.1 and 11.9, but 12.05 h and 11.95 h as 12.1 and 12.0.
        let minutes = |of_hour| Interval::ending_at(at("2023-01-25T00:00:00Z").plus(DAY), of_hour);
        let up = minutes(12 * HOUR + 3 * MINUTE);
        let down = Interval::ending_at(up.start(), DAY - up.micros());
        let runs = [Run { span: down, status: DOWN }, Run { span: up, status: UP }];
        let mut text = Vec::new();
        let day = Interval::ending_at(at("2023-01-26T00:00:00Z"), DAY);

        write_day_sums(&mut text, day_sums(&[day], &runs));

        assert_eq!(read_sums(&text), "x 240 120 120 120 121 0");
    }

    #[test]
    fn a_run_over_midnight_counts_on_both_days() {
        check(&[(30, UP), (18, SpanStatus::Closed)], "u 240 0 u 60 0");
    }

    /// `runs` are hours from a midnight, one after the other.
    #[track_caller]
    fn check(runs: &[(i64, SpanStatus)], expected: &str) {
        let mut start = at("2023-01-25T00:00:00Z");
        let days: Vec<Interval> = (1..=runs.iter().map(|(hours, _)| hours).sum::<i64>() / 24)
            .map(|day| Interval::ending_at(start.plus(day * DAY), DAY))
            .collect();
        let mut made = Vec::new();
        for (hours, status) in runs {
            let span = Interval::ending_at(start.plus(hours * HOUR), hours * HOUR);
            made.push(Run { span, status: *status });
            start = span.end();
        }
        let mut text = Vec::new();

        write_day_sums(&mut text, day_sums(&days, &made));

        assert_eq!(read_sums(&text), expected);
    }

    fn read_sums(mut text: &[u8]) -> String {
        let mut read = Vec::new();
        while let Some((form, rest)) = text.split_first() {
            let count = match form {
                b'c' => 0,
                b'n' => 1,
                b'u' => 2,
                b'd' => 4,
                _ => 6,
            };
            let (figures, rest) = rest.split_at(2 * count);
            read.push(char::from(*form).to_string());
            read.extend(figures.chunks(2).map(|figure| read_number(figure).to_string()));
            text = rest;
        }
        read.join(" ")
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).unwrap()
    }
}

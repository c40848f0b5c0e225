//! The sums of each local date of a store.
//!
//! A date takes one text: `c` if the store was closed; `n` and the open time if nothing was observed;
//! `u` with the open time and the most downtime if it was up whenever it was open; `d` with these, the
//! time down and the least downtime if the rest was up; `x` with these, the time up and the time that
//! was not observed. All are tenths of hours in two digits. Where the letter is a capital, the open time
//! is left out: it is that of the last date before that was not closed.

use super::digits::write_number;
use super::words::hours;
use crate::day_sums::DaySum;
use crate::timeline::Uptime;

/// Writes the sums of each day.
pub(super) fn write_day_sums(text: &mut Vec<u8>, days: impl IntoIterator<Item = DaySum>) {
    let mut last_open = 0;
    for day in days {
        write_sum(text, &day, &mut last_open);
    }
}

/// Writes the sum of one day. `last_open` is the open time of the last day that was not closed.
fn write_sum(text: &mut Vec<u8>, sum: &DaySum, last_open: &mut u64) {
    let tenths = |micros: i64| hours(micros).0;
    let open_micros = sum.uptime.scheduled_micros();
    let open = tenths(open_micros);
    let Uptime { up_micros, down_micros, unknown_micros } = sum.uptime;
    let [up, down, unknown] = [up_micros, down_micros, unknown_micros].map(tenths);
    let [least, most] = [sum.downtime_least_micros, sum.downtime_most_micros].map(tenths);
    let (form, figures): (u8, &[u64]) = if open_micros == 0 {
        (b'c', &[])
    } else if up_micros == 0 && down_micros == 0 {
        (b'n', &[])
    } else if down_micros == 0 && unknown_micros == 0 {
        (b'u', &[most])
    } else if unknown_micros == 0 && up + down == open {
        (b'd', &[most, down, least])
    } else {
        (b'x', &[most, down, least, up, unknown])
    };
    if open_micros == 0 {
        text.push(form);
    } else if open == *last_open {
        text.push(form.to_ascii_uppercase());
    } else {
        text.push(form);
        write_number(text, open, 2);
        *last_open = open;
    }
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

    #[test]
    fn an_open_time_is_left_out_where_it_is_that_of_the_last_date_that_was_not_closed() {
        let closed = SpanStatus::Closed;
        check(
            &[(9, UP), (39, closed), (9, MAYBE_UP), (15, closed), (9, DOWN), (15, closed)],
            "u 90 0 c U 90 D 90 90 90",
        );
        check(&[(24, SpanStatus::Unknown), (24, SpanStatus::Unknown)], "n 240 N");
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
                b'c' | b'N' => 0,
                b'n' | b'U' => 1,
                b'u' => 2,
                b'D' => 3,
                b'd' => 4,
                b'X' => 5,
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

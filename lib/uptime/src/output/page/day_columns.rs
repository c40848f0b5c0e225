//! The dates of a long period as columns, two pixels for each hour of a date. From the bottom up:
//! down, not observed, up. **Down is wide, up is half as wide, a closed date is a thin line.** As in
//! all marks, settled is solid and estimated is hatched.

use super::html::Html;
use super::marks::{Part, Percent, RANGE, bounds_of, write_parts};
use crate::certainty::SpanStatus;
use crate::day_sums::DaySum;
use crate::interval::HOUR;

/// The pixels of an hour.
const HOUR_PIXELS: i64 = 2;
/// How high the drawing is, in pixels. A date has 25 hours where clocks go back.
const HEIGHT: u32 = 50;

/// Writes the sums of dates as columns in a drawing of its own, which has room for `dates` columns.
/// Each sum comes with the place of its column. `id` is unique in the page. `behind` writes what lies
/// behind the columns.
pub(super) fn day_columns(
    html: &mut Html,
    id: &str,
    sums: impl Iterator<Item = (i64, DaySum)>,
    dates: i64,
    behind: impl FnOnce(&mut Html),
) {
    let mut parts = Vec::new();
    for (place, sum) in sums {
        add_column(&mut parts, place, &sum, dates);
    }
    write!(html, "<svg class=\"bar columns\" height=\"{HEIGHT}\" aria-hidden=\"true\">");
    behind(html);
    write_parts(html, id, &parts);
    html.raw("</svg>");
}

/// Adds the parts of one date.
fn add_column(parts: &mut Vec<Part>, place: i64, sum: &DaySum, dates: i64) {
    // In tenths of a column. Between two columns down there are two tenths of one.
    let at = |tenths: i64| Percent::of(10 * place + tenths, 10 * dates);
    let part = |status, from: u32, to: u32| {
        let [left, right] = match status {
            SpanStatus::Up { .. } | SpanStatus::Unknown => [3, 7],
            SpanStatus::Down { .. } | SpanStatus::Closed => [1, 9],
        };
        let (x, y) = (at(left), HEIGHT.saturating_sub(to));
        Part { x, width: at(right).since(x), y, height: to - from, status }
    };
    if sum.uptime.scheduled_micros() == 0 {
        parts.push(part(SpanStatus::Closed, 0, 1));
        return;
    }
    let mut from = 0;
    let ends = bounds_of(sum.uptime, sum.downtime_least_micros, sum.downtime_most_micros);
    for (end, status) in ends.into_iter().zip(RANGE) {
        let to = height_of(end).max(from);
        if from < to {
            parts.push(part(status, from, to));
        }
        from = to;
    }
}

/// Returns the height of a time from 0, in pixels. Any time has at least one.
fn height_of(micros: i64) -> u32 {
    let pixels = (micros * HOUR_PIXELS + HOUR / 2) / HOUR;
    u32::try_from(pixels.max(i64::from(micros > 0))).unwrap_or(0).min(HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::MINUTE;
    use crate::timeline::Uptime;

    #[test]
    fn down_stands_at_the_bottom_and_is_twice_as_wide_as_up() {
        let uptime = Uptime { up_micros: 8 * HOUR, down_micros: 4 * HOUR, unknown_micros: 0 };
        let sum =
            DaySum { uptime, downtime_least_micros: 3 * HOUR, downtime_most_micros: 6 * HOUR };
        check(
            &sum,
            &[
                "Down { settled: true } 1 to 9, 44 to 50",
                "Down { settled: false } 1 to 9, 42 to 44",
                "Up { settled: false } 3 to 7, 38 to 42",
                "Up { settled: true } 3 to 7, 26 to 38",
            ],
        );
    }

    #[test]
    fn a_closed_date_is_a_thin_line() {
        check(&DaySum::default(), &["Closed 1 to 9, 49 to 50"]);
    }

    #[test]
    fn a_short_time_down_can_be_seen() {
        let uptime = Uptime { up_micros: HOUR, down_micros: MINUTE, unknown_micros: 0 };
        let sum = DaySum { uptime, downtime_least_micros: 0, downtime_most_micros: 61 * MINUTE };
        check(
            &sum,
            &["Down { settled: false } 1 to 9, 49 to 50", "Up { settled: false } 3 to 7, 48 to 49"],
        );
    }

    /// `expected` has the left and the right edge in tenths of a column, and the upper and the lower
    /// edge in pixels.
    #[track_caller]
    fn check(sum: &DaySum, expected: &[&str]) {
        let mut parts = Vec::new();
        add_column(&mut parts, 0, sum, 1);
        let described = parts.iter().map(|part| {
            let Part { x, width, y, height, status } = *part;
            let tenths = |place: Percent| place.to_string().replace("0%", "");
            let (left, right) = (tenths(x), tenths(x.plus(width)));
            format!("{status:?} {left} to {right}, {y} to {}", y + height)
        });
        assert_eq!(described.collect::<Vec<_>>(), expected);
    }
}

//! Turns weekly business hours and a zone's clock into open intervals (`RULES.md`, "Open time").
//! Only this module interprets business hours.

mod packed_row;
#[cfg(test)]
mod tests;

use chrono::Weekday;

use crate::Interval;
use crate::interval::SECOND;
use crate::zone_clock::{LocalDate, LocalDateTime, ZoneClock};

pub(crate) use packed_row::{PackedRow, put_in_order};

/// A local time of day in whole seconds. 24:00:00 is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(u32);

impl LocalTime {
    /// 24:00:00, the end of the day.
    pub const DAY_END: LocalTime = LocalTime(86_400);
    /// 23:59:00. A row that ends at this time or later lasts until midnight, because sources that
    /// cannot write 24:00 write 23:59 or 23:59:59.
    const LAST_MINUTE: LocalTime = LocalTime(86_340);

    /// Takes the seconds since midnight. Returns `None` if there are more than 86,400.
    pub fn from_seconds(seconds: u32) -> Option<LocalTime> {
        (seconds <= LocalTime::DAY_END.0).then_some(LocalTime(seconds))
    }

    /// Returns the seconds since local midnight, 0 to 86,400.
    pub fn seconds(self) -> u32 {
        self.0
    }

    fn micros(self) -> i64 {
        i64::from(self.0) * SECOND
    }
}

/// The meaning of one row of business hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoursRow {
    /// The store opens.
    Opens(Opening),
    /// The store does not open on this weekday. Has no effect if another row opens the store on it.
    Closed(Weekday),
    /// The store's hours are not known. Has no effect if the store has any other row.
    Unknown,
}

/// A weekly opening, with its times as the row has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opening {
    /// The weekday on which it starts.
    pub day: Weekday,
    /// When the store opens. Always before 24:00.
    pub start: LocalTime,
    /// When it closes, as the row has it. [`open_intervals`] interprets it.
    pub end: LocalTime,
}

/// When a row closes the store, once its end is interpreted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closing {
    /// 0 for the day it opens, 1 for the day after.
    pub(crate) days_later: i64,
    pub(crate) clock_micros: i64,
}

impl HoursRow {
    /// Returns how much information a row holds: an opening has more than a closed day, and a
    /// closed day more than an unknown row. Whenever a row adds information to a store, the total
    /// weight of the store's rows increases, even if the row replaces another one.
    pub(crate) fn weight(self) -> usize {
        match self {
            HoursRow::Opens(_) => 2,
            HoursRow::Closed(_) => 1,
            HoursRow::Unknown => 0,
        }
    }

    fn opening(self) -> Option<Opening> {
        match self {
            HoursRow::Opens(opening) => Some(opening),
            HoursRow::Closed(_) | HoursRow::Unknown => None,
        }
    }
}

/// Returns whether the store's hours are unknown: it has no rows, or only [`HoursRow::Unknown`].
/// Such a store is always open.
pub(crate) fn are_unknown(rows: &[HoursRow]) -> bool {
    rows.iter().all(|row| *row == HoursRow::Unknown)
}

impl Opening {
    fn weekday(self) -> i64 {
        i64::from(self.day.num_days_from_monday())
    }

    /// An end of 23:59:00 or later means midnight. An end that is not after the start is on the
    /// next day.
    pub(crate) fn closing(self) -> Closing {
        if self.end >= LocalTime::LAST_MINUTE {
            Closing { days_later: 1, clock_micros: 0 }
        } else if self.end <= self.start {
            Closing { days_later: 1, clock_micros: self.end.micros() }
        } else {
            Closing { days_later: 0, clock_micros: self.end.micros() }
        }
    }

    /// Returns the span that the row covers on one date, or `None` if its end is not after its
    /// start.
    fn on(self, date: LocalDate, clock: &ZoneClock) -> Option<Interval> {
        let closing = self.closing();
        Interval::new(
            clock.instant(date, self.start.micros()),
            clock.instant(date.plus(closing.days_later), closing.clock_micros),
        )
    }

    /// Returns whether the row covers a weekday and clock time, **both ends included**. An end at
    /// midnight includes exactly 00:00 of the next day.
    fn covers(self, shown: LocalDateTime) -> bool {
        let closing = self.closing();
        let has_opened = self.start.micros() <= shown.clock_micros;
        let has_not_closed = shown.clock_micros <= closing.clock_micros;
        let (weekday, opens_on) = (shown.date.weekday(), self.weekday());
        if closing.days_later == 0 {
            weekday == opens_on && has_opened && has_not_closed
        } else {
            weekday == opens_on && has_opened || weekday == (opens_on + 1) % 7 && has_not_closed
        }
    }
}

/// A row ends on the next day at the latest, or on the day after that if the zone skips a date.
const DATES_BEFORE: i64 = 2;
/// If a clock goes back over midnight, a row of the next date may begin before this date ends.
const DATES_AFTER: i64 = 1;

/// Returns a store's open intervals within the clock's span, in order. They do not touch or
/// overlap.
///
/// A store whose hours are unknown is always open. Intervals that reach beyond the span are clipped
/// to it. Clipping never separates two instants that were in the same interval.
pub fn open_intervals(rows: &[HoursRow], clock: &ZoneClock) -> Vec<Interval> {
    let span = clock.span();
    if are_unknown(rows) {
        return vec![span];
    }
    let first = clock.local(span.start()).date.plus(-DATES_BEFORE);
    let last = clock.local(span.end()).date.plus(DATES_AFTER);
    let mut covered = Vec::new();
    let mut date = first;
    while date <= last {
        let weekday = date.weekday();
        for row in rows {
            if let HoursRow::Opens(opening) = row
                && opening.weekday() == weekday
                && let Some(open) = opening.on(date, clock)
            {
                covered.extend(open.intersection(span));
            }
        }
        date = date.plus(1);
    }
    union(covered)
}

/// Returns whether a store is open at a local time, both ends of its hours included (`RULES.md`,
/// "Method `poll_count`", 2).
pub(crate) fn open_at(rows: &[HoursRow], shown: LocalDateTime) -> bool {
    are_unknown(rows)
        || rows.iter().filter_map(|row| row.opening()).any(|opening| opening.covers(shown))
}

/// Merges intervals that overlap or touch.
fn union(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_unstable_by_key(|interval| interval.start());
    intervals.dedup_by(|next, last| {
        let is_joined = next.start() <= last.end();
        if is_joined {
            *last = last.extended_to(next.end());
        }
        is_joined
    });
    intervals
}

//! Weekly business hours and a zone's clock to open intervals (`RULES.md`, "Open time"). The only
//! place that knows how hours are meant.

mod packed_row;
#[cfg(test)]
mod tests;

use chrono::Weekday;

use crate::Interval;
use crate::interval::SECOND;
use crate::zone_clock::{LocalDate, LocalDateTime, ZoneClock};

pub(crate) use packed_row::{PackedRow, put_in_order};

/// A local time of day to the second; 24:00:00 is the day's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(u32);

impl LocalTime {
    /// 24:00:00, the day's end.
    pub const DAY_END: LocalTime = LocalTime(86_400);
    /// From this end on a row lasts to midnight: the sources cannot write 24:00 otherwise.
    const LAST_MINUTE: LocalTime = LocalTime(86_340);

    /// Returns `None` for over 86,400 seconds since midnight.
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

/// One row of business hours, as it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoursRow {
    /// The store opens.
    Opens(Opening),
    /// The store does not open on this weekday. Beside a row that opens on it this adds nothing.
    Closed(Weekday),
    /// Nothing is known of the store's hours. Beside any other row this adds nothing.
    Unknown,
}

/// A weekly opening, as written in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opening {
    /// The weekday on which it starts.
    pub day: Weekday,
    /// When the store opens; before 24:00.
    pub start: LocalTime,
    /// When it closes.
    pub end: LocalTime,
}

/// When a row closes, as it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Closing {
    /// 0: on the day it opens; 1: on the day after.
    days_later: i64,
    clock_micros: i64,
}

impl HoursRow {
    /// Returns how much a row says: an opening more than a closed day, and that more than a row
    /// that knows nothing. So the rows that are kept of a store weigh more whenever a row adds
    /// something, also when it takes the place of another.
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

/// Returns whether a store's rows leave its hours unknown: there is none, or none that knows them.
/// Such a store is always open.
pub(crate) fn are_unknown(rows: &[HoursRow]) -> bool {
    rows.iter().all(|row| *row == HoursRow::Unknown)
}

impl Opening {
    fn weekday(self) -> i64 {
        i64::from(self.day.num_days_from_monday())
    }

    /// An end in the day's last minute means midnight; an end that is not after the start lies on
    /// the next day.
    fn closing(self) -> Closing {
        if self.end >= LocalTime::LAST_MINUTE {
            Closing { days_later: 1, clock_micros: 0 }
        } else if self.end <= self.start {
            Closing { days_later: 1, clock_micros: self.end.micros() }
        } else {
            Closing { days_later: 0, clock_micros: self.end.micros() }
        }
    }

    /// What the row covers on one date; nothing if its end does not come after its start.
    fn on(self, date: LocalDate, clock: &ZoneClock) -> Option<Interval> {
        let closing = self.closing();
        Interval::new(
            clock.instant(date, self.start.micros()),
            clock.instant(date.plus(closing.days_later), closing.clock_micros),
        )
    }

    /// Tells whether the row covers a weekday's clock time, **both ends included**; midnight as an
    /// end is 00:00 of the next day and no more of it.
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

/// A row lasts into the next day at most; into the one after where the zone skips the next.
const DATES_BEFORE: i64 = 2;
/// Where a clock goes back over midnight, a row of the next date may have begun before this date
/// ends.
const DATES_AFTER: i64 = 1;

/// Returns a store's open intervals within the clock's span: in order, apart from each other.
///
/// A store without rows, or whose rows say that nothing is known, is always open. Intervals that
/// reach beyond the span are cut off at it. Clipping never separates two instants of the span that
/// were in the same interval.
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

/// Tells whether a store is open at what the clock shows, both ends of its hours included
/// (`RULES.md`, "Method `poll_count`", 2).
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

//! Turns business hours, special days and a zone's clock into open intervals (`RULES.md`, "Open
//! time"). Only this module interprets them.

mod packed_row;
mod special_date;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use chrono::Weekday;

use crate::Interval;
use crate::interval::SECOND;
use crate::zone_clock::{LocalDate, LocalDateTime, ZoneClock};

pub(crate) use packed_row::{PackedRow, RowDay, put_in_order};
pub use special_date::SpecialDate;

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

/// What is known of when a store is meant to be open. The default: nothing, so it is always open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct OpeningTimes {
    /// The business hours, in any order.
    pub hours: Vec<HoursRow>,
    /// The special days, in any order. On their dates, the business hours do not open the store.
    pub special_days: Vec<SpecialRow>,
}

/// The meaning of one row that says when a store opens. `Day` is a weekday or a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpeningRow<Day> {
    /// The store opens.
    Opens(Opening<Day>),
    /// The store does not open on this day. Has no effect if another row opens the store on it.
    Closed(Day),
    /// No day is known. Has no effect if the store has any other row.
    Unknown,
}

/// A row of business hours.
pub type HoursRow = OpeningRow<Weekday>;
/// A row of special days. [`OpeningRow::Unknown`]: the store has no special days.
pub type SpecialRow = OpeningRow<SpecialDate>;

/// An opening, with its times as the row has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opening<Day = Weekday> {
    /// The day on which it starts.
    pub day: Day,
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

impl OpeningTimes {
    /// Returns the opening times of a store without special days.
    pub fn weekly(hours: Vec<HoursRow>) -> OpeningTimes {
        OpeningTimes { hours, special_days: Vec::new() }
    }

    /// Returns the rows of the special days on these dates, each with its date.
    pub(crate) fn special_days_on(
        &self,
        dates: RangeInclusive<LocalDate>,
    ) -> impl Iterator<Item = (LocalDate, SpecialRow)> {
        let with_date = |row: &SpecialRow| Some((row.day()?.local_date(), *row));
        let rows = self.special_days.iter().filter_map(with_date);
        rows.filter(move |(date, _)| dates.contains(date))
    }
}

impl<Day: Copy> OpeningRow<Day> {
    /// Returns how much information a row holds: an opening has more than a closed day, and a
    /// closed day more than an unknown row. Whenever a row adds information to a store, the total
    /// weight of the store's rows increases, even if the row replaces another one.
    pub(crate) fn weight(self) -> usize {
        match self {
            OpeningRow::Opens(_) => 2,
            OpeningRow::Closed(_) => 1,
            OpeningRow::Unknown => 0,
        }
    }

    pub(crate) fn opening(self) -> Option<Opening<Day>> {
        match self {
            OpeningRow::Opens(opening) => Some(opening),
            OpeningRow::Closed(_) | OpeningRow::Unknown => None,
        }
    }

    /// Returns the day that the row is about.
    pub(crate) fn day(self) -> Option<Day> {
        match self {
            OpeningRow::Opens(opening) => Some(opening.day),
            OpeningRow::Closed(day) => Some(day),
            OpeningRow::Unknown => None,
        }
    }
}

/// Returns whether the store's hours are unknown: it has no rows, or only [`HoursRow::Unknown`].
/// Such a store is always open.
pub(crate) fn are_unknown(rows: &[HoursRow]) -> bool {
    rows.iter().all(|row| *row == HoursRow::Unknown)
}

impl<Day> Opening<Day> {
    /// An end of 23:59:00 or later means midnight. An end that is not after the start is on the
    /// next day.
    pub(crate) fn closing(&self) -> Closing {
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
    fn on(&self, date: LocalDate, clock: &ZoneClock) -> Option<Interval> {
        let closing = self.closing();
        Interval::new(
            clock.instant(date, self.start.micros()),
            clock.instant(date.plus(closing.days_later), closing.clock_micros),
        )
    }
}

impl Opening {
    fn weekday(self) -> i64 {
        i64::from(self.day.num_days_from_monday())
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
/// A store whose hours are unknown is always open, except on its special days. Intervals that reach
/// beyond the span are clipped to it. Clipping never separates two instants that were in the same
/// interval.
pub fn open_intervals(times: &OpeningTimes, clock: &ZoneClock) -> Vec<Interval> {
    let span = clock.span();
    let first = clock.local(span.start()).date.plus(-DATES_BEFORE);
    let last = clock.local(span.end()).date.plus(DATES_AFTER);
    let special: Vec<_> = times.special_days_on(first..=last).collect();
    let is_always_open = are_unknown(&times.hours);
    if is_always_open && special.is_empty() {
        return vec![span];
    }
    // Enough for one or two weeks of the store's hours.
    let mut covered = Vec::with_capacity(2 * times.hours.len() + special.len());
    let mut cover = |open: Option<Interval>| {
        covered.extend(open.and_then(|open| open.intersection(span)));
    };
    let mut date = first;
    while date <= last {
        let of_date = || special.iter().filter(|(special, _)| *special == date);
        if of_date().next().is_some() {
            let openings = of_date().filter_map(|(_, row)| row.opening());
            openings.for_each(|opening| cover(opening.on(date, clock)));
        } else if is_always_open {
            cover(Interval::new(clock.instant(date, 0), clock.instant(date.plus(1), 0)));
        } else {
            let weekday = date.weekday();
            let openings = times.hours.iter().filter_map(|row| row.opening());
            let of_weekday = openings.filter(|opening| opening.weekday() == weekday);
            of_weekday.for_each(|opening| cover(opening.on(date, clock)));
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

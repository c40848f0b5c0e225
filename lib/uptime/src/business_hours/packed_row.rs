//! Sorts the rows of a store and removes those that have no effect.

use chrono::Weekday;

use super::{HoursRow, LocalTime, Opening};

/// A row of hours in eight bytes, so that rows sort as fast as integers.
///
/// The order: openings by day, start and end; the closed row of a day after the openings of that
/// day; the unknown row last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PackedRow(u64);

impl PackedRow {
    /// How many bits a local time needs. No local time has all of them set.
    const TIME_BITS: u32 = 17;
    const NO_TIME: u32 = (1 << PackedRow::TIME_BITS) - 1;

    #[inline]
    pub(crate) fn new(row: HoursRow) -> PackedRow {
        let packed = |day: u64, start: u32, end: u32| {
            let times = u64::from(start) << PackedRow::TIME_BITS | u64::from(end);
            PackedRow(day << (2 * PackedRow::TIME_BITS) | times)
        };
        // Monday is 0. The cast is faster than `num_days_from_monday`.
        match row {
            HoursRow::Opens(Opening { day, start, end }) => packed(day as u64, start.0, end.0),
            HoursRow::Closed(day) => packed(day as u64, PackedRow::NO_TIME, 0),
            // 7 is free: the last weekday, Sunday, is 6.
            HoursRow::Unknown => packed(7, 0, 0),
        }
    }

    #[inline]
    pub(crate) fn row(self) -> HoursRow {
        let [.., day] = (self.0 >> (2 * PackedRow::TIME_BITS)).to_be_bytes();
        let Ok(day) = Weekday::try_from(day) else { return HoursRow::Unknown };
        let time = |bits: u64| {
            LocalTime(u32::try_from(bits & u64::from(PackedRow::NO_TIME)).unwrap_or_default())
        };
        match time(self.0 >> PackedRow::TIME_BITS) {
            LocalTime(PackedRow::NO_TIME) => HoursRow::Closed(day),
            start => HoursRow::Opens(Opening { day, start, end: time(self.0) }),
        }
    }

    /// Returns whether this row has no effect if the store also has `before`, the row directly
    /// before it in order.
    fn adds_nothing_to(self, before: PackedRow) -> bool {
        let opens_on = |day| before.row().opening().is_some_and(|opening| opening.day == day);
        match self.row() {
            HoursRow::Opens(_) => self == before,
            HoursRow::Closed(day) => self == before || opens_on(day),
            HoursRow::Unknown => true,
        }
    }
}

/// Sorts a store's rows and removes those that have no effect.
pub(crate) fn put_in_order(rows: &mut Vec<PackedRow>) {
    rows.sort_unstable();
    rows.dedup_by(|row, before| row.adds_nothing_to(*before));
}

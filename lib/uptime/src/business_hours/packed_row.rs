//! Sorts the rows of a store and removes those that have no effect.

use chrono::Weekday;

use super::{LocalTime, Opening, OpeningRow, SpecialDate};

/// What a row is about: a weekday, or the date of a special day.
pub(crate) trait RowDay: Copy {
    /// Returns its place in the order of the days.
    fn number(self) -> u16;
    /// Reverses [`RowDay::number`].
    fn from_number(number: u16) -> Option<Self>;
}

impl RowDay for Weekday {
    #[inline]
    fn number(self) -> u16 {
        // Monday is 0. The cast is faster than `num_days_from_monday`.
        self as u16
    }

    #[inline]
    fn from_number(number: u16) -> Option<Weekday> {
        u8::try_from(number).ok().and_then(|number| Weekday::try_from(number).ok())
    }
}

impl RowDay for SpecialDate {
    fn number(self) -> u16 {
        self.number()
    }

    fn from_number(number: u16) -> Option<SpecialDate> {
        SpecialDate::from_number(number)
    }
}

/// A row in eight bytes, so that rows sort as fast as integers.
///
/// The order: openings by day, start and end; the closed row of a day after the openings of that
/// day; the unknown row last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PackedRow(u64);

impl PackedRow {
    /// How many bits a local time needs. No local time has all of them set.
    const TIME_BITS: u32 = 17;
    const NO_TIME: u32 = (1 << PackedRow::TIME_BITS) - 1;
    pub(crate) const UNKNOWN: PackedRow = PackedRow::packed(PackedRow::NO_DAY, 0, 0);
    /// Behind every day.
    const NO_DAY: u16 = u16::MAX;

    const fn packed(day: u16, start: u32, end: u32) -> PackedRow {
        let times = (start as u64) << PackedRow::TIME_BITS | end as u64;
        PackedRow((day as u64) << (2 * PackedRow::TIME_BITS) | times)
    }

    #[inline]
    pub(crate) fn new<Day: RowDay>(row: OpeningRow<Day>) -> PackedRow {
        match row {
            OpeningRow::Opens(Opening { day, start, end }) => {
                PackedRow::packed(day.number(), start.0, end.0)
            }
            OpeningRow::Closed(day) => PackedRow::packed(day.number(), PackedRow::NO_TIME, 0),
            OpeningRow::Unknown => PackedRow::UNKNOWN,
        }
    }

    /// Reverses [`PackedRow::new`]. `Day` must be the same.
    #[inline]
    pub(crate) fn row<Day: RowDay>(self) -> OpeningRow<Day> {
        let Some(day) = Day::from_number(self.day()) else { return OpeningRow::Unknown };
        if self.is_closed() {
            return OpeningRow::Closed(day);
        }
        let [start, end] = [self.start(), self.time(0)].map(LocalTime);
        OpeningRow::Opens(Opening { day, start, end })
    }

    fn day(self) -> u16 {
        let [.., high, low] = (self.0 >> (2 * PackedRow::TIME_BITS)).to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    fn start(self) -> u32 {
        self.time(PackedRow::TIME_BITS)
    }

    fn time(self, shift: u32) -> u32 {
        u32::try_from(self.0 >> shift & u64::from(PackedRow::NO_TIME)).unwrap_or_default()
    }

    fn is_closed(self) -> bool {
        self.start() == PackedRow::NO_TIME
    }

    /// Returns whether this row has no effect if the store also has `before`, the row directly
    /// before it in order.
    fn adds_nothing_to(self, before: PackedRow) -> bool {
        // Before the closed row of a day, there is an opening of the day or the same row.
        let is_closed_beside = self.is_closed() && self.day() == before.day();
        self == before || is_closed_beside || self == PackedRow::UNKNOWN
    }
}

/// Sorts a store's rows and returns them without those that have no effect.
pub(crate) fn put_in_order(rows: &mut [PackedRow]) -> &[PackedRow] {
    rows.sort_unstable();
    let mut kept = 0;
    for index in 0..rows.len() {
        if kept == 0 || !rows[index].adds_nothing_to(rows[kept - 1]) {
            rows[kept] = rows[index];
            kept += 1;
        }
    }
    &rows[..kept]
}

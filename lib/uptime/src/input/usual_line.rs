//! The fastest path. It reads lines of polls and of business hours whose values all have the usual
//! form. Each value may be in quotes, as pandas, R and `MySQL` write it.
//!
//! Each byte is read once, by the reader of its value. This path accepts only what the other paths
//! accept with the same result. It never rejects: everything else, including a value out of range,
//! is left to the other paths.

use super::header::{HoursColumn, HoursColumns, PollColumn};
use super::record::Extent;
use super::values::{EARLIEST_POLL, day_of, usual_time};
use crate::business_hours::{LocalTime, Opening};
use crate::digits::{WORD, word};
use crate::store::USUAL_ID_BYTES;
use crate::timestamp::{self, USUAL_FORM_BYTES};
use crate::{Poll, Status, StoreId, Timestamp};

/// How many bytes must be available. The longest line of usual values has 86 bytes: 36, 32, 8, six
/// quotes, two commas, CR and LF. The readers of values read beyond the end of their value.
const ROOM: usize = 128;

/// Reads the line of polls at the start of `bytes`. Returns `None` if the other paths have to read
/// it. Values in quotes are read only if `QUOTES` is true.
#[inline]
pub(super) fn poll<const QUOTES: bool>(
    bytes: &[u8],
    columns: [PollColumn; 3],
    latest_poll: Timestamp,
) -> Option<(StoreId, Poll, Extent)> {
    let (mut store, mut at, mut status) = (None, None, None);
    let extent = read_line::<QUOTES, 3, _>(bytes, columns, |column, value| match column {
        PollColumn::Store => read_store(value, &mut store),
        PollColumn::Timestamp => {
            let (read, length) = timestamp::usual_form(value.first_chunk::<USUAL_FORM_BYTES>()?)?;
            at = Some(read).filter(|at| (EARLIEST_POLL..=latest_poll).contains(at));
            Some(length)
        }
        PollColumn::Status => {
            let (read, length) = read_status(value)?;
            status = Some(read);
            Some(length)
        }
    })?;
    Some((store?, Poll::new(at?, status?), extent))
}

/// Like [`poll`], for a line of business hours that opens a store.
#[inline]
pub(super) fn hours<const QUOTES: bool>(
    bytes: &[u8],
    columns: HoursColumns,
) -> Option<(StoreId, Opening, Extent)> {
    let (mut store, mut day, mut start, mut end) = (None, None, None, None);
    let read_time = |value: &[u8], time: &mut Option<LocalTime>| {
        *time = usual_time(word(value)?);
        Some(WORD)
    };
    let extent = read_line::<QUOTES, 4, _>(bytes, columns.0, |column, value| match column {
        HoursColumn::Store => read_store(value, &mut store),
        HoursColumn::Day => {
            day = day_of(*value.first()?);
            Some(1)
        }
        HoursColumn::Start => read_time(value, &mut start),
        HoursColumn::End => read_time(value, &mut end),
    })?;
    let start = start.filter(|start| *start < LocalTime::DAY_END);
    Some((store?, Opening { day: day?, start: start?, end: end? }, extent))
}

/// Reads the values of a line in the order of its columns. `read_value` takes a column and bytes
/// that start with its value, and returns the length of the value.
#[inline]
fn read_line<const QUOTES: bool, const COLUMNS: usize, Column>(
    bytes: &[u8],
    columns: [Column; COLUMNS],
    mut read_value: impl FnMut(Column, &[u8]) -> Option<usize>,
) -> Option<Extent> {
    let line: &[u8; ROOM] = bytes.first_chunk()?;
    let mut position = 0;
    for (index, column) in columns.into_iter().enumerate() {
        let is_quoted = QUOTES && *line.get(position)? == b'"';
        position += usize::from(is_quoted);
        position += read_value(column, line.get(position..)?)?;
        if is_quoted {
            position = behind(b'"', line, position)?;
        }
        // The last value is followed by the line end, not by a comma.
        if index + 1 < COLUMNS {
            position = behind(b',', line, position)?;
        }
    }
    let length_with_end = match line.get(position..)? {
        [b'\n', ..] => position + 1,
        [b'\r', b'\n', ..] => position + 2,
        _ => return None,
    };
    Some(Extent { length: position, length_with_end })
}

/// Returns the index behind the byte at `position`, or `None` if that is another byte.
fn behind(byte: u8, line: &[u8; ROOM], position: usize) -> Option<usize> {
    (*line.get(position)? == byte).then_some(position + 1)
}

fn read_store(value: &[u8], store: &mut Option<StoreId>) -> Option<usize> {
    let (read, length) = StoreId::usual_form(value.first_chunk::<USUAL_ID_BYTES>()?)?;
    *store = Some(read);
    Some(length)
}

/// Does not branch on the status, because the processor cannot predict it.
fn read_status(value: &[u8]) -> Option<(Status, usize)> {
    const ACTIVE: u64 = u64::from_le_bytes(*b"active\0\0");
    const INACTIVE: u64 = u64::from_le_bytes(*b"inactive");
    let word = word(value)?;
    let is_active = word << 16 == ACTIVE << 16;
    let is_inactive = word == INACTIVE;
    let status = if is_active { Status::Active } else { Status::Inactive };
    (is_active | is_inactive).then_some((status, 6 + 2 * usize::from(is_inactive)))
}

//! The fastest path. It reads lines of polls whose values all have the usual form.
//!
//! Each byte is read once, by the reader of its value. This path accepts only what the other paths
//! accept with the same result. It never rejects: everything else, including a value out of range,
//! is left to the other paths. Measured on 1.8 million polls, it reads a line in a third of the
//! time of `plain`.

use super::header::PollColumn;
use super::record::Extent;
use super::values::EARLIEST_POLL;
use crate::digits::word;
use crate::store::USUAL_ID_BYTES;
use crate::timestamp::{self, USUAL_FORM_BYTES};
use crate::{Poll, Status, StoreId, Timestamp};

/// How many bytes must be available. The longest line of usual values has 80 bytes: 36, 32, 8, two
/// commas, CR and LF. The readers of values read beyond the end of their value.
const ROOM: usize = 128;

/// Reads the line at the start of `bytes`. Returns `None` if the other paths have to read it.
#[inline]
pub(super) fn read(
    bytes: &[u8],
    columns: [PollColumn; 3],
    latest_poll: Timestamp,
) -> Option<(StoreId, Poll, Extent)> {
    let line: &[u8; ROOM] = bytes.first_chunk()?;
    let mut position = 0;
    let (mut store, mut at, mut status) = (None, None, None);
    for column in columns {
        let value = &line[position..];
        position += match column {
            PollColumn::Store => {
                let (read, length) = StoreId::usual_form(value.first_chunk::<USUAL_ID_BYTES>()?)?;
                store = Some(read);
                length
            }
            PollColumn::Timestamp => {
                let value = value.first_chunk::<USUAL_FORM_BYTES>()?;
                let (read, length) = timestamp::usual_form(value)?;
                at = Some(read).filter(|at| (EARLIEST_POLL..=latest_poll).contains(at));
                length
            }
            PollColumn::Status => {
                let (read, length) = read_status(value)?;
                status = Some(read);
                length
            }
        };
        // The last value is followed by the line end, not by a comma.
        if column != columns[2] {
            if *line.get(position)? != b',' {
                return None;
            }
            position += 1;
        }
    }
    let length_with_end = match line.get(position..)? {
        [b'\n', ..] => position + 1,
        [b'\r', b'\n', ..] => position + 2,
        _ => return None,
    };
    let extent = Extent { length: position, length_with_end };
    Some((store?, Poll::new(at?, status?), extent))
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

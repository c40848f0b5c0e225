//! A poll and the number of its store in eight bytes.

use crate::input::EARLIEST_POLL;
use crate::{Poll, Status};

/// From the highest bits to the lowest: the microseconds since [`EARLIEST_POLL`], enough until
/// 2071; the status; the number of the store in its list. A 16-byte entry would also work but would
/// halve the number of polls per batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry(u64);

const NUMBER_BITS: u32 = 12;
const FIRST_POLL: Poll = Poll::new(EARLIEST_POLL, Status::Inactive);

impl Entry {
    /// How many stores an entry can distinguish.
    pub(super) const MAX_STORES: usize = 1 << NUMBER_BITS;

    /// Returns whether `poll` fits into an entry. Every poll that a source file may have fits.
    #[inline]
    pub(super) fn holds(poll: Poll) -> bool {
        distance(poll) >> (u64::BITS - NUMBER_BITS) == 0
    }

    /// Takes a poll that fits ([`Entry::holds`]) and a number below [`Entry::MAX_STORES`].
    #[inline]
    pub(super) fn new(poll: Poll, number: u16) -> Entry {
        Entry(distance(poll) << NUMBER_BITS | u64::from(number))
    }

    #[inline]
    pub(super) fn poll(self) -> Poll {
        Poll::from_bits(FIRST_POLL.bits().wrapping_add((self.0 >> NUMBER_BITS).cast_signed()))
    }

    /// Returns the microseconds since [`EARLIEST_POLL`].
    #[inline]
    pub(super) fn time(self) -> u64 {
        self.0 >> (NUMBER_BITS + 1)
    }

    #[inline]
    pub(super) fn number(self) -> usize {
        (self.0 & ((1 << NUMBER_BITS) - 1)) as usize
    }
}

fn distance(poll: Poll) -> u64 {
    poll.bits().wrapping_sub(FIRST_POLL.bits()).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Timestamp;

    proptest! {
        #[test]
        fn an_entry_gives_back_what_it_holds(
            micros in -1_000_000_000_000_000..4_000_000_000_000_000_i64,
            number in 0..1_u16 << NUMBER_BITS,
        ) {
            for status in [Status::Active, Status::Inactive] {
                let poll = Poll::new(Timestamp::from_micros(micros), status);
                let since_2000 = micros - EARLIEST_POLL.micros();
                prop_assert_eq!(Entry::holds(poll), (0..1 << 51).contains(&since_2000));
                if Entry::holds(poll) {
                    let entry = Entry::new(poll, number);
                    prop_assert_eq!((entry.poll(), entry.number()), (poll, usize::from(number)));
                    prop_assert_eq!(entry.time(), since_2000.cast_unsigned());
                }
            }
        }
    }
}

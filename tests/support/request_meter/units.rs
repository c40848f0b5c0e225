//! DynamoDB's units and limits.

/// The bytes of one write unit.
const WRITE_UNIT_BYTES: u64 = 1024;
/// The bytes of one read unit.
const READ_UNIT_BYTES: u64 = 4096;

/// The largest size of an item.
pub const MAX_ITEM_BYTES: u64 = 400 * 1024;
/// The largest number of bytes that one query reads.
pub const MAX_PAGE_BYTES: u64 = 1024 * 1024;
/// The largest number of items in a batch write.
pub const MAX_BATCH_WRITES: usize = 25;
/// The largest number of items in a batch read.
pub const MAX_BATCH_READS: usize = 100;
/// The largest number of items in a transaction.
pub const MAX_TRANSACTION: usize = 100;

/// The consistency of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// Strongly consistent: sees every earlier write. One unit per 4 KB.
    Strong,
    /// Eventually consistent: may be slightly out of date. Half a unit per 4 KB.
    Eventual,
}

/// Returns the write units of an item of this size: at least one, even for a write without effect.
pub fn write_units(item_bytes: u64) -> u64 {
    item_bytes.div_ceil(WRITE_UNIT_BYTES).max(1)
}

/// Returns the half read units for the bytes that one request reads of a table. For batches and
/// transactions, call it for each item. The minimum applies even to a read that finds nothing.
pub fn read_halves(bytes_read: u64, consistency: Consistency) -> u64 {
    let units = bytes_read.div_ceil(READ_UNIT_BYTES).max(1);
    match consistency {
        Consistency::Strong => units * 2,
        Consistency::Eventual => units,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_rounded_up_to_whole_kilobytes() {
        for (bytes, units) in [(0, 1), (1, 1), (1024, 1), (1025, 2), (MAX_ITEM_BYTES, 400)] {
            assert_eq!(write_units(bytes), units, "{bytes} bytes");
        }
    }

    #[test]
    fn reads_are_rounded_up_to_four_kilobytes_and_halved_unless_they_are_consistent() {
        for (bytes, units) in [(0, 1), (4096, 1), (4097, 2), (MAX_PAGE_BYTES, 256)] {
            assert_eq!(read_halves(bytes, Consistency::Strong), units * 2, "{bytes} bytes");
            assert_eq!(read_halves(bytes, Consistency::Eventual), units, "{bytes} bytes");
        }
    }
}

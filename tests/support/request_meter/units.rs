//! How DynamoDB rounds bytes to units, and its limits.

/// A write unit.
const WRITE_UNIT_BYTES: u64 = 1024;
/// A read unit.
const READ_UNIT_BYTES: u64 = 4096;

/// No item is larger.
pub const MAX_ITEM_BYTES: u64 = 400 * 1024;
/// No query reads more at once.
pub const MAX_PAGE_BYTES: u64 = 1024 * 1024;
/// No batch write has more items.
pub const MAX_BATCH_WRITES: usize = 25;
/// No batch read has.
pub const MAX_BATCH_READS: usize = 100;
/// No transaction has.
pub const MAX_TRANSACTION: usize = 100;

/// How current what is read is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// As of every write before; a unit a 4 KB.
    Strong,
    /// Perhaps a little older; half of that.
    Eventual,
}

/// Returns the write units of an item of this size. None is free, not even a write without effect.
pub fn write_units(item_bytes: u64) -> u64 {
    item_bytes.div_ceil(WRITE_UNIT_BYTES).max(1)
}

/// Returns the halves of read units for what one request reads of a table; of a batch or a
/// transaction, for each item. None is free, not even a read that finds nothing.
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

//! The readings of a meter.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Calls, bytes and units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// The number of calls by service and name, such as `DynamoDB Query`.
    pub calls: BTreeMap<String, u64>,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// Bytes of the bodies of `S3 PutObject` among them.
    pub bytes_put: u64,
    /// Bytes of response bodies.
    pub bytes_received: u64,
    /// Units by table.
    pub tables: BTreeMap<String, Units>,
}

/// The units that DynamoDB bills.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Units {
    /// Write units.
    pub write: u64,
    /// Half read units: one is an eventually consistent read of 4 KB.
    pub read_halves: u64,
}

impl Units {
    /// Units of a write.
    pub fn of_write(write: u64) -> Units {
        Units { write, read_halves: 0 }
    }

    /// Units of a read.
    pub fn of_read(read_halves: u64) -> Units {
        Units { write: 0, read_halves }
    }

    /// The units of the same request in a transaction.
    #[must_use]
    pub fn doubled(self) -> Units {
        Units { write: self.write * 2, read_halves: self.read_halves * 2 }
    }

    /// Read units.
    pub fn read(self) -> f64 {
        number(self.read_halves) / 2.0
    }
}

impl AddAssign for Units {
    fn add_assign(&mut self, other: Units) {
        self.write += other.write;
        self.read_halves += other.read_halves;
    }
}

impl Usage {
    /// The number of tries of a call.
    pub fn calls_of(&self, call: &str) -> u64 {
        self.calls.get(call).copied().unwrap_or_default()
    }

    /// The units of a table.
    pub fn units_of(&self, table: &str) -> Units {
        self.tables.get(table).copied().unwrap_or_default()
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Usage) {
        for (call, times) in other.calls {
            *self.calls.entry(call).or_default() += times;
        }
        self.bytes_sent += other.bytes_sent;
        self.bytes_put += other.bytes_put;
        self.bytes_received += other.bytes_received;
        for (table, units) in other.tables {
            *self.tables.entry(table).or_default() += units;
        }
    }
}

/// A count as a floating-point number. No test counts beyond 2^32.
pub fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

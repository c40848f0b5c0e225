//! How much capacity the tables have, as DynamoDB limits it. Off unless it is set.
//!
//! **Units flow into a bucket at a steady rate. A call is accepted while the bucket is not empty,
//! and takes out what it costs, even if that is more than the bucket holds.** The units of a query
//! are only known after it has read, so a rate limiter that refuses in advance does not fit.
//!
//! Absent: DynamoDB's burst capacity (up to 300 s of unused units), the growth of a table that is
//! used more, and the division of a busy partition. So these limits are never looser than AWS's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Units per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Write units, of 1 KB each.
    pub write: f64,
    /// Read units, of 4 KB each.
    pub read: f64,
}

/// The limits of each table, and of each partition key in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableLimits {
    /// What a table accepts in all.
    pub table: Rate,
    /// What the items with one partition key accept.
    pub partition: Rate,
}

impl TableLimits {
    /// A table with on-demand capacity that was just created.
    ///
    /// From DynamoDB's developer guide: "Initial throughput for on-demand capacity mode", and
    /// "Best practices for designing and using partition keys effectively".
    pub const NEW_ON_DEMAND: TableLimits = TableLimits {
        table: Rate { write: 4_000.0, read: 12_000.0 },
        partition: Rate { write: 1_000.0, read: 3_000.0 },
    };
}

/// Whether a call writes or reads. Both have units of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// It takes write units.
    Write,
    /// It takes read units.
    Read,
}

/// What is left of the capacity of all tables. Clones share it.
#[derive(Debug, Clone)]
pub struct Capacity {
    limits: TableLimits,
    buckets: Arc<Mutex<HashMap<Place, Bucket>>>,
}

/// A table, or one partition key of it.
type Place = (String, Option<String>, Use);

/// Units that have flowed in and are not used yet; negative after a call that took more.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    units: f64,
    filled_at: Instant,
}

/// A bucket holds what flows in during this time.
const BUCKET: Duration = Duration::from_secs(1);

impl Capacity {
    /// Full buckets.
    pub fn new(limits: TableLimits) -> Capacity {
        Capacity { limits, buckets: Arc::default() }
    }

    /// Takes units from the table and from the partition. `false`: one of them has none left, and
    /// nothing is taken.
    pub fn take(
        &self,
        now: Instant,
        table: &str,
        partition: Option<&str>,
        (used, units): (Use, f64),
    ) -> bool {
        let TableLimits { table: of_table, partition: of_partition } = self.limits;
        let places = [Some((None, of_table)), partition.map(|key| (Some(key), of_partition))];
        let places = places.into_iter().flatten().map(|(key, rate)| {
            let rate = match used {
                Use::Write => rate.write,
                Use::Read => rate.read,
            };
            ((table.to_owned(), key.map(str::to_owned), used), rate)
        });
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut filled = Vec::with_capacity(2);
        for (place, rate) in places {
            let full = Bucket { units: rate * BUCKET.as_secs_f64(), filled_at: now };
            let bucket = buckets.get(&place).map_or(full, |bucket| bucket.filled(now, rate));
            filled.push((place, bucket));
        }
        let is_open = filled.iter().all(|(_, bucket)| bucket.units > 0.0);
        for (place, bucket) in filled {
            let units = bucket.units - if is_open { units } else { 0.0 };
            buckets.insert(place, Bucket { units, ..bucket });
        }
        is_open
    }
}

impl Bucket {
    fn filled(self, now: Instant, rate: f64) -> Bucket {
        let since = now.saturating_duration_since(self.filled_at);
        let units = self.units + rate * since.as_secs_f64();
        Bucket { units: units.min(rate * BUCKET.as_secs_f64()), filled_at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: TableLimits = TableLimits {
        table: Rate { write: 100.0, read: 300.0 },
        partition: Rate { write: 40.0, read: 120.0 },
    };

    /// One call each 10 ms, for a number of seconds. Returns how many units were accepted.
    fn accepted(seconds: u64, partitions: u64, call: (Use, f64)) -> f64 {
        let (capacity, begun) = (Capacity::new(SMALL), Instant::now());
        let mut accepted = 0.0;
        for number in 0..seconds * 100 {
            let now = begun + Duration::from_millis(number * 10);
            let partition = (number % partitions).to_string();
            if capacity.take(now, "data", Some(&partition), call) {
                accepted += call.1;
            }
        }
        accepted
    }

    #[test]
    fn a_partition_accepts_its_rate_and_one_second_more() {
        for (call, most) in [((Use::Write, 1.0), 400.0), ((Use::Read, 3.0), 1_200.0)] {
            let units = accepted(9, 1, call);
            assert!((most - call.1..=most).contains(&units), "{units} of {most}");
        }
    }

    #[test]
    fn a_table_accepts_its_rate_however_many_partitions_it_has() {
        let most = 100.0 * 10.0 + 7.0;
        for partitions in [3, 10, 64] {
            let units = accepted(9, partitions, (Use::Write, 7.0));
            assert!((most - 14.0..=most).contains(&units), "{units} with {partitions} partitions");
        }
    }

    #[test]
    fn a_call_larger_than_the_bucket_is_accepted_and_delays_the_next_ones() {
        let (capacity, now) = (Capacity::new(SMALL), Instant::now());
        let take = |millis, units| {
            let now = now + Duration::from_millis(millis);
            capacity.take(now, "data", None, (Use::Write, units))
        };
        assert!(take(0, 250.0));
        assert!(!take(1_500, 1.0));
        assert!(take(1_501, 1.0));
    }

    #[test]
    fn writes_reads_and_tables_do_not_affect_each_other() {
        let (capacity, now) = (Capacity::new(SMALL), Instant::now());
        for _ in 0..2 {
            for table in ["data", "reports"] {
                assert!(capacity.take(now, table, None, (Use::Write, 50.0)));
                assert!(capacity.take(now, table, None, (Use::Read, 150.0)));
            }
        }
        assert!(!capacity.take(now, "data", None, (Use::Write, 1.0)));
    }
}

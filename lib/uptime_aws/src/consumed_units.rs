//! The capacity that segments cost, in `DynamoDB`'s units, as its answers report it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Units consumed: one per 4 KB read consistently, one per 1 KB written. Calls whose answer was an
/// error or got lost are not included, because `DynamoDB` does not report their units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ConsumedUnits {
    /// Read units.
    pub(crate) read: f64,
    /// Write units.
    pub(crate) write: f64,
}

/// Adds units up. Clones share one sum.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnitCounter(Arc<Mutex<ConsumedUnits>>);

impl UnitCounter {
    /// Adds the read units that an answer reports.
    pub(crate) fn add_read(&self, consumed: Option<&ConsumedCapacity>) {
        self.with(|sum| sum.read += units(consumed));
    }

    /// Adds the write units that an answer reports for each table.
    pub(crate) fn add_written(&self, consumed: &[ConsumedCapacity]) {
        self.with(|sum| sum.write += consumed.iter().map(|table| units(Some(table))).sum::<f64>());
    }

    /// Returns the sum and resets it to zero.
    pub(crate) fn take(&self) -> ConsumedUnits {
        self.with(std::mem::take)
    }

    fn with<T>(&self, action: impl FnOnce(&mut ConsumedUnits) -> T) -> T {
        // A poisoned lock is harmless: a sum is never half changed.
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn units(consumed: Option<&ConsumedCapacity>) -> f64 {
    consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_added_up_until_they_are_taken() {
        let consumed = |units| ConsumedCapacity::builder().capacity_units(units).build();
        let counter = UnitCounter::default();
        counter.add_read(Some(&consumed(2.5)));
        counter.clone().add_read(Some(&consumed(1.0)));
        counter.add_read(None);
        counter.add_written(&[consumed(25.0), consumed(1.0)]);
        assert_eq!(counter.take(), ConsumedUnits { read: 3.5, write: 26.0 });
        assert_eq!(counter.take(), ConsumedUnits::default());
    }
}

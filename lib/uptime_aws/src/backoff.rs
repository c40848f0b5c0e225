//! Capped exponential backoff with full jitter, until a deadline.
//!
//! The SDKs try a failing call at most three times. This module is for three cases that they do not
//! cover: writes that a successful call left undone (`UnprocessedItems` of `BatchWriteItem`), the
//! rest of a broken download, which is a new call each time, and throttling that lasts longer.

use std::time::Duration;

use crate::Deadline;

/// The waits between tries.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

/// The longest possible first wait. It doubles with each try.
const FIRST: Duration = Duration::from_millis(50);
/// The longest possible wait: `DynamoDB` adapts its partitions within seconds.
const LONGEST: Duration = Duration::from_secs(5);

impl Backoff {
    /// Waits, or returns `false` at once if the wait would not end before the deadline.
    pub(crate) async fn wait(&mut self, deadline: Deadline) -> bool {
        let wait = jittered(self.next_ceiling());
        if wait >= deadline.left() {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }

    fn next_ceiling(&mut self) -> Duration {
        let ceiling = FIRST.saturating_mul(1 << self.tries.min(16)).min(LONGEST);
        self.tries += 1;
        ceiling
    }
}

/// Draws a wait from zero to `ceiling`, so that workers that were throttled together retry at
/// different times.
fn jittered(ceiling: Duration) -> Duration {
    ceiling.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_longest_wait() {
        let mut backoff = Backoff::default();
        let millis: Vec<_> = (0..9).map(|_| backoff.next_ceiling().as_millis()).collect();
        assert_eq!(millis, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn a_wait_lies_between_zero_and_the_ceiling_and_varies() {
        let waits: Vec<_> = (0..100).map(|_| jittered(LONGEST)).collect();
        assert!(waits.iter().all(|&wait| wait <= LONGEST));
        assert!(waits.iter().any(|wait| *wait < LONGEST / 2));
        assert!(waits.iter().any(|wait| *wait > LONGEST / 2));
    }

    #[test]
    fn the_ceiling_still_holds_after_many_tries() {
        let mut backoff = Backoff { tries: 1_000 };
        assert_eq!(backoff.next_ceiling(), LONGEST);
    }
}

//! Capped exponential backoff with full jitter, until a deadline.
//!
//! The SDKs try a call that fails three times at most. They do not retry what a call that succeeded
//! left undone (`UnprocessedItems` of `BatchWriteItem`), nor the rest of a download, which is another
//! call each time, nor do they wait for as long as throttling may last. This is for all three.

use std::time::Duration;

use crate::Deadline;

/// How long to wait before the next try.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

/// The most a first wait can be; doubled with each try.
const FIRST: Duration = Duration::from_millis(50);
/// No wait is longer: `DynamoDB` adapts its partitions within seconds.
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

/// Draws a wait from zero to `ceiling`: workers that were throttled together return apart.
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
    fn after_many_tries_the_ceiling_still_holds() {
        let mut backoff = Backoff { tries: 1_000 };
        assert_eq!(backoff.next_ceiling(), LONGEST);
    }
}

//! The instant by which an invocation must have finished its work.

use std::time::Duration;

use tokio::time::Instant;
use uptime::Timestamp;

/// The part of an invocation's time that is reserved for returning the answer.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);
/// How long an invocation without a deadline may take, as outside Lambda.
const UNLIMITED: Duration = Duration::from_mins(1);

/// The instant by which work must be finished or given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The instant `left` from now.
    pub fn after(left: Duration) -> Deadline {
        Deadline(Instant::now() + left)
    }

    /// Half a second before Lambda ends an invocation, so that it can still return its answer.
    ///
    /// `ends_at_millis` is the context's `deadline`, in milliseconds since 1970. If it is missing
    /// or 0, the deadline is a minute from now. `now` is the present instant.
    pub fn of_invocation(ends_at_millis: Option<u64>, now: Timestamp) -> Deadline {
        let Some(ends_at_millis) = ends_at_millis.filter(|&millis| millis > 0) else {
            return Deadline::after(UNLIMITED);
        };
        let now_millis = u64::try_from(now.micros() / 1_000).unwrap_or_default();
        let left = Duration::from_millis(ends_at_millis.saturating_sub(now_millis));
        Deadline::after(left.saturating_sub(TIME_TO_ANSWER))
    }

    /// Returns the instant `by` before this one.
    #[must_use]
    pub fn earlier_by(self, by: Duration) -> Deadline {
        // Instants before the machine's start cannot be expressed. Now is as good: it has passed.
        Deadline(self.0.checked_sub(by).unwrap_or_else(Instant::now))
    }

    /// Returns how much time is left; zero if the deadline has passed.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_ends_half_a_second_before_the_invocation() {
        check(None, UNLIMITED);
        check(Some(0), UNLIMITED);
        check(Some(15_000), Duration::from_millis(4_500));
        check(Some(10_400), Duration::ZERO);
        check(Some(9_000), Duration::ZERO);
    }

    #[track_caller]
    fn check(ends_at_millis: Option<u64>, expected: Duration) {
        let now = Timestamp::from_micros(10_000_000);
        assert_eq!(Deadline::of_invocation(ends_at_millis, now).left(), expected);
    }
}

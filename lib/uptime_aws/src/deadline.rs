//! The instant by which an invocation has to be done with its work.

use std::time::Duration;

use tokio::time::Instant;

/// The instant by which work is to be done or given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The instant `left` from now.
    pub fn after(left: Duration) -> Deadline {
        Deadline(Instant::now() + left)
    }

    /// Returns the instant `by` before this one.
    #[must_use]
    pub fn earlier_by(self, by: Duration) -> Deadline {
        // Before the machine was started there was no instant; one that is over is as good.
        Deadline(self.0.checked_sub(by).unwrap_or_else(Instant::now))
    }

    /// Returns how much time is left; zero when it has passed.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

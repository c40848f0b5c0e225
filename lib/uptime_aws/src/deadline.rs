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

    /// Returns how much time is left; zero when it has passed.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

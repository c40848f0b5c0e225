//! Waits for a condition, so that no test depends on a fixed sleep.

use std::time::Duration;

use tokio::time::Instant;

/// Generous, for busy machines.
const DEADLINE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);

/// Calls `look` until it returns a value.
///
/// Panics after a minute. `what` describes the condition.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_in(DEADLINE, what, look).await
}

/// Like [`until`], with another deadline.
pub async fn until_in<T>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let give_up = Instant::now() + deadline;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < give_up, "timed out waiting until {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

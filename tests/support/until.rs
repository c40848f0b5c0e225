//! Waiting for a condition: no story sleeps and hopes.

use std::time::Duration;

use tokio::time::Instant;

/// Generous: a story that waits longer than this on a busy machine has failed.
const DEADLINE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until there is something to see, and returns it.
///
/// Panics after a minute; `what` says what was waited for.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_in(DEADLINE, what, look).await
}

/// As [`until`], with a deadline of its own.
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
        assert!(Instant::now() < give_up, "waited in vain until {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

//! A clock for the SDK in tests with paused time. By default the SDK also reads the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_types::sdk_config::TimeSource;
use tokio::time::Instant;

/// A clock that follows the test's paused time. It starts in November 2023.
#[derive(Debug)]
pub struct PausedTime(Instant);

impl PausedTime {
    /// Starts the clock.
    pub fn begin() -> PausedTime {
        PausedTime(Instant::now())
    }
}

impl TimeSource for PausedTime {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000) + self.0.elapsed()
    }
}

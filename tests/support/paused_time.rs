//! A clock for the SDK in tests whose time is paused, for it also looks at the wall's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_types::sdk_config::TimeSource;
use tokio::time::Instant;

/// The test's clock. It begins in November 2023.
#[derive(Debug)]
pub struct PausedTime(Instant);

impl PausedTime {
    /// Starts it.
    pub fn begin() -> PausedTime {
        PausedTime(Instant::now())
    }
}

impl TimeSource for PausedTime {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000) + self.0.elapsed()
    }
}

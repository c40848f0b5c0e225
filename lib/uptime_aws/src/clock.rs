//! The only place in the AWS crates that reads the clock. Handlers get the clock as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

use uptime::Timestamp;

/// Returns the present instant, or 1970 if the host's clock is before 1970.
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

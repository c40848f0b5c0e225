//! The one place of the AWS side that reads the clock. Handlers get it as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

use uptime::Timestamp;

/// Returns the present instant; 1970 if the host's clock stands before it.
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

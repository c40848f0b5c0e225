//! The only place in the AWS crates that reads the clock. Handlers get the clock as an argument.

use std::time::SystemTime;

use uptime::Timestamp;

/// Returns the present instant, or 1970 if the host's clock is before 1970.
pub fn now() -> Timestamp {
    SystemTime::now().into()
}

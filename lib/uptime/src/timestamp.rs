//! How instants are read and written: the source files' forms, and RFC 3339.

use crate::Timestamp;
use std::fmt;

/// Why a text is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a timestamp is YYYY-MM-DD HH:MM:SS[.ffffff] with UTC, Z, an offset +hh:mm or nothing behind it"
)]
pub struct TimestampError;

impl Timestamp {
    /// Reads the source files' form (spec section 2): microseconds, further digits cut off.
    pub fn from_source(_text: &[u8]) -> Result<Timestamp, TimestampError> {
        todo!()
    }
    /// Reads RFC 3339 (`T` or blank, `Z` or an offset required).
    pub fn from_rfc3339(_text: &str) -> Result<Timestamp, TimestampError> {
        todo!()
    }
}

/// RFC 3339 in UTC, `2023-01-24T09:06:42.605777Z`; a fraction only where there is one.
impl fmt::Display for Timestamp {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

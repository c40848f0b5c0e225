//! A failed call to AWS.

use std::error::Error;

/// A call to AWS that failed after the SDK's own retries. A later call may succeed.
///
/// The message names the operation and never contains data, addresses or credentials.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed")]
pub struct CallError {
    operation: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl CallError {
    /// `operation` is AWS's name of it, such as `PutItem`.
    pub fn new(
        operation: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> CallError {
        CallError { operation, source: source.into() }
    }

    /// Returns the operation that failed.
    pub fn operation(&self) -> &'static str {
        self.operation
    }
}

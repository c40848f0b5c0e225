//! A failed call to AWS, and how an error and its causes become one line of the log.

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

/// Joins an error and its causes into one line for the log.
pub fn describe(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors already print their cause.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_and_its_causes_make_one_line() {
        let error = CallError::new("PutItem", CallError::new("Connect", "line one\nline two"));

        assert_eq!(describe(&error), "PutItem failed: Connect failed: line one line two");
    }

    #[test]
    fn a_cause_that_the_error_already_prints_is_not_repeated() {
        #[derive(Debug, thiserror::Error)]
        #[error("load failed: {0}")]
        struct Outer(#[source] CallError);

        let error = Outer(CallError::new("Query", "throttled"));

        assert_eq!(describe(&error), "load failed: Query failed: throttled");
    }
}

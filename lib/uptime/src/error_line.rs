//! How an error and its causes become one line, for logs and for users.

use std::error::Error;

/// Joins an error and its causes into one line.
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
    use thiserror::Error;

    use super::*;

    #[derive(Debug, Error)]
    #[error("{0} failed")]
    struct Failed(&'static str, #[source] Box<dyn Error>);

    #[test]
    fn an_error_and_its_causes_make_one_line() {
        let error = Failed("reading", Failed("opening", "line one\nline two".into()).into());

        assert_eq!(describe(&error), "reading failed: opening failed: line one line two");
    }

    #[test]
    fn a_cause_that_the_error_already_prints_is_not_repeated() {
        #[derive(Debug, Error)]
        #[error("load failed: {0}")]
        struct Outer(#[source] Failed);

        let error = Outer(Failed("opening", "too many files".into()));

        assert_eq!(describe(&error), "load failed: opening failed: too many files");
    }
}

//! The work order of a report: what `trigger_report` queues and `compute_report` reads.

use serde::Deserialize;

use crate::{JsonFault, ReportId, ReportIdError};

/// The body of a message in the report queue: `{"report_id": "..."}`.
///
/// Unknown fields are ignored, so that a later version may add some while messages are in flight.
#[derive(Deserialize)]
struct Message {
    report_id: String,
}

/// Why a message is no work order. The text never holds the body.
#[derive(Debug, thiserror::Error)]
pub enum ReportMessageError {
    /// The body is not JSON, or not an object with a text `report_id`.
    #[error("the message is no JSON object with a report_id")]
    NotJson(#[source] JsonFault),
    /// Its `report_id` is not one.
    #[error("the message's report_id is none")]
    BadId(#[source] ReportIdError),
}

/// Returns the body of the order to compute this report.
pub fn body_of(report_id: ReportId) -> String {
    serde_json::json!({ "report_id": report_id.to_string() }).to_string()
}

/// Reads a message's body and returns the report it is about.
pub fn read(body: &str) -> Result<ReportId, ReportMessageError> {
    let message: Message =
        serde_json::from_str(body).map_err(|error| ReportMessageError::NotJson(error.into()))?;
    message.report_id.parse().map_err(ReportMessageError::BadId)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b";

    #[test]
    fn a_message_reads_back() {
        let id: ReportId = ID.parse().unwrap();
        let body = body_of(id);

        assert_eq!(body, format!("{{\"report_id\":\"{ID}\"}}"));
        check(&body, Some(ID));
    }

    #[test]
    fn fields_of_later_versions_are_ignored() {
        check(&format!("{{\"version\": 9, \"report_id\": \"{ID}\", \"x\": [1]}}"), Some(ID));
    }

    #[test]
    fn anything_else_is_an_error() {
        check("", None);
        check("report", None);
        check("{}", None);
        check("{\"report_id\": 7}", None);
        check("{\"report_id\": \"../x\"}", None);
    }

    #[track_caller]
    fn check(body: &str, expected: Option<&str>) {
        let read = read(body).ok().map(|id| id.to_string());
        assert_eq!(read.as_deref(), expected);
    }
}

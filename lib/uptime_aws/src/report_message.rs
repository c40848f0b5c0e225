//! The message of a report: `trigger_report` queues it and `compute_report` reads it.

use serde::Deserialize;

use crate::{JsonFault, ReportId, ReportIdError};

/// The body of a message in the report queue: `{"report_id": "..."}`.
///
/// Unknown fields are ignored, so that a later version can add some while messages are in the
/// queue.
#[derive(Deserialize)]
struct Message {
    report_id: String,
}

/// Why a message cannot be read. The text never contains the body.
#[derive(Debug, thiserror::Error)]
pub enum ReportMessageError {
    /// The body is not JSON, or not an object with a text `report_id`.
    #[error("the message is not a JSON object with a text report_id")]
    NotJson(#[source] JsonFault),
    /// Its `report_id` is not a report id.
    #[error("the message's report_id is not acceptable")]
    BadId(#[source] ReportIdError),
}

/// Returns the body of the message that has this report computed.
pub fn body_of(report_id: ReportId) -> String {
    serde_json::json!({ "report_id": report_id.to_string() }).to_string()
}

/// Reads a message's body and returns the id of its report.
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

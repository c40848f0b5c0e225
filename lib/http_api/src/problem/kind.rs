//! The kinds of problem, with their stable names, statuses and titles in one table.

use lambda_http::http::StatusCode;

/// The kind of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// A parameter's value is not accepted.
    InvalidParameter,
    /// A required parameter is not given.
    MissingParameter,
    /// A parameter is given more than once, in the same place or in two.
    RepeatedParameter,
    /// There is no parameter with this name.
    UnknownParameter,
    /// The body cannot be read, or this request must not have one.
    MalformedBody,
    /// The call exists, but not with this method.
    MethodNotAllowed,
    /// There is no call at this address.
    UnknownCall,
    /// No report has this id.
    UnknownReport,
    /// The caller requests a CSV, but the report is Running or Failed.
    NoCsv,
    /// No polls are stored, so there is nothing to report.
    NoPolls,
    /// The report's files have been deleted.
    ReportExpired,
    /// The body stopped arriving before it was complete.
    BodyTooSlow,
    /// The body is longer than any request needs.
    BodyTooLarge,
    /// The body is neither JSON nor a form.
    UnsupportedBody,
    /// The idempotency key was used with other parameters.
    KeyReused,
    /// The service itself failed.
    Internal,
    /// The report was recorded but could not be queued.
    NotQueued,
    /// A service that this one depends on did not answer.
    Unavailable,
}

impl ProblemKind {
    /// The stable last part of the document's `type`.
    pub fn name(self) -> &'static str {
        self.facts().1
    }

    /// The status of every answer with a problem of this kind.
    pub fn status(self) -> StatusCode {
        self.facts().0
    }

    /// What all problems of this kind have in common, for people.
    pub fn title(self) -> &'static str {
        self.facts().2
    }

    fn facts(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            ProblemKind::InvalidParameter => {
                (S::BAD_REQUEST, "invalid-parameter", "A parameter is not acceptable")
            }
            ProblemKind::MissingParameter => {
                (S::BAD_REQUEST, "missing-parameter", "A parameter is missing")
            }
            ProblemKind::RepeatedParameter => {
                (S::BAD_REQUEST, "repeated-parameter", "A parameter is given more than once")
            }
            ProblemKind::UnknownParameter => {
                (S::BAD_REQUEST, "unknown-parameter", "A parameter is not known")
            }
            ProblemKind::MalformedBody => {
                (S::BAD_REQUEST, "malformed-body", "The body is not acceptable")
            }
            ProblemKind::UnknownCall => (S::NOT_FOUND, "unknown-call", "There is no such call"),
            ProblemKind::UnknownReport => {
                (S::NOT_FOUND, "unknown-report", "There is no such report")
            }
            ProblemKind::MethodNotAllowed => {
                (S::METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not accepted here")
            }
            ProblemKind::NoCsv => (S::NOT_ACCEPTABLE, "no-csv", "The report has no CSV"),
            ProblemKind::NoPolls => (S::CONFLICT, "no-polls", "No polls are stored"),
            ProblemKind::ReportExpired => (S::GONE, "report-expired", "The report has expired"),
            ProblemKind::BodyTooSlow => {
                (S::REQUEST_TIMEOUT, "body-too-slow", "The body did not come in time")
            }
            ProblemKind::BodyTooLarge => {
                (S::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large")
            }
            ProblemKind::UnsupportedBody => {
                (S::UNSUPPORTED_MEDIA_TYPE, "unsupported-body", "The body's type is not known")
            }
            ProblemKind::KeyReused => {
                (S::UNPROCESSABLE_ENTITY, "key-reused", "The idempotency key is in use")
            }
            ProblemKind::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "The service failed"),
            ProblemKind::NotQueued => {
                (S::SERVICE_UNAVAILABLE, "not-queued", "The report could not be queued")
            }
            ProblemKind::Unavailable => {
                (S::SERVICE_UNAVAILABLE, "unavailable", "The service is not available")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::Value;

    use super::*;

    const TEMPLATE: &str = include_str!("../../../../template.yaml");
    const GUIDE: &str = include_str!("../../README.md");
    const KINDS: [ProblemKind; 18] = [
        ProblemKind::InvalidParameter,
        ProblemKind::MissingParameter,
        ProblemKind::RepeatedParameter,
        ProblemKind::UnknownParameter,
        ProblemKind::MalformedBody,
        ProblemKind::UnknownCall,
        ProblemKind::UnknownReport,
        ProblemKind::MethodNotAllowed,
        ProblemKind::NoCsv,
        ProblemKind::NoPolls,
        ProblemKind::ReportExpired,
        ProblemKind::BodyTooSlow,
        ProblemKind::BodyTooLarge,
        ProblemKind::UnsupportedBody,
        ProblemKind::KeyReused,
        ProblemKind::Internal,
        ProblemKind::NotQueued,
        ProblemKind::Unavailable,
    ];

    #[test]
    fn the_guide_for_callers_lists_each_problem_with_its_status_and_title() {
        assert_eq!(
            KINDS.len(),
            ProblemKind::Unavailable as usize + 1,
            "a kind is missing in KINDS"
        );
        let listed: Vec<&str> =
            GUIDE.lines().filter(|line| line.starts_with("| `/problems/")).collect();
        let expected = KINDS.map(|kind| {
            let status = kind.status().as_u16();
            format!("| `/problems/{}` | {status} | {} |", kind.name(), kind.title())
        });
        assert_eq!(listed, expected);
    }

    #[test]
    fn answers_of_api_gateway_itself_have_one_title_per_type_and_our_titles_and_statuses() {
        let mut facts_of: HashMap<String, (String, Value)> = HashMap::new();
        for line in TEMPLATE.lines().map(str::trim).filter(|line| line.starts_with("{\"type\":")) {
            let start = line.trim_end_matches(',');
            let answer: Value = serde_json::from_str(&format!("{start}}}")).unwrap();
            let text = |name: &str| answer[name].as_str().unwrap().to_owned();
            let facts = (text("title"), answer["status"].clone());
            let known = facts_of.entry(text("type")).or_insert_with(|| facts.clone());
            assert_eq!(*known, facts, "{line}");
        }
        // The types that the functions use, too. Only API Gateway uses the others.
        let ours = [ProblemKind::BodyTooLarge, ProblemKind::Internal];
        for kind in ours {
            let name = format!("/problems/{}", kind.name());
            let (title, status) = facts_of.remove(&name).unwrap();
            assert_eq!(title, kind.title());
            assert!(status.is_null() || status == kind.status().as_u16(), "{name}: {status}");
        }
        assert!(facts_of.contains_key("/problems/no-answer"), "{facts_of:?}");
    }
}

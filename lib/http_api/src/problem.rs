//! Problem documents (RFC 9457), the form of every error answer.
//!
//! `type` is `/problems/<name>`: a stable name for programs to compare, not the address of a page.
//! It is relative to the host, so it is the same behind every stage. If a parameter is at fault,
//! `parameter`, `given` and `accepted` say which one, its value and what is accepted. With
//! `request_id` operators find the cause in the logs. **The cause itself is logged here, once, and
//! never returned.**

mod kind;

use lambda_http::http::Response;
use lambda_http::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, Request, RequestExt as _};
use serde::Serialize;
use serde_json::Value;

use crate::answer;

pub use kind::ProblemKind;

/// The most characters of a caller's text that a problem repeats. Acceptable values are shorter.
const GIVEN_CHARS_MAX: usize = 200;

/// `Retry-After` when this service is at fault, in seconds: longer than the SDK's own retries take.
const RETRY_SECONDS: u32 = 5;

/// Why a request failed, in words for the caller.
#[derive(Debug)]
pub struct Problem {
    /// The kind of problem; it determines the status.
    pub kind: ProblemKind,
    /// What is wrong this time and what to do, in one sentence without internal text.
    pub detail: String,
    /// The parameter at fault, if one is.
    pub fault: Option<Box<Fault>>,
    /// After how many seconds the same request may succeed. `None`: repeating it does not help.
    pub retry_after_seconds: Option<u32>,
    /// What went wrong inside, in one line. It is logged, but never returned.
    pub cause: Option<String>,
}

/// A parameter at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    parameter: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    given: Option<Value>,
    accepted: String,
}

impl Fault {
    /// Shortens long texts of the caller, so that every problem is short.
    pub fn new(parameter: &str, given: Option<Value>, accepted: &str) -> Fault {
        Fault {
            parameter: shortened(parameter),
            given: given.map(shortened_value),
            accepted: accepted.to_owned(),
        }
    }
}

/// The document as it is sent, with its members in reading order.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(flatten)]
    fault: Option<&'a Fault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Problem {
    /// A problem without a parameter at fault, without an internal cause and without `Retry-After`.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Problem {
        Problem { kind, detail: detail.into(), fault: None, retry_after_seconds: None, cause: None }
    }

    /// A problem with one parameter. `fault` says what was given and what is accepted.
    pub fn with_fault(kind: ProblemKind, detail: impl Into<String>, fault: Fault) -> Problem {
        Problem { fault: Some(Box::new(fault)), ..Problem::new(kind, detail) }
    }

    /// A service that this system depends on did not answer. The same request may succeed soon.
    pub fn unavailable(cause: impl Into<String>) -> Problem {
        let detail = "the service cannot answer at the moment; try again";
        Problem {
            retry_after_seconds: Some(RETRY_SECONDS),
            cause: Some(cause.into()),
            ..Problem::new(ProblemKind::Unavailable, detail)
        }
    }

    /// Something is wrong with this system. Trying again does not help.
    pub fn internal(cause: impl Into<String>) -> Problem {
        let detail = "the service failed; its operators can find the cause with the request_id";
        Problem { cause: Some(cause.into()), ..Problem::new(ProblemKind::Internal, detail) }
    }

    /// A call to a store failed: [`Problem::unavailable`] if that is temporary, otherwise
    /// [`Problem::internal`].
    pub fn of_failed_call(is_temporary: bool, cause: impl Into<String>) -> Problem {
        if is_temporary { Problem::unavailable(cause) } else { Problem::internal(cause) }
    }

    /// Makes the answer, and logs the cause if there is one.
    pub fn into_answer(self, request: &Request) -> Result<Response<Body>, Error> {
        self.into_answer_to(request_id(request))
    }

    /// Like `into_answer`, for callers that only have a request id. Only this function logs causes.
    pub fn into_answer_to(self, request_id: Option<&str>) -> Result<Response<Body>, Error> {
        if let Some(cause) = &self.cause {
            tracing::error!(
                request.id = request_id,
                problem = self.kind.name(),
                cause,
                "{}",
                self.detail
            );
        }

        let mut builder =
            answer::start(self.kind.status()).header(CONTENT_TYPE, "application/problem+json");
        if let Some(seconds) = self.retry_after_seconds {
            builder = builder.header(RETRY_AFTER, seconds);
        }
        if self.kind == ProblemKind::MethodNotAllowed {
            builder = builder.header(ALLOW, "GET, POST");
        }
        Ok(builder.body(answer::text(&Document::of(&self, request_id))?)?)
    }
}

impl<'a> Document<'a> {
    fn of(problem: &'a Problem, request_id: Option<&'a str>) -> Document<'a> {
        Document {
            r#type: format!("/problems/{}", problem.kind.name()),
            title: problem.kind.title(),
            status: problem.kind.status().as_u16(),
            detail: &problem.detail,
            fault: problem.fault.as_deref(),
            request_id,
        }
    }
}

/// The id that API Gateway gave to the request. The caller also sees it as `x-amzn-requestid`.
fn request_id(request: &Request) -> Option<&str> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => context.request_id.as_deref(),
        _ => None,
    }
}

fn shortened_value(given: Value) -> Value {
    match given {
        Value::String(text) => Value::String(shortened(&text)),
        Value::Array(_) | Value::Object(_) => Value::String(shortened(&given.to_string())),
        Value::Null | Value::Bool(_) | Value::Number(_) => given,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(GIVEN_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;

//! The parameters in a request's body: the members of a JSON object or the fields of a form.
//!
//! **A body that begins with `{` is read as JSON, whatever its `Content-Type`**, because `curl -d`
//! declares every body a form and a browser's `fetch` declares it plain text. Other bodies are read
//! as their `Content-Type` says, and as a form if there is none. A blank body has no parameters.

use std::fmt;

use lambda_http::Request;
use lambda_http::http::Method;
use lambda_http::http::header::CONTENT_TYPE;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use crate::{Given, Problem, ProblemKind};

/// Far more than the longest parameters need, and still cheap to read.
const BODY_BYTES_MAX: usize = 16 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";

/// Reads the body of a POST. Refuses a GET with a body, because ignoring the body would ignore what
/// the caller wanted.
pub(crate) fn parameters(request: &Request) -> Result<Vec<(String, Given)>, Problem> {
    let body: &[u8] = request.body();
    if body.len() > BODY_BYTES_MAX {
        let detail =
            format!("the body has {} bytes; at most {BODY_BYTES_MAX} are accepted", body.len());
        return Err(Problem::new(ProblemKind::BodyTooLarge, detail));
    }
    let body = body.trim_ascii();
    match *request.method() {
        Method::GET | Method::POST if body.is_empty() => Ok(Vec::new()),
        Method::POST => match format_of(request, body)? {
            Format::Json => json_members(body),
            Format::Form => Ok(form_fields(body)),
        },
        Method::GET => Err(Problem::new(
            ProblemKind::MalformedBody,
            "a GET request takes its parameters from the query; use POST to send them in a body",
        )),
        _ => {
            let detail = format!("{} is not accepted here; use GET or POST", request.method());
            Err(Problem::new(ProblemKind::MethodNotAllowed, detail))
        }
    }
}

enum Format {
    Json,
    Form,
}

fn format_of(request: &Request, body: &[u8]) -> Result<Format, Problem> {
    if body.starts_with(b"{") {
        return Ok(Format::Json);
    }
    let Some(content_type) = request.headers().get(CONTENT_TYPE) else {
        return Ok(Format::Form);
    };
    let content_type = String::from_utf8_lossy(content_type.as_bytes()).to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    match media_type {
        FORM => Ok(Format::Form),
        "application/json" => Ok(Format::Json),
        _ if media_type.ends_with("+json") => Ok(Format::Json),
        _ => Err(Problem::new(
            ProblemKind::UnsupportedBody,
            format!("the body must be a JSON object (application/json) or a form ({FORM})"),
        )),
    }
}

fn form_fields(body: &[u8]) -> Vec<(String, Given)> {
    form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), Given::Text(value.into_owned())))
        .collect()
}

fn json_members(body: &[u8]) -> Result<Vec<(String, Given)>, Problem> {
    let Members(members) = serde_json::from_slice(body).map_err(|error| {
        let detail = match error.classify() {
            Category::Data => "the body must be a JSON object".to_owned(),
            Category::Eof => "the body ends before its JSON object is complete".to_owned(),
            Category::Syntax | Category::Io => {
                format!("the body is not JSON: line {}, column {}", error.line(), error.column())
            }
        };
        Problem::new(ProblemKind::MalformedBody, detail)
    })?;
    Ok(members.into_iter().map(|(name, value)| (name, Given::Json(value))).collect())
}

/// The members of a JSON object, including repeated names; a map would keep only the last of those.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

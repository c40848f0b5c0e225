//! Turns a function's proxy response into HTTP, and builds the gateway's own errors.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_api::Problem;
use serde_json::Value;

/// Turns a proxy response into HTTP. Returns `None` if it is malformed.
pub(super) fn http_response(answer: &Value) -> Option<Response<Body>> {
    let status = u16::try_from(answer.get("statusCode")?.as_u64()?).ok()?;
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let is_base64 = answer.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or(false);
    let body = if is_base64 { STANDARD.decode(body).ok()? } else { body.as_bytes().to_vec() };

    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = response.headers_mut();
    for (name, value) in fields(answer, "headers") {
        headers.insert(HeaderName::try_from(name).ok()?, header_value(value)?);
    }
    for (name, values) in fields(answer, "multiValueHeaders") {
        let name = HeaderName::try_from(name).ok()?;
        headers.remove(&name);
        for value in values.as_array()? {
            headers.append(&name, header_value(value)?);
        }
    }
    Some(response)
}

fn fields<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    answer.get(name).and_then(Value::as_object).into_iter().flatten()
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    HeaderValue::from_str(value.as_str()?).ok()
}

/// Builds an error of the gateway itself, in the form of the functions' own.
pub(crate) fn refusal(problem: Problem, request_id: &str) -> Response<Body> {
    let answer = problem.into_answer_to(Some(request_id)).map(|answer| answer.map(Body::new));
    answer.unwrap_or_else(|_| {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

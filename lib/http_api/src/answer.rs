//! Answers other than problems.

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION};
use lambda_http::http::response::Builder;
use lambda_http::http::{Response, StatusCode};
use lambda_http::{Body, Error};
use serde::Serialize;

/// Answers with a JSON document and further headers.
pub fn json_answer(
    status: StatusCode,
    headers: &[(HeaderName, String)],
    document: &impl Serialize,
) -> Result<Response<Body>, Error> {
    let mut builder = start(status).header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    Ok(builder.body(text(document)?)?)
}

/// Redirects the caller to another address, to be requested with GET: a 303 without a body.
pub fn redirect_answer(location: &str) -> Result<Response<Body>, Error> {
    Ok(start(StatusCode::SEE_OTHER).header(LOCATION, location).body(Body::Empty)?)
}

/// Starts an answer with the header that all answers have.
pub(crate) fn start(status: StatusCode) -> Builder {
    Response::builder().status(status).header(CACHE_CONTROL, "no-store")
}

/// Ends with a newline, so that a terminal's prompt starts on a new line.
pub(crate) fn text(document: &impl Serialize) -> Result<Body, Error> {
    Ok(Body::Text(serde_json::to_string(document)? + "\n"))
}

#[cfg(test)]
mod tests {
    use lambda_http::http::header::RETRY_AFTER;

    use super::*;

    #[test]
    fn a_json_answer_is_not_stored_by_caches_and_keeps_its_headers() {
        let headers = [(RETRY_AFTER, "1".to_owned())];

        let answer = json_answer(StatusCode::ACCEPTED, &headers, &"text").unwrap();

        assert_eq!(answer.status(), 202);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.headers()["retry-after"], "1");
        assert_eq!(&answer.body()[..], b"\"text\"\n");
    }

    #[test]
    fn a_redirect_is_a_303_without_a_body() {
        let answer = redirect_answer("https://bucket.example/report.csv?signature=1").unwrap();

        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["location"], "https://bucket.example/report.csv?signature=1");
        assert!(answer.body().is_empty());
    }
}

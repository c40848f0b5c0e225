//! A plain HTTP client, such as a user of the API would use.

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use thiserror::Error;

/// Sends GET requests.
#[derive(Debug, Clone)]
pub(super) struct HttpClient(Client<HttpConnector, Empty<Bytes>>);

/// A request that got no complete response. The URL is left out, because it may hold a signature.
#[derive(Debug, Error)]
#[error("a request got no response")]
pub(super) struct HttpError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl HttpClient {
    /// Makes a client without calling anything.
    pub(super) fn new() -> HttpClient {
        HttpClient(Client::builder(TokioExecutor::new()).build_http())
    }

    /// Gets a URL and returns the response, whatever its status is.
    pub(super) async fn get(&self, url: &str) -> Result<(StatusCode, Bytes), HttpError> {
        let request = Request::get(url).body(Empty::new());
        let request = request.map_err(|error| HttpError(error.into()))?;
        let answer = self.0.request(request).await.map_err(|error| HttpError(error.into()))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| HttpError(error.into()))?;
        Ok((status, body.to_bytes()))
    }
}

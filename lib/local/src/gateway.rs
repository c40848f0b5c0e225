//! A small API Gateway: plain HTTP in front of the two functions that answer calls.
//!
//! A request becomes a REST proxy event, goes to its function as on AWS, and the function's proxy
//! response becomes HTTP again. Other routes get 404, other verbs 405, and a function that fails
//! 502 (504 at its time-out), all as `application/problem+json`. Absent: stages in the path,
//! authorisation and throttling.

mod event;
mod response;

pub(crate) use event::percent_decoded;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request, Response, StatusCode};
use axum::serve::ListenerExt;
use http_api::ProblemKind;
use tokio::net::TcpListener;

use crate::lambda::{Function, InvocationError};

/// API Gateway's limit of a request's body, 10 MB.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// What a path leads to.
#[derive(Debug, Clone)]
pub struct Route {
    /// The path; a last part in braces stands for any text and becomes a path parameter.
    pub resource: &'static str,
    /// The verbs the path is open to.
    pub methods: &'static [Method],
    /// What answers.
    pub function: Function,
}

/// Serves `routes` on `listener` until `shutdown` resolves and the answers under way are sent.
pub async fn serve(
    listener: TcpListener,
    routes: Vec<Route>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = Router::new().fallback(answer).with_state(Arc::new(routes));
    let listener = listener.tap_io(|socket| {
        socket.set_nodelay(true).ok();
    });
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}

async fn answer(State(routes): State<Arc<Vec<Route>>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let matched = routes.iter().find_map(|route| Some((route, parameter(route.resource, &path)?)));
    let Some((route, parameter)) = matched else {
        let detail = format!("there is nothing at {path}; try /trigger_report or /get_report");
        return response::problem(StatusCode::NOT_FOUND, ProblemKind::UnknownCall.name(), &detail);
    };
    if !route.methods.contains(&parts.method) {
        return method_not_allowed(route, &parts.method);
    }
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        let detail = format!("a body has at most {BODY_BYTES_MAX} bytes");
        return response::problem(
            StatusCode::PAYLOAD_TOO_LARGE,
            ProblemKind::BodyTooLarge.name(),
            &detail,
        );
    };
    let event = event::proxy_event(route.resource, parameter, &parts, &body);
    match route.function.invoke(event).await {
        Ok(answer) => response::http_response(&answer).unwrap_or_else(|| bad_gateway("malformed")),
        Err(error) => failure(&error),
    }
}

/// Matches a path with a resource; `Some(None)` is a match without a path parameter.
#[expect(clippy::option_option, reason = "a match and its parameter are two questions")]
fn parameter(resource: &'static str, path: &str) -> Option<Option<(&'static str, String)>> {
    let Some((start, name)) = resource.split_once('{') else {
        return (resource == path).then_some(None);
    };
    let text = path.strip_prefix(start).filter(|text| !text.is_empty() && !text.contains('/'))?;
    Some(Some((name.trim_end_matches('}'), percent_decoded(text))))
}

fn method_not_allowed(route: &Route, method: &Method) -> Response<Body> {
    let allowed: Vec<&str> = route.methods.iter().map(Method::as_str).collect();
    let allowed = allowed.join(", ");
    let detail = format!("{} is open to {allowed}, not to {method}", route.resource);
    let mut response = response::problem(
        StatusCode::METHOD_NOT_ALLOWED,
        ProblemKind::MethodNotAllowed.name(),
        &detail,
    );
    if let Ok(allowed) = allowed.parse() {
        response.headers_mut().insert("allow", allowed);
    }
    response
}

fn failure(error: &InvocationError) -> Response<Body> {
    let source = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(source, "{error}");
    match error {
        InvocationError::TimedOut(..) => {
            let detail = "the function did not answer in time";
            response::problem(StatusCode::GATEWAY_TIMEOUT, "gateway-timeout", detail)
        }
        _ => bad_gateway("no"),
    }
}

fn bad_gateway(kind: &str) -> Response<Body> {
    let detail = format!("the function gave {kind} answer; the log has the reason");
    response::problem(StatusCode::BAD_GATEWAY, "bad-gateway", &detail)
}

#[cfg(test)]
mod tests;

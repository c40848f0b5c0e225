//! A small API Gateway: plain HTTP in front of the two functions that answer calls.
//!
//! A request becomes a REST proxy event and goes to its function, as on AWS. The function's proxy
//! response becomes HTTP again. Another route gets 404, and another verb gets 405. A function that
//! fails, hangs or returns a malformed response gets 500. (API Gateway: 403, 403 and 502.) These
//! errors are problems in the same form as the functions' own. Absent: stages in the path,
//! authorisation and throttling. The local page is on the same port, before the routes.

mod event;
mod response;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::ALLOW;
use axum::http::request::Parts;
use axum::http::{Method, Request, Response};
use http_api::{Problem, ProblemKind};
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use uptime_aws::describe;
use uuid::Uuid;

use crate::guard::Policy;
use crate::handles::Shares;
use crate::http_server::{self, BodyFault, Port};
use crate::lambda::Function;
use crate::page;
use crate::s3::PUT_BYTES_MAX;

pub(crate) use response::refusal;

/// API Gateway's limit for a request's body, 10 MB.
const BODY_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// A path and the function behind it.
#[derive(Debug, Clone)]
pub struct Route {
    /// The path. If its last part is in braces, that part matches any text, which becomes a path
    /// parameter.
    pub resource: &'static str,
    /// The verbs that the path accepts.
    pub methods: &'static [Method],
    /// The function that answers.
    pub function: Function,
}

/// The routes, and a permit for each invocation that may run at the same time.
struct Api {
    routes: Vec<Route>,
    invocations: Semaphore,
}

/// Serves `routes` and `page` on `listener` until `shutdown` resolves and the answers under way are
/// sent.
pub async fn serve(
    listener: TcpListener,
    routes: Vec<Route>,
    page: Router,
    shares: Shares,
    shutdown: impl Future<Output = ()>,
) {
    let api = Api { routes, invocations: Semaphore::new(shares.invocations) };
    let service = Router::new().fallback(answer).with_state(Arc::new(api)).merge(page);
    let connections_max = shares.api;
    let body_bytes_max =
        |head: &Parts| if page::is_upload(head) { PUT_BYTES_MAX } else { BODY_BYTES_MAX };
    let port = Port {
        name: "the API",
        connections_max,
        body_bytes_max,
        refuse,
        policy: Policy::OwnPages,
        further_host: None,
    };
    http_server::serve(listener.into(), port, service, shutdown).await;
}

async fn answer(State(api): State<Arc<Api>>, request: Request<Body>) -> Response<Body> {
    let request_id = Uuid::new_v4().to_string();
    let answered = functions_answer(&api, request, &request_id).await;
    answered.unwrap_or_else(|problem| refusal(problem, &request_id))
}

/// Returns the response of a path's function, or why there is none.
async fn functions_answer(
    api: &Api,
    request: Request<Body>,
    request_id: &str,
) -> Result<Response<Body>, Problem> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let matched =
        api.routes.iter().find_map(|route| Some((route, parameter(route.resource, &path)?)));
    let (route, parameter) = matched.ok_or_else(|| {
        let detail = format!("there is nothing at {path}; use /trigger_report or /get_report");
        Problem::new(ProblemKind::UnknownCall, detail)
    })?;
    if !route.methods.contains(&parts.method) {
        return Ok(method_not_allowed(route, &parts.method, request_id));
    }
    // The server keeps to its own limit, and `refuse` answers a body that cannot be read.
    let body = axum::body::to_bytes(body, usize::MAX).await;
    let body =
        body.map_err(|_| Problem::new(ProblemKind::MalformedBody, "the body is incomplete"))?;
    let event = event::proxy_event(route.resource, parameter, &parts, &body, request_id);
    // An error means that the semaphore is closed, which never happens. Each call takes one permit.
    let _permit = api.invocations.acquire().await.ok();
    let answer = route.function.invoke(event).await;
    let answer = answer.map_err(|error| Problem::internal(describe(&error)))?;
    let malformed = || {
        Problem::internal(format!(
            "the function of {} returned a malformed response",
            route.resource
        ))
    };
    response::http_response(&answer).ok_or_else(malformed)
}

fn refuse(fault: BodyFault) -> Response<Body> {
    let kind = match fault {
        BodyFault::StoodStill(_) => ProblemKind::BodyTooSlow,
        BodyFault::Broken => ProblemKind::MalformedBody,
        BodyFault::TooLarge(_) => ProblemKind::BodyTooLarge,
    };
    refusal(Problem::new(kind, fault.to_string()), &Uuid::new_v4().to_string())
}

/// Compares a path with a resource. `Some(None)` is a match without a path parameter.
#[expect(clippy::option_option, reason = "a match may have a parameter or none")]
fn parameter(resource: &'static str, path: &str) -> Option<Option<(&'static str, String)>> {
    let Some((start, name)) = resource.split_once('{') else {
        return (resource == path).then_some(None);
    };
    let text = path.strip_prefix(start).filter(|text| !text.is_empty() && !text.contains('/'))?;
    let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some(Some((name.trim_end_matches('}'), text)))
}

fn method_not_allowed(route: &Route, method: &Method, request_id: &str) -> Response<Body> {
    let allowed: Vec<&str> = route.methods.iter().map(Method::as_str).collect();
    let allowed = allowed.join(", ");
    let detail = format!("{} does not accept {method}; it accepts {allowed}", route.resource);
    let problem = Problem::new(ProblemKind::MethodNotAllowed, detail);
    let mut response = refusal(problem, request_id);
    if let Ok(allowed) = allowed.parse() {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

#[cfg(test)]
mod tests;

//! The page at `/` of the API's port: load files, request reports, and see both.
//!
//! **The page calls `trigger_report` and `get_report` as any client does.** Only what no client of a
//! deployed system needs has routes of its own, under `/local/`: uploads without a signature, and
//! the lists of loads and reports. A deployed system does not have them.
//!
//! The guard of the port refuses the pages of other sites. In addition, routes that change something
//! need the header `X-Local-Page`, which a form cannot send.

mod loads;
mod reports;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use axum::middleware::map_response;
use axum::response::IntoResponse;
use axum::routing::{get, post, put};
use http_api::{Problem, ProblemKind};
use serde::Serialize;
use uptime::Timestamp;
use uptime::output::BASE_STYLE;
use uptime_aws::{CallError, Clients as _, LoadFiles, ReportTable, describe};
use uuid::Uuid;

use crate::gateway::refusal;
use crate::system::{DATA_BUCKET, REPORT_TABLE, System};
use crate::uploads::Uploads;

/// Uploads go below this path.
const INCOMING_PATH: &str = "/local/incoming/";

/// The page runs its own script and style and calls its own origin. It loads nothing else, and no
/// page may show it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/local.css");
const SCRIPT: &str = include_str!("page/local.js");

/// What the routes of the page use.
struct Page {
    uploads: Uploads,
    s3: aws_sdk_s3::Client,
    loads: LoadFiles,
    dynamodb: aws_sdk_dynamodb::Client,
    reports: ReportTable,
    /// For uploads on their way to S3.
    folder: PathBuf,
    /// Loads that have ended, by the key of the manifest, with the time at which it was written.
    ended: Mutex<HashMap<String, (Timestamp, loads::Load)>>,
}

/// Returns the routes of the page of a system.
pub fn routes(system: &System) -> Router {
    let config = system.sdk_config();
    let page = Page {
        uploads: Uploads::new(&config, system.addresses().s3, system.secret().file()),
        s3: config.s3(),
        loads: LoadFiles::new(&config, DATA_BUCKET),
        dynamodb: config.dynamodb(),
        reports: ReportTable::new(&config, REPORT_TABLE),
        folder: system.folder().to_owned(),
        ended: Mutex::default(),
    };
    Router::new()
        .route("/", get(async || file("text/html; charset=utf-8", HTML.into())))
        .route(
            "/local/local.css",
            get(async || file("text/css", (BASE_STYLE.to_owned() + STYLE).into())),
        )
        .route("/local/local.js", get(async || file("text/javascript", SCRIPT.into())))
        .route("/local/incoming/{name}", put(upload::incoming))
        .route("/local/sample", post(upload::sample))
        .route("/local/loads", get(loads::list))
        .route("/local/rejected_rows/{*folder}", get(loads::rejected_rows))
        .route("/local/reports", get(reports::list))
        .method_not_allowed_fallback(async |method: Method| other_method(&method))
        .layer(map_response(async |response| with_safe_headers(response)))
        .with_state(Arc::new(page))
}

/// Whether this request uploads a file, which may be larger than a call of the API.
pub fn is_upload(head: &Parts) -> bool {
    head.method == Method::PUT && head.uri.path().starts_with(INCOMING_PATH)
}

/// A problem as the answer of a route of the page.
#[derive(Debug)]
struct Refused(Problem);

impl From<CallError> for Refused {
    fn from(error: CallError) -> Refused {
        Refused(Problem::unavailable(describe(&error)))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        refusal(self.0, &Uuid::new_v4().to_string())
    }
}

type Answer = Result<Response<Body>, Refused>;

fn other_method(method: &Method) -> Response<Body> {
    let detail =
        format!("this path does not accept {method}; the header Allow says what it accepts");
    let mut response = Refused(Problem::new(ProblemKind::MethodNotAllowed, detail)).into_response();
    // Those of the API; the router then adds those of the path.
    response.headers_mut().remove(ALLOW);
    response
}

fn file(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn json(status: StatusCode, document: &impl Serialize) -> Answer {
    let text = serde_json::to_string(document);
    let text = text.map_err(|error| Refused(Problem::internal(error.to_string())))?;
    let mut response = file("application/json", text.into());
    *response.status_mut() = status;
    Ok(response)
}

fn with_safe_headers(mut response: Response<Body>) -> Response<Body> {
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
        (policy, "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

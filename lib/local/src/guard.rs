//! Keeps web pages away from the ports of a local system.
//!
//! **A request is answered only if no page of another site can have sent it.** A browser describes
//! the page behind a request in headers that the page cannot change: `Origin`, `Sec-Fetch-Site` and
//! `Host`. So a request is refused if its host is neither a name of the loopback address nor the
//! further address that the port listens on (a page may have pointed its own name at either), if
//! its origin is another one, or if the browser says that another site caused it. A page on another
//! port of 127.0.0.1 counts as another site.
//! Programs such as curl and the SDKs do not send the browser's headers, so the guard does not
//! affect them.
//!
//! No port sends an `Access-Control-*` header, and a browser's preflight request is refused.

use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use thiserror::Error;

/// Which requests of browsers a port accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Requests of pages of the same origin, and addresses that a user typed in.
    OwnPages,
    /// Also links that a user follows from any page or mail. For S3, whose links are signed.
    OwnPagesAndLinks,
}

/// Why a request is refused. The text is for its sender.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The host is missing, is given twice, or is not this machine's.
    #[error(
        "refused: the request is for the host {found}; it must have one Host header with {}, with or \
         without a port",
        accepted_hosts(*.further)
    )]
    Host {
        /// What the request has in its place.
        found: String,
        /// The further address that the port accepts.
        further: Option<IpAddr>,
    },
    /// A page of another origin sent it.
    #[error(
        "refused: the Origin of the web page is {0}; it must be http:// and the request's Host"
    )]
    Origin(String),
    /// The browser says that another site caused it.
    #[error("refused: Sec-Fetch-Site is {0}; it must be same-origin or none")]
    Site(String),
    /// The browser asks whether a page of another origin may send a request.
    #[error("refused: web pages of other origins cannot send requests here (there is no CORS)")]
    Preflight,
}

impl Refusal {
    /// The response: 403 with the reason as plain text.
    pub fn response<Body: From<String>>(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(format!("{self}\n")));
        *response.status_mut() = StatusCode::FORBIDDEN;
        let plain_text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain_text);
        response
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Checks the head of a request before anything else reads it. A port that listens on a
/// `further_host` also accepts this address as the host: a page can point a name at it, but the
/// browser then sends the name.
pub fn check(head: &Parts, policy: Policy, further_host: Option<IpAddr>) -> Result<(), Refusal> {
    let host = checked_host(head, further_host)?;
    let headers = &head.headers;
    let own_origin = format!("http://{host}");
    for origin in texts(headers, &header::ORIGIN) {
        if !origin.eq_ignore_ascii_case(&own_origin) {
            return Err(Refusal::Origin(origin));
        }
    }
    if head.method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    {
        return Err(Refusal::Preflight);
    }
    if policy == Policy::OwnPagesAndLinks && is_followed_link(head) {
        return Ok(());
    }
    let mut sites = texts(headers, &SEC_FETCH_SITE);
    match sites.find(|site| !matches!(site.as_str(), "same-origin" | "none")) {
        Some(site) => Err(Refusal::Site(site)),
        None => Ok(()),
    }
}

/// Returns the host and port of the request, if they are this machine's.
fn checked_host(head: &Parts, further_host: Option<IpAddr>) -> Result<String, Refusal> {
    let refused = |found| Refusal::Host { found, further: further_host };
    let hosts: Vec<String> = texts(&head.headers, &header::HOST).collect();
    let [host] = &hosts[..] else {
        let found = if hosts.is_empty() { "(missing)".to_owned() } else { hosts.join(" and ") };
        return Err(refused(found));
    };
    // A target such as `GET http://name/ HTTP/1.1` has its own host, which would take precedence.
    let target = head.uri.authority().map_or(host.as_str(), |authority| authority.as_str());
    if target != host {
        return Err(refused(format!("{target} and {host}")));
    }
    if is_own(host, further_host) { Ok(host.clone()) } else { Err(refused(host.clone())) }
}

fn accepted_hosts(further: Option<IpAddr>) -> String {
    match further {
        None => "127.0.0.1, localhost or [::1]".to_owned(),
        Some(address) => format!("127.0.0.1, localhost, [::1] or {address}"),
    }
}

fn is_own(host: &str, further_host: Option<IpAddr>) -> bool {
    let is_name = |name: &str| {
        ["127.0.0.1", "[::1]"].contains(&name)
            || name.eq_ignore_ascii_case("localhost")
            || further_host.is_some_and(|address| name == address.to_string())
    };
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_name(host)
        || host.rsplit_once(':').is_some_and(|(name, port)| is_name(name) && is_port(port))
}

/// Whether a user opened the address in a browser window or a frame. Then no page reads the
/// response, and only the address is sent.
fn is_followed_link(head: &Parts) -> bool {
    [Method::GET, Method::HEAD].contains(&head.method)
        && !head.headers.contains_key(header::ORIGIN)
        && texts(&head.headers, &SEC_FETCH_MODE).eq(["navigate"])
}

/// Returns all values of a header. A value that is not text never matches an accepted one.
fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> + 'a {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests;

//! Serves HTTP on all ports of this system.
//!
//! **A client that stands still costs only itself.** A port takes a limited number of connections.
//! It ends a connection that stands still: before a request's head is complete, in the body,
//! between requests, or because the client does not take its answer. A slow transfer that moves may
//! take any time, and so may the service. The [`guard`] checks each request's head before anything
//! else. The server itself answers a bad body, whatever the service does with it: a body that
//! stands still, breaks off, is malformed or is too large. If `Content-Length` already says that
//! the body is too large, no byte of it is read.
//!
//! When nearly all connections of a port are taken, each answer ends its connection, so that
//! clients take turns. When all are taken, connections that have waited for a request for a while
//! are closed. New connections wait in the operating system's backlog meanwhile.

mod client_socket;
mod connections;
mod listeners;
mod pace;
mod request_body;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::header::{CONNECTION, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;
use tower::{Service, ServiceExt};

use crate::guard::{self, Policy};
use crate::supervised::keep_up;
use client_socket::ClientSocket;
use connections::Connections;
use pace::{AnswerBody, Pace};
use request_body::RequestBody;

pub use listeners::Listeners;
pub use request_body::BodyFault;

/// How long the last answers may take after a server is asked to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// The pause after a connection could not be accepted. The usual cause is that the file handles ran
/// out, which passes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What one port accepts, and how it refuses.
#[derive(Clone)]
pub struct Port {
    /// The name of the service in logs, such as `the API`.
    pub name: &'static str,
    /// The largest number of connections at once; further ones wait.
    pub connections_max: usize,
    /// Returns the largest size of a request's body, in bytes, by the request's head.
    pub body_bytes_max: fn(&Parts) -> u64,
    /// Builds the response to a bad body, in the port's own form.
    pub refuse: fn(BodyFault) -> Response<Body>,
    /// Which requests of browsers it accepts.
    pub policy: Policy,
    /// The further address that it listens on, which a request's `Host` may name.
    pub further_host: Option<IpAddr>,
}

/// How long a client may stand still.
#[derive(Debug, Clone, Copy)]
struct TimeLimits {
    /// From a connection's start, or the first byte of a later request, to the end of the head.
    head: Duration,
    /// Between two bytes of a body that the service waits for.
    body: Duration,
    /// Between an answer and the next request.
    idle: Duration,
    /// Until the client takes the next piece of its answer.
    answer: Duration,
}

const TIME_LIMITS: TimeLimits = TimeLimits {
    // A head is one packet, but a user may type it by hand.
    head: Duration::from_secs(10),
    // S3 waits 20 s for a body that stands still.
    body: Duration::from_secs(20),
    // Longer than the 90 s for which the SDKs' pools keep a connection. So the client closes it
    // first, and sends no request into a connection that the server is closing.
    idle: Duration::from_secs(100),
    // A browser may pause a download while it asks where to save it.
    answer: Duration::from_secs(30),
};

struct Shared {
    port: Port,
    limits: TimeLimits,
    is_full: AtomicBool,
}

/// Serves `service` on `listeners` until `shutdown` resolves. Then current answers get a moment.
pub async fn serve<S>(
    listeners: Listeners,
    port: Port,
    service: S,
    shutdown: impl Future<Output = ()>,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    let listeners = Arc::new(listeners);
    let accept = move || {
        let listeners = Arc::clone(&listeners);
        async move {
            let socket = listeners.accept().await?;
            // Without this, a GET of 1 MB took 33 ms instead of 6.
            socket.set_nodelay(true).ok();
            Ok(socket)
        }
    };
    Server::new(accept, port, TIME_LIMITS, service).serve_until(shutdown).await;
}

/// A port and its listener.
struct Server<A, S> {
    accept: A,
    shared: Arc<Shared>,
    service: S,
    graceful: GracefulShutdown,
    connections: Mutex<Connections>,
}

impl<A, F, I, S> Server<A, S>
where
    A: Fn() -> F,
    F: Future<Output = io::Result<I>>,
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    fn new(accept: A, port: Port, limits: TimeLimits, service: S) -> Server<A, S> {
        let connections = Mutex::new(Connections::new(port.connections_max));
        let shared = Arc::new(Shared { port, limits, is_full: AtomicBool::new(false) });
        Server { accept, shared, service, graceful: GracefulShutdown::new(), connections }
    }

    async fn serve_until(self, shutdown: impl Future<Output = ()>) {
        let name = self.shared.port.name.to_owned();
        tokio::select! {
            () = keep_up(name, || false, || self.take_connections()) => {}
            () = shutdown => {}
        }
        // Answers that take longer end when their connections are dropped.
        tokio::time::timeout(LAST_ANSWERS, self.graceful.shutdown()).await.ok();
    }

    async fn take_connections(&self) {
        let mut connections = self.connections.lock().await;
        let mut was_refused = false;
        loop {
            connections.make_room(&self.shared.is_full).await;
            match (self.accept)().await {
                Ok(socket) => {
                    was_refused = false;
                    let pace = Arc::new(Pace::begin(self.shared.limits));
                    let (shared, service) = (Arc::clone(&self.shared), self.service.clone());
                    let (of_client, watcher) = (Arc::clone(&pace), self.graceful.watcher());
                    let served = serve_connection(socket, shared, service, of_client, watcher);
                    connections.add(served, pace);
                }
                Err(error) => {
                    if !was_refused {
                        let port = self.shared.port.name;
                        tracing::warn!(port, %error, "cannot accept connections at the moment");
                    }
                    was_refused = true;
                    connections.ask_idle_ones_to_end();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Serves one connection until it ends or its client stands still.
async fn serve_connection<I, S>(
    socket: I,
    shared: Arc<Shared>,
    service: S,
    pace: Arc<Pace>,
    watcher: Watcher,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    let socket = TokioIo::new(ClientSocket::new(socket, Arc::clone(&pace)));
    let of_requests = Arc::clone(&pace);
    let answer = service_fn(move |request| {
        answer(Arc::clone(&shared), service.clone(), Arc::clone(&of_requests), request)
    });
    let mut server = Builder::new(TokioExecutor::new()).http1_only();
    // hyper keeps the `Date` of an answer until the wall clock passes it. If the clock is set back
    // by two hours, SDKs would correct their own clock by that date, and sign two hours ahead of
    // ours.
    server.http1().auto_date_header(false);
    let connection = watcher.watch(server.serve_connection(socket, answer).into_owned());
    // An error is the client's: it did not send HTTP, or it is gone.
    pace.unless_it_stands_still(pin!(connection)).await;
}

async fn answer<S>(
    shared: Arc<Shared>,
    service: S,
    pace: Arc<Pace>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let under_way = pace.request_begins();
    let port = &shared.port;
    let (parts, body) = request.into_parts();
    let bytes_max = (port.body_bytes_max)(&parts);
    let mut response = if let Err(refusal) = guard::check(&parts, port.policy, port.further_host) {
        refusal.response()
    } else if body.size_hint().lower() > bytes_max {
        closing((port.refuse)(BodyFault::TooLarge(bytes_max)))
    } else {
        let fault = Arc::new(OnceLock::new());
        let limits = (bytes_max, shared.limits.body);
        let body = Body::new(RequestBody::new(body, limits, Arc::clone(&fault)));
        let response = service.oneshot(Request::from_parts(parts, body)).await?;
        match fault.get() {
            Some(fault) => closing((port.refuse)(*fault)),
            None => response,
        }
    };
    if shared.is_full.load(Ordering::Relaxed) {
        response = closing(response);
    }
    Ok(response.map(|body| AnswerBody::new(body, under_way)))
}

/// Makes an answer the last one of its connection.
fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

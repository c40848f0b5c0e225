//! Broken responses.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use socket2::{SockRef, Socket};
use tokio::net::TcpStream;

use super::Service;

/// A response whose body may break off.
pub(super) type Answer = Response<BoxBody<Bytes, Broken>>;

/// The proxy broke the call on purpose, or the service did not answer.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("broken by the proxy")]
pub(super) struct Broken;

/// A second handle of a client's connection.
#[derive(Debug)]
pub(super) struct Connection(Socket);

impl Connection {
    pub(super) fn of(socket: &TcpStream) -> Connection {
        Connection(SockRef::from(socket).try_clone().unwrap())
    }

    /// Makes the connection end with a reset. Returns the error that ends it.
    pub(super) fn reset(&self) -> Broken {
        self.0.set_linger(Some(Duration::ZERO)).ok();
        Broken
    }
}

/// The unchanged response.
pub(super) fn whole(answer: Response<Bytes>) -> Answer {
    answer.map(|body| Full::new(body).map_err(|never| match never {}).boxed())
}

/// The response with all its headers and the first `length` bytes of its body.
pub(super) fn cut(answer: Response<Bytes>, length: usize) -> Answer {
    answer.map(|body| {
        let frames = stream::iter([Ok(Frame::data(body.slice(..length))), Err(Broken)]);
        // The bytes must be sent before the connection breaks.
        let frames = frames.then(async |frame| {
            tokio::task::yield_now().await;
            frame
        });
        BodyExt::boxed(StreamBody::new(Box::pin(frames)))
    })
}

/// The response in four pieces, with a pause before each.
pub(super) async fn slow(answer: Response<Bytes>, pause: Duration) -> Answer {
    tokio::time::sleep(pause).await;
    answer.map(|body| {
        let piece = body.len().div_ceil(4).max(1);
        let pieces: Vec<Bytes> = body.chunks(piece).map(Bytes::copy_from_slice).collect();
        let frames = stream::iter(pieces).then(move |piece| async move {
            tokio::time::sleep(pause).await;
            Ok(Frame::data(piece))
        });
        BodyExt::boxed(StreamBody::new(Box::pin(frames)))
    })
}

/// The response of a service that fails.
pub(super) fn error(service: Service, status: u16) -> Answer {
    let (code, kind) = match (service, status) {
        (Service::S3, 503) => ("SlowDown", "application/xml"),
        (Service::S3, _) => ("InternalError", "application/xml"),
        (_, 503) => ("ServiceUnavailable", "application/x-amz-json-1.0"),
        (..) => ("InternalServerError", "application/x-amz-json-1.0"),
    };
    let body = match service {
        Service::S3 => format!("<Error><Code>{code}</Code><Message>no</Message></Error>"),
        _ => format!("{{\"__type\":\"com.amazonaws#{code}\",\"message\":\"no\"}}"),
    };
    let answer = Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header(header::CONTENT_TYPE, kind)
        .header(header::CONTENT_LENGTH, body.len());
    whole(answer.body(Bytes::from(body)).unwrap())
}

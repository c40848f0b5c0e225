//! A request's body, read within limits of size and pace.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::http::StatusCode;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use thiserror::Error;
use tokio::time::Sleep;

/// What is wrong with a body. The text is for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BodyFault {
    /// No byte arrived within the limit.
    #[error("the body stood still for {} s; send it without a longer pause", .0.as_secs())]
    StoodStill(Duration),
    /// It ended before it was complete, or its chunks are malformed.
    #[error(
        "the body is incomplete or malformed; send as many bytes as the head says, or well-formed chunks"
    )]
    Broken,
    /// It has more bytes than the port takes.
    #[error("the body is too large; at most {0} bytes are accepted")]
    TooLarge(u64),
}

impl BodyFault {
    /// The status of the answer. S3 has its own.
    pub fn status(self) -> StatusCode {
        match self {
            BodyFault::StoodStill(_) => StatusCode::REQUEST_TIMEOUT,
            BodyFault::Broken => StatusCode::BAD_REQUEST,
            BodyFault::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }
}

/// A body that ends with a fault, which it also leaves for the code that answers.
pub(super) struct RequestBody {
    incoming: Incoming,
    bytes_max: u64,
    bytes_read: u64,
    patience: Duration,
    // Set while the body waits for the client's next bytes.
    alarm: Option<Pin<Box<Sleep>>>,
    fault: Arc<OnceLock<BodyFault>>,
}

impl RequestBody {
    pub(super) fn new(
        incoming: Incoming,
        (bytes_max, patience): (u64, Duration),
        fault: Arc<OnceLock<BodyFault>>,
    ) -> RequestBody {
        RequestBody { incoming, bytes_max, bytes_read: 0, patience, alarm: None, fault }
    }

    /// Returns the next frame, or the fault.
    fn poll_within_limits(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) else {
            let patience = self.patience;
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
            let alarm = alarm.as_mut().poll(context);
            return alarm.map(|()| Some(Err(BodyFault::StoodStill(patience))));
        };
        self.alarm = None;
        let Some(frame) = frame else { return Poll::Ready(None) };
        let Ok(frame) = frame else { return Poll::Ready(Some(Err(BodyFault::Broken))) };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        self.bytes_read += u64::try_from(bytes).unwrap_or(u64::MAX);
        let is_too_large = self.bytes_read > self.bytes_max;
        let too_large = Err(BodyFault::TooLarge(self.bytes_max));
        Poll::Ready(Some(if is_too_large { too_large } else { Ok(frame) }))
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let polled = self.poll_within_limits(context);
        if let Poll::Ready(Some(Err(fault))) = &polled {
            self.fault.set(*fault).ok();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

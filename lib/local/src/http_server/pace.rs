//! Tracks whether a client moves, and since when it does not.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::TimeLimits;

/// The pace of one connection's client. A body has its own limit, see `request_body`.
#[derive(Debug)]
pub(super) struct Pace {
    limits: TimeLimits,
    state: Mutex<State>,
    asked: Notify,
}

/// How long an incomplete head may keep a place that other clients wait for; its client may only be
/// slow.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);
/// How long an idle connection may keep such a place.
const IDLE_PATIENCE: Duration = Duration::from_secs(1);
/// The time in which an idle connection can still show that a request is on its way.
const LAST_CHANCE: Duration = Duration::from_millis(100);

#[derive(Debug)]
struct State {
    phase: Phase,
    /// When the phase began, or when the client last took bytes after a wait.
    since: Instant,
    /// Since when the client has taken nothing of the answer.
    untaken_since: Option<Instant>,
    /// When another client first wanted its place; reset when a request arrives.
    asked_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A request's head may have begun, but is not complete.
    Head,
    /// From the end of the head to the end of the answer.
    Request,
    /// An answer was sent, and nothing has arrived since.
    Idle,
}

impl Pace {
    /// A connection begins.
    pub(super) fn begin(limits: TimeLimits) -> Pace {
        let state = State {
            phase: Phase::Head,
            since: Instant::now(),
            untaken_since: None,
            asked_at: None,
        };
        Pace { limits, state: Mutex::new(state), asked: Notify::new() }
    }

    /// Records that bytes arrived from the client.
    pub(super) fn came(&self) {
        let mut state = self.state();
        if state.phase == Phase::Idle {
            state.enter(Phase::Head);
        }
    }

    /// Records that bytes were sent to the client. `is_taken` is false if it has no room for them.
    pub(super) fn sent(&self, is_taken: bool) {
        let mut state = self.state();
        if !is_taken {
            state.untaken_since.get_or_insert_with(Instant::now);
        } else if state.untaken_since.take().is_some() {
            // The service may have handed over an answer long before the client has taken it.
            state.since = Instant::now();
        }
    }

    /// Records that a head is complete. The request lasts until the returned value is dropped.
    pub(super) fn request_begins(self: &Arc<Pace>) -> UnderWay {
        self.state().enter(Phase::Request);
        UnderWay(Arc::clone(self))
    }

    /// Ends the connection in favour of other clients if it has been idle for a while, unless a
    /// request arrives at this moment.
    pub(super) fn ask_to_end(&self) {
        let mut state = self.state();
        let patience = match state.phase {
            Phase::Head => HEAD_PATIENCE,
            Phase::Request => return,
            Phase::Idle => IDLE_PATIENCE,
        };
        let waits = state.untaken_since.is_none() && state.since.elapsed() >= patience;
        if waits && state.asked_at.is_none() {
            state.asked_at = Some(Instant::now());
            self.asked.notify_one();
        }
    }

    /// Runs a connection. Drops it and returns `None` if the client stands still for too long.
    pub(super) async fn unless_it_stands_still<F: Future>(
        &self,
        mut connection: Pin<&mut F>,
    ) -> Option<F::Output> {
        let alarm = tokio::time::sleep_until(Instant::now() + self.limits.head);
        let (mut alarm, mut asked) = (pin!(alarm), pin!(self.asked.notified()));
        poll_fn(|context| {
            if asked.as_mut().poll(context).is_ready() {
                asked.set(self.asked.notified());
                // Wakes this task when the connection is asked to end again.
                let _ = asked.as_mut().poll(context);
            }
            // Everything else that changes the pace happens in this poll, so the deadline is known
            // after it.
            if let Poll::Ready(output) = connection.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            let Some(deadline) = self.deadline() else { return Poll::Pending };
            if alarm.deadline() != deadline {
                alarm.as_mut().reset(deadline);
            }
            alarm.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        if let Some(since) = state.untaken_since {
            return Some(since + self.limits.answer);
        }
        match state.phase {
            Phase::Head => Some(state.sooner_if_asked(state.since + self.limits.head)),
            Phase::Request => None,
            Phase::Idle => Some(state.sooner_if_asked(state.since + self.limits.idle)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment, so a panic elsewhere leaves nothing half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, phase: Phase) {
        (self.phase, self.since) = (phase, Instant::now());
        if phase == Phase::Request {
            self.asked_at = None;
        }
    }

    fn sooner_if_asked(&self, deadline: Instant) -> Instant {
        self.asked_at.map_or(deadline, |asked_at| deadline.min(asked_at + LAST_CHANCE))
    }
}

/// A request whose answer has not ended.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Pace>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.state().enter(Phase::Idle);
    }
}

/// An answer's body. It is dropped when all of it was handed to the connection, which ends the
/// request.
#[derive(Debug)]
pub(super) struct AnswerBody {
    body: Body,
    _under_way: UnderWay,
}

impl AnswerBody {
    pub(super) fn new(body: Body, under_way: UnderWay) -> AnswerBody {
        AnswerBody { body, _under_way: under_way }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! Whether a client moves, and since when it does not.

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

/// The pace of one connection's client. A body has a limit of its own, see `request_body`.
#[derive(Debug)]
pub(super) struct Pace {
    limits: TimeLimits,
    state: Mutex<State>,
    asked: Notify,
}

/// How long an incomplete head may keep a place that others wait for; its client may only be slow.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection without a further request may keep such a place.
const IDLE_PATIENCE: Duration = Duration::from_secs(1);
/// What an idle connection is given to show that a request is on its way after all.
const LAST_CHANCE: Duration = Duration::from_millis(100);

#[derive(Debug)]
struct State {
    phase: Phase,
    /// When the phase began, or the client last took bytes after a wait.
    since: Instant,
    /// Since when the client takes nothing of what is sent.
    untaken_since: Option<Instant>,
    /// When others wanted its place; forgotten once it has a request.
    asked_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Part of a request's head may be there, but not all of it.
    Head,
    /// From the end of the head to the end of the answer.
    Request,
    /// An answer was sent, and nothing came since.
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

    /// Bytes came from the client.
    pub(super) fn came(&self) {
        let mut state = self.state();
        if state.phase == Phase::Idle {
            state.enter(Phase::Head);
        }
    }

    /// Bytes were sent to the client; `is_taken` is false if it has not made room for them.
    pub(super) fn sent(&self, is_taken: bool) {
        let mut state = self.state();
        if !is_taken {
            state.untaken_since.get_or_insert_with(Instant::now);
        } else if state.untaken_since.take().is_some() {
            // An answer may be out of its service's hands long before the client has taken it.
            state.since = Instant::now();
        }
    }

    /// A head is complete; the request lasts as long as what is returned.
    pub(super) fn request_begins(self: &Arc<Pace>) -> UnderWay {
        self.state().enter(Phase::Request);
        UnderWay(Arc::clone(self))
    }

    /// Ends the connection for the sake of others if it has had nothing to do for a while, unless a
    /// request comes at this very moment.
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

    /// Runs a connection; drops it and returns `None` if the client stands still for too long.
    pub(super) async fn unless_it_stands_still<F: Future>(
        &self,
        mut connection: Pin<&mut F>,
    ) -> Option<F::Output> {
        let alarm = tokio::time::sleep_until(Instant::now() + self.limits.head);
        let (mut alarm, mut asked) = (pin!(alarm), pin!(self.asked.notified()));
        poll_fn(|context| {
            if asked.as_mut().poll(context).is_ready() {
                asked.set(self.asked.notified());
                // Wakes this task when it is asked again.
                let _ = asked.as_mut().poll(context);
            }
            // All else that changes the pace happens in here, so afterwards the deadline is known.
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
        // Each change is one assignment, so a panic elsewhere leaves nothing half done.
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

/// A request that has not been answered to the end.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Pace>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.state().enter(Phase::Idle);
    }
}

/// An answer's body. When it is dropped, which is when all of it was handed to the connection, the
/// request is no longer under way.
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

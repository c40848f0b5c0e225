//! Queues and their messages, in memory.
//!
//! A receive first moves messages that have been received as often as allowed to the dead-letter
//! queue. Then it returns the oldest visible messages. A receipt handle is valid until the message
//! is received again.
//!
//! **Waiting uses a monotonic clock:** if the wall clock is set back or forward, no message stays
//! hidden or appears early.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::SqsError;

/// How a queue treats its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// How long a received message stays invisible.
    pub visibility: Duration,
    /// Where messages go that cannot be handled; `None` keeps them for ever.
    pub redrive: Option<Redrive>,
}

/// When a message moves to the dead-letter queue, and to which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The name of the dead-letter queue.
    pub dead_letter_queue: String,
    /// How often a message is received before it moves.
    pub receives_allowed: u32,
}

/// A message as a receive returned it.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) message_id: String,
    pub(super) receipt_handle: String,
    pub(super) body: String,
    pub(super) sent_at: SystemTime,
    pub(super) first_received_at: SystemTime,
    pub(super) receives: u32,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ready to be received.
    pub visible: usize,
    /// Received and not yet deleted, or sent with a delay.
    pub invisible: usize,
}

/// All queues of the local system. They end with the process.
#[derive(Debug, Default)]
pub struct Queues {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    settings: BTreeMap<String, QueueSettings>,
    // The messages of all queues, oldest first.
    messages: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    queue: String,
    id: String,
    body: String,
    sent_at: SystemTime,
    first_received_at: Option<SystemTime>,
    receives: u32,
    visible_at: Instant,
    /// The handle of the last receive, if the message was received from this queue.
    receipt: Option<String>,
}

impl Queues {
    /// Creates a queue, or gives an existing queue these settings and keeps its messages.
    pub fn define(&self, name: &str, settings: &QueueSettings) {
        self.state().settings.insert(name.to_owned(), settings.clone());
    }

    /// Returns a queue's settings, or an error if there is no such queue.
    pub fn settings(&self, name: &str) -> Result<QueueSettings, SqsError> {
        self.state().settings_of(name).cloned()
    }

    /// Appends a message and returns its id. It becomes visible after `delay`.
    pub fn send(&self, queue: &str, body: &str, delay: Duration) -> Result<String, SqsError> {
        let message_id = Uuid::new_v4().to_string();
        let message = Message {
            queue: queue.to_owned(),
            id: message_id.clone(),
            body: body.to_owned(),
            sent_at: SystemTime::now(),
            first_received_at: None,
            receives: 0,
            visible_at: Instant::now() + delay,
            receipt: None,
        };
        let mut state = self.state();
        state.settings_of(queue)?;
        state.messages.push(message);
        drop(state);
        self.changed.notify_waiters();
        Ok(message_id)
    }

    /// Returns up to `most` visible messages, oldest first. `visibility` overrides the queue's.
    pub(super) fn receive(
        &self,
        queue: &str,
        most: usize,
        visibility: Option<Duration>,
    ) -> Result<Vec<Received>, SqsError> {
        let mut state = self.state();
        let QueueSettings { visibility: usual, redrive } = state.settings_of(queue)?.clone();
        let now = Instant::now();
        let visible = state.messages.iter_mut().filter(|message| message.is_visible_in(queue, now));
        let is_spent = |message: &Message| {
            redrive.as_ref().is_some_and(|redrive| message.receives >= redrive.receives_allowed)
        };
        let mut received = Vec::new();
        for message in visible {
            if let Some(redrive) = redrive.as_ref().filter(|_| is_spent(message)) {
                message.move_to(&redrive.dead_letter_queue);
            } else if received.len() < most {
                received.push(message.hand_out(now + visibility.unwrap_or(usual)));
            }
        }
        Ok(received)
    }

    /// Like `receive`, but waits up to `wait` until a first message is visible or `is_closing` is
    /// true.
    pub(super) async fn receive_or_wait(
        &self,
        queue: &str,
        most: usize,
        visibility: Option<Duration>,
        wait: Duration,
        is_closing: impl Fn() -> bool,
    ) -> Result<Vec<Received>, SqsError> {
        let deadline = Instant::now() + wait;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the check, so that no send between the check and the wait is
            // missed.
            changed.as_mut().enable();
            let received = self.receive(queue, most, visibility)?;
            let is_over = Instant::now() >= deadline || is_closing();
            if !received.is_empty() || is_over {
                return Ok(received);
            }
            let until = self.next_visible_at(queue).map_or(deadline, |next| next.min(deadline));
            tokio::time::timeout_at(until, changed).await.ok();
        }
    }

    /// Wakes all long polls, which then check again.
    pub(super) fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Deletes the message of a receipt handle. An outdated handle deletes nothing.
    pub(super) fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), SqsError> {
        let mut state = self.state();
        state.settings_of(queue)?;
        let receipt = checked_handle(receipt_handle)?;
        state.messages.retain(|message| !message.is_of_receipt(queue, receipt));
        Ok(())
    }

    /// Makes a message in flight visible `visibility` from now.
    pub(super) fn change_visibility(
        &self,
        queue: &str,
        receipt_handle: &str,
        visibility: Duration,
    ) -> Result<(), SqsError> {
        let mut state = self.state();
        state.settings_of(queue)?;
        let receipt = checked_handle(receipt_handle)?;
        let now = Instant::now();
        let mut messages = state.messages.iter_mut();
        let in_flight = messages
            .find(|message| message.is_of_receipt(queue, receipt) && message.visible_at > now);
        in_flight.ok_or(SqsError::MessageNotInflight)?.visible_at = now + visibility;
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Returns the bodies of all messages in a queue, in flight or not, oldest first.
    pub fn bodies(&self, queue: &str) -> Vec<String> {
        self.state().messages_of(queue).map(|message| message.body.clone()).collect()
    }

    /// Counts a queue's messages.
    pub fn counts(&self, queue: &str) -> Result<Counts, SqsError> {
        let state = self.state();
        state.settings_of(queue)?;
        let now = Instant::now();
        let all = state.messages_of(queue).count();
        let visible = state.messages_of(queue).filter(|message| message.visible_at <= now).count();
        Ok(Counts { visible, invisible: all - visible })
    }

    fn next_visible_at(&self, queue: &str) -> Option<Instant> {
        self.state().messages_of(queue).map(|message| message.visible_at).min()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic leaves a message half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn settings_of(&self, queue: &str) -> Result<&QueueSettings, SqsError> {
        self.settings.get(queue).ok_or_else(|| SqsError::QueueDoesNotExist(queue.to_owned()))
    }

    fn messages_of(&self, queue: &str) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.queue == queue)
    }
}

impl Message {
    fn is_visible_in(&self, queue: &str, now: Instant) -> bool {
        self.queue == queue && self.visible_at <= now
    }

    fn is_of_receipt(&self, queue: &str, receipt: &str) -> bool {
        self.queue == queue && self.receipt.as_deref() == Some(receipt)
    }

    fn move_to(&mut self, dead_letter_queue: &str) {
        let (queue, receives) = (&self.queue, self.receives);
        tracing::warn!(
            queue,
            message.id = self.id,
            receives,
            "a message was received too often without success; it moves to the dead-letter queue"
        );
        dead_letter_queue.clone_into(&mut self.queue);
        self.receipt = None;
    }

    fn hand_out(&mut self, visible_at: Instant) -> Received {
        let receipt_handle = Uuid::new_v4().simple().to_string();
        self.visible_at = visible_at;
        self.receipt = Some(receipt_handle.clone());
        self.receives += 1;
        Received {
            message_id: self.id.clone(),
            receipt_handle,
            body: self.body.clone(),
            sent_at: self.sent_at,
            first_received_at: *self.first_received_at.get_or_insert_with(SystemTime::now),
            receives: self.receives,
        }
    }
}

fn checked_handle(receipt_handle: &str) -> Result<&str, SqsError> {
    let is_hex = receipt_handle.bytes().all(|byte| byte.is_ascii_hexdigit());
    if receipt_handle.len() == 32 && is_hex {
        Ok(receipt_handle)
    } else {
        Err(SqsError::ReceiptHandleIsInvalid)
    }
}

/// Milliseconds since 1970, as SQS writes instants.
pub(super) fn millis(instant: SystemTime) -> u128 {
    instant.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

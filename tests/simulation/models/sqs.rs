//! Queues, each with its dead-letter queue.

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) receives: u32,
    pub(crate) visible_at: i64,
    /// It is in the dead-letter queue.
    pub(crate) dead: bool,
}

/// A queue.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    pub(crate) messages: Vec<Message>,
    pub(crate) receives_allowed: u32,
    pub(crate) visibility_seconds: i64,
    sent: usize,
}

impl Queue {
    pub(crate) fn new(receives_allowed: u32, visibility_seconds: i64) -> Queue {
        Queue { messages: Vec::new(), receives_allowed, visibility_seconds, sent: 0 }
    }

    /// Adds a message and returns its id.
    pub(crate) fn send(&mut self, body: &str, now: i64) -> String {
        self.sent += 1;
        let id = format!("m{}", self.sent);
        let (body, receives, dead) = (body.to_owned(), 0, false);
        self.messages.push(Message { id: id.clone(), body, receives, visible_at: now, dead });
        id
    }

    /// The places of the messages outside the dead-letter queue: visible ones and hidden ones.
    pub(crate) fn alive(&self, visible_at: i64) -> (Vec<usize>, Vec<usize>) {
        let alive = (0..self.messages.len()).filter(|&place| !self.messages[place].dead);
        alive.partition(|&place| self.messages[place].visible_at <= visible_at)
    }

    /// Delivers a message. After too many deliveries it goes to the dead-letter queue: `None`.
    pub(crate) fn receive(&mut self, place: usize, now: i64) -> Option<Message> {
        let message = &mut self.messages[place];
        if message.receives >= self.receives_allowed {
            message.dead = true;
            return None;
        }
        message.receives += 1;
        message.visible_at = now + self.visibility_seconds * 1_000_000;
        Some(message.clone())
    }

    /// Deletes a message if it still exists.
    pub(crate) fn delete(&mut self, id: &str) {
        self.messages.retain(|message| message.id != id);
    }

    /// Moves the dead letters back to the queue, as an operator does. Deliveries count from zero.
    pub(crate) fn redrive(&mut self, now: i64) {
        for message in self.messages.iter_mut().filter(|message| message.dead) {
            *message = Message { receives: 0, dead: false, visible_at: now, ..message.clone() };
        }
    }
}

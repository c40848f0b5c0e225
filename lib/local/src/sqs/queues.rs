//! Queues and their messages in one SQLite file.
//!
//! A receive is one transaction: messages received as often as allowed move to the dead-letter
//! queue, then the oldest visible ones are handed out. A receipt handle is good until the message
//! is received again.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, named_params, params};
use tokio::sync::Notify;
use uuid::Uuid;

use super::SqsError;

/// How a queue treats its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a received message stays invisible; whole milliseconds count.
    pub visibility: Duration,
    /// Where messages go that nobody could handle; `None` keeps them for ever.
    pub redrive: Option<Redrive>,
}

/// When a message leaves for the dead-letter queue, and which that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The name of the dead-letter queue.
    pub dead_letter_queue: String,
    /// How often a message is received before it moves.
    pub receives_allowed: u32,
}

/// A message as one receive handed it out.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) message_id: String,
    pub(super) receipt_handle: String,
    pub(super) body: String,
    pub(super) sent_ms: i64,
    pub(super) first_received_ms: i64,
    pub(super) receives: i64,
    number: i64,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ready to be received.
    pub visible: i64,
    /// Received and not yet deleted, or sent with a delay.
    pub invisible: i64,
}

/// All queues of the local system.
#[derive(Debug)]
pub struct Queues {
    connection: Mutex<Connection>,
    changed: Notify,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS queue (
        name TEXT PRIMARY KEY, visibility_ms INTEGER NOT NULL,
        dead_letter_queue TEXT, receives_allowed INTEGER) STRICT;
    CREATE TABLE IF NOT EXISTS message (
        number INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, message_id TEXT NOT NULL,
        body TEXT NOT NULL, sent_ms INTEGER NOT NULL, visible_ms INTEGER NOT NULL,
        receives INTEGER NOT NULL DEFAULT 0, first_received_ms INTEGER, receipt TEXT) STRICT;
    CREATE INDEX IF NOT EXISTS message_by_visibility ON message (queue, visible_ms);
    CREATE INDEX IF NOT EXISTS message_by_receipt ON message (receipt) WHERE receipt IS NOT NULL;";

const HAND_OUT: &str = "
    UPDATE message
    SET receives = receives + 1, receipt = lower(hex(randomblob(16))), visible_ms = :invisible_until,
        first_received_ms = coalesce(first_received_ms, :now)
    WHERE number IN (SELECT number FROM message WHERE queue = :queue AND visible_ms <= :now
                     ORDER BY number LIMIT :most)
    RETURNING message_id, receipt, body, sent_ms, first_received_ms, receives, number";

impl Queues {
    /// Opens the store, or makes it. Commits reach the operating system, not always the disk.
    pub fn open(path: &Path) -> Result<Queues, rusqlite::Error> {
        Queues::prepared(Connection::open(path)?)
    }

    fn prepared(connection: Connection) -> Result<Queues, rusqlite::Error> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Queues { connection: Mutex::new(connection), changed: Notify::new() })
    }

    /// Makes a queue, or gives an existing one these settings; its messages stay.
    pub fn define(&self, name: &str, settings: &Settings) -> Result<(), SqsError> {
        let redrive = settings.redrive.as_ref();
        self.connection().execute(
            "INSERT INTO queue VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
             visibility_ms = excluded.visibility_ms, receives_allowed = excluded.receives_allowed,
             dead_letter_queue = excluded.dead_letter_queue",
            params![
                name,
                millis(settings.visibility),
                redrive.map(|redrive| &redrive.dead_letter_queue),
                redrive.map(|redrive| redrive.receives_allowed),
            ],
        )?;
        Ok(())
    }

    /// Returns a queue's settings, or an error if there is no such queue.
    pub fn settings(&self, name: &str) -> Result<Settings, SqsError> {
        settings_in(&self.connection(), name)?
            .ok_or_else(|| SqsError::QueueDoesNotExist(name.to_owned()))
    }

    /// Appends a message and returns its id. It becomes visible after `delay`.
    pub fn send(&self, queue: &str, body: &str, delay: Duration) -> Result<String, SqsError> {
        self.settings(queue)?;
        let (message_id, now) = (Uuid::new_v4().to_string(), now_ms());
        self.connection().execute(
            "INSERT INTO message (queue, message_id, body, sent_ms, visible_ms)
             VALUES (?, ?, ?, ?, ?)",
            params![queue, message_id, body, now, now + millis(delay)],
        )?;
        self.changed.notify_waiters();
        Ok(message_id)
    }

    /// Hands out up to `most` visible messages, oldest first. `visibility` overrides the queue's.
    pub(super) fn receive(
        &self,
        queue: &str,
        most: u32,
        visibility: Option<Duration>,
    ) -> Result<Vec<Received>, SqsError> {
        let settings = self.settings(queue)?;
        let now = now_ms();
        let invisible_until = now + millis(visibility.unwrap_or(settings.visibility));
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(redrive) = &settings.redrive {
            transaction.execute(
                "UPDATE message SET queue = :to, receipt = NULL
                 WHERE queue = :queue AND visible_ms <= :now AND receives >= :allowed",
                named_params! {
                    ":to": redrive.dead_letter_queue, ":queue": queue, ":now": now,
                    ":allowed": redrive.receives_allowed,
                },
            )?;
        }
        let mut received: Vec<Received> = {
            let mut statement = transaction.prepare_cached(HAND_OUT)?;
            let names = named_params! {
                ":queue": queue, ":now": now, ":invisible_until": invisible_until, ":most": most,
            };
            statement.query_map(names, received_in)?.collect::<Result<_, _>>()?
        };
        transaction.commit()?;
        received.sort_unstable_by_key(|message| message.number);
        Ok(received)
    }

    /// Receives like `receive`, but waits up to `wait` for a first message to become visible,
    /// or until it `is_closing`.
    pub(super) async fn receive_or_wait(
        &self,
        queue: &str,
        most: u32,
        visibility: Option<Duration>,
        wait: Duration,
        is_closing: impl Fn() -> bool,
    ) -> Result<Vec<Received>, SqsError> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look, so that no send falls between the look and the wait.
            changed.as_mut().enable();
            let received = self.receive(queue, most, visibility)?;
            let is_over = tokio::time::Instant::now() >= deadline || is_closing();
            if !received.is_empty() || is_over {
                return Ok(received);
            }
            let next_visible = tokio::time::Instant::now() + self.until_next_visible(queue)?;
            tokio::time::timeout_at(next_visible.min(deadline), changed).await.ok();
        }
    }

    /// Wakes all long polls, which then look again.
    pub(super) fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Deletes the message of a receipt handle. A handle that is out of date deletes nothing.
    pub(super) fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), SqsError> {
        self.settings(queue)?;
        self.connection().execute(
            "DELETE FROM message WHERE receipt = ? AND queue = ?",
            params![checked_handle(receipt_handle)?, queue],
        )?;
        Ok(())
    }

    /// Makes a message in flight visible `visibility` from now.
    pub(super) fn change_visibility(
        &self,
        queue: &str,
        receipt_handle: &str,
        visibility: Duration,
    ) -> Result<(), SqsError> {
        self.settings(queue)?;
        let now = now_ms();
        let changed = self.connection().execute(
            "UPDATE message SET visible_ms = ? WHERE receipt = ? AND queue = ? AND visible_ms > ?",
            params![now + millis(visibility), checked_handle(receipt_handle)?, queue, now],
        )?;
        self.changed.notify_waiters();
        if changed == 0 { Err(SqsError::MessageNotInflight) } else { Ok(()) }
    }

    /// Makes every message in flight visible at once: their receivers died with the process.
    ///
    /// The receive still counts, as on AWS, so that a message which kills its receiver ends in the
    /// dead-letter queue and not in a circle.
    pub fn void_receives(&self) -> Result<(), SqsError> {
        self.connection().execute(
            "UPDATE message SET visible_ms = ?, receipt = NULL WHERE receipt IS NOT NULL",
            [now_ms()],
        )?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Returns the bodies of all messages in a queue, in flight or not, oldest first.
    pub fn bodies(&self, queue: &str) -> Result<Vec<String>, SqsError> {
        let connection = self.connection();
        let mut statement =
            connection.prepare("SELECT body FROM message WHERE queue = ? ORDER BY number")?;
        let bodies = statement.query_map([queue], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(bodies)
    }

    /// Counts a queue's messages.
    pub fn counts(&self, queue: &str) -> Result<Counts, SqsError> {
        self.settings(queue)?;
        let counts = self.connection().query_row(
            "SELECT coalesce(sum(visible_ms <= :now), 0), coalesce(sum(visible_ms > :now), 0)
             FROM message WHERE queue = :queue",
            named_params! { ":queue": queue, ":now": now_ms() },
            |row| Ok(Counts { visible: row.get(0)?, invisible: row.get(1)? }),
        )?;
        Ok(counts)
    }

    fn until_next_visible(&self, queue: &str) -> Result<Duration, SqsError> {
        let next: Option<i64> = self.connection().query_row(
            "SELECT min(visible_ms) FROM message WHERE queue = ?",
            [queue],
            |row| row.get(0),
        )?;
        let wait_ms = next.map_or(i64::MAX, |next| next.saturating_sub(now_ms()).max(0));
        Ok(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)).min(LONGEST_WAIT))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // Every change is one statement or one transaction, so a panic leaves nothing half done.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Longer than any long poll lasts.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

fn settings_in(connection: &Connection, name: &str) -> rusqlite::Result<Option<Settings>> {
    let mut statement = connection.prepare_cached(
        "SELECT visibility_ms, dead_letter_queue, receives_allowed FROM queue WHERE name = ?",
    )?;
    let settings = |row: &Row<'_>| {
        let dead_letter_queue: Option<String> = row.get(1)?;
        let receives_allowed: Option<u32> = row.get(2)?;
        let redrive =
            dead_letter_queue.zip(receives_allowed).map(|(dead_letter_queue, receives_allowed)| {
                Redrive { dead_letter_queue, receives_allowed }
            });
        Ok(Settings { visibility: Duration::from_millis(row.get(0)?), redrive })
    };
    statement.query_row([name], settings).optional()
}

fn received_in(row: &Row<'_>) -> rusqlite::Result<Received> {
    Ok(Received {
        message_id: row.get(0)?,
        receipt_handle: row.get(1)?,
        body: row.get(2)?,
        sent_ms: row.get(3)?,
        first_received_ms: row.get(4)?,
        receives: row.get(5)?,
        number: row.get(6)?,
    })
}

fn checked_handle(receipt_handle: &str) -> Result<&str, SqsError> {
    let is_hex = receipt_handle.bytes().all(|byte| byte.is_ascii_hexdigit());
    if receipt_handle.len() == 32 && is_hex {
        Ok(receipt_handle)
    } else {
        Err(SqsError::ReceiptHandleIsInvalid)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

fn now_ms() -> i64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

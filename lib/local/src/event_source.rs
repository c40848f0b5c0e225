//! Feeds a queue's messages to a function, as Lambda's event-source mapping does.
//!
//! **Messages that the function handled are deleted; messages that it names in `batchItemFailures`
//! stay.** The whole batch stays if `batchItemFailures` has an unknown or empty id, if the response
//! is not such a list, or after an error, a panic or a time-out. One thing differs from AWS: a
//! message that stays becomes visible again after a pause, not after the rest of its visibility
//! time-out, because a user does not want to wait a quarter of an hour. The pause doubles with each
//! receive, up to a limit, and the log shows it.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::SdkError;
use aws_sdk_sqs::operation::receive_message::ReceiveMessageError;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uptime_aws::describe;

use crate::aws::REGION;
use crate::lambda::Function;
use crate::sqs::queue_arn;
use crate::supervised::keep_up;

/// How long a receive waits for messages at most.
const LONG_POLL_SECONDS: i32 = 20;
/// The pause after a failed call of the queue service.
const PAUSE: Duration = Duration::from_millis(500);

/// The mapping of one queue to one function.
#[derive(Debug, Clone)]
pub struct EventSource {
    /// The client of the queue service.
    pub client: Client,
    /// The name of the queue.
    pub queue: &'static str,
    /// Its URL.
    pub queue_url: String,
    /// The function that handles the messages.
    pub function: Function,
    /// The largest number of messages per invocation, 1 to 10.
    pub batch_size: u8,
    /// How long a message waits after its first failure before it is received again; whole seconds.
    pub retry_after: Duration,
    /// The longest that this wait grows to after further failures; whole seconds.
    pub longest_retry: Duration,
}

impl EventSource {
    /// Starts `concurrency` loops. Once `stopped` is true, each ends after its current invocation.
    /// A loop that ends earlier is restarted.
    pub fn start(&self, concurrency: usize, stopped: &watch::Receiver<bool>) -> JoinSet<()> {
        let mut loops = JoinSet::new();
        for _ in 0..concurrency {
            loops.spawn(self.clone().keep_polling(stopped.clone()));
        }
        loops
    }

    async fn keep_polling(self, stopped: watch::Receiver<bool>) {
        // An error means that the sender is gone, which also means stop.
        let is_over = || *stopped.borrow() || stopped.has_changed().is_err();
        let poll = || self.clone().poll_until(stopped.clone());
        keep_up(format!("a worker loop of the queue {}", self.queue), is_over, poll).await;
    }

    async fn poll_until(self, mut stopped: watch::Receiver<bool>) {
        loop {
            let batch = tokio::select! {
                batch = self.receive() => batch,
                _ = stopped.wait_for(|is_stopped| *is_stopped) => return,
            };
            match batch {
                Ok(messages) if messages.is_empty() => {}
                Ok(messages) => self.handle(messages).await,
                Err(error) => {
                    tracing::warn!(
                        queue = self.queue,
                        cause = describe(&error),
                        "failed to receive messages"
                    );
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn receive(&self) -> Result<Vec<Message>, SdkError<ReceiveMessageError>> {
        let call = self.client.receive_message().queue_url(&self.queue_url);
        let call = call.max_number_of_messages(i32::from(self.batch_size));
        let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = call.wait_time_seconds(LONG_POLL_SECONDS).send().await?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Invokes the function with one batch, then deletes or delays each of its messages.
    async fn handle(&self, messages: Vec<Message>) {
        let failed = match self.function.invoke(sqs_event(self.queue, &messages)).await {
            Ok(answer) => failed_ids(&answer, &messages),
            Err(error) => {
                tracing::error!(queue = self.queue, cause = describe(&error), "invocation failed");
                None
            }
        };
        let stays = |message: &Message| match &failed {
            Some(failed) => failed.contains(message.message_id().unwrap_or_default()),
            None => true,
        };
        let (kept, handled): (Vec<Message>, Vec<Message>) = messages.into_iter().partition(stays);
        self.delete(&handled).await;
        for message in &kept {
            self.retry_later(message).await;
        }
    }

    async fn delete(&self, messages: &[Message]) {
        if messages.is_empty() {
            return;
        }
        let entries = messages.iter().enumerate().filter_map(|(number, message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
            entry.set_receipt_handle(message.receipt_handle.clone()).build().ok()
        });
        let call = self.client.delete_message_batch().queue_url(&self.queue_url);
        if let Err(error) = call.set_entries(Some(entries.collect())).send().await {
            // They will be received again, which is safe: every handler may run twice.
            let cause = describe(&error);
            tracing::warn!(queue = self.queue, cause, "failed to delete handled messages");
        }
    }

    fn pause_after(&self, receives: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(receives.saturating_sub(1));
        self.retry_after.saturating_mul(doubled).min(self.longest_retry)
    }

    async fn retry_later(&self, message: &Message) {
        let call = self.client.change_message_visibility().queue_url(&self.queue_url);
        let call = call.set_receipt_handle(message.receipt_handle.clone());
        let receives = receives(message);
        let seconds = self.pause_after(receives).as_secs();
        tracing::warn!(
            queue = self.queue,
            message.id = message.message_id,
            receives,
            "a message was not handled; it is retried in {seconds} s"
        );
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        if let Err(error) = call.visibility_timeout(seconds).send().await {
            let cause = describe(&error);
            tracing::warn!(queue = self.queue, cause, "failed to set the wait before a retry");
        }
    }
}

/// How often a message was received, this time included.
fn receives(message: &Message) -> u32 {
    let count = message.attributes().and_then(|attributes| {
        attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount)
    });
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// Builds the event that Lambda makes from a batch.
fn sqs_event(queue: &str, messages: &[Message]) -> Value {
    let records = messages.iter().map(|message| {
        let attributes = message.attributes().into_iter().flatten();
        let attributes: serde_json::Map<String, Value> =
            attributes.map(|(name, value)| (name.as_str().to_owned(), json!(value))).collect();
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn(queue),
            "awsRegion": REGION,
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// Returns the ids that the function could not handle. `None` means the whole batch.
fn failed_ids(answer: &Value, messages: &[Message]) -> Option<HashSet<String>> {
    let failures = match answer {
        Value::Null => return Some(HashSet::new()),
        Value::Object(fields) => fields.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return None,
    };
    if failures.is_null() {
        return Some(HashSet::new());
    }
    let sent: HashSet<&str> = messages.iter().filter_map(Message::message_id).collect();
    let known_id = |failure: &Value| {
        let id = failure.get("itemIdentifier")?.as_str()?;
        sent.contains(id).then(|| id.to_owned())
    };
    failures.as_array()?.iter().map(known_id).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_sdk_sqs::config::retry::RetryConfig;
    use uptime_aws::CallError;

    use super::*;
    use crate::emulators::{Emulators, Setup, client_config};
    use crate::sqs::QueueSettings;

    const LONG_ENOUGH: Duration = Duration::from_mins(1);

    #[test]
    fn an_empty_answer_means_that_all_messages_were_handled() {
        check(&json!(null), Some(&[]));
        check(&json!({}), Some(&[]));
        check(&json!({ "batchItemFailures": null }), Some(&[]));
        check(&json!({ "batchItemFailures": [] }), Some(&[]));
    }

    #[test]
    fn named_messages_stay() {
        check(&json!({ "batchItemFailures": [{ "itemIdentifier": "b" }] }), Some(&["b"]));
    }

    #[test]
    fn an_unknown_or_missing_id_keeps_the_whole_batch() {
        check(&json!({ "batchItemFailures": [{ "itemIdentifier": "x" }] }), None);
        check(&json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }), None);
        check(&json!({ "batchItemFailures": [{ "itemIdentifier": null }] }), None);
        check(&json!({ "batchItemFailures": [{ "id": "a" }] }), None);
        check(&json!("done"), None);
        check(&json!({ "batchItemFailures": "a" }), None);
    }

    #[tokio::test]
    async fn a_failure_is_logged_with_its_causes() {
        let logs = tempfile::NamedTempFile::new().unwrap();
        let file = Arc::new(logs.reopen().unwrap());
        let subscriber = tracing_subscriber::fmt().with_writer(file).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let nobody = client_config(([127, 0, 0, 1], 1).into(), "any").into_builder();
        let nobody = nobody.retry_config(RetryConfig::disabled()).build();
        let failure = || CallError::new("Query", CallError::new("Connect", "too many files"));
        let function =
            Function::of_events("fails", PAUSE, move |_| async move { Err(failure().into()) });
        let source = source(Client::new(&nobody), function);

        source.handle(vec![Message::builder().message_id("a").build()]).await;

        let logs = std::fs::read_to_string(logs.path()).unwrap();
        assert!(logs.contains("Query failed: Connect failed: too many files"), "{logs}");
        assert!(logs.contains("Connection refused"), "{logs}");
        assert!(logs.contains("it is retried in 5 s"), "{logs}");
    }

    #[test]
    fn the_pause_before_a_retry_doubles_up_to_the_longest() {
        let function = Function::of_events("fails", PAUSE, |_| async { Ok(Value::Null) });
        let source =
            source(Client::new(&client_config(([127, 0, 0, 1], 1).into(), "any")), function);
        let pauses = [1, 2, 3, 4, 5, 40].map(|receives| source.pause_after(receives).as_secs());
        assert_eq!(pauses, [5, 10, 20, 30, 30, 30]);
    }

    fn source(client: Client, function: Function) -> EventSource {
        EventSource {
            client,
            queue: "work",
            queue_url: "http://127.0.0.1:1/work".to_owned(),
            function,
            batch_size: 1,
            retry_after: Duration::from_secs(5),
            longest_retry: Duration::from_secs(30),
        }
    }

    #[tokio::test]
    async fn after_a_panic_in_a_loop_its_queue_is_served_again() {
        let folder = tempfile::tempdir().unwrap();
        let emulators = Emulators::start(&Setup::for_test(folder.path())).unwrap();
        let settings = QueueSettings { visibility: Duration::from_mins(1), redrive: None };
        emulators.queues().define("work", &settings);
        // Only the loop logs here, so a log that panics makes the loop panic.
        let subscriber = tracing_subscriber::fmt()
            .with_writer(|| -> std::io::Stderr { panic!("the log's reader is gone") });
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let (done, mut all_done) = tokio::sync::mpsc::unbounded_channel();
        let function = Function::of_events("fails_for_b", PAUSE, move |event| {
            let body = event.payload["Records"][0]["body"].as_str().unwrap().to_owned();
            done.send(body.clone()).unwrap();
            async move { if body == "bad" { Err("on purpose".into()) } else { Ok(Value::Null) } }
        });
        let source = EventSource {
            client: Client::new(&emulators.sdk_config()),
            queue: "work",
            queue_url: emulators.queue_url("work"),
            function,
            batch_size: 1,
            retry_after: Duration::ZERO,
            longest_retry: Duration::ZERO,
        };
        let (stop, stopped) = watch::channel(false);
        let mut loops = source.start(1, &stopped);

        for body in ["bad", "good", "bad", "good"] {
            emulators.queues().send("work", body, Duration::ZERO).unwrap();
            let handled = tokio::time::timeout(LONG_ENOUGH, all_done.recv()).await;
            assert_eq!(handled.expect("the loop is dead").unwrap(), body);
        }

        stop.send_replace(true);
        while loops.join_next().await.is_some() {}
        emulators.stop().await;
    }

    #[track_caller]
    fn check(answer: &Value, expected: Option<&[&str]>) {
        let message = |id: &str| Message::builder().message_id(id).build();
        let failed = failed_ids(answer, &[message("a"), message("b")]);
        let expected = expected.map(|ids| ids.iter().map(ToString::to_string).collect());
        assert_eq!(failed, expected);
    }
}

//! The queue service as the real SDK client sees it.

use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};

use crate::emulators::{Emulators, Setup};

#[tokio::test]
async fn a_message_is_received_once_and_then_deleted() {
    let fixture = Fixture::new(60, None).await;
    fixture.send("one").await;

    let received = fixture.receive(0).await;
    assert_eq!(bodies(&received), ["one"]);
    assert_eq!(received[0].md5_of_body(), Some("f97c5d29941bfb1b2fdab0874906ab82"));
    assert!(fixture.receive(0).await.is_empty());

    fixture.delete(&received[0]).await;
    assert_eq!(fixture.counts().await, ["0", "0"]);
}

#[tokio::test]
async fn the_longest_message_is_accepted_even_if_json_escapes_it() {
    let fixture = Fixture::new(60, None).await;
    // Each quote is two bytes of JSON.
    let longest = "\"".repeat(1024 * 1024);
    fixture.send(&longest).await;
    assert_eq!(fixture.receive(0).await[0].body(), Some(longest.as_str()));
}

#[tokio::test]
async fn an_undeleted_message_comes_back_after_its_visibility_time_out() {
    let fixture = Fixture::new(1, None).await;
    fixture.send("one").await;
    assert_eq!(receives(&fixture.receive(0).await[0]), "1");

    let started = Instant::now();
    let received = fixture.receive(5).await;

    assert_eq!(receives(&received[0]), "2");
    let waited = started.elapsed();
    assert!(Duration::from_millis(800) < waited && waited < Duration::from_secs(4), "{waited:?}");
}

#[tokio::test]
async fn a_receipt_handle_is_void_once_the_message_was_received_again() {
    let fixture = Fixture::new(1, None).await;
    fixture.send("one").await;
    let first = fixture.receive(0).await;
    let second = fixture.receive(5).await;

    fixture.delete(&first[0]).await;
    assert_eq!(fixture.counts().await, ["0", "1"]);
    fixture.delete(&second[0]).await;
    assert_eq!(fixture.counts().await, ["0", "0"]);
}

#[tokio::test]
async fn visibility_can_be_cut_short() {
    let fixture = Fixture::new(600, None).await;
    fixture.send("one").await;
    let received = fixture.receive(0).await;
    fixture.change_visibility(&received[0], 0).await.unwrap();
    assert_eq!(bodies(&fixture.receive(0).await), ["one"]);
    // The old handle is no longer that of a message in flight.
    let code = fixture.change_visibility(&received[0], 0).await.unwrap_err();
    assert_eq!(code, "MessageNotInflight");
}

#[tokio::test]
async fn a_message_received_as_often_as_allowed_moves_to_the_dead_letter_queue() {
    let fixture = Fixture::new(600, Some(2)).await;
    let id = fixture.send("poison").await;
    for _ in 0..2 {
        let received = fixture.receive(0).await;
        fixture.change_visibility(&received[0], 0).await.unwrap();
    }

    assert!(fixture.receive(0).await.is_empty());

    let dead = fixture.receive_from(&fixture.dead_letter_url, 0).await;
    assert_eq!(dead[0].message_id(), Some(id.as_str()));
}

#[tokio::test]
async fn a_long_poll_wakes_at_a_send() {
    let fixture = Fixture::new(60, None).await;
    let started = Instant::now();
    let (received, _) = tokio::join!(fixture.receive(20), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        fixture.send("late").await
    });
    assert_eq!(bodies(&received), ["late"]);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_batch_has_one_to_ten_entries_with_distinct_ids() {
    let fixture = Fixture::new(60, None).await;
    let ids = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    check(&fixture, ids(0), "EmptyBatchRequest").await;
    check(&fixture, ids(11), "TooManyEntriesInBatchRequest").await;
    check(&fixture, vec!["a".to_owned(), "a".to_owned()], "BatchEntryIdsNotDistinct").await;
    check(&fixture, ids(10), "sent 10").await;

    let received = fixture.receive(0).await;
    assert_eq!(received.len(), 10);
    let entries = received.iter().enumerate().map(|(number, message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
        entry.set_receipt_handle(message.receipt_handle.clone()).build().unwrap()
    });
    let call = fixture.client.delete_message_batch().queue_url(&fixture.url);
    let deleted = call.set_entries(Some(entries.collect())).send().await.unwrap();
    assert_eq!((deleted.successful().len(), deleted.failed().len()), (10, 0));
    assert_eq!(fixture.counts().await, ["0", "0"]);
}

#[tokio::test]
async fn bodies_over_one_mebibyte_and_control_characters_are_refused() {
    let fixture = Fixture::new(60, None).await;
    let refused = async |body: String| {
        let call = fixture.client.send_message().queue_url(&fixture.url).message_body(body);
        code_of(&call.send().await.unwrap_err())
    };
    assert_eq!(refused("x".repeat(1024 * 1024 + 1)).await, "InvalidParameterValue");
    assert_eq!(refused("\u{1}".to_owned()).await, "InvalidMessageContents");
    fixture.send(&"x".repeat(1024 * 1024)).await;
}

#[tokio::test]
async fn an_unknown_queue_and_a_made_up_handle_are_refused() {
    let fixture = Fixture::new(60, None).await;
    let error = fixture.client.get_queue_url().queue_name("nobody").send().await.unwrap_err();
    assert!(error.into_service_error().is_queue_does_not_exist());
    let call = fixture.client.delete_message().queue_url(&fixture.url).receipt_handle("made up");
    assert!(call.send().await.unwrap_err().into_service_error().is_receipt_handle_is_invalid());
}

#[tokio::test]
async fn queues_messages_and_dead_letters_end_with_the_process() {
    let fixture = Fixture::new(600, Some(1)).await;
    fixture.send("dead").await;
    let received = fixture.receive(0).await;
    fixture.change_visibility(&received[0], 0).await.unwrap();
    fixture.send("one").await;
    assert_eq!(bodies(&fixture.receive(0).await), ["one"]);
    assert_eq!(fixture.emulators.queues().bodies("work-dead"), ["dead"]);

    let fixture = fixture.restarted().await;

    assert!(fixture.emulators.queues().settings("work").is_err());
    assert!(fixture.emulators.queues().bodies("work").is_empty());
    assert!(fixture.emulators.queues().bodies("work-dead").is_empty());
}

#[track_caller]
fn check(fixture: &Fixture, ids: Vec<String>, expected: &str) -> impl Future<Output = ()> {
    let entry = |id| SendMessageBatchRequestEntry::builder().id(id).message_body("body");
    let entries = ids.into_iter().map(|id| entry(id).build().unwrap()).collect();
    let call = fixture.client.send_message_batch().queue_url(&fixture.url);
    let call = call.set_entries(Some(entries));
    async move {
        let actual = match call.send().await {
            Ok(answer) => format!("sent {}", answer.successful().len()),
            Err(error) => code_of(&error),
        };
        assert_eq!(actual, expected);
    }
}

/// The code without the name space that the older protocol puts before some codes.
fn code_of(error: &impl ProvideErrorMetadata) -> String {
    error.code().unwrap().rsplit('.').next().unwrap().to_owned()
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(Message::body).collect()
}

fn receives(message: &Message) -> &str {
    &message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount]
}

/// A running queue service with one queue and its dead-letter queue.
struct Fixture {
    folder: tempfile::TempDir,
    emulators: Emulators,
    client: Client,
    url: String,
    dead_letter_url: String,
}

impl Fixture {
    async fn new(visibility_seconds: u64, receives_allowed: Option<u32>) -> Fixture {
        let fixture = Fixture::over(tempfile::tempdir().unwrap());
        fixture.client.create_queue().queue_name("work-dead").send().await.unwrap();
        let call = fixture.client.create_queue().queue_name("work");
        let call =
            call.attributes(QueueAttributeName::VisibilityTimeout, visibility_seconds.to_string());
        let policy = receives_allowed.map(|count| {
            let arn = crate::sqs::queue_arn("work-dead");
            format!(r#"{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": "{count}"}}"#)
        });
        let call = match policy {
            Some(policy) => call.attributes(QueueAttributeName::RedrivePolicy, policy),
            None => call,
        };
        let created = call.send().await.unwrap();
        assert_eq!(created.queue_url(), Some(fixture.url.as_str()));
        fixture
    }

    fn over(folder: tempfile::TempDir) -> Fixture {
        let emulators = Emulators::start(&Setup::for_test(folder.path())).unwrap();
        let client = Client::new(&emulators.sdk_config());
        let (url, dead_letter_url) =
            (emulators.queue_url("work"), emulators.queue_url("work-dead"));
        Fixture { folder, emulators, client, url, dead_letter_url }
    }

    async fn restarted(self) -> Fixture {
        self.emulators.stop().await;
        Fixture::over(self.folder)
    }

    async fn send(&self, body: &str) -> String {
        let call = self.client.send_message().queue_url(&self.url).message_body(body);
        call.send().await.unwrap().message_id.unwrap()
    }

    async fn receive(&self, wait_seconds: i32) -> Vec<Message> {
        self.receive_from(&self.url, wait_seconds).await
    }

    async fn receive_from(&self, url: &str, wait_seconds: i32) -> Vec<Message> {
        let call = self.client.receive_message().queue_url(url).max_number_of_messages(10);
        let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
        call.wait_time_seconds(wait_seconds).send().await.unwrap().messages.unwrap_or_default()
    }

    async fn delete(&self, message: &Message) {
        let call = self.client.delete_message().queue_url(&self.url);
        call.set_receipt_handle(message.receipt_handle.clone()).send().await.unwrap();
    }

    async fn change_visibility(&self, message: &Message, seconds: i32) -> Result<(), String> {
        let call = self.client.change_message_visibility().queue_url(&self.url);
        let call = call.set_receipt_handle(message.receipt_handle.clone());
        let changed = call.visibility_timeout(seconds).send().await;
        changed.map(drop).map_err(|error| code_of(&error))
    }

    /// Visible and invisible messages.
    async fn counts(&self) -> [String; 2] {
        let call = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = call.attribute_names(QueueAttributeName::All).send().await.unwrap();
        let attributes = answer.attributes.unwrap();
        [
            attributes[&QueueAttributeName::ApproximateNumberOfMessages].clone(),
            attributes[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible].clone(),
        ]
    }
}

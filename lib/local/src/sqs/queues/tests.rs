//! The queues alone, in paused time: only the monotonic clock goes on.

use std::sync::Arc;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn a_message_in_flight_comes_back_by_the_monotonic_clock() {
    let queues = queues(HOUR, None);
    send(&queues, "one");
    assert_eq!(received(&queues), ["one"]);

    tokio::time::advance(59 * MINUTE).await;
    assert!(received(&queues).is_empty());
    assert_eq!(queues.counts("work").unwrap(), Counts { visible: 0, invisible: 1 });
    tokio::time::advance(MINUTE).await;
    assert_eq!(queues.counts("work").unwrap(), Counts { visible: 1, invisible: 0 });
    assert_eq!(received(&queues), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_wakes_when_a_delay_or_a_visibility_is_over() {
    let queues = queues(5 * SECOND, None);
    let start = Instant::now();
    queues.send("work", "late", 3 * SECOND).unwrap();

    let mut receipt = String::new();
    for waited in [3 * SECOND, 8 * SECOND] {
        let polled = queues.receive_or_wait("work", 1, None, 20 * SECOND, || false).await.unwrap();
        assert_eq!((polled[0].body.as_str(), start.elapsed()), ("late", waited));
        receipt.clone_from(&polled[0].receipt_handle);
    }
    queues.delete("work", &receipt).unwrap();
    let polled = queues.receive_or_wait("work", 1, None, 20 * SECOND, || false).await.unwrap();
    assert!(polled.is_empty());
    assert_eq!(start.elapsed(), 28 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_wait_of_a_message_in_flight_can_be_changed() {
    let queues = queues(HOUR, None);
    send(&queues, "one");
    let message = queues.receive("work", 1, None).unwrap().remove(0);

    queues.change_visibility("work", &message.receipt_handle, 2 * HOUR).unwrap();
    tokio::time::advance(HOUR).await;
    assert!(received(&queues).is_empty());
    queues.change_visibility("work", &message.receipt_handle, SECOND).unwrap();
    tokio::time::advance(SECOND).await;
    assert_eq!(received(&queues), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn messages_come_oldest_first_and_from_their_own_queue() {
    let queues = queues(HOUR, None);
    for body in ["a", "b", "c"] {
        send(&queues, body);
        queues.send("dead", "not for work", Duration::ZERO).unwrap();
    }
    let two = queues.receive("work", 2, None).unwrap();
    assert!(two.iter().map(|message| message.body.as_str()).eq(["a", "b"]));
    assert_eq!(received(&queues), ["c"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_becomes_a_dead_letter_with_a_line_in_the_log() {
    let logs = tempfile::NamedTempFile::new().unwrap();
    let file = Arc::new(logs.reopen().unwrap());
    let subscriber = tracing_subscriber::fmt().with_writer(file).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let queues = queues(SECOND, Some(3));
    let id = queues.send("work", "poison", Duration::ZERO).unwrap();

    for _ in 0..3 {
        assert_eq!(received(&queues), ["poison"]);
        tokio::time::advance(SECOND).await;
    }
    assert!(received(&queues).is_empty());

    assert_eq!(queues.bodies("dead"), ["poison"]);
    let logs = std::fs::read_to_string(logs.path()).unwrap();
    assert!(logs.contains(&id) && logs.contains("queue=\"work\""), "{logs}");
}

fn queues(visibility: Duration, receives_allowed: Option<u32>) -> Queues {
    let queues = Queues::default();
    queues.define("dead", &QueueSettings { visibility, redrive: None });
    let redrive = receives_allowed
        .map(|receives_allowed| Redrive { dead_letter_queue: "dead".to_owned(), receives_allowed });
    queues.define("work", &QueueSettings { visibility, redrive });
    queues
}

fn send(queues: &Queues, body: &str) {
    queues.send("work", body, Duration::ZERO).unwrap();
}

/// The bodies of the messages that a receive returns.
fn received(queues: &Queues) -> Vec<String> {
    let received = queues.receive("work", 10, None).unwrap();
    received.into_iter().map(|message| message.body).collect()
}

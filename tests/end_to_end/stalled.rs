//! Uploads that stall or break off in the middle of their body.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use end_to_end::story::Story;
use end_to_end::until::until;
use local::system::DATA_BUCKET;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::small;

#[tokio::test]
async fn a_hundred_stalled_uploads_delay_no_other_upload_of_their_key_and_no_report() {
    let story = Story::begin().await;
    let mut stalled = Vec::new();
    for number in 0..100 {
        let name = if number % 2 == 0 { "polls.csv".to_owned() } else { number.to_string() };
        stalled.push(half_put(&story, &name).await);
    }

    story.load_all(&[small::HOURS, small::ZONES]).await;
    story.load("polls.csv", small::POLLS).await;
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());

    // Nothing more has been sent on the stalled uploads. None of them becomes an object.
    drop(stalled);
    let keys = story.keys(DATA_BUCKET, "incoming/").await;
    assert_eq!(keys, ["incoming/0.csv", "incoming/1.csv", "incoming/polls.csv"]);
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_refused_with_400_and_the_old_object_is_kept() {
    let story = Story::begin().await;
    story.put("polls.csv", small::POLLS).await;
    let mut socket = half_put(&story, "polls.csv").await;

    socket.shutdown().await.unwrap();

    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("<Code>IncompleteBody</Code>"), "{answer}");
    let kept = story.object(DATA_BUCKET, "incoming/polls.csv").await;
    assert_eq!(kept.as_deref(), Some(small::POLLS));
}

/// Starts an upload and sends part of its body once the server asks for it.
async fn half_put(story: &Story, name: &str) -> TcpStream {
    let hour = PresigningConfig::expires_in(Duration::from_hours(1)).unwrap();
    let put = story.s3().put_object().bucket(DATA_BUCKET).key(format!("incoming/{name}"));
    let link = put.presigned(hour).await.unwrap();
    let address = story.system.addresses().s3;
    let (_, path) = link.uri().split_once(&address.to_string()).unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 100];
    let read = until("the server wants the body", async || socket.try_read(&mut answer).ok()).await;
    assert!(answer[..read].starts_with(b"HTTP/1.1 100 Continue"));
    socket.write_all(b"store_id,").await.unwrap();
    socket
}

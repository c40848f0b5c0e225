//! A call or download that S3 starts and does not finish is given up, long before the invocation's
//! time is over.
//!
//! The clients are configured as deployed, and the test clock skips waiting time.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use futures::stream::{iter, pending};
use futures::{FutureExt as _, StreamExt as _, future};
use tokio::time::{Instant, timeout};
use uptime_aws::{Deadline, OpenError, Pin, SourceFiles};

use crate::scripted::{ScriptedAws, answer, body_of};

const KEY: &str = "incoming/polls.csv";
/// As long as a function may run at most.
const FOR_EVER: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn a_stalled_download_is_requested_again_within_half_a_minute() {
    let (aws, mut asked) = s3_that_stalls();
    let files = SourceFiles::new(&aws.sdk_config(), "data");
    let mut object = files.open(KEY, &Pin::Newest).await.unwrap();
    asked.recv().await.unwrap();
    let deadline = Deadline::after(FOR_EVER);
    assert_eq!(object.next_chunk(deadline).await.unwrap().unwrap().as_ref(), b"store_id,");
    let begun = Instant::now();

    let again = async {
        tokio::select! {
            ended = object.next_chunk(deadline) => panic!("it ended: {:?}", ended.err()),
            again = asked.recv() => again.unwrap(),
        }
    };
    timeout(FOR_EVER, again).await.expect("the download should be requested again");

    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(5), "a slow download needs more time: {waited:?}");
    assert!(waited < Duration::from_secs(30), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_download_that_stalls_on_each_try_is_given_up_within_a_few_minutes() {
    let (aws, _asked) = s3_that_stalls();
    let waited = waited_for_the_rest(&aws, FOR_EVER).await;
    assert!(waited < Duration::from_mins(3), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_download_is_given_up_at_the_deadline() {
    let (aws, _asked) = s3_that_stalls();
    let minute = Duration::from_mins(1);
    let waited = waited_for_the_rest(&aws, minute).await;
    assert!(waited <= minute + Duration::from_millis(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_never_answered_is_retried_and_given_up_within_a_minute() {
    let aws = ScriptedAws::new(|_, _| future::pending().boxed());
    let files = SourceFiles::new(&aws.sdk_config(), "data");
    let begun = Instant::now();

    let opened = timeout(FOR_EVER, files.open(KEY, &Pin::Newest)).await;

    let error = opened.expect("the call should be given up").unwrap_err();

    assert!(matches!(error, OpenError::Unavailable(_)), "{error}");
    assert!(aws.asked().len() > 1, "{aws:?}");
    let waited = begun.elapsed();
    assert!(waited < Duration::from_mins(1), "{waited:?}");
}

/// Reads the first bytes, then waits for more. Returns the time until the reader gave up.
async fn waited_for_the_rest(aws: &ScriptedAws, time: Duration) -> Duration {
    let files = SourceFiles::new(&aws.sdk_config(), "data");
    let mut object = files.open(KEY, &Pin::Newest).await.unwrap();
    let deadline = Deadline::after(time);
    assert_eq!(object.next_chunk(deadline).await.unwrap().unwrap().as_ref(), b"store_id,");
    let begun = Instant::now();

    let next = timeout(FOR_EVER, object.next_chunk(deadline)).await.unwrap();

    let Err(error) = next else { panic!("the download never continues") };
    assert!(matches!(error, OpenError::Unavailable(_)), "{error}");
    begun.elapsed()
}

/// The first response stalls in its body, all later ones before it. The receiver gets a message for
/// each request.
fn s3_that_stalls() -> (ScriptedAws, tokio::sync::mpsc::UnboundedReceiver<()>) {
    let (sender, asked) = tokio::sync::mpsc::unbounded_channel();
    let aws = ScriptedAws::new(move |before, _| {
        sender.send(()).ok();
        future::ready(answer_that_stalls(before)).boxed()
    });
    (aws, asked)
}

fn answer_that_stalls(before: usize) -> HttpResponse {
    let first = (before == 0).then(|| Ok(Bytes::from_static(b"store_id,")));
    let range = if before == 0 { "" } else { "bytes 9-999/1000" };
    let headers = [
        ("content-length", "1000"),
        ("content-range", range),
        ("etag", "\"ab12\""),
        ("last-modified", "Tue, 24 Jan 2023 09:06:42 GMT"),
    ];
    answer(if before == 0 { 200 } else { 206 }, &headers, body_of(iter(first).chain(pending())))
}

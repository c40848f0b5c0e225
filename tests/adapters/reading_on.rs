//! A file is read on while a batch of its polls is stored. If storing takes long, the download is
//! closed meanwhile, and the rest is requested afterwards. If it takes longer than an invocation may
//! run, the attempt fails in time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use end_to_end::adapters::{DATA_BUCKET, DATA_TABLE};
use end_to_end::story_data::settings;
use futures::future::BoxFuture;
use futures::{FutureExt as _, future, stream};
use lambda_runtime::{Context, Error, LambdaEvent};
use load_data::Resources;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;
use uptime::Timestamp;
use uptime::interval::SECOND;
use uptime_aws::hash::sha256_hex;

use crate::scripted::{Asked, ScriptedAws, answer, body_of};

const KEY: &str = "incoming/polls.csv";
/// A batch of 1 MiB has about 131,000 polls, so this file has three.
const POLLS: usize = 300_000;
/// The file arrives in pieces of this size.
const PIECE: usize = 64 * 1024;
/// The polls are of two days, so each batch is at most two segments, which one call stores.
const CALLS: usize = 3;

#[tokio::test(start_paused = true)]
async fn the_file_is_read_on_while_a_batch_is_stored() {
    // The first batch is stored only when more of the file was read than the batch has.
    let read_on = Reading::default();
    let reading = read_on.clone();
    let (manifest, s3) = loaded(
        move |stored, pieces_then| {
            let mut pieces = reading.0.subscribe();
            async move {
                if stored == 0 {
                    pieces.wait_for(|&pieces| pieces > pieces_then + 2).await.unwrap();
                }
                true
            }
            .boxed()
        },
        &read_on,
    )
    .await;

    assert_eq!(manifest["status"], "Complete", "{manifest}");
    assert_eq!(s3.ranges, [""]);
}

#[tokio::test(start_paused = true)]
async fn a_download_that_would_stand_unread_for_long_is_closed_and_the_rest_requested_later() {
    let (manifest, s3) = loaded(
        |stored, _| {
            let wait = if stored == 0 { 20 } else { 0 };
            tokio::time::sleep(Duration::from_secs(wait)).map(|()| true).boxed()
        },
        &Reading::default(),
    )
    .await;

    assert_eq!(manifest["status"], "Complete", "{manifest}");
    let [first, rest] = &s3.ranges[..] else { panic!("two requests, not {:?}", s3.ranges) };
    let start = start_of(rest);
    assert_eq!(first, "");
    assert!(start > 0 && start < content().len(), "{rest}");
    assert_eq!(s3.if_match, ["", "\"ab12\""]);
}

#[tokio::test(start_paused = true)]
async fn at_most_one_batch_is_stored_at_a_time() {
    let at_once = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let counts = Arc::clone(&at_once);
    let (manifest, s3) = loaded(
        move |_, _| {
            let counts = Arc::clone(&counts);
            async move {
                let now = counts.0.fetch_add(1, Ordering::Relaxed) + 1;
                counts.1.fetch_max(now, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                counts.0.fetch_sub(1, Ordering::Relaxed);
                true
            }
            .boxed()
        },
        &Reading::default(),
    )
    .await;

    assert_eq!(manifest["status"], "Complete", "{manifest}");
    assert_eq!(s3.writes, CALLS);
    assert_eq!(at_once.1.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_needs_nearly_all_of_its_time_is_complete() {
    let (manifest, _) = loaded(one_call_each(Duration::from_secs(430)), &Reading::default()).await;
    assert_eq!(manifest["status"], "Complete", "{manifest}");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_needs_more_time_fails_before_its_invocation_is_killed() {
    let begun = Instant::now();

    let (outcome, _) = load(one_call_each(Duration::from_secs(450)), &Reading::default()).await;

    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("segments could not be stored"), "{error}");
    assert!(begun.elapsed() < TIMEOUT, "{:?}", begun.elapsed());
}

/// A table that accepts one call in this time and throttles all others. A load waits twice.
fn one_call_each(
    time: Duration,
) -> impl Fn(usize, usize) -> BoxFuture<'static, bool> + Send + Sync + 'static {
    let next = Mutex::new(Instant::now());
    move |_, _| {
        let (mut next, now) = (next.lock().unwrap(), Instant::now());
        let is_accepted = now >= *next;
        if is_accepted {
            *next = now + time;
        }
        future::ready(is_accepted).boxed()
    }
}

/// How many pieces of the file were read.
#[derive(Debug, Clone)]
struct Reading(watch::Sender<usize>);

impl Default for Reading {
    fn default() -> Reading {
        Reading(watch::Sender::new(0))
    }
}

/// The requests of one load.
#[derive(Debug, Default)]
struct Requests {
    ranges: Vec<String>,
    if_match: Vec<String>,
    writes: usize,
}

/// Loads the file and checks that it was read whole.
async fn loaded(
    storing: impl Fn(usize, usize) -> BoxFuture<'static, bool> + Send + Sync + 'static,
    reading: &Reading,
) -> (Value, Requests) {
    let (manifest, requests) = load(storing, reading).await;
    let manifest = manifest.unwrap();
    assert_eq!(manifest["loaded"], POLLS, "{manifest}");
    assert_eq!(manifest["sha256"], sha256_hex(content().as_bytes()));
    (manifest, requests)
}

/// Loads the file. `storing` decides, maybe after a while, whether a batch write is accepted or
/// throttled. It gets the number of batch writes before, and of pieces read before.
async fn load(
    storing: impl Fn(usize, usize) -> BoxFuture<'static, bool> + Send + Sync + 'static,
    reading: &Reading,
) -> (Result<Value, Error>, Requests) {
    let requests = Arc::new(Mutex::new(Requests::default()));
    let (record, pieces) = (Arc::clone(&requests), reading.clone());
    let aws = ScriptedAws::new(move |_, asked| {
        let mut record = record.lock().unwrap();
        if asked.header("x-amz-target").ends_with("BatchWriteItem") {
            let stored = storing(record.writes, *pieces.0.borrow());
            record.writes += 1;
            return stored.map(batch_written).boxed();
        }
        if asked.uri.contains(KEY) {
            record.ranges.push(asked.header("range").to_owned());
            record.if_match.push(asked.header("if-match").to_owned());
            return future::ready(file_from(asked, &pieces)).boxed();
        }
        future::ready(other(asked)).boxed()
    });
    let named = [("DATA_TABLE", DATA_TABLE), ("DATA_BUCKET", DATA_BUCKET), ("LOAD_BATCH_MIB", "1")];
    let resources = Resources::new(&aws.sdk_config(), &settings(&named)).unwrap();
    let mut context = Context::default();
    let ends_at = Duration::from_micros(u64::try_from(NOW.micros()).unwrap()) + TIMEOUT;
    context.deadline = u64::try_from(ends_at.as_millis()).unwrap();
    let event = LambdaEvent::new(json!({ "bucket": DATA_BUCKET, "key": KEY }), context);

    let outcome = load_data::handle(&resources, event, || NOW).await;

    let requests = std::mem::take(&mut *requests.lock().unwrap());
    (outcome, requests)
}

fn batch_written(is_accepted: bool) -> HttpResponse {
    if is_accepted {
        return answer(200, &[], "{}");
    }
    answer(400, &[], r#"{"__type":"ProvisionedThroughputExceededException"}"#)
}

const NOW: Timestamp = Timestamp::from_micros(1_700_000_000 * SECOND);
/// The time-out of the deployed function.
const TIMEOUT: Duration = Duration::from_mins(15);

/// The file from the requested byte on, in pieces that are counted when they are read.
fn file_from(asked: &Asked, reading: &Reading) -> HttpResponse {
    let (start, content) = (start_of(asked.header("range")), content());
    let size = content.len();
    let pieces: Vec<Bytes> =
        content.as_bytes()[start..].chunks(PIECE).map(Bytes::copy_from_slice).collect();
    let reading = reading.clone();
    let body = body_of(stream::iter(pieces.into_iter().map(move |piece| {
        reading.0.send_modify(|pieces| *pieces += 1);
        Ok(piece)
    })));
    let range = format!("bytes {start}-{}/{size}", size - 1);
    let headers = [
        ("content-length", &*(size - start).to_string()),
        ("content-range", if start == 0 { "" } else { &range }),
        ("etag", "\"ab12\""),
        ("x-amz-version-id", "v1"),
        ("last-modified", "Tue, 14 Nov 2023 22:13:20 GMT"),
    ];
    answer(if start == 0 { 200 } else { 206 }, &headers, body)
}

fn start_of(range: &str) -> usize {
    let start = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
    start.map_or(0, |start| start.parse().unwrap())
}

/// Answers the other calls: there is no earlier manifest, and everything else succeeds.
fn other(asked: &Asked) -> HttpResponse {
    if asked.uri.contains("GetObject") {
        let missing = "<Error><Code>NoSuchKey</Code><Message>m</Message></Error>";
        return answer(404, &[], missing);
    }
    answer(200, &[("etag", "\"cd34\"")], SdkBody::from("{}"))
}

/// One store, polled every half second for less than two days.
fn content() -> String {
    let row = |number: usize| {
        let (seconds, half) = (number / 2, number % 2 * 5);
        let (day, hour) = (1 + seconds / 86_400, seconds / 3_600 % 24);
        let (minute, second) = (seconds / 60 % 60, seconds % 60);
        format!("1,2023-01-0{day} {hour:02}:{minute:02}:{second:02}.{half},active\n")
    };
    let rows: String = (0..POLLS).map(row).collect();
    format!("store_id,timestamp_utc,status\n{rows}")
}

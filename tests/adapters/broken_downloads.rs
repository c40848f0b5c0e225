//! A download that breaks continues where it broke, with the same object. Otherwise it fails.

use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use end_to_end::adapters::{Cloud, DATA_BUCKET, in_a_minute};
use end_to_end::proxies::{Fate, Proxies, Service};
use futures::{FutureExt as _, future, stream};
use local::emulators::client_config;
use uptime_aws::{Deadline, OpenError, Pin, SourceFiles, SourceObject, describe};

use crate::scripted::{Asked, ScriptedAws, answer, body_of};

const KEY: &str = "incoming/polls.csv";
/// The object that the scripted S3 holds. Each response carries ten bytes of it.
const CONTENT: &str = "store_id,timestamp_utc,status\n";
const SIZE: usize = 30;
const PIECE: usize = 10;

#[tokio::test]
async fn a_file_of_a_megabyte_is_read_through_a_proxy_that_cuts_every_64_kilobytes() {
    const CUT: usize = 64 * 1024;
    let cloud = Cloud::start().await;
    let content: Vec<u8> = (0..1_048_576_u32).flat_map(u32::to_le_bytes).take(1 << 20).collect();
    cloud.put(KEY, &content).await;
    let proxies = Proxies::start().await;
    proxies.connect(cloud.addresses());
    proxies.rule(|_| Fate::Cut(CUT));
    let config = client_config(proxies.addresses().s3, cloud.secret());
    let files = SourceFiles::new(&config, DATA_BUCKET);

    let mut object = files.open(KEY, &Pin::Newest).await.unwrap();
    let read = read(&mut object, in_a_minute()).await.unwrap();

    assert!(read == content, "{} bytes were read", read.len());
    let cuts = proxies.struck()[&(Service::S3, "cut")];
    assert!(cuts >= 16, "{cuts}");
}

#[tokio::test]
async fn an_object_replaced_between_two_cuts_is_gone_and_never_mixed_with_its_replacement() {
    let cloud = Cloud::start().await;
    cloud.put(KEY, &vec![b'a'; 300_000]).await;
    let proxies = Proxies::start().await;
    proxies.connect(cloud.addresses());
    proxies.rule(|_| Fate::Cut(100_000));
    let config = client_config(proxies.addresses().s3, cloud.secret());
    let files = SourceFiles::new(&config, DATA_BUCKET);
    let mut object = files.open(KEY, &Pin::Newest).await.unwrap();

    cloud.put(KEY, &vec![b'b'; 300_000]).await;
    let error = read(&mut object, in_a_minute()).await.unwrap_err();

    assert!(matches!(error, OpenError::Gone), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_rest_is_requested_from_the_break_on_by_version_and_e_tag() {
    let aws = ScriptedAws::new(|_, asked| future::ready(rest_of(asked, "v1")).boxed());

    assert_eq!(outcome(&aws).await, CONTENT);

    let asked = aws.asked();
    let ranges: Vec<&str> = asked.iter().map(|asked| asked.header("range")).collect();
    assert_eq!(ranges, ["", "bytes=10-", "bytes=20-"]);
    for rest in &asked[1..] {
        assert_eq!(rest.header("if-match"), "\"ab12\"");
        assert!(rest.uri.contains("versionId=v1"), "{}", rest.uri);
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_ends_early_without_an_error_is_continued_as_well() {
    let aws = ScriptedAws::new(|_, asked| {
        let start = start_of(asked);
        let end = (start + PIECE).min(SIZE);
        let mut part = part(206, "v1", &range_from(start), &CONTENT[start..end]);
        if start > 0 {
            // With a content length, the SDK would notice that bytes are missing.
            part.headers_mut().remove("content-length");
        }
        future::ready(part).boxed()
    });
    assert_eq!(outcome(&aws).await, CONTENT);
    assert_eq!(aws.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_another_object_is_refused() {
    let gone = "the object was deleted or replaced";
    check(|start| part(206, "v2", &range_from(start), &CONTENT[start..]), gone).await;
    check(|_| refusal(412, "PreconditionFailed"), gone).await;
    check(|_| refusal(404, "NoSuchVersion"), gone).await;
    let other_e_tag = |start: usize| {
        let mut rest = part(206, "v1", &range_from(start), &CONTENT[start..]);
        rest.headers_mut().insert("etag", "\"cd34\"");
        rest
    };
    check(other_e_tag, gone).await;
}

#[tokio::test(start_paused = true)]
async fn a_response_with_another_range_is_refused() {
    let about = |range: &str| {
        format!(
            "GetObject failed: the answer has the range {range:?}; expected is \"bytes 10-29/30\""
        )
    };
    check(|_| part(200, "v1", "", CONTENT), &about("")).await;
    let shifted = "bytes 9-29/30";
    check(move |_| part(206, "v1", shifted, &CONTENT[9..]), &about(shifted)).await;
    let longer = "bytes 10-39/40";
    check(move |_| part(206, "v1", longer, &CONTENT[10..]), &about(longer)).await;
}

#[tokio::test(start_paused = true)]
async fn a_download_that_breaks_five_times_without_a_new_byte_is_given_up() {
    let aws = ScriptedAws::new(|before, asked| {
        let start = start_of(asked);
        let piece = if before == 0 { &CONTENT[..PIECE] } else { "" };
        future::ready(part(206, "v1", &range_from(start), broken_off(piece))).boxed()
    });

    let message = outcome(&aws).await;

    assert!(message.starts_with("GetObject failed"), "{message}");
    assert_eq!(aws.asked().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn more_bytes_than_the_object_has_are_an_error() {
    let aws = ScriptedAws::new(|_, _| {
        let mut whole = part(200, "v1", "", format!("{CONTENT}and more"));
        whole.headers_mut().insert("content-length", "30");
        future::ready(whole).boxed()
    });
    let message = outcome(&aws).await;
    assert_eq!(message, "GetObject failed: received 38 bytes of an object of 30 bytes");
}

/// The first response breaks after ten bytes; `rest` gives all later responses.
async fn check(rest: impl Fn(usize) -> HttpResponse + Send + Sync + 'static, expected: &str) {
    let aws = ScriptedAws::new(move |before, asked| {
        let first = || rest_of(asked, "v1");
        let given = || rest(start_of(asked));
        future::ready(if before == 0 { first() } else { given() }).boxed()
    });
    assert_eq!(outcome(&aws).await, expected);
}

/// The bytes read, or the reason why reading failed.
async fn outcome(aws: &ScriptedAws) -> String {
    let files = SourceFiles::new(&aws.sdk_config(), DATA_BUCKET);
    let mut object = files.open(KEY, &Pin::Newest).await.unwrap();
    let deadline = Deadline::after(Duration::from_hours(1));
    match read(&mut object, deadline).await {
        Ok(bytes) => String::from_utf8(bytes).unwrap(),
        Err(error) => describe(&error),
    }
}

async fn read(object: &mut SourceObject, deadline: Deadline) -> Result<Vec<u8>, OpenError> {
    let mut read = Vec::new();
    while let Some(chunk) = object.next_chunk(deadline).await? {
        read.extend_from_slice(chunk.as_ref());
    }
    Ok(read)
}

/// The range that was requested, broken off after ten bytes.
fn rest_of(asked: &Asked, version: &str) -> HttpResponse {
    let start = start_of(asked);
    let end = (start + PIECE).min(SIZE);
    let piece = &CONTENT[start..end];
    if end == SIZE {
        return part(206, version, &range_from(start), piece);
    }
    part(206, version, &range_from(start), broken_off(piece))
}

fn start_of(asked: &Asked) -> usize {
    let start = asked.header("range").strip_prefix("bytes=").and_then(|r| r.strip_suffix('-'));
    start.map_or(0, |start| start.parse().unwrap())
}

fn range_from(start: usize) -> String {
    format!("bytes {start}-{}/{SIZE}", SIZE - 1)
}

fn broken_off(piece: &'static str) -> SdkBody {
    let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    body_of(stream::iter([Ok(Bytes::from_static(piece.as_bytes())), Err(reset)]))
}

fn part(status: u16, version: &str, range: &str, body: impl Into<SdkBody>) -> HttpResponse {
    let start = range.strip_prefix("bytes ").and_then(|range| range.split_once('-'));
    let start = start.map_or(0, |(start, _)| start.parse().unwrap());
    let headers = [
        ("content-length", &*(SIZE - start).to_string()),
        ("content-range", range),
        ("etag", "\"ab12\""),
        ("x-amz-version-id", version),
        ("last-modified", "Tue, 24 Jan 2023 09:06:42 GMT"),
    ];
    answer(status, &headers, body)
}

fn refusal(status: u16, code: &str) -> HttpResponse {
    answer(status, &[], format!("<Error><Code>{code}</Code><Message>m</Message></Error>"))
}

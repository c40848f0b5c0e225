//! What S3 begins and does not end is given up, long before the invocation's time is over.
//!
//! With the deployed clients' configuration, and a clock that passes over what is only waited for.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use end_to_end::paused_time::PausedTime;
use end_to_end::story_data::settings;
use futures::StreamExt;
use futures::stream::{iter, pending};
use http_body_util::StreamBody;
use hyper::body::Frame;
use tokio::time::{Instant, timeout};
use uptime_aws::{OpenError, Pin, SourceFiles, sdk_config};

const KEY: &str = "incoming/polls.csv";
/// So long as no function may run.
const FOR_EVER: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn a_download_that_stalls_is_given_up_within_half_a_minute() {
    let files = files_behind(Stall::InBody);
    let mut object = files.open(KEY, &Pin::Newest).await.unwrap();
    assert_eq!(object.next_chunk().await.unwrap().unwrap().as_ref(), b"store_id,");
    let begun = Instant::now();

    let next = timeout(FOR_EVER, object.next_chunk()).await.expect("it should be given up");

    let error = next.err().expect("it never goes on");
    assert_eq!(error.operation(), "GetObject");
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(5), "others are only slow: {waited:?}");
    assert!(waited < Duration::from_secs(30), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_never_answered_is_tried_again_and_then_given_up_within_a_minute() {
    let files = files_behind(Stall::BeforeHead);
    let begun = Instant::now();

    let opened = timeout(FOR_EVER, files.open(KEY, &Pin::Newest)).await;

    let error = opened.expect("it should be given up").unwrap_err();

    assert!(matches!(error, OpenError::Unavailable(_)), "{error}");
    let waited = begun.elapsed();
    assert!(waited < Duration::from_mins(1), "{waited:?}");
}

/// When S3 falls silent.
#[derive(Debug, Clone, Copy)]
enum Stall {
    BeforeHead,
    InBody,
}

fn files_behind(stall: Stall) -> SourceFiles {
    let given_by_lambda = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let deployed = sdk_config(&settings(&given_by_lambda.map(|name| (name, "x")))).unwrap();
    let client = http_client_fn(move |_, _| SharedHttpConnector::new(stall));
    let config = deployed.into_builder().http_client(client).time_source(PausedTime::begin());
    SourceFiles::new(&config.build(), "data")
}

impl HttpConnector for Stall {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        match self {
            Stall::BeforeHead => HttpConnectorFuture::new(std::future::pending()),
            Stall::InBody => HttpConnectorFuture::ready(Ok(answer_that_stalls())),
        }
    }
}

fn answer_that_stalls() -> HttpResponse {
    let first = Frame::data(Bytes::from_static(b"store_id,"));
    let frames = iter([Ok::<_, std::io::Error>(first)]).chain(pending());
    let body = SdkBody::from_body_1_x(StreamBody::new(frames));
    let mut answer = HttpResponse::new(200.try_into().unwrap(), body);
    for (name, value) in [
        ("content-length", "1000"),
        ("etag", "\"ab12\""),
        ("last-modified", "Tue, 24 Jan 2023 09:06:42 GMT"),
    ] {
        answer.headers_mut().insert(name, value);
    }
    answer
}

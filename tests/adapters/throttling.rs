//! Reading waits while `DynamoDB` throttles. It continues afterwards, or gives up at the deadline.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use futures::{FutureExt as _, TryStreamExt as _, future};
use tokio::time::Instant;
use uptime::parameters::{Method, ReportParameters};
use uptime::{Shard, Timestamp};
use uptime_aws::{Deadline, StoreData, StoreDataError, describe};

use crate::scripted::{ScriptedAws, answer};

/// A report reads two ranges of each shard.
const RANGES: usize = 2;
/// The number of tries that the SDK itself makes.
const SDK_TRIES: usize = 3;
/// The longest time that an attempt at a report may take.
const TIME: Duration = Duration::from_secs(57);

#[tokio::test(start_paused = true)]
async fn a_query_throttled_for_far_longer_than_the_sdk_retries_succeeds_in_the_end() {
    for code in THROTTLING {
        let throttled = 10 * SDK_TRIES * RANGES;
        let aws = dynamodb_throttling(code, throttled);

        let pages = read(&aws).await.unwrap();

        assert_eq!(pages, RANGES, "{code}");
        assert_eq!(aws.asked().len(), throttled + RANGES, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_throttled_until_the_deadline_is_given_up_by_then() {
    let aws = dynamodb_throttling(THROTTLING[0], usize::MAX);
    let begun = Instant::now();

    let error = read(&aws).await.unwrap_err();

    let waited = begun.elapsed();
    assert!(waited <= TIME, "{waited:?}");
    // No wait is longer than five seconds, and neither are the SDK's own two waits together.
    assert!(waited + Duration::from_secs(10) > TIME, "{waited:?}");
    assert!(describe(&error).contains(THROTTLING[0]), "{}", describe(&error));
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_refused_for_good_is_not_retried() {
    let aws = dynamodb_throttling("AccessDeniedException", usize::MAX);

    read(&aws).await.unwrap_err();

    assert!(aws.asked().len() <= RANGES, "{aws:?}");
}

const THROTTLING: [&str; 3] =
    ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"];

/// Reads everything that a report needs of a shard. Returns the number of pages.
async fn read(aws: &ScriptedAws) -> Result<usize, StoreDataError> {
    let data = StoreData::new(&aws.sdk_config(), "data");
    let parameters = ReportParameters {
        as_of: Timestamp::from_micros(1_674_669_600_000_000),
        method: Method::PollCount,
    };
    let shard = Shard::all().next().unwrap();
    let pages = data.segments_of(shard, &parameters, Deadline::after(TIME));
    pages.try_fold(0, |pages, _| future::ok(pages + 1)).await
}

/// Throttles this number of requests.
fn dynamodb_throttling(code: &'static str, requests: usize) -> ScriptedAws {
    ScriptedAws::new(move |before, _| {
        future::ready(if before < requests { refusal(code) } else { last_page() }).boxed()
    })
}

fn refusal(code: &str) -> HttpResponse {
    answer(400, &[], format!("{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\"}}"))
}

fn last_page() -> HttpResponse {
    answer(200, &[], r#"{"Items":[],"Count":0,"ScannedCount":0}"#)
}

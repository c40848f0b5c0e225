//! Tables that accept only so much per second: everything is stored and read in the end, and most of
//! what the tables accept is used.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use end_to_end::adapters::{Cloud, DATA_TABLE, in_a_minute};
use end_to_end::request_meter::{Metered, RequestMeter};
use futures::{FutureExt as _, TryStreamExt as _, future};
use local::dynamodb::{Capacity, Rate, TableLimits, Use};
use serde_json::{Value, json};
use tokio::time::Instant;
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{Segment, SegmentKind, Source, UtcDay};
use uptime::{Shard, Timestamp};
use uptime_aws::{Deadline, StoreData};

use crate::scripted::{Asked, ScriptedAws, answer};

const NOW: Timestamp = Timestamp::from_micros(1_674_669_600_000_000);

/// 30 segments of 10 KB need 300 write units, and 75 read units in one partition.
const LIMITS: TableLimits = TableLimits {
    table: Rate { write: 200.0, read: 600.0 },
    partition: Rate { write: 200.0, read: 60.0 },
};

#[tokio::test]
async fn segments_that_exceed_the_capacity_are_all_stored_and_read_in_the_end() {
    let cloud = Cloud::with_limits(Some(LIMITS)).await;
    let meter = RequestMeter::new(&[(DATA_TABLE, &["pk", "sk"])]);
    let data = StoreData::new(&Metered::new(cloud.sdk_config(), meter.clone()), DATA_TABLE);
    let shard = Shard::all().next().unwrap();
    let kind = SegmentKind::Polls(UtcDay::of(NOW));
    let segment = |number| Segment { shard, kind, bytes: vec![number; 10_000] };
    let segments: Vec<_> = (0..30).map(segment).collect();

    let source = Source::new(NOW, "incoming/polls.csv", "v1");
    data.write_segments(&segments, &source, None, in_a_minute()).await.unwrap();

    let writes = meter.take().calls_of("DynamoDB BatchWriteItem");
    assert!(writes > 2, "without limits, 2 calls write 30 segments: {writes}");

    let parameters = ReportParameters { as_of: NOW, method: Method::PollCount };
    for _ in 0..2 {
        let pages = data.segments_of(shard, &parameters, in_a_minute());
        assert_eq!(pages.try_concat().await.unwrap().len(), segments.len());
    }
    let queries = meter.take().calls_of("DynamoDB Query");
    assert!(queries > 4, "without limits, 4 calls read both ranges twice: {queries}");
}

/// A tenth of what a new table accepts, and segments of a tenth of the size that those of a large
/// fleet have.
const TENTH: TableLimits = TableLimits {
    table: Rate { write: 400.0, read: 1_200.0 },
    partition: Rate { write: 100.0, read: 300.0 },
};
const SEGMENT_UNITS: u16 = 19;

#[tokio::test(start_paused = true)]
async fn a_large_load_uses_most_of_the_capacity_of_a_new_table() {
    let capacity = Capacity::new(TENTH);
    let aws = ScriptedAws::new(move |_, asked| future::ready(written(&capacity, asked)).boxed());
    let data = StoreData::new(&aws.sdk_config(), DATA_TABLE);
    let kind = SegmentKind::Polls(UtcDay::of(NOW));
    let bytes = usize::from(SEGMENT_UNITS) * 1_000;
    let of_shard =
        |shard| (0..4).map(move |number| Segment { shard, kind, bytes: vec![number; bytes] });
    let segments: Vec<_> = Shard::all().flat_map(of_shard).collect();
    let (begun, deadline) = (Instant::now(), Deadline::after(Duration::from_mins(15)));

    let source = Source::new(NOW, "incoming/polls.csv", "v1");
    data.write_segments(&segments, &source, None, deadline).await.unwrap();

    let units = f64::from(SEGMENT_UNITS) * f64::from(u16::try_from(segments.len()).unwrap());
    // A bucket that is full at the start adds one second, and the last write may take more than it holds.
    let least = (units - f64::from(SEGMENT_UNITS)) / TENTH.table.write - 1.0;
    let took = begun.elapsed().as_secs_f64();
    assert!(least <= took && took < 1.2 * least, "{took} s; the table allows {least} s");
}

/// The answer to a batch write: what does not fit is unprocessed.
fn written(capacity: &Capacity, asked: &Asked) -> HttpResponse {
    let call: Value = serde_json::from_slice(&asked.body).unwrap();
    let writes = call["RequestItems"][DATA_TABLE].as_array().unwrap();
    let fits = |write: &&Value| {
        let partition = write["PutRequest"]["Item"]["pk"]["S"].as_str();
        capacity.take(Instant::now(), DATA_TABLE, partition, (Use::Write, f64::from(SEGMENT_UNITS)))
    };
    let (accepted, refused): (Vec<_>, Vec<_>) = writes.iter().partition(fits);
    if accepted.is_empty() {
        return answer(400, &[], r#"{"__type":"ProvisionedThroughputExceededException"}"#);
    }
    let unprocessed = if refused.is_empty() { json!({}) } else { json!({ DATA_TABLE: refused }) };
    answer(200, &[], json!({ "UnprocessedItems": unprocessed }).to_string())
}

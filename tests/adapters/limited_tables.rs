//! Tables that accept only so much per second: everything is stored and read in the end.

use end_to_end::adapters::{Cloud, DATA_TABLE, in_a_minute};
use end_to_end::request_meter::{Metered, RequestMeter};
use futures::TryStreamExt as _;
use local::dynamodb::{Rate, TableLimits};
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{Segment, SegmentKind, Source, UtcDay};
use uptime::{Shard, Timestamp};
use uptime_aws::StoreData;

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
    data.write_segments(&segments, &source, in_a_minute()).await.unwrap();

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

//! The data table: what a load writes is read again, once, by the reports that need it.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::adapters::{Cloud, DATA_TABLE, in_a_minute};
use futures::TryStreamExt;
use uptime::input::ReplacingKind;
use uptime::interval::{DAY, HOUR};
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{MAX_SEGMENT_BYTES, Segment, SegmentKind, Source, UtcDay, decode};
use uptime::{Shard, Timestamp};
use uptime_aws::hash::short_hash;
use uptime_aws::{Deadline, StoreData, StoreDataError, describe};

const AS_OF_DAY: i64 = 19_381;
const HOURS: SegmentKind = SegmentKind::Replacing(ReplacingKind::Hours);
const ZONES: SegmentKind = SegmentKind::Replacing(ReplacingKind::Zones);

#[tokio::test]
async fn the_newest_poll_never_falls() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();

    assert_eq!(data.newest_poll().await.unwrap(), None);
    for (raised_to, expected) in [(5, 5), (5, 5), (3, 5), (-9, 5), (1_000, 1_000)] {
        data.raise_newest_poll(Timestamp::from_micros(raised_to), in_a_minute()).await.unwrap();
        assert_eq!(data.newest_poll().await.unwrap(), Some(Timestamp::from_micros(expected)));
    }
}

#[tokio::test]
async fn a_report_reads_the_days_it_considers_and_no_others() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let segments: Vec<_> = (-10..=2).map(|day| polls(4, day, &day.to_string())).collect();
    write(&data, &segments).await;

    let days = found(&data, 4).await;

    assert_eq!(days, ["-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "0"]);
}

#[tokio::test]
async fn a_report_reads_all_hours_and_zones_of_its_shard_and_of_no_other() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let of_kind = |shard, kind, text: &str| Segment { kind, ..polls(shard, 0, text) };
    write(
        &data,
        &[
            of_kind(4, HOURS, "hours"),
            of_kind(4, ZONES, "zones"),
            of_kind(5, HOURS, "others"),
            polls(4, 0, "polls"),
        ],
    )
    .await;

    assert_eq!(found(&data, 4).await, ["hours", "polls", "zones"]);
}

#[tokio::test]
async fn writing_again_changes_nothing_and_repeats_within_one_write_are_fine() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let segments = [polls(1, 0, "a"), polls(1, 0, "b"), polls(1, 0, "a")];

    write(&data, &segments).await;
    write(&data, &segments).await;

    assert_eq!(found(&data, 1).await, ["a", "b"]);
}

#[tokio::test]
async fn more_segments_than_a_batch_holds_are_all_written() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let segments: Vec<_> = (0..253).map(|number| polls(2, 0, &format!("{number:03}"))).collect();

    write(&data, &segments).await;

    let expected: Vec<_> = (0..253).map(|number| format!("{number:03}")).collect();
    assert_eq!(found(&data, 2).await, expected);
}

#[tokio::test]
async fn a_batch_of_the_largest_segments_is_written_and_read_page_by_page() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let segments: Vec<_> = (0..25_u8)
        .map(|letter| Segment { bytes: vec![letter; MAX_SEGMENT_BYTES], ..polls(3, 0, "") })
        .collect();

    write(&data, &segments).await;

    let pages: Vec<_> =
        data.segments_of(shard(3), &parameters(), in_a_minute()).try_collect().await.unwrap();
    assert!(pages.len() > 5, "10 MB came in {} pages", pages.len());
    let mut read: Vec<_> = pages.into_iter().flatten().map(|segment| segment.bytes).collect();
    read.sort_unstable();
    assert!(read.iter().eq(segments.iter().map(|segment| &segment.bytes)));
}

#[tokio::test]
async fn writes_not_accepted_by_the_deadline_are_reported() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let segments: Vec<_> = (0..30).map(|number| polls(2, 0, &number.to_string())).collect();

    let written =
        data.write_segments(&segments, &source(), None, Deadline::after(Duration::ZERO)).await;

    assert!(matches!(written, Err(StoreDataError::Throttled { unprocessed: 30 })));
}

#[tokio::test]
async fn an_unknown_table_is_an_error_that_names_the_operation() {
    let cloud = Cloud::start().await;
    let data = StoreData::new(&cloud.sdk_config(), "elsewhere");

    assert_eq!(data.newest_poll().await.unwrap_err().to_string(), "GetItem failed");
    let pages: Result<Vec<_>, _> =
        data.segments_of(shard(1), &parameters(), in_a_minute()).try_collect::<Vec<_>>().await;
    assert_eq!(pages.unwrap_err().to_string(), "Query failed");
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_named_by_its_key() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    write(&data, &[polls(1, 0, "no segment")]).await;
    let put = |pk: &str, sk: &str| {
        let item = cloud.dynamodb().put_item().table_name(DATA_TABLE);
        item.item("pk", AttributeValue::S(pk.into())).item("sk", AttributeValue::S(sk.into()))
    };
    put("02", "polls#2023-01-24#0123").send().await.unwrap();
    put("dataset", "newest_poll").send().await.unwrap();
    put("content#ab", "first_load").send().await.unwrap();

    let pages = |index| data.segments_of(shard(index), &parameters(), in_a_minute()).try_concat();
    let segment = pages(1).await.unwrap().pop().unwrap();
    let undecodable = decode(&segment.bytes).unwrap_err();
    let check_text = |error: StoreDataError, item: &str, fault: &str| {
        let place = format!("the item {item} of the data table cannot be read");
        assert_eq!(describe(&error), format!("{place}: {fault}"));
    };

    let fault = "the segment cannot be read: its version is not known to this program";
    let item = format!("pk 01, sk polls#2023-01-24#{}", short_hash(b"no segment"));
    check_text(segment.unreadable(undecodable), &item, fault);
    let fault = "segment is missing or malformed";
    check_text(pages(2).await.unwrap_err(), "pk 02, sk polls#2023-01-24#0123", fault);
    let fault = "poll_at is missing or malformed";
    check_text(data.newest_poll().await.unwrap_err(), "pk dataset, sk newest_poll", fault);
    let fault = "load_folder is missing or malformed";
    let error = data.first_load_of_content("ab", "loads/1/", in_a_minute()).await.unwrap_err();
    check_text(error, "pk content#ab, sk first_load", fault);
}

#[tokio::test]
async fn the_first_load_of_each_content_is_recorded() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let first = async |sha256, folder| {
        data.first_load_of_content(sha256, folder, in_a_minute()).await.unwrap()
    };

    assert_eq!(first("aa", "loads/1/").await, None);
    assert_eq!(first("aa", "loads/1/").await, None, "a redelivery is the same load");
    assert_eq!(first("aa", "loads/2/").await.as_deref(), Some("loads/1/"));
    assert_eq!(first("bb", "loads/2/").await, None);
}

#[tokio::test]
async fn the_futures_can_be_moved_between_threads() {
    fn check<T: Send>(_: &T) {}
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let deadline = Deadline::after(Duration::from_secs(1));

    check(&data.write_segments(&[], &source(), None, deadline));
    check(&data.delete_superseded(&[], &source(), deadline));
    check(&data.segments_of(shard(1), &parameters(), in_a_minute()));
}

async fn write(data: &StoreData, segments: &[Segment]) {
    data.write_segments(segments, &source(), None, in_a_minute()).await.unwrap();
}

/// The contents of a shard's segments as text, sorted.
async fn found(data: &StoreData, index: usize) -> Vec<String> {
    let pages = data.segments_of(shard(index), &parameters(), in_a_minute());
    let segments = pages.try_concat().await.unwrap();
    let mut texts: Vec<_> =
        segments.into_iter().map(|segment| String::from_utf8(segment.bytes).unwrap()).collect();
    texts.sort_unstable();
    texts
}

/// A segment that holds `text`, for the day that is `days_later` days after `as_of`.
fn polls(index: usize, days_later: i64, text: &str) -> Segment {
    let day = UtcDay::of(Timestamp::from_micros((AS_OF_DAY + days_later) * DAY));
    Segment { shard: shard(index), kind: SegmentKind::Polls(day), bytes: text.into() }
}

fn parameters() -> ReportParameters {
    let as_of = Timestamp::from_micros(AS_OF_DAY * DAY + 5 * HOUR);
    ReportParameters { as_of, method: Method::PollCount }
}

fn source() -> Source {
    let uploaded_at = Timestamp::from_micros(1_700_000_000_000_000);
    Source::new(uploaded_at, "incoming/polls.csv", "v1")
}

fn shard(index: usize) -> Shard {
    Shard::all().nth(index).unwrap()
}

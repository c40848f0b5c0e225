//! How long segments stay in the data table: until the instant that the last write gave, or for ever.

use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::adapters::{Cloud, DATA_TABLE, in_a_minute};
use futures::TryStreamExt;
use uptime::input::ReplacingKind;
use uptime::interval::SECOND;
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{Segment, SegmentKind, Source, UtcDay};
use uptime::{Shard, Timestamp};
use uptime_aws::StoreData;
use uptime_aws::attributes::{EXPIRES_AT, SK};

const AS_OF: Timestamp = Timestamp::from_micros(1_674_669_600 * SECOND);

#[tokio::test]
async fn polls_expire_at_the_whole_second_that_is_given_and_nothing_else_expires() {
    let (cloud, data) = (Cloud::start().await, Segments::default());
    data.write(&cloud.store_data(), Some(at(1_700_000_000).plus(SECOND - 1))).await;

    let expiry = expiry_of_items(&cloud).await;

    let kinds: Vec<&str> = expiry.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["polls", "store#hours", "store#special", "store#zones"]);
    assert_eq!(expiry[0].1.as_deref(), Some("1700000000"));
    assert!(expiry[1..].iter().all(|(_, expires_at)| expires_at.is_none()), "{expiry:?}");
}

#[tokio::test]
async fn polls_expire_as_the_last_write_says() {
    let (cloud, data) = (Cloud::start().await, Segments::default());
    let table = cloud.store_data();
    for seconds in [Some(20), Some(30), Some(10), None, Some(40)] {
        data.write(&table, seconds.map(at)).await;
        let expected = seconds.map(|seconds| seconds.to_string());
        assert_eq!(expiry_of_items(&cloud).await[0], ("polls".to_owned(), expected));
    }
}

#[tokio::test]
async fn polls_are_read_as_long_as_they_are_stored_with_or_without_an_expiry() {
    let cloud = Cloud::start().await;
    let table = cloud.store_data();
    let older = Segments { text: "loaded by an earlier version" };
    older.write(&table, None).await;
    let expired = Segments { text: "expired, but not deleted yet" };
    expired.write(&table, Some(at(1))).await;
    Segments { text: "kept" }.write(&table, Some(at(4_000_000_000))).await;

    let parameters = ReportParameters { as_of: AS_OF, method: Method::PollCount };
    let pages = table.segments_of(shard(), &parameters, in_a_minute());
    let read = pages.try_concat().await.unwrap();

    let of_polls = read.into_iter().map(|segment| String::from_utf8(segment.bytes).unwrap());
    let mut of_polls: Vec<String> = of_polls.filter(|text| text.starts_with("polls: ")).collect();
    of_polls.sort_unstable();
    let expected = ["expired, but not deleted yet", "kept", "loaded by an earlier version"];
    assert_eq!(of_polls, expected.map(|text| format!("polls: {text}")));
}

/// A segment of polls, and one of each kind that replaces.
#[derive(Default)]
struct Segments {
    text: &'static str,
}

impl Segments {
    async fn write(&self, table: &StoreData, polls_expire_at: Option<Timestamp>) {
        let segment = |kind, name: &str| {
            let bytes = format!("{name}: {}", self.text).into_bytes();
            Segment { shard: shard(), kind, bytes }
        };
        let segments = [
            segment(SegmentKind::Polls(UtcDay::of(AS_OF)), "polls"),
            segment(SegmentKind::Replacing(ReplacingKind::Hours), "hours"),
            segment(SegmentKind::Replacing(ReplacingKind::Zones), "zones"),
            segment(SegmentKind::Replacing(ReplacingKind::SpecialDays), "special days"),
        ];
        let source = Source::new(AS_OF, "incoming/any.csv", "v1");
        table.write_segments(&segments, &source, polls_expire_at, in_a_minute()).await.unwrap();
    }
}

/// What each item holds, and when it expires, in seconds since 1970; sorted.
async fn expiry_of_items(cloud: &Cloud) -> Vec<(String, Option<String>)> {
    let scan = cloud.dynamodb().scan().table_name(DATA_TABLE).send().await.unwrap();
    let number = |value: &AttributeValue| value.as_n().unwrap().clone();
    let items = scan.items().iter().map(|item| {
        let parts: Vec<&str> = item[SK].as_s().unwrap().split('#').collect();
        let kind = if parts[0] == "store" { parts[..2].join("#") } else { parts[0].to_owned() };
        (kind, item.get(EXPIRES_AT).map(number))
    });
    let mut items: Vec<_> = items.collect();
    items.sort_unstable();
    items
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * SECOND)
}

fn shard() -> Shard {
    Shard::all().nth(7).unwrap()
}

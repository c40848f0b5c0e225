//! A file of hours with several items per shard replaces files, and is replaced, like any other.

use std::fmt::Write as _;

use end_to_end::adapters::{Cloud, in_a_minute};
use futures::TryStreamExt;
use uptime::ingest::{Ingest, IngestSettings};
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{Decoded, ReplacingRows, Segment, Source, decode};
use uptime::{Shard, StoreId, Timestamp};
use uptime_aws::StoreData;

/// This many rows of one store fill a quarter of an item.
const ROWS: u32 = 20_000;

#[tokio::test]
async fn a_file_of_several_items_per_shard_is_stored_whole_and_replaces_a_file_of_one() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    for upload in [1, 2] {
        let segments = load(&data, upload, &[ROWS; 6]).await;
        assert!(segments.len() > 1, "{} items", segments.len());
        assert_eq!(stored(&data).await, file(upload, &[20_000; 6]));
    }
}

#[tokio::test]
async fn an_item_is_deleted_only_when_all_of_its_stores_are_replaced() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let older = load(&data, 1, &[ROWS; 6]).await;
    let of_first_item = stores_of(&older[0]);
    assert!((1..6).contains(&of_first_item), "{of_first_item}");

    // The second file names one store fewer than the first item has, the third file as many.
    load(&data, 2, &vec![1; of_first_item - 1]).await;
    let all_of_older = file(1, &[20_000; 6]);
    assert_eq!(stored(&data).await[..6], all_of_older);
    load(&data, 3, &vec![1; of_first_item]).await;

    let rest: Vec<_> = all_of_older[of_first_item..].to_vec();
    assert_eq!(stored(&data).await, [rest, file(3, &vec![1; of_first_item])].concat());
}

#[tokio::test]
async fn when_two_files_have_the_same_second_the_greater_key_replaces_the_other() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    for (key, left) in [("b", "b"), ("a", "a b"), ("c", "c")] {
        let source = Source { key: key.to_owned(), ..source(7) };
        load_from(&data, &source, &[1]).await;
        assert_eq!(keys(&data).await, left);
    }
}

async fn load(data: &StoreData, upload: i64, rows_of_stores: &[u32]) -> Vec<Segment> {
    load_from(data, &source(upload), rows_of_stores).await
}

/// Loads hours of stores of one shard. Each number is the number of rows of one store.
async fn load_from(data: &StoreData, source: &Source, rows_of_stores: &[u32]) -> Vec<Segment> {
    let mut csv = "store_id,day,start_time_local,end_time_local\n".to_owned();
    for (store, &rows) in stores().zip(rows_of_stores) {
        for row in 0..rows {
            let (day, minute, end) = (row % 7, row / 7 % 1_440, 11 + row / 10_080);
            let (hour, minute) = (minute / 60, minute % 60);
            writeln!(csv, "{store},{day},{hour}:{minute:02},{end}:00").unwrap();
        }
    }
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll: Timestamp::from_micros(0),
        batch_bytes: 0,
        gzip_ratio_limit: 1,
    });
    ingest.feed(csv.as_bytes()).unwrap();
    ingest.finish(source).unwrap();
    let segments = ingest.take_segments();
    data.write_segments(&segments, source, None, in_a_minute()).await.unwrap();
    data.delete_superseded(&segments, source, in_a_minute()).await.unwrap();
    segments
}

/// What a file leaves: its upload, and the number of rows of each store.
fn file(upload: i64, rows_of_stores: &[usize]) -> Vec<(i64, String, usize)> {
    let stores = stores().zip(rows_of_stores);
    stores.map(|(store, &rows)| (upload, store.to_string(), rows)).collect()
}

/// What is stored, ordered by upload and then by store.
async fn stored(data: &StoreData) -> Vec<(i64, String, usize)> {
    let mut found = Vec::new();
    for (source, stores) in decoded(data).await {
        let upload = source.uploaded_at.micros();
        found.extend(stores.into_iter().map(|(store, rows)| (upload, store, rows)));
    }
    let place = |store: &str| stores().position(|known| known.to_string() == store);
    found.sort_unstable_by_key(|(upload, store, _)| (*upload, place(store)));
    found
}

async fn keys(data: &StoreData) -> String {
    let mut keys: Vec<_> = decoded(data).await.into_iter().map(|(source, _)| source.key).collect();
    keys.sort_unstable();
    keys.join(" ")
}

async fn decoded(data: &StoreData) -> Vec<(Source, Vec<(String, usize)>)> {
    let parameters =
        ReportParameters { as_of: Timestamp::from_micros(0), method: Method::PollCount };
    let segments =
        data.segments_of(shard(), &parameters, in_a_minute()).try_concat().await.unwrap();
    let hours = segments.iter().map(|segment| match decode(&segment.bytes).unwrap() {
        Decoded::Replacing(source, stores) => {
            let count = |(store, rows): (StoreId, _)| match &rows {
                ReplacingRows::Hours(rows) => (store.to_string(), rows.len()),
                ReplacingRows::Zone(_) | ReplacingRows::SpecialDays(_) => panic!("{rows:?}"),
            };
            (source, stores.into_iter().map(count).collect())
        }
        Decoded::Polls(polls) => panic!("{polls:?}"),
    });
    hours.collect()
}

fn stores_of(segment: &Segment) -> usize {
    match decode(&segment.bytes).unwrap() {
        Decoded::Replacing(_, stores) => stores.len(),
        Decoded::Polls(polls) => panic!("{polls:?}"),
    }
}

/// Stores of one shard, in the order that a segment has them.
fn stores() -> impl Iterator<Item = StoreId> {
    (1_u32..)
        .map(|number| StoreId::new(&number.to_string()).unwrap())
        .filter(|store| store.shard() == shard())
}

fn source(upload: i64) -> Source {
    let uploaded_at = Timestamp::from_micros(upload);
    Source::new(uploaded_at, "incoming/hours.csv", "v")
}

fn shard() -> Shard {
    Shard::all().nth(9).unwrap()
}

//! A stored segment that differs from what was written is never read as data.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::adapters::{Cloud, DATA_TABLE, in_a_minute};
use end_to_end::story_data::with_each_bit_flipped;
use futures::TryStreamExt;
use uptime::ingest::{Ingest, IngestSettings};
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{Decoded, Segment, Source, decode};
use uptime::{StoreId, Timestamp};
use uptime_aws::attributes::{CRC, PK, SEGMENT, SK};
use uptime_aws::{StoreData, StoredSegment, describe};

const POLLS: &str = "store_id,timestamp_utc,status
257,2023-01-25 10:00:00 UTC,active
257,2023-01-25 11:00:00 UTC,inactive
257,2023-01-25 12:00:00 UTC,active
";
const HOURS: &str = "store_id,day,start_time_local,end_time_local\n257,0,09:00,12:00\n";
const ZONES: &str = "store_id,timezone_str\n257,America/Chicago\n";
const AS_OF: &str = "2023-01-25T12:00:00Z";

type Item = HashMap<String, AttributeValue>;

/// At least one of its bits can be flipped to give the id of another store of the same shard.
const LONG_ID: &str = "the-store-with-the-long-name-at-the-corner-of-the-market";

#[tokio::test]
async fn any_flipped_bit_of_a_stored_segment_or_its_checksum_is_an_error_that_names_the_item() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let items = one_item_of_each_kind(&cloud).await;
    let whole = read(&data).await.unwrap();

    let mut decodable = 0;
    for item in items {
        for attribute in [SEGMENT, CRC] {
            for flipped in with_each_bit_flipped(item[attribute].as_b().unwrap().as_ref()) {
                decodable += u32::from(attribute == SEGMENT && decode(&flipped).is_ok());
                put(&cloud, &item, attribute, flipped).await;
                assert_eq!(read(&data).await.unwrap_err(), damaged(&item));
            }
        }
        put_item(&cloud, &item).await;
        assert_eq!(read(&data).await.unwrap(), whole);
    }
    assert!(decodable > 100, "only {decodable} flips leave a segment that can be decoded");
}

#[tokio::test]
async fn a_segment_under_the_key_of_another_is_an_error_that_names_the_item() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let items = one_item_of_each_kind(&cloud).await;
    for (place, item) in items.iter().enumerate() {
        let other = &items[(place + 1) % items.len()];
        let swapped = Item::from([SEGMENT, CRC].map(|name| (name.to_owned(), other[name].clone())));
        let swapped = item.clone().into_iter().chain(swapped).collect();
        put_item(&cloud, &swapped).await;
        assert_eq!(read(&data).await.unwrap_err(), damaged(item));
        put_item(&cloud, item).await;
    }
}

#[tokio::test]
async fn a_segment_that_was_stored_without_a_checksum_is_read() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let items = one_item_of_each_kind(&cloud).await;
    let whole = read(&data).await.unwrap();
    for mut item in items {
        assert!(item.remove(CRC).is_some());
        put_item(&cloud, &item).await;
    }
    assert_eq!(read(&data).await.unwrap(), whole);
}

/// Otherwise a flipped bit in an id would delete the hours of a store that no newer file names.
#[tokio::test]
async fn a_load_never_deletes_a_damaged_segment_because_of_the_stores_it_seems_to_name() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let hours = |store: &str| HOURS.replace("257", store);
    let old = segments(&source(1), &hours(LONG_ID));
    let shard = old[0].shard;
    write(&data, &source(1), &old).await;
    let [item] = items(&cloud).await.try_into().unwrap();
    let mut flips = with_each_bit_flipped(item[SEGMENT].as_b().unwrap().as_ref());
    let naming_another = |flipped: Vec<u8>| match decode(&flipped) {
        Ok(Decoded::Replacing(from, rows)) => {
            let other = &rows.first()?.0;
            let is_another = other.shard() == shard && other.to_string() != LONG_ID;
            (from == source(1) && is_another).then(|| (hours(&other.to_string()), flipped))
        }
        _ => None,
    };
    let (hours_of_another, flipped) = flips.find_map(naming_another).unwrap();
    put(&cloud, &item, SEGMENT, flipped).await;

    let new = segments(&source(2), &hours_of_another);
    write(&data, &source(2), &new).await;
    data.delete_superseded(&new, &source(2), in_a_minute()).await.unwrap();

    let left = items(&cloud).await;
    assert!(left.iter().any(|left| left[SK] == item[SK]), "the damaged segment is deleted");
}

async fn write(data: &StoreData, source: &Source, segments: &[Segment]) {
    data.write_segments(segments, source, None, in_a_minute()).await.unwrap();
}

/// Stores polls, hours and zones of one store, and returns their items.
async fn one_item_of_each_kind(cloud: &Cloud) -> [Item; 3] {
    for csv in [POLLS, HOURS, ZONES] {
        write(&cloud.store_data(), &source(1), &segments(&source(1), csv)).await;
    }
    items(cloud).await.try_into().unwrap()
}

/// The segments that a report reads from the store's shard, or the reason why it cannot read them.
async fn read(data: &StoreData) -> Result<Vec<StoredSegment>, String> {
    let as_of = Timestamp::from_rfc3339(AS_OF).unwrap();
    let parameters = ReportParameters { as_of, method: Method::PollCount };
    let shard = StoreId::new("257").unwrap().shard();
    let pages = data.segments_of(shard, &parameters, in_a_minute());
    let mut segments: Vec<_> = pages.try_concat().await.map_err(|error| describe(&error))?;
    segments.sort_unstable_by(|this, that| this.bytes.cmp(&that.bytes));
    Ok(segments)
}

/// The error for an item whose segment is not the one that was written.
fn damaged(item: &Item) -> String {
    let [pk, sk] = [PK, SK].map(|name| item[name].as_s().unwrap());
    let fault = "its key and segment do not match the CRC-32 that was stored with them";
    format!("the item pk {pk}, sk {sk} of the data table cannot be read: {fault}")
}

async fn items(cloud: &Cloud) -> Vec<Item> {
    cloud.dynamodb().scan().table_name(DATA_TABLE).send().await.unwrap().items.unwrap()
}

/// Stores a copy of an item in which one attribute has other bytes.
async fn put(cloud: &Cloud, item: &Item, attribute: &str, bytes: Vec<u8>) {
    let mut item = item.clone();
    item.insert(attribute.to_owned(), AttributeValue::B(Blob::new(bytes)));
    put_item(cloud, &item).await;
}

async fn put_item(cloud: &Cloud, item: &Item) {
    let put = cloud.dynamodb().put_item().table_name(DATA_TABLE).set_item(Some(item.clone()));
    put.send().await.unwrap();
}

/// The segments that a load stores for a file.
fn segments(source: &Source, csv: &str) -> Vec<Segment> {
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll: Timestamp::from_rfc3339(AS_OF).unwrap(),
        batch_bytes: 1 << 20,
        gzip_ratio_limit: 1,
    });
    ingest.feed(csv.as_bytes()).unwrap();
    ingest.finish(source).unwrap();
    ingest.take_segments()
}

fn source(upload: i64) -> Source {
    Source::new(Timestamp::from_micros(upload), "f", "v")
}

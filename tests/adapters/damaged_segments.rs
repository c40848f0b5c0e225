//! A stored segment that is not what was written is known by its key, which has its hash.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::adapters::{Cloud, DATA_TABLE, in_a_minute};
use end_to_end::story_data::with_each_bit_flipped;
use uptime::Timestamp;
use uptime::ingest::{Ingest, IngestSettings};
use uptime::segment::{Decoded, Segment, Source, decode};
use uptime_aws::StoreData;
use uptime_aws::attributes::{SEGMENT, SK};

/// Of its bits at least one can be flipped so that it names another store of the same shard.
const LONG_ID: &str = "the-store-with-the-long-name-at-the-corner-of-the-market";

/// Otherwise a flipped bit of an id would delete the hours of a store that no newer file names.
#[tokio::test]
async fn a_load_never_deletes_a_damaged_segment_for_the_stores_that_it_seems_to_name() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    let hours = |store: &str| {
        format!("store_id,day,start_time_local,end_time_local\n{store},0,09:00,12:00\n")
    };
    let old = segments(&source(1), &hours(LONG_ID));
    let shard = old[0].shard;
    write(&data, &source(1), &old).await;
    let [item] = items(&cloud).await.try_into().unwrap();
    let mut flips = with_each_bit_flipped(item[SEGMENT].as_b().unwrap().as_ref());
    let naming_another = |flipped: Vec<u8>| match decode(&flipped) {
        Ok(Decoded::Hours(from, rows)) => {
            let other = &rows.first()?.0;
            let is_another = other.shard() == shard && other.to_string() != LONG_ID;
            (from == source(1) && is_another).then(|| (hours(&other.to_string()), flipped))
        }
        _ => None,
    };
    let (hours_of_another, flipped) = flips.find_map(naming_another).unwrap();
    put(&cloud, &item, flipped).await;

    let new = segments(&source(2), &hours_of_another);
    write(&data, &source(2), &new).await;
    data.delete_superseded(&new, &source(2), in_a_minute()).await.unwrap();

    let left = items(&cloud).await;
    assert!(left.iter().any(|left| left[SK] == item[SK]), "the damaged segment is deleted");
}

async fn write(data: &StoreData, source: &Source, segments: &[Segment]) {
    data.write_segments(segments, source, in_a_minute()).await.unwrap();
}

async fn items(cloud: &Cloud) -> Vec<HashMap<String, AttributeValue>> {
    cloud.dynamodb().scan().table_name(DATA_TABLE).send().await.unwrap().items.unwrap()
}

/// Puts an item with other bytes for its segment.
async fn put(cloud: &Cloud, item: &HashMap<String, AttributeValue>, bytes: Vec<u8>) {
    let put = cloud.dynamodb().put_item().table_name(DATA_TABLE).set_item(Some(item.clone()));
    put.item(SEGMENT, AttributeValue::B(Blob::new(bytes))).send().await.unwrap();
}

/// What a load stores of a file.
fn segments(source: &Source, csv: &str) -> Vec<Segment> {
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll: Timestamp::from_micros(0),
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

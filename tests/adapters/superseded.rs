//! A load of hours or zones deletes older segments that it replaces completely, and nothing else.

use end_to_end::adapters::{Cloud, in_a_minute};
use futures::TryStreamExt;
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{Decoded, Segment, Source, decode, pack_hours, pack_zones};
use uptime::{Shard, StoreId, Timestamp, Zone};
use uptime_aws::StoreData;

#[tokio::test]
async fn a_file_that_names_all_the_stores_of_an_older_one_replaces_it() {
    check(&["old: a b", "new: a b c"], &["new: a b c"]).await;
    check(&["old: a b", "new: a b"], &["new: a b"]).await;
}

#[tokio::test]
async fn a_file_that_names_only_some_stores_of_an_older_one_does_not_replace_it() {
    check(&["old: a b", "new: a c"], &["new: a c", "old: a b"]).await;
}

#[tokio::test]
async fn an_older_file_that_comes_late_deletes_nothing_newer() {
    check(&["new: a", "old: a b"], &["new: a", "old: a b"]).await;
}

#[tokio::test]
async fn a_file_loaded_again_stays() {
    check(&["old: a", "new: a", "new: a"], &["new: a"]).await;
}

/// Two concurrent loads would delete each other's segments. If one of them were then killed, both
/// would be lost.
#[tokio::test]
async fn segments_from_another_load_of_the_same_file_are_never_deleted() {
    check(&["new: a", "new: a b"], &["new: a", "new: a b"]).await;
    check(&["new: a b", "new: a"], &["new: a", "new: a b"]).await;
    check(&["old: a", "new: a", "new: a b"], &["new: a", "new: a b"]).await;
    check(&["old: a", "old: a b", "new: a b"], &["new: a b"]).await;
}

#[tokio::test]
async fn a_file_replaces_many_older_files() {
    check(&["1: a", "2: b", "3: a b", "4: c", "5: a b c"], &["5: a b c"]).await;
}

#[tokio::test]
async fn zones_do_not_replace_hours() {
    let cloud = Cloud::start().await;
    let data = cloud.store_data();
    load(&data, &hours("old", "a")).await;

    load(&data, &zones("new", "a")).await;

    assert_eq!(stored(&data).await, ["new: a", "old: a"]);
}

/// Loads the files one after the other, then checks what is left: once for hours, once for zones.
async fn check(loads: &[&str], expected: &[&str]) {
    for pack in [hours, zones] {
        let cloud = Cloud::start().await;
        let data = cloud.store_data();
        for file in loads {
            let (name, stores) = file.split_once(": ").unwrap();
            load(&data, &pack(name, stores)).await;
        }
        assert_eq!(stored(&data).await, expected, "{loads:?}");
    }
}

async fn load(data: &StoreData, (source, segments): &(Source, Vec<Segment>)) {
    data.write_segments(segments, source, None, in_a_minute()).await.unwrap();
    data.delete_superseded(segments, source, in_a_minute()).await.unwrap();
}

async fn stored(data: &StoreData) -> Vec<String> {
    let parameters =
        ReportParameters { as_of: Timestamp::from_micros(0), method: Method::PollCount };
    let pages = data.segments_of(shard(), &parameters, in_a_minute());
    let segments = pages.try_concat().await.unwrap();
    let mut files: Vec<_> = segments
        .iter()
        .map(|segment| {
            let Decoded::Replacing(source, stores) = decode(&segment.bytes).unwrap() else {
                panic!("no polls were loaded");
            };
            let mut letters: Vec<_> = stores.iter().map(|(store, _)| letter_of(store)).collect();
            letters.sort_unstable();
            format!("{}: {}", source.key, letters.join(" "))
        })
        .collect();
    files.sort_unstable();
    files
}

fn hours(file: &str, letters: &str) -> (Source, Vec<Segment>) {
    let stores = letters.split(' ').map(|letter| (store(letter), Vec::new())).collect();
    (source(file), pack_hours(shard(), &source(file), stores))
}

fn zones(file: &str, letters: &str) -> (Source, Vec<Segment>) {
    let stores = letters.split(' ').map(|letter| (store(letter), Some(Zone::DEFAULT))).collect();
    (source(file), pack_zones(shard(), &source(file), stores))
}

/// `old` is older than `new`; numbered files are as old as their order.
fn source(file: &str) -> Source {
    let uploaded_at = match file {
        "old" => 1,
        "new" => 2,
        number => number.parse().unwrap(),
    };
    let uploaded_at = Timestamp::from_micros(uploaded_at);
    Source::new(uploaded_at, file, "v")
}

/// The store that a letter stands for. All of these stores are in one shard.
fn store(letter: &str) -> StoreId {
    let mut of_shard = (1_u32..)
        .map(|number| StoreId::new(&number.to_string()).unwrap())
        .filter(|store| store.shard() == shard());
    of_shard.nth(["a", "b", "c"].iter().position(|&known| known == letter).unwrap()).unwrap()
}

fn letter_of(known: &StoreId) -> &'static str {
    ["a", "b", "c"].into_iter().find(|letter| store(letter) == *known).unwrap()
}

fn shard() -> Shard {
    Shard::all().nth(9).unwrap()
}

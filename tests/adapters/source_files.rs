//! A source file is read in the version that was announced. Otherwise reading fails.

use std::net::TcpListener;

use aws_sdk_s3::config::retry::RetryConfig;
use end_to_end::adapters::{Cloud, in_a_minute};
use local::emulators::client_config;
use uptime::Timestamp;
use uptime_aws::{OpenError, Pin, SourceFiles, SourceObject};

const KEY: &str = "incoming/week 4 (é)+.csv";

#[tokio::test]
async fn the_newest_object_is_read_whole() {
    let cloud = Cloud::start().await;
    let body = vec![b'x'; 3_000_000];
    let e_tag = cloud.put(KEY, &body).await;

    let mut object = cloud.source_files().open(KEY, &Pin::Newest).await.unwrap();

    assert_eq!(object.size_bytes, 3_000_000);
    assert_eq!(format!("\"{}\"", object.version), e_tag);
    let age_micros = uptime_aws::now().micros() - object.uploaded_at.micros();
    assert!((-2_000_000..60_000_000).contains(&age_micros), "{age_micros}");
    assert!(object.uploaded_at > Timestamp::from_micros(0));
    assert!(read(&mut object).await == body);
}

#[tokio::test]
async fn an_object_pinned_by_its_e_tag_is_read_while_it_is_the_newest() {
    let cloud = Cloud::start().await;
    let (files, e_tag) = (cloud.source_files(), cloud.put(KEY, b"first").await);
    let bare = e_tag.trim_matches('"').to_owned();

    for pin in [Pin::ETag(e_tag), Pin::ETag(bare.clone())] {
        assert_eq!(read(&mut files.open(KEY, &pin).await.unwrap()).await, b"first");
    }

    cloud.put(KEY, b"second").await;
    check_gone(&files, KEY, &Pin::ETag(bare)).await;
}

#[tokio::test]
async fn an_object_that_never_existed_is_gone() {
    let cloud = Cloud::start().await;
    check_gone(&cloud.source_files(), "incoming/never", &Pin::Newest).await;
    check_gone(&cloud.source_files(), "incoming/never", &Pin::ETag("ab".to_owned())).await;
}

#[tokio::test]
async fn an_object_is_not_gone_because_s3_does_not_answer() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = client_config(nobody, "any").into_builder().retry_config(RetryConfig::disabled());
    let files = SourceFiles::new(&config.build(), "data");

    let error = files.open(KEY, &Pin::Newest).await.unwrap_err();

    assert!(matches!(error, OpenError::Unavailable(_)), "{error}");
    assert_eq!(error.to_string(), "GetObject failed");
}

async fn check_gone(files: &SourceFiles, key: &str, pin: &Pin) {
    let error = files.open(key, pin).await.unwrap_err();
    assert!(matches!(error, OpenError::Gone), "{key} {pin:?}: {error}");
}

async fn read(object: &mut SourceObject) -> Vec<u8> {
    let mut read = Vec::new();
    while let Some(chunk) = object.next_chunk(in_a_minute()).await.unwrap() {
        read.extend_from_slice(chunk.as_ref());
    }
    read
}

//! Keys that would be difficult as file paths: each is a separate key, up to 1,024 bytes.

use super::odd_keys::Query;
use super::*;
use crate::s3::url_encoding::url_encoded;

#[tokio::test]
async fn keys_that_read_like_paths_are_keys_of_their_own() {
    let fixture = Fixture::new().await;
    let mut keys = keys();
    for key in &keys {
        fixture.put(key, key).await;
    }

    for key in &keys {
        assert_eq!(fixture.text(key, None).await, *key);
        assert_eq!(fixture.length(key).await, key.len(), "{key}");
        let head = fixture.client.head_object().bucket("data").key(key).send().await.unwrap();
        assert_eq!(head.content_length(), i64::try_from(key.len()).ok(), "{key}");
    }
    keys.sort_unstable();
    assert_eq!(fixture.listed(&Query::default()).await, keys);
    for key in &keys {
        fixture.client.delete_object().bucket("data").key(key).send().await.unwrap();
    }
    assert_eq!(fixture.listed(&Query::default()).await, [] as [String; 0]);
}

#[tokio::test]
async fn keys_that_read_like_paths_are_copied_uploaded_in_parts_and_announced() {
    let fixture = Fixture::new().await;
    let keys = keys().into_iter().filter(|key| key.len() + "incoming/".len() <= 1_024);
    // S3 announces keys that end with a slash too, but nothing loads them.
    let keys: Vec<String> = keys.filter(|key| !key.ends_with('/')).collect();
    for key in &keys {
        fixture.put(key, key).await;
        let copy = fixture.client.copy_object().bucket("data").key(format!("incoming/{key}"));
        copy.copy_source(url_encoded(&format!("data/{key}"))).send().await.unwrap();
        assert_eq!(fixture.text(&format!("incoming/{key}"), None).await, *key);
    }
    let announced = fixture.events();
    let announced: Vec<String> =
        announced.iter().map(|event| uptime_aws::decoded_key(summary(event).1).unwrap()).collect();
    let expected: Vec<String> = keys.iter().map(|key| format!("incoming/{key}")).collect();
    assert_eq!(announced, expected);

    for key in ["incoming/x", "incoming/x/../y", "incoming//"] {
        fixture.put_in_parts(key).await;
        assert_eq!(fixture.length(key).await, 5 * 1024 * 1024 + 3, "{key}");
    }
}

#[tokio::test]
async fn a_key_of_more_than_1_024_bytes_is_refused_before_anything_is_written() {
    let fixture = Fixture::new().await;
    fixture.put("a", "x").await;
    let before = fixture.files();
    for key in ["k".repeat(1_025), "ü".repeat(513)] {
        let put = fixture.client.put_object().bucket("data").key(&key).send().await;
        check_too_long(&put.unwrap_err());
        let copy = fixture.client.copy_object().bucket("data").key(&key).copy_source("data/a");
        check_too_long(&copy.send().await.unwrap_err());
        let parts = fixture.client.create_multipart_upload().bucket("data").key(&key);
        check_too_long(&parts.send().await.unwrap_err());
    }
    assert_eq!(fixture.files(), before);
}

#[track_caller]
fn check_too_long(error: &impl ProvideErrorMetadata) {
    assert_eq!(error.code(), Some("KeyTooLongError"));
}

fn keys() -> Vec<String> {
    let paths = [
        "x",
        "x/y",
        "x/",
        "x//y",
        "/x",
        "//x",
        "./x",
        "../x",
        "x/.",
        "x/..",
        "a/../x",
        ".",
        "..",
        "/",
        "../../etc/passwd",
        "x/y/z",
        ".new/x",
        ".format-2",
        "CON",
        "a:b",
        "x\\..\\y",
    ];
    let lengths = [130, 160, 255, 256, 1_015, 1_024];
    let long = lengths.map(|length| "k".repeat(length));
    let longest = ["ü".repeat(512), "/".repeat(1_024), "../".repeat(341)];
    paths.map(str::to_owned).into_iter().chain(long).chain(longest).collect()
}

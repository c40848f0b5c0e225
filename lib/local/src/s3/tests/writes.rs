//! Puts, copies and multipart uploads: each is whole or not there at all, and has its event.

use super::*;

#[tokio::test]
async fn a_read_while_an_object_is_copied_over_gives_one_of_the_two_whole() {
    let fixture = Fixture::new().await;
    let contents = ["a".repeat(3_000_000), "b".repeat(2_000_000)];
    for (key, content) in ["a", "b"].into_iter().zip(&contents) {
        fixture.put(key, content).await;
    }
    let copy = async |source: &str| {
        let copy = fixture.client.copy_object().bucket("data").key("target");
        copy.copy_source(format!("data/{source}")).send().await.unwrap();
    };
    copy("a").await;
    let get = fixture.client.get_object().bucket("data").key("target");
    let reader = tokio::spawn(async move {
        let mut read = Vec::new();
        for _ in 0..100 {
            let object = get.clone().send().await.unwrap();
            read.push(object.body.collect().await.unwrap().to_vec());
        }
        read
    });
    while !reader.is_finished() {
        copy("b").await;
        copy("a").await;
    }
    let read = reader.await.unwrap();
    assert!(read.iter().all(|read| contents.iter().any(|content| content.as_bytes() == read)));
}

#[tokio::test]
async fn a_copy_onto_itself_has_to_replace_the_metadata_and_is_a_write_of_its_own() {
    let fixture = Fixture::new().await;
    let e_tag = fixture.put("incoming/a", "abc").await;
    let copy = || {
        let copy = fixture.client.copy_object().bucket("data").key("incoming/a");
        copy.copy_source("data/incoming/a")
    };
    assert_eq!(copy().send().await.unwrap_err().code(), Some("InvalidRequest"));
    let copy = copy().metadata_directive("REPLACE".into()).metadata("who", "me");
    let copied = copy.send().await.unwrap().copy_object_result.unwrap();

    assert_eq!(copied.e_tag, Some(e_tag));
    let read = fixture.client.get_object().bucket("data").key("incoming/a").send().await.unwrap();
    assert_eq!(read.metadata().unwrap()["who"], "me");
    assert_eq!(read.body.collect().await.unwrap().to_vec(), b"abc");
    let events = fixture.events();
    let events: Vec<(&str, &str)> = events
        .iter()
        .map(|event| (summary(event).0, event["eventTime"].as_str().unwrap()))
        .collect();
    let [("ObjectCreated:Put", put), ("ObjectCreated:Copy", copied)] = events[..] else {
        panic!("{events:?}")
    };
    assert!(put < copied);
}

#[tokio::test]
async fn a_missing_bucket_and_a_missing_key_have_different_errors() {
    let fixture = Fixture::new().await;
    let get = async |bucket: &str| {
        let get = fixture.client.get_object().bucket(bucket).key("a").send().await;
        get.unwrap_err().code().unwrap().to_owned()
    };
    assert_eq!(get("data").await, "NoSuchKey");
    assert_eq!(get("none").await, "NoSuchBucket");
    let put = fixture.client.put_object().bucket("none").key("a").send().await;
    assert_eq!(put.unwrap_err().code(), Some("NoSuchBucket"));
    let copy = fixture.client.copy_object().bucket("data").key("a").copy_source("data/b");
    assert_eq!(copy.send().await.unwrap_err().code(), Some("NoSuchKey"));
    let delete = fixture.client.delete_object().bucket("data").key("a");
    delete.send().await.unwrap();
}

#[tokio::test]
async fn an_object_whose_event_cannot_be_queued_is_an_error_and_stays_and_can_be_put_again() {
    let fixture = Fixture::over(tempfile::tempdir().unwrap());
    fixture.client.create_bucket().bucket("data").send().await.unwrap();
    let put = fixture.client.put_object().bucket("data").key("incoming/a");
    let put = put.body(ByteStream::from_static(b"abc")).send().await;
    assert_eq!(put.unwrap_err().code(), Some("InternalError"));
    assert_eq!(fixture.length("incoming/a").await, 3);

    let queue = crate::sqs::QueueSettings { visibility: Duration::from_mins(1), redrive: None };
    fixture.emulators.queues().define("loads", &queue);
    fixture.put("incoming/a", "abc").await;
    assert_eq!(fixture.events().len(), 1);
}

#[tokio::test]
async fn an_object_is_made_of_the_parts_that_are_listed_in_order_and_by_their_etags() {
    let fixture = Fixture::new().await;
    let call = fixture.client.create_multipart_upload().bucket("data").key("a");
    let upload = call.metadata("who", "me").send().await.unwrap().upload_id.unwrap();
    let mut tags = Vec::new();
    for (number, size) in [(2, 3), (5, 5 * 1024 * 1024), (7, 1)] {
        let call = fixture.client.upload_part().bucket("data").key("a").upload_id(&upload);
        let call = call.part_number(number).body(ByteStream::from(vec![b'x'; size]));
        tags.push((number, call.send().await.unwrap().e_tag.unwrap()));
    }
    let complete = async |key: &str, places: &[(usize, usize)]| {
        let part = |&(number, tag): &(usize, usize)| {
            let part = CompletedPart::builder().part_number(tags[number].0);
            part.e_tag(&tags[tag].1).build()
        };
        let parts = places.iter().map(part).collect();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let call = fixture.client.complete_multipart_upload().bucket("data").key(key);
        let answer = call.upload_id(&upload).multipart_upload(parts).send().await;
        answer.map_err(|error| error.code().unwrap().to_owned())
    };
    let refused =
        async |key: &str, places: &[(usize, usize)]| complete(key, places).await.unwrap_err();
    assert_eq!(refused("a", &[(2, 2), (1, 1)]).await, "InvalidPartOrder");
    assert_eq!(refused("a", &[(1, 2)]).await, "InvalidPart");
    assert_eq!(refused("a", &[(0, 0), (1, 1)]).await, "EntityTooSmall");
    assert_eq!(refused("b", &[(1, 1)]).await, "NoSuchUpload");
    let listed = fixture.client.list_parts().bucket("data").key("a").upload_id(&upload);
    let listed = listed.send().await.unwrap();
    let listed = listed.parts().iter().map(|part| (part.part_number().unwrap(), part.e_tag()));
    assert!(listed.eq(tags.iter().map(|(number, tag)| (*number, Some(tag.as_str())))));

    let made = complete("a", &[(1, 1), (2, 2)]).await.unwrap();

    assert!(made.e_tag().unwrap().ends_with("-2\""), "{made:?}");
    let head = fixture.client.head_object().bucket("data").key("a").send().await.unwrap();
    assert_eq!((head.content_length(), head.e_tag()), (Some(5 * 1024 * 1024 + 1), made.e_tag()));
    assert_eq!(head.metadata().unwrap()["who"], "me");
    assert_eq!(refused("a", &[(1, 1)]).await, "NoSuchUpload");
}

#[tokio::test]
async fn a_checksum_that_follows_the_body_is_checked() {
    let fixture = Fixture::new().await;
    // If the body is a stream, the client sends the checksum after it.
    let path = fixture.folder.path().join("body");
    std::fs::write(&path, "abc").unwrap();
    for (algorithm, place) in
        [("CRC32", 0), ("CRC32C", 1), ("CRC64NVME", 2), ("SHA1", 3), ("SHA256", 4)]
    {
        let body = ByteStream::from_path(&path).await.unwrap();
        let call = fixture.client.put_object().bucket("data").key("a").body(body);
        let put = call.checksum_algorithm(algorithm.into()).send().await.unwrap();
        let checksums = [
            put.checksum_crc32(),
            put.checksum_crc32_c(),
            put.checksum_crc64_nvme(),
            put.checksum_sha1(),
            put.checksum_sha256(),
        ];
        let given: Vec<usize> = (0..5).filter(|&place| checksums[place].is_some()).collect();
        assert_eq!(given, [place], "{algorithm}");
    }
}

//! The object store as the real SDK client sees it.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uptime_aws::Clients as _;

use crate::emulators::{Emulators, Setup};

mod files;
mod odd_keys;
mod path_keys;
mod writes;

#[tokio::test]
async fn of_twenty_racing_conditional_puts_one_wins() {
    let fixture = Fixture::new().await;
    // A single race could succeed by chance.
    for round in 0..60 {
        let key = format!("race/{round}");
        let racers = (0..20).map(|racer| {
            let call = fixture.client.put_object().bucket("data").key(&key).if_none_match("*");
            let call = call.body(ByteStream::from(vec![b'x'; 100 + racer]));
            tokio::spawn(async move { call.send().await })
        });
        let racers: Vec<_> = racers.collect();
        let (mut won, mut refused) = (0, 0);
        for racer in racers {
            match racer.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) if error.code() == Some("PreconditionFailed") => refused += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!((won, refused), (1, 19), "round {round}");
    }
}

#[tokio::test]
async fn no_answer_has_a_date_which_a_clock_that_is_set_back_would_make_wrong() {
    let fixture = Fixture::new().await;
    let mut socket = TcpStream::connect(fixture.emulators.addresses().s3).await.unwrap();
    let call = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    socket.write_all(call).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();

    let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 ") && !head.contains("\ndate:"), "{answer}");
}

#[tokio::test]
async fn of_many_writes_of_one_key_each_event_has_a_later_time_and_a_greater_sequencer() {
    let fixture = Fixture::new().await;
    for _ in 0..50 {
        fixture.put("incoming/a.csv", "x").await;
    }
    let order: Vec<(String, String)> = fixture
        .emulators
        .queues()
        .bodies("loads")
        .iter()
        .map(|body| {
            let record = &serde_json::from_str::<Value>(body).unwrap()["Records"][0];
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&record["eventTime"]), text(&record["s3"]["object"]["sequencer"]))
        })
        .collect();
    assert_eq!(order.len(), 50);
    assert!(order.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
}

#[tokio::test]
async fn a_read_while_an_object_is_replaced_gives_one_of_the_two_whole() {
    let fixture = Fixture::new().await;
    let contents = ["short".to_owned(), "a longer text ".repeat(20)];
    fixture.put("manifest.json", &contents[0]).await;
    let get = fixture.client.get_object().bucket("data").key("manifest.json");
    let reader = tokio::spawn(async move {
        let mut read = Vec::new();
        for _ in 0..150 {
            let object = get.clone().send().await.unwrap();
            // The client compares the body with its checksum if the response has one.
            read.push(object.body.collect().await.unwrap().to_vec());
        }
        read
    });
    while !reader.is_finished() {
        for content in contents.iter().rev() {
            fixture.put("manifest.json", content).await;
        }
    }
    let read = reader.await.unwrap();
    assert!(read.iter().all(|read| contents.iter().any(|content| content.as_bytes() == read)));
}

#[tokio::test]
async fn a_read_of_a_replaced_object_by_its_old_etag_is_refused() {
    let fixture = Fixture::new().await;
    let first = fixture.put("incoming/a.csv", "one").await;
    let get = |e_tag: &str| {
        fixture.client.get_object().bucket("data").key("incoming/a.csv").if_match(e_tag).send()
    };
    get(&first).await.unwrap();
    fixture.put("incoming/a.csv", "two").await;
    assert_eq!(get(&first).await.unwrap_err().code(), Some("PreconditionFailed"));
}

#[tokio::test]
async fn objects_under_the_watched_prefix_are_announced_and_no_others() {
    let fixture = Fixture::new().await;
    fixture.put("loads/manifest.json", "{}").await;
    let e_tag = fixture.put("incoming/store hours.csv", "a,b\n").await;
    let call = fixture.client.copy_object().bucket("data").key("incoming/copy.csv");
    call.copy_source("data/loads/manifest.json").send().await.unwrap();
    fixture.put_in_parts("incoming/parts.csv").await;

    let events = fixture.events();
    let seen: Vec<(&str, &str, u64)> = events.iter().map(summary).collect();
    assert_eq!(
        seen,
        [
            ("ObjectCreated:Put", "incoming/store+hours.csv", 4),
            ("ObjectCreated:Copy", "incoming/copy.csv", 2),
            ("ObjectCreated:CompleteMultipartUpload", "incoming/parts.csv", 5_242_883),
        ]
    );
    assert_eq!(events[0]["s3"]["object"]["eTag"], e_tag.trim_matches('"'));
    assert!(events[2]["s3"]["object"]["eTag"].as_str().unwrap().ends_with("-2"));
}

#[tokio::test]
async fn a_presigned_link_names_the_fixed_port_and_the_bucket_in_its_path() {
    let fixture = Fixture::new().await;
    fixture.put("reports/r.csv", "a\n").await;
    let quarter = PresigningConfig::expires_in(Duration::from_mins(15)).unwrap();
    let call = fixture.client.get_object().bucket("data").key("reports/r.csv");
    let link = call.presigned(quarter).await.unwrap();
    let start = format!("http://{}/data/reports/r.csv?", fixture.emulators.addresses().s3);
    assert!(link.uri().starts_with(&start), "{}", link.uri());
}

#[tokio::test]
async fn a_packed_object_is_served_by_its_link_as_packed_and_with_the_headers_of_the_link() {
    let fixture = Fixture::new().await;
    let put = fixture.client.put_object().bucket("data").key("report.html");
    let put = put.content_type("text/plain").content_encoding("gzip");
    put.body(ByteStream::from_static(b"packed")).send().await.unwrap();
    let quarter = PresigningConfig::expires_in(Duration::from_mins(15)).unwrap();
    let get = fixture.client.get_object().bucket("data").key("report.html");
    let get = get.response_content_type("text/html; charset=utf-8");
    let get = get.response_content_disposition("inline; filename=\"report.html\"");
    let link = get.presigned(quarter).await.unwrap().uri().to_owned();

    let answer = fixture.browse(&link).await;

    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    for header in [
        "http/1.1 200",
        "\ncontent-encoding: gzip\r",
        "\ncontent-type: text/html; charset=utf-8\r",
        "\ncontent-disposition: inline; filename=\"report.html\"\r",
        "\ncontent-length: 6\r",
    ] {
        assert!(format!("{head}\r").contains(header), "{header} in {head}");
    }
    assert_eq!(body, "packed");
}

fn summary(event: &Value) -> (&str, &str, u64) {
    let object = &event["s3"]["object"];
    (
        event["eventName"].as_str().unwrap(),
        object["key"].as_str().unwrap(),
        object["size"].as_u64().unwrap(),
    )
}

#[tokio::test]
async fn an_object_replaced_by_an_upload_in_parts_can_be_read() {
    let fixture = Fixture::new().await;
    fixture.put("a.csv", "with a checksum of its own").await;
    fixture.put_in_parts("a.csv").await;
    assert_eq!(fixture.length("a.csv").await, 5 * 1024 * 1024 + 3);
}

#[tokio::test]
async fn an_object_can_be_read_while_it_is_replaced() {
    let fixture = Fixture::new().await;
    fixture.put("a.csv", "0").await;
    let writes = async {
        for round in 0..300 {
            fixture.put("a.csv", &format!("{round}")).await;
        }
    };
    let reads = async {
        for _ in 0..300 {
            assert!(fixture.length("a.csv").await > 0);
        }
    };
    tokio::join!(writes, reads);
}

#[tokio::test]
async fn a_body_that_does_not_match_its_checksum_is_not_kept() {
    let fixture = Fixture::new().await;
    let call = fixture.client.put_object().bucket("data").key("incoming/a.csv");
    let call = call.checksum_crc32("AAAAAA==").body(ByteStream::from_static(b"abc"));
    assert_eq!(call.send().await.unwrap_err().code(), Some("BadDigest"));

    let read = fixture.client.get_object().bucket("data").key("incoming/a.csv").send().await;
    assert_eq!(read.unwrap_err().code(), Some("NoSuchKey"));
    assert_eq!(fixture.events().len(), 0);
}

struct Fixture {
    folder: tempfile::TempDir,
    emulators: Emulators,
    client: Client,
}

impl Fixture {
    async fn new() -> Fixture {
        let fixture = Fixture::over(tempfile::tempdir().unwrap());
        let queue = crate::sqs::QueueSettings { visibility: Duration::from_mins(1), redrive: None };
        fixture.emulators.queues().define("loads", &queue);
        fixture.client.create_bucket().bucket("data").send().await.unwrap();
        fixture
    }

    fn over(folder: tempfile::TempDir) -> Fixture {
        let emulators = Emulators::start(&Setup::for_test(folder.path())).unwrap();
        let client = emulators.sdk_config().s3();
        Fixture { folder, emulators, client }
    }

    /// Opens a link as a browser does. Returns the response as it was sent.
    async fn browse(&self, link: &str) -> String {
        let address = self.emulators.addresses().s3;
        let path = link.strip_prefix(&format!("http://{address}")).unwrap();
        let mut socket = TcpStream::connect(address).await.unwrap();
        let call = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\n\
             Accept-Encoding: gzip, deflate, br\r\nConnection: close\r\n\r\n"
        );
        socket.write_all(call.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn restarted(self) -> Fixture {
        self.emulators.stop().await;
        Fixture::over(self.folder)
    }

    async fn length(&self, key: &str) -> usize {
        let object = self.client.get_object().bucket("data").key(key).send().await.unwrap();
        object.body.collect().await.unwrap().into_bytes().len()
    }

    async fn put(&self, key: &str, text: &str) -> String {
        let body = ByteStream::from(text.as_bytes().to_vec());
        let call = self.client.put_object().bucket("data").key(key).body(body);
        call.send().await.unwrap().e_tag.unwrap()
    }

    async fn put_in_parts(&self, key: &str) {
        let call = self.client.create_multipart_upload().bucket("data").key(key);
        let upload = call.send().await.unwrap().upload_id.unwrap();
        let mut parts = CompletedMultipartUpload::builder();
        for (number, size) in [(1, 5 * 1024 * 1024), (2, 3)] {
            let call = self.client.upload_part().bucket("data").key(key).upload_id(&upload);
            let call = call.part_number(number).body(ByteStream::from(vec![b'x'; size]));
            let e_tag = call.send().await.unwrap().e_tag.unwrap();
            parts = parts.parts(CompletedPart::builder().part_number(number).e_tag(e_tag).build());
        }
        let call = self.client.complete_multipart_upload().bucket("data").key(key);
        call.upload_id(upload).multipart_upload(parts.build()).send().await.unwrap();
    }

    fn events(&self) -> Vec<Value> {
        let bodies = self.emulators.queues().bodies("loads");
        let event = |body: String| {
            let event: Value = serde_json::from_str(&body).unwrap();
            event["Records"][0].clone()
        };
        bodies.into_iter().map(event).collect()
    }
}

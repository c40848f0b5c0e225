//! The announced version is the one that is requested, even if a newer version was put since.
//!
//! The emulator keeps no versions, so a small server answers one request the way S3 does.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use aws_sdk_s3::config::retry::RetryConfig;
use end_to_end::adapters::in_a_minute;
use local::emulators::client_config;
use uptime_aws::{OpenError, Pin, SourceFiles};

const KEY: &str = "incoming/week 4.csv";
const DATE: &str = "last-modified: Tue, 24 Jan 2023 09:06:42 GMT\r\n";

#[tokio::test]
async fn a_pinned_version_is_requested_by_its_id_alone() {
    let headers = format!("{DATE}etag: \"ab12\"\r\nx-amz-version-id: v+1\r\n");
    let (opened, request) = open(&Pin::Version("v+1".to_owned()), "200 OK", &headers, "x,y").await;

    let object = opened.unwrap();
    assert_eq!(object, ("v+1".to_owned(), "2023-01-24T09:06:42Z".to_owned(), b"x,y".to_vec()));
    assert!(request.contains("versionId=v%2B1"), "{request}");
    assert!(!request.to_ascii_lowercase().contains("if-match"), "{request}");
}

#[tokio::test]
async fn the_newest_version_is_requested_without_an_id_and_an_e_tag_as_a_condition() {
    let headers = format!("{DATE}etag: \"ab12\"\r\n");
    let (opened, request) = open(&Pin::Newest, "200 OK", &headers, "").await;
    assert_eq!(opened.unwrap().0, "ab12");
    assert!(!request.contains("versionId"), "{request}");

    let (_, request) = open(&Pin::ETag("ab12".to_owned()), "200 OK", &headers, "").await;
    assert!(request.contains("if-match: \"ab12\""), "{request}");
    assert!(!request.contains("versionId"), "{request}");
}

#[tokio::test]
async fn a_deleted_version_is_gone_and_other_errors_are_not_reported_as_gone() {
    let pin = Pin::Version("v1".to_owned());
    for (status, code, expected) in [
        ("404 Not Found", "NoSuchVersion", "Gone"),
        ("404 Not Found", "NoSuchKey", "Gone"),
        ("412 Precondition Failed", "PreconditionFailed", "Gone"),
        ("404 Not Found", "NoSuchBucket", "Unavailable"),
        ("403 Forbidden", "AccessDenied", "Unavailable"),
        ("403 Forbidden", "RequestTimeTooSkewed", "Unavailable"),
        ("400 Bad Request", "ExpiredToken", "Unavailable"),
        ("503 Slow Down", "SlowDown", "Unavailable"),
    ] {
        let body = format!("<Error><Code>{code}</Code><Message>m</Message></Error>");
        let (opened, _) = open(&pin, status, "content-type: application/xml\r\n", &body).await;
        let found = match opened {
            Ok(_) => "opened",
            Err(OpenError::Gone) => "Gone",
            Err(OpenError::Unavailable(_)) => "Unavailable",
        };
        assert_eq!(found, expected, "{code}");
    }
}

#[tokio::test]
async fn an_answer_without_a_date_or_a_version_is_an_error() {
    for headers in [DATE, "etag: \"ab12\"\r\n"] {
        let (opened, _) = open(&Pin::Newest, "200 OK", headers, "").await;
        assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{headers}");
    }
}

/// Version, upload instant and content.
type Object = (String, String, Vec<u8>);

/// Opens an object at a server that gives this response. Returns also the request it got.
async fn open(
    pin: &Pin,
    status: &str,
    headers: &str,
    body: &str,
) -> (Result<Object, OpenError>, String) {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let (address, request) = serve(answer);
    let config = client_config(address, "any").into_builder().retry_config(RetryConfig::disabled());
    let files = SourceFiles::new(&config.build(), "data");
    let opened = match files.open(KEY, pin).await {
        Err(error) => Err(error),
        Ok(mut object) => {
            let mut content = Vec::new();
            while let Some(chunk) = object.next_chunk(in_a_minute()).await.unwrap() {
                content.extend_from_slice(chunk.as_ref());
            }
            Ok((object.version, object.uploaded_at.to_string(), content))
        }
    };
    (opened, request.join().unwrap())
}

/// Answers one request, then returns the head of that request.
fn serve(answer: String) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let request = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut head = String::new();
        let mut reader = BufReader::new(socket.try_clone().unwrap());
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head).unwrap();
        }
        socket.write_all(answer.as_bytes()).unwrap();
        head
    });
    (address, request)
}

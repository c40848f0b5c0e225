//! The rank of an upload among the versions of its key, as S3 lists them.
//!
//! The emulator keeps no versions, so a small server lists them the way S3 does: the versions of a
//! key newest first, whatever their dates; keys URL-encoded; in pages.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local::emulators::client_config;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use uptime::Timestamp;
use uptime::interval::SECOND;
use uptime::segment::Source;
use uptime_aws::SourceFiles;

const KEY: &str = "incoming/week 4+5.csv";

#[tokio::test]
async fn earlier_versions_of_the_same_second_count_and_later_ones_do_not() {
    let newest_first = [(KEY, 7), (KEY, 7), (KEY, 7), (KEY, 6), (KEY, 6)];
    let requests = check(&newest_first, &[2, 1, 0, 1, 0]).await;
    assert_eq!(requests, 5, "one for each load");
}

#[tokio::test]
async fn a_key_that_only_starts_the_same_is_another_key() {
    let longer = &format!("{KEY}.gz");
    check(&[(KEY, 7), (longer, 7), (longer, 7)], &[0, 1, 0]).await;
}

/// S3 dates a multipart upload by its start but lists it by its end.
#[tokio::test]
async fn a_version_with_an_older_date_in_between_does_not_end_the_count() {
    check(&[(KEY, 7), (KEY, 2), (KEY, 7), (KEY, 7)], &[2, 0, 1, 0]).await;
}

#[tokio::test]
async fn versions_of_one_second_count_on_all_pages() {
    assert_eq!(check(&[(KEY, 7); 250], &[249]).await, 3);
    check(&[[(KEY, 7); 100].as_slice(), &[(KEY, 6); 300]].concat(), &[99]).await;
}

/// Requests the rank of each of the first versions of a list. Each name is the version's place.
/// Returns the number of requests that this took.
async fn check(newest_first: &[(&str, i64)], expected: &[u32]) -> usize {
    let versions = newest_first.iter().map(|&(key, second)| (key.to_owned(), second)).collect();
    let (address, requests) = serve(versions);
    let files = SourceFiles::new(&client_config(address, "any"), "data");
    for (place, rank) in expected.iter().enumerate() {
        let (key, second) = newest_first[place];
        let uploaded_at = Timestamp::from_micros(second * SECOND);
        let source = Source::new(uploaded_at, key, place.to_string());
        assert_eq!(files.rank(&source).await.unwrap(), *rank, "{place} of {newest_first:?}");
    }
    requests.load(Ordering::SeqCst)
}

/// Serves a list of keys and of seconds since 1970. Counts the requests.
fn serve(versions: Vec<(String, i64)>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    // The thread ends with the test process.
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            answer(&socket.unwrap(), &versions);
        }
    });
    (address, requests)
}

fn answer(mut socket: &TcpStream, versions: &[(String, i64)]) {
    let mut head = BufReader::new(socket).lines().map(Result::unwrap);
    let request = head.next().unwrap();
    head.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
    assert!(request.starts_with("GET /data/?") && request.contains("versions"), "{request}");
    let parameter = |name: &str| {
        let pairs = request.split([' ', '?', '&']).filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.clone().find(|(given, _)| *given == name).unwrap();
        percent_decode_str(value).decode_utf8().unwrap().into_owned()
    };
    assert_eq!(parameter("encoding-type"), "url");
    let behind: usize = parameter("version-id-marker").parse().unwrap();
    let page = parameter("max-keys").parse().unwrap();
    assert_eq!(parameter("key-marker"), versions[behind].0);

    let listed = versions.iter().enumerate().skip(behind + 1);
    let listed = listed.filter(|(_, (key, _))| key.starts_with(&parameter("prefix")));
    let listed: Vec<_> = listed.collect();
    let is_truncated = listed.len() > page;
    let mut xml = format!("<ListVersionsResult><IsTruncated>{is_truncated}</IsTruncated>");
    for (place, (key, second)) in listed.iter().take(page) {
        let key = utf8_percent_encode(key, NON_ALPHANUMERIC).to_string().replace("%20", "+");
        let at = Timestamp::from_micros(second * SECOND);
        write!(
            xml,
            "<Version><Key>{key}</Key><VersionId>{place}</VersionId><LastModified>{at}\
             </LastModified></Version>"
        )
        .unwrap();
    }
    if is_truncated {
        let next = listed[page - 1].0;
        write!(xml, "<NextVersionIdMarker>{next}</NextVersionIdMarker>").unwrap();
    }
    xml.push_str("<EncodingType>url</EncodingType></ListVersionsResult>");
    let length = xml.len();
    write!(
        socket,
        "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{xml}"
    )
    .unwrap();
}

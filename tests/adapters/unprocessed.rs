//! Writes that `DynamoDB` returns as unprocessed are sent again until accepted or time is up.
//!
//! The emulator never returns unprocessed writes, so a scripted server stands in for it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_s3::config::retry::RetryConfig;
use local::emulators::client_config;
use serde_json::{Value, json};
use uptime::input::ReplacingKind;
use uptime::segment::{Segment, SegmentKind, Source};
use uptime::{Shard, Timestamp};
use uptime_aws::{Deadline, StoreData};

/// How the server answers a batch.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// Accepts this many of the writes and returns the rest as unprocessed.
    Take(usize),
    /// Throttles the batch.
    Throttle,
}

use Answer::{Take, Throttle};

#[tokio::test]
async fn unprocessed_writes_are_sent_again_until_they_are_accepted() {
    check(&[], 60, "all taken").await;
    check(&[Take(10), Take(0), Take(24)], 60, "all taken").await;
}

#[tokio::test]
async fn a_batch_that_is_throttled_is_sent_again() {
    check(&[Throttle, Throttle, Take(3), Throttle], 30, "all taken").await;
}

#[tokio::test]
async fn when_time_is_up_the_error_says_how_many_writes_are_missing() {
    check(&[Take(0); 1_000], 30, "30 writes were not accepted in time").await;
    let mut takes_ten_only = [Take(0); 1_000];
    takes_ten_only[0] = Take(10);
    check(&takes_ten_only, 25, "15 writes were not accepted in time").await;
    check(&[Throttle; 1_000], 25, "25 writes were not accepted in time").await;
}

/// Writes this number of segments to a server that follows `script` and then accepts everything.
async fn check(script: &[Answer], segments: usize, expected: &str) {
    let (address, taken) = serve(script.to_vec());
    let config = client_config(address, "any").into_builder().retry_config(RetryConfig::disabled());
    let data = StoreData::new(&config.build(), "data");
    let segments: Vec<_> = (0..segments).map(segment).collect();
    let time = Duration::from_millis(if expected == "all taken" { 20_000 } else { 500 });
    let start = Instant::now();

    let written = data.write_segments(&segments, &source(), None, Deadline::after(time)).await;

    assert!(start.elapsed() < time + Duration::from_secs(5), "writing did not end in time");
    let written = written.map_or_else(|error| error.to_string(), |()| "all taken".to_owned());
    assert_eq!(written, expected, "{} segments", segments.len());
    let taken = taken.lock().unwrap();
    assert!(taken.values().all(|&times| times == 1), "an accepted write was sent again");
    if expected == "all taken" {
        assert_eq!(taken.len(), segments.len());
    }
}

type Taken = Arc<Mutex<BTreeMap<String, u32>>>;

/// Starts the server. The map counts how often the server accepted each sort key.
fn serve(script: Vec<Answer>) -> (SocketAddr, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let taken = Taken::default();
    let (mut script, record) = (script.into_iter(), Arc::clone(&taken));
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            // A call that is given up at its deadline closes the connection early.
            answer(&socket.unwrap(), script.next().unwrap_or(Take(usize::MAX)), &record).ok();
        }
    });
    (address, taken)
}

fn answer(mut socket: &TcpStream, answer: Answer, taken: &Taken) -> std::io::Result<()> {
    let request = read_request(socket)?;
    let (status, body) = match answer {
        Throttle => (400, json!({ "__type": "ProvisionedThroughputExceededException" })),
        Take(most) => {
            let writes = request["RequestItems"]["data"].as_array().unwrap();
            let (these, others) = writes.split_at(most.min(writes.len()));
            for write in these {
                let key = write["PutRequest"]["Item"]["sk"]["S"].as_str().unwrap();
                *taken.lock().unwrap().entry(key.to_owned()).or_default() += 1;
            }
            let back = if others.is_empty() { json!({}) } else { json!({ "data": others }) };
            (200, json!({ "UnprocessedItems": back }))
        }
    };
    let body = body.to_string();
    let length = body.len();
    write!(
        socket,
        "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn read_request(socket: &TcpStream) -> std::io::Result<Value> {
    let mut reader = BufReader::new(socket);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(digits) = line.strip_prefix("content-length: ") {
            length = digits.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

fn segment(number: usize) -> Segment {
    let shard = Shard::all().nth(number % Shard::COUNT).unwrap();
    Segment {
        shard,
        kind: SegmentKind::Replacing(ReplacingKind::Hours),
        bytes: number.to_string().into_bytes(),
    }
}

fn source() -> Source {
    let uploaded_at = Timestamp::from_micros(1);
    Source::new(uploaded_at, "incoming/hours.csv", "v1")
}

//! Clients that stand still, make errors or come in large numbers, on a clock that jumps from event
//! to event.

use std::sync::atomic::AtomicUsize;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::*;

const BODY_BYTES_MAX: u64 = 1_000;
/// How many bytes a connection holds in each direction before its writer waits.
const SOCKET_BYTES: usize = 1_024;
/// The length of an answer that is longer than a socket's buffer.
const LONG_ANSWER_BYTES: usize = 20 * SOCKET_BYTES;
const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nhost: localhost\r\n";

#[tokio::test(start_paused = true)]
async fn a_head_that_stands_still_ends_its_connection_and_delays_no_other() {
    let server = Serving::start(10);
    let mut nothing_sent = server.connect();
    let mut half_sent = server.connect();
    half_sent.send("GET / HTTP/1.1\r\nho").await;

    let began = Instant::now();
    assert_eq!(server.connect().call(GET).await.status, 200);
    assert_eq!(began.elapsed(), Duration::ZERO);

    assert_eq!(nothing_sent.rest().await, "");
    assert_eq!(half_sent.rest().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stands_still_is_answered_with_408_and_delays_no_other() {
    let server = Serving::start(10);
    let mut client = server.connect();
    client.send(&format!("{POST}content-length: 100\r\n\r\nhalf of it")).await;

    assert_eq!(server.connect().call(GET).await.status, 200);

    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close") && answer.contains("stood still for 20 s"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_that_moves_is_read_however_long_it_takes() {
    let server = Serving::start(10);
    let mut client = server.connect();
    client.send(&format!("{POST}content-length: 40\r\n\r\n")).await;
    for _ in 0..40 {
        sleep(TIME_LIMITS.body.mul_f32(0.9)).await;
        client.send("x").await;
    }
    assert_eq!(client.answer().await.body, "40 bytes");
}

#[tokio::test(start_paused = true)]
async fn a_malformed_or_broken_body_is_answered_with_400() {
    let chunked = format!("{POST}transfer-encoding: chunked\r\n\r\n");
    check_body(&format!("{chunked}no length\r\nabc\r\n0\r\n\r\n"), 400).await;
    check_broken_off(&format!("{chunked}3\r\nabc")).await;
    check_broken_off(&format!("{POST}content-length: 10\r\n\r\nabc")).await;
    check_body(&format!("{chunked}3\r\nabc\r\n0\r\n\r\n"), 200).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_answered_with_413_at_once_if_the_head_says_its_length() {
    let server = Serving::start(10);
    for expect in ["", "expect: 100-continue\r\n"] {
        let mut client = server.connect();
        // The body is never sent.
        client.send(&format!("{POST}{expect}content-length: 1001\r\n\r\n")).await;
        let answer = client.rest().await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    assert_eq!(server.calls(), 0);
    let long = "x".repeat(1_001);
    check_body(&format!("{POST}content-length: 1000\r\n\r\n{}", &long[1..]), 200).await;
    check_body(&format!("{POST}transfer-encoding: chunked\r\n\r\n3e9\r\n{long}\r\n"), 413).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_expects_100_continue_gets_it_when_the_service_reads_the_body() {
    let server = Serving::start(10);
    let mut client = server.connect();
    client.send(&format!("{POST}expect: 100-continue\r\ncontent-length: 2\r\n\r\n")).await;
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.send("ab").await;
    assert_eq!(client.answer().await.body, "2 bytes");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_ends_its_connection_and_one_taken_slowly_does_not() {
    let server = Serving::start(10);
    let request = "GET /long HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut stalled = server.connect();
    stalled.send(request).await;
    sleep(TIME_LIMITS.answer + Duration::from_secs(1)).await;
    assert!(stalled.rest().await.len() <= SOCKET_BYTES);

    let mut slow = server.connect();
    slow.send(request).await;
    let mut taken = Vec::new();
    while taken.len() < LONG_ANSWER_BYTES {
        sleep(TIME_LIMITS.answer.mul_f32(0.9)).await;
        assert!(slow.0.read_buf(&mut taken).await.unwrap() > 0, "cut after {}", taken.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_stays_for_longer_than_a_pool_keeps_it_and_not_for_ever() {
    let pool_keeps_it = Duration::from_secs(90);
    let server = Serving::start(10);
    let mut client = server.connect();
    for _ in 0..2 {
        assert_eq!(client.call(GET).await.status, 200);
        sleep(pool_keeps_it).await;
    }
    assert_eq!(client.rest().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_takes_its_time_is_not_cut_off() {
    let server = Serving::start(10);
    let request = "GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n";
    assert_eq!(server.connect().call(request).await.body, "at last");
}

#[tokio::test(start_paused = true)]
async fn connections_beyond_the_bound_wait_and_are_served_in_turn() {
    let server = Serving::start(2);
    // Each client keeps its connection and sends one request after another.
    let clients = (0..20).map(|_| {
        let mut client = server.connect();
        tokio::spawn(async move {
            let mut answers = 0;
            loop {
                client.send(GET).await;
                let answer = client.answer().await;
                assert_eq!(answer.status, 200);
                answers += 1;
                if answer.head.contains("connection: close") || answers == 100 {
                    return answers;
                }
            }
        })
    });
    let clients: Vec<JoinHandle<i32>> = clients.collect();
    for (place, client) in clients.into_iter().enumerate() {
        // While other clients wait, each gets one answer.
        let answers = client.await.unwrap();
        assert!(answers == 1 || place >= 18, "client {place} had {answers}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_open_connections_yield_to_those_that_wait_for_a_full_port() {
    let server = Serving::start(3);
    let mut half_open: Vec<Client> = (0..60).map(|_| server.connect()).collect();

    let began = Instant::now();
    assert_eq!(server.connect().call(GET).await.status, 200);

    // Three at a time, each for the longest time of a head, would take twenty times that.
    assert!(began.elapsed() < 15 * TIME_LIMITS.head, "{:?}", began.elapsed());
    for client in &mut half_open {
        assert_eq!(client.rest().await, "");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_to_accept_connections_it_goes_on_and_logs_once() {
    let logs = tempfile::NamedTempFile::new().unwrap();
    let subscriber = tracing_subscriber::fmt().with_writer(Arc::new(logs.reopen().unwrap()));
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let server = Serving::start(10);
    for _ in 0..5 {
        server.clients.send(Err(io::Error::other("too many open files"))).unwrap();
    }

    assert_eq!(server.connect().call(GET).await.status, 200);

    let logs = std::fs::read_to_string(logs.path()).unwrap();
    assert_eq!(logs.matches("too many open files").count(), 1, "{logs}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_guard_refuses_reaches_no_service() {
    let server = Serving::start(10);
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nhost: elsewhere\r\ncontent-length: 5000\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, server.calls()), (403, 0));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_panics_costs_one_connection() {
    let server = Serving::start(1);
    let mut client = server.connect();
    client.send("GET /panic HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(client.rest().await, "");
    assert_eq!(server.connect().call(GET).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_answers_under_way_but_not_for_clients_that_stand_still() {
    let server = Serving::start(10);
    let mut under_way = server.connect();
    under_way.send("GET /soon HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let mut half_sent = server.connect();
    half_sent.send(&format!("{POST}content-length: 100\r\n\r\nhalf of it")).await;
    let mut half_open = server.connect();
    sleep(Duration::from_millis(1)).await;

    let began = Instant::now();
    server.stop.send(()).unwrap();
    server.task.await.unwrap();

    assert!(began.elapsed() <= LAST_ANSWERS, "{:?}", began.elapsed());
    assert_eq!(under_way.answer().await.status, 200);
    assert_eq!(half_sent.rest().await, "");
    assert_eq!(half_open.rest().await, "");
}

async fn check_body(request: &str, expected: u16) {
    let server = Serving::start(10);
    let answer = server.connect().call(request).await;
    assert_eq!(answer.status, expected, "{request}");
}

async fn check_broken_off(request: &str) {
    let server = Serving::start(10);
    let mut client = server.connect();
    client.send(request).await;
    // Nothing more is sent, but the answer is read.
    client.0.shutdown().await.unwrap();
    assert_eq!(client.answer().await.status, 400, "{request}");
}

type Listening = Arc<Mutex<UnboundedReceiver<io::Result<DuplexStream>>>>;

/// A running server whose listener is a channel.
struct Serving {
    clients: UnboundedSender<io::Result<DuplexStream>>,
    calls: Arc<AtomicUsize>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Serving {
    fn start(connections_max: usize) -> Serving {
        let (clients, incoming) = unbounded_channel();
        let incoming: Listening = Arc::new(Mutex::new(incoming));
        let accept = move || {
            let incoming = Arc::clone(&incoming);
            async move {
                let next = incoming.lock().await.recv().await;
                next.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))
            }
        };
        let port = Port {
            name: "the test",
            connections_max,
            body_bytes_max: |_| BODY_BYTES_MAX,
            refuse: |fault| (fault.status(), fault.to_string()).into_response(),
            policy: Policy::OwnPages,
            further_host: None,
        };
        let calls = Arc::new(AtomicUsize::new(0));
        let service = Router::new().fallback(serve_test).with_state(Arc::clone(&calls));
        let (stop, stopped) = oneshot::channel();
        let server = Server::new(accept, port, TIME_LIMITS, service);
        let task = tokio::spawn(server.serve_until(async {
            stopped.await.ok();
        }));
        Serving { clients, calls, stop, task }
    }

    fn connect(&self) -> Client {
        let (client, server) = duplex(SOCKET_BYTES);
        self.clients.send(Ok(server)).unwrap();
        Client(client)
    }

    /// How often the service was called.
    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

async fn serve_test(
    State(calls): State<Arc<AtomicUsize>>,
    request: Request<Body>,
) -> Response<Body> {
    calls.fetch_add(1, Ordering::SeqCst);
    match request.uri().path() {
        "/slow" => {
            sleep(Duration::from_mins(5)).await;
            "at last".into_response()
        }
        "/soon" => {
            sleep(LAST_ANSWERS / 2).await;
            "soon".into_response()
        }
        "/long" => vec![b'x'; LONG_ANSWER_BYTES].into_response(),
        "/panic" => panic!("on purpose"),
        _ => match axum::body::to_bytes(request.into_body(), usize::MAX).await {
            Ok(body) => format!("{} bytes", body.len()).into_response(),
            // The server's own answer replaces this one and says what was wrong.
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    }
}

struct Client(DuplexStream);

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Client {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    async fn call(&mut self, request: &str) -> Answer {
        self.send(request).await;
        self.answer().await
    }

    async fn until(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            let byte = self.0.read_u8().await;
            text.push(byte.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&text))));
        }
        String::from_utf8(text).unwrap()
    }

    async fn answer(&mut self) -> Answer {
        let head = self.until("\r\n\r\n").await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        Answer { status, head, body: String::from_utf8(body).unwrap() }
    }

    /// Everything until the server closes the connection.
    async fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).await.unwrap();
        rest
    }
}

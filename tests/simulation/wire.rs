//! The wire between the SDK's clients and AWS. A request waits here until the scheduler decides its
//! outcome.
//!
//! This replaces the clients' HTTP connector. Everything above it is the deployed code: adapters,
//! serialisation, retries and time-outs.

use std::cell::RefCell;

use aws_sdk_dynamodb::config::IdentityCache;
use aws_smithy_runtime::client::auth::no_auth::NO_AUTH_SCHEME_ID;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;
use end_to_end::story_data::settings;
use futures::FutureExt as _;
use futures::channel::oneshot::{self, Sender};
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde_json::{Value, json};
use uptime_aws::{Clients, SdkConfig};

/// A request to one of the three services.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The operation as AWS names it, such as `PutItem`.
    pub(crate) operation: String,
    /// For S3: `/bucket/key` with the query.
    pub(crate) path: String,
    /// The header `if-none-match`, if present.
    pub(crate) if_none_match: Option<String>,
    /// The header `if-match`, if present.
    pub(crate) if_match: Option<String>,
    /// The header `range`, if present.
    pub(crate) range: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// A service's response.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// After this many bytes of the body, the connection breaks.
    pub(crate) breaks_off_at: Option<usize>,
}

/// A request that is on its way.
#[derive(Debug)]
pub(crate) struct Call {
    /// The number of the invocation that sent it.
    pub(crate) invocation: usize,
    pub(crate) request: Request,
    pub(crate) sent_at: i64,
    /// The call is not performed before this instant.
    pub(crate) slow_until: i64,
    reply: Sender<Option<Reply>>,
}

#[derive(Debug, Default)]
struct Outbox {
    invocation: usize,
    calls: Vec<Call>,
}

thread_local! {
    static OUTBOX: RefCell<Outbox> = RefCell::default();
}

/// Sets the invocation that sends the next requests.
pub(crate) fn sending(invocation: usize) {
    OUTBOX.with_borrow_mut(|outbox| outbox.invocation = invocation);
}

/// Returns the requests sent since the last call.
pub(crate) fn take_calls() -> Vec<Call> {
    OUTBOX.with_borrow_mut(|outbox| std::mem::take(&mut outbox.calls))
}

impl Call {
    /// Whether it uses the data table.
    pub(crate) fn is_of_data_table(&self) -> bool {
        let of_data = b"\"TableName\":\"data\"";
        let is_batch = self.request.operation == "BatchWriteItem";
        is_batch || self.request.body.windows(of_data.len()).any(|window| window == of_data)
    }

    /// Whether it reads a source file or the rest of one.
    pub(crate) fn is_download(&self) -> bool {
        let Request { operation, path, .. } = &self.request;
        operation == "GET object" && path.starts_with("/data/incoming/")
    }

    /// Sends the response. `None` breaks the connection. The sender may be gone already.
    pub(crate) fn answer(self, reply: Option<Reply>) {
        self.reply.send(reply).ok();
    }
}

impl Reply {
    /// A success with a JSON document.
    pub(crate) fn json(body: &Value) -> Reply {
        Reply { body: body.to_string().into_bytes(), ..Reply::empty(200) }
    }

    /// A response without a body.
    pub(crate) fn empty(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new(), breaks_off_at: None }
    }

    /// An error in the form of S3.
    pub(crate) fn xml_error(status: u16, code: &str) -> Reply {
        let body = format!("<Error><Code>{code}</Code><Message>refused</Message></Error>");
        Reply { body: body.into_bytes(), ..Reply::empty(status) }
    }

    /// An error in the form of `DynamoDB` and SQS.
    pub(crate) fn json_error(kind: &str) -> Reply {
        Reply { status: 400, ..Reply::json(&json!({ "__type": kind, "message": "refused" })) }
    }

    fn into_response(self) -> HttpResponse {
        let body = match self.breaks_off_at {
            None => SdkBody::from(self.body),
            Some(length) => body_that_breaks_off(self.body, length),
        };
        let mut response = HttpResponse::new(self.status.try_into().unwrap(), body);
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

fn body_that_breaks_off(mut body: Vec<u8>, length: usize) -> SdkBody {
    body.truncate(length);
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let frames = [Ok(Frame::data(Bytes::from(body))), Err(broken)];
    SdkBody::from_body_1_x(StreamBody::new(futures::stream::iter(frames)))
}

#[derive(Debug)]
struct Wire;

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (reply, answered) = oneshot::channel();
        let request = read(request);
        let sent_at = crate::clock::now().micros();
        OUTBOX.with_borrow_mut(|outbox| {
            let invocation = outbox.invocation;
            outbox.calls.push(Call { invocation, request, sent_at, slow_until: sent_at, reply });
        });
        HttpConnectorFuture::new(async {
            let reply = answered.await.ok().flatten();
            let broken = || ConnectorError::io("the connection broke".into());
            reply.map(Reply::into_response).ok_or_else(broken)
        })
    }
}

fn read(mut request: HttpRequest) -> Request {
    let header = |name| request.headers().get(name).map(str::to_owned);
    let range = header("range");
    let path = request.uri().strip_prefix("http://aws").unwrap().to_owned();
    let target = header("x-amz-target");
    let (if_match, if_none_match) = (header("if-match"), header("if-none-match"));
    let operation = match target.as_deref().map(|target| target.rsplit_once('.').unwrap()) {
        Some(("DynamoDB_20120810" | "AmazonSQS", operation)) => operation.to_owned(),
        Some(other) => panic!("the simulation does not support {other:?}"),
        None if path.contains("version-id-marker=") => "LIST versions".to_owned(),
        None => format!("{} object", request.method()),
    };
    let body = ByteStream::new(request.take_body()).collect().now_or_never();
    let body = body.expect("a body in memory").unwrap().to_vec();
    Request { operation, path, if_none_match, if_match, range, body }
}

/// Clients as deployed, except for the wire.
///
/// All clients of a process share one quota of retries, so earlier schedules would influence a
/// later one. The quota is therefore disabled, which only adds retries.
#[derive(Debug, Clone)]
pub(crate) struct SimulatedClients {
    config: SdkConfig,
    retries: RetryPartition,
}

impl SimulatedClients {
    pub(crate) fn new() -> SimulatedClients {
        let deployed = uptime_aws::sdk_config(&settings(&[
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("AWS_ENDPOINT_URL", "http://aws"),
        ]));
        let wire = http_client_fn(|_, _| SharedHttpConnector::new(Wire));
        let config = deployed.unwrap().into_builder().http_client(wire).build();
        let retries = RetryPartition::custom("simulation").token_bucket(TokenBucket::unlimited());
        SimulatedClients { config, retries: retries.build() }
    }
}

/// Requests are not signed: nothing here checks signatures, and signing would be a sixth of all
/// work. A cache of identities draws random numbers when it is filled, so earlier schedules would
/// influence a later one.
macro_rules! without_signatures {
    ($client:expr, $retries:expr) => {
        $client
            .config()
            .to_builder()
            .retry_partition($retries.clone())
            .allow_no_auth()
            .auth_scheme_preference([NO_AUTH_SCHEME_ID])
            .identity_cache(IdentityCache::no_cache())
            .build()
    };
}

impl Clients for SimulatedClients {
    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = without_signatures!(self.config.dynamodb(), self.retries);
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let config = without_signatures!(self.config.s3(), self.retries);
        aws_sdk_s3::Client::from_conf(config)
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = without_signatures!(self.config.sqs(), self.retries);
        aws_sdk_sqs::Client::from_conf(config)
    }
}

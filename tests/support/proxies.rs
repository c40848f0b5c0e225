//! Proxies between the functions and DynamoDB, S3 and SQS that break calls on demand.
//!
//! **One rule decides the fate of each call.** Until a rule is set, all calls pass. The functions
//! get the addresses of the proxies; the proxies get those of the services once these listen.

mod broken;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use local::emulators::Addresses;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use broken::{Answer, Broken, Connection};

/// One of the three AWS services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// DynamoDB, the tables.
    DynamoDb,
    /// S3, the buckets.
    S3,
    /// SQS, the queues.
    Sqs,
}

/// All three services.
pub const SERVICES: [Service; 3] = [Service::DynamoDb, Service::S3, Service::Sqs];

/// The outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The call and its response pass unchanged.
    Pass,
    /// The connection is reset, and the service does not see the call.
    Reset,
    /// The call takes effect, and the connection is reset before the response.
    AnswerLost,
    /// The service does not see the call. The connection is silent for this time, then it is reset.
    Stall(Duration),
    /// The call takes effect, and its response breaks off in the middle of the body.
    Truncated,
    /// The call takes effect. If the body of the response is longer than this, it breaks off there.
    Cut(usize),
    /// The response is a 500, and the call has no effect.
    InternalError,
    /// The response is a 503, and the call has no effect.
    Unavailable,
    /// The response is delayed by this time, and so is each further quarter of it.
    Slow(Duration),
    /// The service does not see the call. The connection stays open and silent.
    HeldBefore,
    /// The call takes effect. The connection stays open and silent.
    HeldAfter,
}

/// The parts of a call that rules may look at.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service that it is sent to.
    pub service: Service,
    /// The operation, such as `UpdateItem`. For S3, the verb.
    pub operation: String,
    /// The path, with the query if there is one.
    pub path: String,
    /// The body. It is text for all three services, except for objects.
    pub body: Bytes,
}

/// The number of calls by service and fate.
pub type Struck = BTreeMap<(Service, &'static str), u32>;

type Rule = Box<dyn FnMut(&Call) -> Fate + Send>;

/// A proxy in front of each service. They stop with the runtime.
#[derive(Debug, Clone)]
pub struct Proxies {
    addresses: Addresses,
    behind: watch::Sender<Option<Addresses>>,
    shared: Arc<Shared>,
}

struct Shared {
    held: watch::Sender<bool>,
    rule: Mutex<Rule>,
    struck: Mutex<Struck>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Proxies {
    /// Starts the proxies. Calls wait until [`Proxies::connect`] sets the services' addresses.
    pub async fn start() -> Proxies {
        let behind = watch::Sender::new(None);
        let shared = Arc::new(Shared {
            held: watch::Sender::new(false),
            rule: Mutex::new(Box::new(|_| Fate::Pass)),
            struck: Mutex::default(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        });
        let mut addresses = Vec::new();
        for service in SERVICES {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            addresses.push(listener.local_addr().unwrap());
            tokio::spawn(serve(listener, service, behind.subscribe(), Arc::clone(&shared)));
        }
        let addresses = Addresses { dynamodb: addresses[0], s3: addresses[1], sqs: addresses[2] };
        Proxies { addresses, behind, shared }
    }

    /// The addresses of the proxies.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Sets the addresses of the services.
    pub fn connect(&self, behind: Addresses) {
        self.behind.send_replace(Some(behind));
    }

    /// Sets the rule for all following calls, and resets the counts.
    pub fn rule(&self, rule: impl FnMut(&Call) -> Fate + Send + 'static) {
        *self.shared.rule.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(rule);
        self.shared.struck.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Becomes true once a call is held and, if it should, has taken effect.
    pub fn held(&self) -> watch::Receiver<bool> {
        self.shared.held.subscribe()
    }

    /// The fates of the calls since the rule was set, including `pass`.
    pub fn struck(&self) -> Struck {
        self.shared.struck.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Fate {
    /// The name of the fate in tables.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Pass => "pass",
            Fate::Reset => "reset",
            Fate::AnswerLost => "answer lost",
            Fate::Stall(_) => "stall",
            Fate::Truncated => "truncated",
            Fate::Cut(_) => "cut",
            Fate::InternalError => "500",
            Fate::Unavailable => "503",
            Fate::Slow(_) => "slow",
            Fate::HeldBefore | Fate::HeldAfter => "held",
        }
    }
}

impl Call {
    fn of(service: Service, request: &Request<Bytes>) -> Call {
        let target = request.headers().get("x-amz-target");
        let operation = match target.and_then(|target| target.to_str().ok()) {
            Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
            None => request.method().to_string(),
        };
        let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        Call { service, operation, path, body: request.body().clone() }
    }

    /// Whether the response has a body that can break off in the middle.
    pub fn has_long_answer(&self) -> bool {
        self.operation == "GET" || self.service != Service::S3
    }

    /// Whether the call uses this table.
    pub fn is_of_table(&self, name: &str) -> bool {
        self.service == Service::DynamoDb && self.says(&format!("\"TableName\":\"{name}\""))
    }

    /// Whether the body contains this text.
    pub fn says(&self, text: &str) -> bool {
        self.body.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

impl Shared {
    fn fate_of(&self, call: &Call) -> Fate {
        let fate = self.rule.lock().unwrap_or_else(PoisonError::into_inner)(call);
        let mut struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
        *struck.entry((call.service, fate.name())).or_default() += 1;
        fate
    }

    async fn hold(&self) -> Result<Answer, Broken> {
        self.held.send_replace(true);
        std::future::pending().await
    }

    /// Forwards a call with all its headers. They are signed, also `Host`.
    async fn forward(
        &self,
        behind: SocketAddr,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Broken> {
        let mut onward = request.clone().map(Full::new);
        let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        *onward.uri_mut() = format!("http://{behind}{path}").parse().map_err(|_| Broken)?;
        let (mut parts, body) = self.client.request(onward).await.map_err(|_| Broken)?.into_parts();
        let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
        parts.headers.remove(header::TRANSFER_ENCODING);
        if request.method() != Method::HEAD && parts.status != StatusCode::NO_CONTENT {
            parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
        }
        Ok(Response::from_parts(parts, body))
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("struck", &self.struck).finish_non_exhaustive()
    }
}

async fn serve(
    listener: TcpListener,
    service: Service,
    behind: watch::Receiver<Option<Addresses>>,
    shared: Arc<Shared>,
) {
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        tokio::spawn(connection(socket, service, behind.clone(), Arc::clone(&shared)));
    }
}

async fn connection(
    socket: TcpStream,
    service: Service,
    mut behind: watch::Receiver<Option<Addresses>>,
    shared: Arc<Shared>,
) {
    let Ok(behind) = behind.wait_for(Option::is_some).await.map(|behind| behind.unwrap()) else {
        return;
    };
    let address = match service {
        Service::DynamoDb => behind.dynamodb,
        Service::S3 => behind.s3,
        Service::Sqs => behind.sqs,
    };
    let connection = Arc::new(Connection::of(&socket));
    let service = service_fn(|request| answer(service, address, &shared, &connection, request));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new());
    // An error was either requested by a rule, or the client closed the connection.
    server.serve_connection(TokioIo::new(socket), service).await.ok();
}

async fn answer(
    service: Service,
    behind: SocketAddr,
    shared: &Shared,
    connection: &Connection,
    request: Request<Incoming>,
) -> Result<Answer, Broken> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let request = Request::from_parts(parts, body);
    let fate = shared.fate_of(&Call::of(service, &request));
    let seen = async || shared.forward(behind, &request).await;
    match fate {
        Fate::Pass => Ok(broken::whole(seen().await?)),
        Fate::Reset => Err(connection.reset()),
        Fate::AnswerLost => {
            seen().await?;
            Err(connection.reset())
        }
        Fate::Stall(time) => {
            tokio::time::sleep(time).await;
            Err(connection.reset())
        }
        Fate::Truncated => {
            let answer = seen().await?;
            let half = answer.body().len() / 2;
            Ok(broken::cut(answer, half))
        }
        Fate::Cut(length) => {
            let answer = seen().await?;
            let is_short = answer.body().len() <= length;
            Ok(if is_short { broken::whole(answer) } else { broken::cut(answer, length) })
        }
        Fate::InternalError => Ok(broken::error(service, 500)),
        Fate::Unavailable => Ok(broken::error(service, 503)),
        Fate::Slow(pause) => Ok(broken::slow(seen().await?, pause).await),
        Fate::HeldBefore => shared.hold().await,
        Fate::HeldAfter => {
            seen().await?;
            shared.hold().await
        }
    }
}

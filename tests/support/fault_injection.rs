//! Faults between a function and AWS, injected in the HTTP connector of the SDKs. The deployed code
//! has no hooks for them.

use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde_json::{Value, json};
use tokio::sync::Notify;
use uptime_aws::SdkConfig;

/// The fault that hits one try of a call.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The call is answered with this status and error code, and has no effect.
    Refuse(u16, &'static str),
    /// The call takes effect, but the connection breaks before the response.
    Lose,
    /// The process dies before the call takes effect.
    DieBefore,
    /// The process dies after the call took effect.
    DieAfter,
    /// A query that starts a range gets an empty first page although there are more pages.
    EmptyPage,
    /// The response breaks off in the middle of its body.
    BreakBody,
    /// The call panics.
    Panic,
    /// The call waits until [`Faults::release`].
    Hold,
}

/// The planned faults and the calls seen so far. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<State>);

#[derive(Debug, Default)]
struct State {
    plan: Mutex<Vec<Planned>>,
    seen: Mutex<Vec<Seen>>,
    died: Notify,
    held: Notify,
    released: Notify,
}

#[derive(Debug)]
struct Planned {
    operation: &'static str,
    pass_first: u32,
    fault: Fault,
    // If false, the fault hits only one try.
    for_good: bool,
}

#[derive(Debug)]
struct Seen {
    operation: String,
    headers: Vec<String>,
}

impl Faults {
    /// Plans a fault for one try of an operation: the one after `pass_first` further tries and
    /// after the faults that were planned for this operation earlier.
    pub fn plan(&self, operation: &'static str, pass_first: u32, fault: Fault) {
        lock(&self.0.plan).push(Planned { operation, pass_first, fault, for_good: false });
    }

    /// Plans a fault for every try of an operation after the first `pass_first` tries.
    pub fn plan_for_good(&self, operation: &'static str, pass_first: u32, fault: Fault) {
        lock(&self.0.plan).push(Planned { operation, pass_first, fault, for_good: true });
    }

    /// Forgets all plans and all calls seen.
    pub fn clear(&self) {
        lock(&self.0.plan).clear();
        lock(&self.0.seen).clear();
    }

    /// The number of tries of an operation.
    pub fn tries(&self, operation: &str) -> usize {
        lock(&self.0.seen).iter().filter(|seen| seen.operation == operation).count()
    }

    /// Whether an operation was tried, and every try had a header that starts with `header`.
    pub fn all_had(&self, operation: &str, header: &str) -> bool {
        let has = |seen: &Seen| seen.headers.iter().any(|name| name.starts_with(header));
        let seen = lock(&self.0.seen);
        let mut of_operation = seen.iter().filter(|seen| seen.operation == operation).peekable();
        of_operation.peek().is_some() && of_operation.all(has)
    }

    /// Waits until the process has died.
    pub async fn died(&self) {
        self.0.died.notified().await;
    }

    /// Waits until a call is held.
    pub async fn held(&self) {
        self.0.held.notified().await;
    }

    /// Lets the held call continue.
    pub fn release(&self) {
        self.0.released.notify_one();
    }

    /// The configuration of clients whose calls these faults hit.
    pub fn between(&self, sdk_config: &SdkConfig) -> SdkConfig {
        let (faults, real) = (self.clone(), uptime_aws::sdk_config::http_client());
        let client = http_client_fn(move |settings, components| {
            let inner = real.http_connector(settings, components);
            SharedHttpConnector::new(Faulty { inner, faults: faults.clone() })
        });
        sdk_config.clone().into_builder().http_client(client).build()
    }

    fn next(&self, request: &HttpRequest) -> Option<Fault> {
        let operation = operation_of(request);
        let mut plan = lock(&self.0.plan);
        let place = plan.iter().position(|planned| planned.operation == operation);
        let headers = request.headers().iter().map(|(name, _)| name.to_owned()).collect();
        lock(&self.0.seen).push(Seen { operation, headers });
        let planned = &mut plan[place?];
        if planned.pass_first > 0 {
            planned.pass_first -= 1;
            return None;
        }
        if planned.for_good {
            return Some(planned.fault);
        }
        Some(plan.remove(place?).fault)
    }

    async fn die<T>(&self) -> T {
        self.0.died.notify_one();
        std::future::pending().await
    }
}

/// A connector that injects faults.
#[derive(Debug)]
struct Faulty {
    inner: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for Faulty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, faults) = (self.inner.clone(), self.faults.clone());
        HttpConnectorFuture::new(async move {
            match faults.next(&request) {
                None => inner.call(request).await,
                Some(Fault::Refuse(status, code)) => Ok(refusal(&request, status, code)),
                Some(Fault::Lose) => {
                    inner.call(request).await?;
                    Err(ConnectorError::io("the connection broke".into()))
                }
                Some(Fault::BreakBody) => Ok(with_half_a_body(inner.call(request).await?).await),
                Some(Fault::DieBefore) => faults.die().await,
                Some(Fault::DieAfter) => {
                    inner.call(request).await?;
                    faults.die().await
                }
                Some(Fault::Panic) => panic!("a call panics on purpose"),
                Some(Fault::Hold) => {
                    faults.0.held.notify_one();
                    faults.0.released.notified().await;
                    inner.call(request).await
                }
                Some(Fault::EmptyPage) => match empty_page(&request) {
                    Some(page) => Ok(page),
                    None => inner.call(request).await,
                },
            }
        })
    }
}

/// The JSON protocols name the operation in a header. The calls of S3 are recognised by their form.
fn operation_of(request: &HttpRequest) -> String {
    let name = json_operation(request).unwrap_or_else(|| s3_operation(request));
    name.to_owned()
}

fn json_operation(request: &HttpRequest) -> Option<&str> {
    request.headers().get("x-amz-target")?.rsplit('.').next()
}

fn s3_operation(request: &HttpRequest) -> &'static str {
    match request.method() {
        "PUT" if request.uri().contains("partNumber=") => "UploadPart",
        "PUT" => "PutObject",
        "POST" if request.uri().contains("uploadId=") => "CompleteMultipartUpload",
        "POST" => "CreateMultipartUpload",
        "DELETE" => "AbortMultipartUpload",
        _ => "GetObject",
    }
}

fn refusal(request: &HttpRequest, status: u16, code: &str) -> HttpResponse {
    let body = if json_operation(request).is_none() {
        format!("<Error><Code>{code}</Code></Error>")
    } else {
        json!({ "__type": code }).to_string()
    };
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

async fn with_half_a_body(answer: HttpResponse) -> HttpResponse {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = ByteStream::new(answer.into_body()).collect().await.unwrap().into_bytes();
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let frames = [Ok(Frame::data(body.slice(..body.len() / 2))), Err(broken)];
    let body = SdkBody::from_body_1_x(StreamBody::new(futures::stream::iter(frames)));
    let mut answer = HttpResponse::new(status, body);
    *answer.headers_mut() = headers;
    answer
}

fn empty_page(request: &HttpRequest) -> Option<HttpResponse> {
    let query: Value = serde_json::from_slice(request.body().bytes()?).unwrap();
    if query.get("ExclusiveStartKey").is_some() {
        return None;
    }
    let values = &query["ExpressionAttributeValues"];
    let last = json!({ "pk": values[":pk"], "sk": values[":first"] });
    let page = json!({ "Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": last });
    Some(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(page.to_string())))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

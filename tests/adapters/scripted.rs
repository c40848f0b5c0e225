//! An AWS that answers by a script. The clients that call it are configured as deployed, and the
//! test clock skips waiting time.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use end_to_end::paused_time::PausedTime;
use end_to_end::story_data::settings;
use futures::Stream;
use futures::future::BoxFuture;
use http_body_util::StreamBody;
use hyper::body::Frame;
use uptime_aws::{SdkConfig, sdk_config};

/// The content of a request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The path with its query.
    pub(crate) uri: String,
    headers: Vec<(String, String)>,
    /// The body; empty if it is streamed.
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// The value of a header, or an empty string if the request has no such header.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value)
    }
}

type Script = dyn Fn(usize, &Asked) -> BoxFuture<'static, HttpResponse> + Send + Sync;

/// An AWS that records the requests it gets. Clones share the record.
#[derive(Clone)]
pub(crate) struct ScriptedAws {
    script: Arc<Script>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl ScriptedAws {
    /// Answers by `script`, which is given the number of earlier requests.
    pub(crate) fn new(
        script: impl Fn(usize, &Asked) -> BoxFuture<'static, HttpResponse> + Send + Sync + 'static,
    ) -> ScriptedAws {
        ScriptedAws { script: Arc::new(script), asked: Arc::default() }
    }

    /// A configuration as deployed, for clients that call this AWS.
    pub(crate) fn sdk_config(&self) -> SdkConfig {
        let region = region_of_its_own();
        let given_by_lambda =
            [("AWS_REGION", &*region), ("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")];
        let deployed = sdk_config(&settings(&given_by_lambda)).unwrap();
        let aws = self.clone();
        let client = http_client_fn(move |_, _| SharedHttpConnector::new(aws.clone()));
        deployed.into_builder().http_client(client).time_source(PausedTime::begin()).build()
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// Returns a region that no other scripted AWS of this process has. All clients of one service and
/// one region share their quota of retries, so a test that uses it up would fail another test.
fn region_of_its_own() -> String {
    static REGIONS: AtomicUsize = AtomicUsize::new(0);
    format!("x-{}", REGIONS.fetch_add(1, Ordering::Relaxed))
}

impl HttpConnector for ScriptedAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let asked = Asked { uri: request.uri().to_owned(), headers, body };
        let mut all = self.asked.lock().unwrap();
        let answer = (self.script)(all.len(), &asked);
        all.push(asked);
        HttpConnectorFuture::new(async { Ok(answer.await) })
    }
}

impl fmt::Debug for ScriptedAws {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScriptedAws").field("asked", &self.asked).finish_non_exhaustive()
    }
}

/// A response with these headers and a body in memory.
pub(crate) fn answer(
    status: u16,
    headers: &[(&'static str, &str)],
    body: impl Into<SdkBody>,
) -> HttpResponse {
    let mut answer = HttpResponse::new(status.try_into().unwrap(), body.into());
    for (name, value) in headers {
        answer.headers_mut().insert(*name, (*value).to_owned());
    }
    answer
}

/// A body that arrives in the pieces that the stream yields.
pub(crate) fn body_of(
    pieces: impl Stream<Item = std::io::Result<Bytes>> + Send + Sync + 'static,
) -> SdkBody {
    use futures::StreamExt as _;
    SdkBody::from_body_1_x(StreamBody::new(pieces.map(|piece| piece.map(Frame::data))))
}

//! Counts the requests that SDK clients send to AWS, by AWS's billing rules.
//!
//! - [`RequestMeter`]: the interceptor; [`Metered`]: clients that use it; [`usage`]: its readings.
//! - [`item_size`], [`units`]: DynamoDB's documented arithmetic; [`tables`]: the items that
//!   requests have stored so far, because the larger of the old and the new item sets the cost of a
//!   write; [`action`]: one write; [`mod@bill`]: the cost of one request.
//!
//! The meter sees each request that is sent and each response that arrives, so every **try** of a
//! call counts. A request without a rule stops the test.

pub mod action;
pub mod bill;
pub mod item_size;
pub mod tables;
pub mod units;
pub mod usage;

use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use uptime_aws::{Clients, SdkConfig};

use bill::{Answer, bill};
use tables::Tables;
use usage::Usage;

/// The name by which calls of `PutObject` are counted.
pub const PUT_OBJECT: &str = "S3 PutObject";

/// Counts the requests of the clients that use it. Clones share the same readings.
#[derive(Debug, Clone)]
pub struct RequestMeter(Arc<Mutex<Readings>>);

#[derive(Debug)]
struct Readings {
    usage: Usage,
    tables: Tables,
}

/// Clients like those of the functions, each with the meter.
#[derive(Debug, Clone)]
pub struct Metered {
    sdk_config: SdkConfig,
    meter: RequestMeter,
}

/// A try of a call that has not ended yet.
#[derive(Debug)]
struct Sent {
    length: u64,
    /// The body, for DynamoDB only: the cost of other requests does not depend on it.
    body: Option<Vec<u8>>,
}

impl Storable for Sent {
    type Storer = StoreReplace<Sent>;
}

impl RequestMeter {
    /// Makes a meter for empty tables, given by name and key.
    pub fn new(tables: &[(&str, &[&str])]) -> RequestMeter {
        let readings = Readings { usage: Usage::default(), tables: Tables::new(tables) };
        RequestMeter(Arc::new(Mutex::new(readings)))
    }

    /// Returns the usage since the last call of this method.
    pub fn take(&self) -> Usage {
        std::mem::take(&mut self.readings().usage)
    }

    /// Counts the bytes of a table's items whose sort key starts with a prefix, including keys and
    /// attribute names.
    pub fn stored_bytes(&self, table: &str, sort_key_prefix: &str) -> u64 {
        self.readings().tables.stored_bytes(table, sort_key_prefix)
    }

    fn readings(&self) -> MutexGuard<'_, Readings> {
        self.0.lock().unwrap()
    }

    fn count(&self, call: &Metadata, sent: &Sent, response: Option<&HttpResponse>) {
        let mut readings = self.readings();
        let name = format!("{} {}", call.service(), call.name());
        readings.usage.bytes_sent += sent.length;
        if name == PUT_OBJECT {
            readings.usage.bytes_put += sent.length;
        }
        *readings.usage.calls.entry(name).or_default() += 1;
        let Some(response) = response else { return };
        readings.usage.bytes_received += received(response);
        let Some(request) = &sent.body else { return };
        let request = serde_json::from_slice(request).unwrap();
        let bills = bill(&mut readings.tables, call.name(), request, &answer_in(response));
        for (table, units) in bills {
            *readings.usage.tables.entry(table).or_default() += units;
        }
    }
}

/// A streamed body is not in memory, so its announced length counts.
fn received(response: &HttpResponse) -> u64 {
    let announced = response.headers().get("content-length").and_then(|text| text.parse().ok());
    announced.unwrap_or_else(|| response.body().content_length().unwrap_or_default())
}

fn answer_in(response: &HttpResponse) -> Answer {
    let body = response.body().bytes().unwrap();
    if response.status().is_success() {
        Answer::Success(serde_json::from_slice(body).unwrap())
    } else {
        Answer::refusal(body)
    }
}

#[dyn_dispatch_hint]
impl Intercept for RequestMeter {
    fn name(&self) -> &'static str {
        "RequestMeter"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.request().body();
        let is_dynamodb = cfg.load::<Metadata>().unwrap().service() == "DynamoDB";
        let sent = Sent {
            length: body.content_length().unwrap_or_default(),
            body: is_dynamodb.then(|| body.bytes().unwrap().to_vec()),
        };
        cfg.interceptor_state().store_put(sent);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Signing a link ends before anything is sent, so it is not a call.
        let has_ended = context.response().is_some() || context.output_or_error().is_some();
        if let (true, Some(sent)) = (has_ended, cfg.load::<Sent>()) {
            self.count(cfg.load::<Metadata>().unwrap(), sent, context.response());
        }
        Ok(())
    }
}

impl Metered {
    /// Makes clients with this configuration.
    pub fn new(sdk_config: SdkConfig, meter: RequestMeter) -> Metered {
        Metered { sdk_config, meter }
    }
}

impl Clients for Metered {
    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = self.sdk_config.dynamodb().config().to_builder();
        aws_sdk_dynamodb::Client::from_conf(config.interceptor(self.meter.clone()).build())
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let config = self.sdk_config.s3().config().to_builder();
        aws_sdk_s3::Client::from_conf(config.interceptor(self.meter.clone()).build())
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = self.sdk_config.sqs().config().to_builder();
        aws_sdk_sqs::Client::from_conf(config.interceptor(self.meter.clone()).build())
    }
}

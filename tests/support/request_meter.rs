//! Counts what SDK clients ask of AWS, by the rules that AWS bills by.
//!
//! - [`RequestMeter`]: the interceptor; [`Metered`]: clients that have it; [`usage`]: what it read.
//! - [`item_size`], [`units`]: DynamoDB's documented arithmetic; [`tables`]: what the requests have
//!   stored so far, since a write costs what the larger of the old and the new item costs;
//!   [`action`]: one write; [`bill`]: what one request costs.
//!
//! The meter sees the requests as they go out and the answers as they come in, so every **try** of a
//! call counts. A request it has no rule for stops the test.

pub mod action;
pub mod bill;
pub mod item_size;
pub mod tables;
pub mod units;
pub mod usage;

use std::sync::{Arc, Mutex, MutexGuard};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use serde_json::Value;
use uptime_aws::Clients;

use bill::{Answer, bill};
use tables::Tables;
use usage::Usage;

/// Reads the requests of the clients it is given to. Clones read into the same meter.
#[derive(Debug, Clone)]
pub struct RequestMeter(Arc<Mutex<Readings>>);

#[derive(Debug)]
struct Readings {
    usage: Usage,
    tables: Tables,
}

/// Clients as the functions have them, each with a meter.
#[derive(Debug, Clone)]
pub struct Metered {
    sdk_config: SdkConfig,
    meter: RequestMeter,
}

/// A request of DynamoDB on its way, kept for when its answer is there.
#[derive(Debug)]
struct Sent(Vec<u8>);

impl Storable for Sent {
    type Storer = StoreReplace<Sent>;
}

impl RequestMeter {
    /// Makes a meter for tables that hold nothing yet, given by their names and keys.
    pub fn new(tables: &[(&str, &[&str])]) -> RequestMeter {
        let readings = Readings { usage: Usage::default(), tables: Tables::new(tables) };
        RequestMeter(Arc::new(Mutex::new(readings)))
    }

    /// Returns what was used since the last call of this.
    pub fn take(&self) -> Usage {
        std::mem::take(&mut self.readings().usage)
    }

    /// Counts the bytes of a table's items whose sort key starts so, keys and names included.
    pub fn stored_bytes(&self, table: &str, sort_key_prefix: &str) -> u64 {
        self.readings().tables.stored_bytes(table, sort_key_prefix)
    }

    fn readings(&self) -> MutexGuard<'_, Readings> {
        self.0.lock().unwrap()
    }

    fn bill(&self, operation: &str, sent: &[u8], response: &HttpResponse) {
        let request: Value = serde_json::from_slice(sent).unwrap();
        let body = response.body().bytes().unwrap();
        let answer = if response.status().is_success() {
            Answer::Success(serde_json::from_slice(body).unwrap())
        } else {
            Answer::refusal(body)
        };
        let mut readings = self.readings();
        let bills = bill(&mut readings.tables, operation, request, &answer);
        for (table, units) in bills {
            *readings.usage.tables.entry(table).or_default() += units;
        }
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
        let metadata = cfg.load::<Metadata>().unwrap();
        let call = format!("{} {}", metadata.service(), metadata.name());
        let is_dynamodb = metadata.service() == "DynamoDB";
        let mut readings = self.readings();
        *readings.usage.calls.entry(call).or_default() += 1;
        readings.usage.bytes_sent += body.content_length().unwrap_or_default();
        if is_dynamodb {
            cfg.interceptor_state().store_put(Sent(body.bytes().unwrap().to_vec()));
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        // A streamed body is no longer here, but its length was announced.
        let announced = response.headers().get("content-length").and_then(|text| text.parse().ok());
        let received =
            response.body().bytes().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap());
        self.readings().usage.bytes_received += announced.unwrap_or(received);
        if let Some(Sent(request)) = cfg.load::<Sent>() {
            self.bill(cfg.load::<Metadata>().unwrap().name(), request, response);
        }
        Ok(())
    }
}

impl Metered {
    /// Makes clients that reach what `sdk_config` says.
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

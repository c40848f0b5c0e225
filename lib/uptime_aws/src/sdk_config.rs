//! What the SDKs' clients are made with, read from the environment alone.
//!
//! Lambda puts a function's region and credentials there. The SDK's own loader also looks for
//! profiles, web identities and metadata services, which a function has no use for and would pay
//! for at every start.

use std::collections::HashMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::settings::{Settings, SettingsError};

const REGION: &str = "AWS_REGION";
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
/// The endpoint of all services; followed by `_` and a service's name, of that one.
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// For one try of a call; 8 MiB, the largest body sent, needs a quarter of that at 10 Mbit/s.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(25);
/// For a call with its retries.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(50);

/// Returns the SDKs' configuration. `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>` are obeyed.
///
/// The SDKs set no time limit of their own: a call that hangs would use up the invocation.
pub fn sdk_config(settings: &Settings) -> Result<SdkConfig, SettingsError> {
    let credentials = Credentials::new(
        settings.required(ACCESS_KEY_ID)?,
        settings.required(SECRET_ACCESS_KEY)?,
        settings.optional(SESSION_TOKEN).map(str::to_owned),
        None,
        "environment",
    );
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let endpoints = Endpoints::new(settings);
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.required(REGION)?.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .http_client(http_client());
    config.set_endpoint_url(endpoints.0.get(ENDPOINT_URL).cloned());
    Ok(config.service_config(endpoints).build())
}

/// Returns what clients send their calls with. They share its connections.
pub fn http_client() -> SharedHttpClient {
    HttpClientBuilder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// The endpoints set, by the names of their settings.
#[derive(Debug)]
struct Endpoints(HashMap<String, String>);

impl Endpoints {
    fn new(settings: &Settings) -> Endpoints {
        let names = ["", "_DYNAMODB", "_S3", "_SQS"];
        let names = names.map(|service| format!("{ENDPOINT_URL}{service}"));
        let found = names.into_iter().filter_map(|name| {
            let url = settings.optional(&name)?.to_owned();
            Some((name, url))
        });
        Endpoints(found.collect())
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase();
        self.0.get(&format!("{}_{service}", key.env())).cloned()
    }
}

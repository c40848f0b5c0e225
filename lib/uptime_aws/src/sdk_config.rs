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
use aws_smithy_runtime_api::client::http::{HttpClient, SharedHttpClient, http_client_fn};
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
/// For one try of a call that a caller waits for; such calls are of a few KB.
const QUICK_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// For such a call with its retries: less than the 15 s of these functions.
const QUICK_OPERATION_TIMEOUT: Duration = Duration::from_secs(9);

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

/// Shortens the times of a configuration for functions whose callers wait: a try that hangs is
/// repeated well before API Gateway and the invocation give up.
#[must_use]
pub fn quick(config: SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(QUICK_ATTEMPT_TIMEOUT)
        .operation_timeout(QUICK_OPERATION_TIMEOUT)
        .build();
    config.into_builder().timeout_config(timeouts).build()
}

/// Returns what clients send their calls with. They share its connections.
///
/// The first call, and not each client when it is made, reads the machine's certificates.
pub fn http_client() -> SharedHttpClient {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let client = HttpClientBuilder::new().tls_provider(tls).build_https();
    // The SDKs have each new client check itself, and this one would then read them.
    http_client_fn(move |settings, components| client.http_connector(settings, components))
}

/// Tells whether an endpoint is set for all services or for this one, `S3`.
#[cfg(feature = "s3")]
pub(crate) fn has_own_endpoint(config: &SdkConfig, service: &'static str) -> bool {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env(ENDPOINT_URL)
        .profile("endpoint_url")
        .build();
    let of_service = || config.service_config()?.load_config(key.ok()?);
    config.endpoint_url().is_some() || of_service().is_some()
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

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN_BY_LAMBDA: [&str; 3] = [REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY];

    #[test]
    fn what_lambda_gives_is_enough() {
        let config = config(GIVEN_BY_LAMBDA.map(|name| (name, "x"))).unwrap();

        assert_eq!(config.region(), Some(&Region::from_static("x")));
        assert_eq!(config.endpoint_url(), None);
    }

    #[test]
    fn each_setting_that_lambda_gives_is_needed() {
        for missing in GIVEN_BY_LAMBDA {
            let others = GIVEN_BY_LAMBDA.into_iter().filter(|name| *name != missing);

            let error = config(others.map(|name| (name, "x"))).unwrap_err();

            assert!(error.to_string().contains(missing), "{error}");
        }
    }

    #[test]
    fn a_call_that_a_caller_waits_for_has_time_for_a_second_try() {
        let config = quick(config(GIVEN_BY_LAMBDA.map(|name| (name, "x"))).unwrap());

        let timeouts = config.timeout_config().unwrap();
        assert_eq!(timeouts.operation_attempt_timeout(), Some(QUICK_ATTEMPT_TIMEOUT));
        assert_eq!(timeouts.operation_timeout(), Some(QUICK_OPERATION_TIMEOUT));
        assert!(2 * QUICK_ATTEMPT_TIMEOUT < QUICK_OPERATION_TIMEOUT);
    }

    #[test]
    fn an_endpoint_is_of_all_services_or_of_one() {
        let endpoints = [(ENDPOINT_URL, "http://all"), ("AWS_ENDPOINT_URL_SQS", "http://sqs")];
        let given = GIVEN_BY_LAMBDA.map(|name| (name, "x"));

        let config = config(endpoints.into_iter().chain(given)).unwrap();

        assert_eq!(config.endpoint_url(), Some("http://all"));
        let of = |service| {
            let key = ServiceConfigKey::builder().service_id(service).profile("").env(ENDPOINT_URL);
            config.service_config().unwrap().load_config(key.build().unwrap())
        };
        assert_eq!(of("SQS").as_deref(), Some("http://sqs"));
        assert_eq!(of("DynamoDB"), None);
    }

    fn config<'a>(
        settings: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<SdkConfig, SettingsError> {
        let owned = settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        sdk_config(&Settings::from_pairs(owned))
    }
}

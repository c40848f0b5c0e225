//! The configuration of the SDK clients, read only from environment variables.
//!
//! Lambda puts a function's region and credentials there. The SDK's own loader would also look for
//! profiles, web identities and metadata services. A function does not need them, and looking for
//! them would slow down each start.

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
/// The endpoint of all services. With `_` and a service's name appended: the endpoint of that
/// service.
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// For one try of a call. At 11 Mbit/s the largest body sent, 32 MiB, takes this long.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(25);
/// For a call including its retries.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(50);
/// For one try of a call in a function whose caller waits. Such calls transfer a few KB.
const QUICK_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// For such a call including its retries: less than the 15 s that these functions may take.
const QUICK_OPERATION_TIMEOUT: Duration = Duration::from_secs(9);

/// Returns the configuration of the SDK clients. `AWS_ENDPOINT_URL` and
/// `AWS_ENDPOINT_URL_<SERVICE>` set endpoints.
///
/// Time limits are set here because the SDKs have none: a call that hangs would use up the
/// invocation.
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

/// Shortens the time limits for functions whose callers wait, so that a try that hangs is repeated
/// well before API Gateway and the invocation time out.
#[must_use]
pub fn quick(config: SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(QUICK_ATTEMPT_TIMEOUT)
        .operation_timeout(QUICK_OPERATION_TIMEOUT)
        .build();
    config.into_builder().timeout_config(timeouts).build()
}

/// Returns an HTTP client for the SDK clients, which then share its connections.
///
/// It reads the machine's certificates at the first call, not when an SDK client is made.
pub fn http_client() -> SharedHttpClient {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let client = HttpClientBuilder::new().tls_provider(tls).build_https();
    // The SDKs validate the HTTP client of each new SDK client. `client` would read the
    // certificates then; this wrapper does not.
    http_client_fn(move |settings, components| client.http_connector(settings, components))
}

/// Returns whether an endpoint is set for all services or for this service, such as `S3`.
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

/// The configured endpoints, by the names of their settings.
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
    fn the_settings_that_lambda_gives_are_enough() {
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
    fn an_endpoint_can_be_set_for_all_services_or_for_one() {
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

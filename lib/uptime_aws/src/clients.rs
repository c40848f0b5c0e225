//! How the adapters get their SDK clients.

use aws_types::SdkConfig;

#[cfg(feature = "s3")]
use crate::sdk_config::has_own_endpoint;

/// Makes the SDK clients that the adapters call AWS with. Making one calls nothing.
///
/// Usually this is an [`SdkConfig`]. Tests have another, whose clients count their requests.
pub trait Clients {
    /// A client of `DynamoDB`.
    #[cfg(feature = "dynamodb")]
    fn dynamodb(&self) -> aws_sdk_dynamodb::Client;

    /// A client of S3. If an endpoint is configured, the bucket's name goes into the path, because
    /// that endpoint's host name cannot have a bucket in front of it.
    #[cfg(feature = "s3")]
    fn s3(&self) -> aws_sdk_s3::Client;

    /// A client of SQS.
    #[cfg(feature = "sqs")]
    fn sqs(&self) -> aws_sdk_sqs::Client;
}

impl Clients for SdkConfig {
    #[cfg(feature = "dynamodb")]
    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(self)
    }

    #[cfg(feature = "s3")]
    fn s3(&self) -> aws_sdk_s3::Client {
        let path_style = has_own_endpoint(self, "S3");
        let config = aws_sdk_s3::config::Builder::from(self).force_path_style(path_style);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    #[cfg(feature = "sqs")]
    fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(self)
    }
}

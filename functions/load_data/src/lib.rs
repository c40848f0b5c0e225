//! Loads source files: an SQS event of S3 notifications, or a direct invocation naming an object.
//!
//! Streams the object, stores its segments, **then** raises the newest poll, **then** writes the
//! manifest. A load that is killed starts again from the first byte and ends the same.

use aws_config::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;
use uptime::Timestamp;
use uptime_aws::settings::{DATA_BUCKET, DATA_TABLE};
use uptime_aws::{LoadFiles, Settings, SettingsError, SourceFiles, StoreData};

/// What every invocation needs; built once per cold start.
#[derive(Debug)]
pub struct Resources {
    data: StoreData,
    sources: SourceFiles,
    loads: LoadFiles,
}

impl Resources {
    /// Makes the clients; nothing is called yet.
    pub fn new(sdk_config: &SdkConfig, settings: &Settings) -> Result<Resources, SettingsError> {
        let bucket = settings.required(DATA_BUCKET)?;
        Ok(Resources {
            data: StoreData::new(sdk_config, settings.required(DATA_TABLE)?),
            sources: SourceFiles::new(sdk_config, bucket),
            loads: LoadFiles::new(sdk_config, bucket),
        })
    }
}

/// Handles one event: answers an SQS event with the messages that failed, a direct invocation
/// with its manifest.
pub async fn handle(
    resources: &Resources,
    event: LambdaEvent<Value>,
    clock: fn() -> Timestamp,
) -> Result<Value, Error> {
    todo!()
}

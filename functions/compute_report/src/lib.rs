//! SQS event of the report queue: computes reports, one a message.
//!
//! Claims the report, reads and computes shard by shard, stores the CSV, **then** completes the
//! report: none is Complete without its CSV. A message that fails alone is delivered again.

use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent};
use uptime::Timestamp;
use uptime_aws::settings::{DATA_TABLE, REPORT_BUCKET, REPORT_TABLE};
use uptime_aws::{ReportFiles, ReportTable, Settings, SettingsError, StoreData};

/// What every invocation needs; built once per cold start.
#[derive(Debug)]
pub struct Resources {
    data: StoreData,
    reports: ReportTable,
    files: ReportFiles,
    report_days: u32,
    receives_allowed: u32,
}

impl Resources {
    /// Makes the clients; nothing is called yet.
    pub fn new(sdk_config: &SdkConfig, settings: &Settings) -> Result<Resources, SettingsError> {
        Ok(Resources {
            data: StoreData::new(sdk_config, settings.required(DATA_TABLE)?),
            reports: ReportTable::new(sdk_config, settings.required(REPORT_TABLE)?),
            files: ReportFiles::new(sdk_config, settings.required(REPORT_BUCKET)?),
            report_days: settings.report_days()?,
            receives_allowed: settings.receives_allowed()?,
        })
    }
}

/// Handles the messages of one event and names those that failed.
pub async fn handle(
    resources: &Resources,
    event: LambdaEvent<SqsEvent>,
    clock: fn() -> Timestamp,
) -> Result<SqsBatchResponse, Error> {
    todo!()
}

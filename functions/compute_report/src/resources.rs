//! The clients and settings of the function.

use uptime_aws::settings::{DATA_TABLE, REPORT_BUCKET, REPORT_TABLE};
use uptime_aws::{Clients, ReportFiles, ReportTable, Settings, SettingsError, StoreData};

/// What every invocation needs; built once per cold start.
#[derive(Debug)]
pub struct Resources {
    pub(crate) data: StoreData,
    pub(crate) reports: ReportTable,
    pub(crate) files: ReportFiles,
    pub(crate) report_days: u32,
    pub(crate) receives_allowed: u32,
}

impl Resources {
    /// Makes the clients; nothing is called yet.
    pub fn new(clients: &impl Clients, settings: &Settings) -> Result<Resources, SettingsError> {
        Ok(Resources {
            data: StoreData::new(clients, settings.table(DATA_TABLE)?),
            reports: ReportTable::new(clients, settings.table(REPORT_TABLE)?),
            files: ReportFiles::new(clients, settings.bucket(REPORT_BUCKET)?),
            report_days: settings.report_days()?,
            receives_allowed: settings.receives_allowed()?,
        })
    }
}

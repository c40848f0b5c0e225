//! The clients and settings of the function.

use uptime::parameters::Method;
use uptime_aws::settings::{DATA_TABLE, REPORT_QUEUE_URL, REPORT_TABLE};
use uptime_aws::{Clients, KeyTable, ReportQueue, ReportTable, Settings, SettingsError, StoreData};

use crate::lifetimes::Lifetimes;

/// What every invocation needs; built once per cold start.
#[derive(Debug)]
pub struct Resources {
    pub(crate) data: StoreData,
    pub(crate) reports: ReportTable,
    pub(crate) keys: KeyTable,
    pub(crate) queue: ReportQueue,
    pub(crate) default_method: Method,
    pub(crate) lifetimes: Lifetimes,
}

impl Resources {
    /// Makes the clients; nothing is called yet.
    pub fn new(clients: &impl Clients, settings: &Settings) -> Result<Resources, SettingsError> {
        let report_table = settings.table(REPORT_TABLE)?;
        Ok(Resources {
            data: StoreData::new(clients, settings.table(DATA_TABLE)?),
            reports: ReportTable::new(clients, report_table),
            keys: KeyTable::new(clients, report_table),
            queue: ReportQueue::new(clients, settings.queue_url(REPORT_QUEUE_URL)?),
            default_method: settings.default_method()?,
            lifetimes: Lifetimes::new(settings)?,
        })
    }
}

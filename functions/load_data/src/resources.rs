//! The clients and limits of the function, and the time of an invocation.

use std::time::Duration;

use lambda_runtime::Context;
use uptime::Timestamp;
use uptime::ingest::Limits;
use uptime::retention::Retention;
use uptime_aws::settings::{
    DATA_BUCKET, DATA_TABLE, GZIP_RATIO_LIMIT, LOAD_BATCH_MIB, REJECT_LIMIT_PERCENT,
};
use uptime_aws::{Clients, Deadline, LoadFiles, Settings, SettingsError, SourceFiles, StoreData};

/// The part of an invocation's time that is reserved for stopping a load: aborting its
/// uploads and returning why it failed.
const TIME_TO_STOP: Duration = Duration::from_millis(9_500);

/// What every invocation needs; built once per cold start.
#[derive(Debug)]
pub struct Resources {
    pub(crate) data: StoreData,
    pub(crate) sources: SourceFiles,
    pub(crate) loads: LoadFiles,
    pub(crate) limits: Limits,
    /// `None`: polls are kept for ever.
    pub(crate) poll_retention: Option<Retention>,
}

impl Resources {
    /// Makes the clients; nothing is called yet.
    pub fn new(clients: &impl Clients, settings: &Settings) -> Result<Resources, SettingsError> {
        let bucket = settings.bucket(DATA_BUCKET)?;
        Ok(Resources {
            data: StoreData::new(clients, settings.table(DATA_TABLE)?),
            sources: SourceFiles::new(clients, bucket),
            loads: LoadFiles::new(clients, bucket),
            limits: limits(settings)?,
            poll_retention: settings.poll_retention()?,
        })
    }
}

/// The deadline of an invocation, and its clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoadTime {
    pub(crate) deadline: Deadline,
    pub(crate) clock: fn() -> Timestamp,
}

impl LoadTime {
    pub(crate) fn of(context: &Context, clock: fn() -> Timestamp) -> LoadTime {
        let end = Deadline::of_invocation(Some(context.deadline), clock());
        LoadTime { deadline: end.earlier_by(TIME_TO_STOP), clock }
    }
}

/// Reads the limits that a deployment sets.
fn limits(settings: &Settings) -> Result<Limits, SettingsError> {
    let Limits { batch_mib, reject_limit_percent, gzip_ratio_limit } = Limits::default();
    Ok(Limits {
        batch_mib: settings.number(LOAD_BATCH_MIB, batch_mib, 1..=8192)?,
        reject_limit_percent: settings.number(
            REJECT_LIMIT_PERCENT,
            reject_limit_percent,
            0..=100,
        )?,
        gzip_ratio_limit: settings.number(GZIP_RATIO_LIMIT, gzip_ratio_limit, 1..=100_000)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_defaults_and_can_be_set() {
        check("", "1152 MiB, 10 %, 200 times");
        check(
            "LOAD_BATCH_MIB=1 REJECT_LIMIT_PERCENT=0 GZIP_RATIO_LIMIT=50",
            "1 MiB, 0 %, 50 times",
        );
        check("LOAD_BATCH_MIB=0", "error");
        check("REJECT_LIMIT_PERCENT=101", "error");
    }

    #[track_caller]
    fn check(settings: &str, expected: &str) {
        let pairs = settings.split_whitespace().filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let read = limits(&Settings::from_pairs(pairs)).map(|limits| {
            let Limits { batch_mib, reject_limit_percent, gzip_ratio_limit } = limits;
            format!("{batch_mib} MiB, {reject_limit_percent} %, {gzip_ratio_limit} times")
        });
        assert_eq!(read.unwrap_or("error".to_owned()), expected);
    }
}

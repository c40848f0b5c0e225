//! The four functions with the handlers that are deployed, ready to be invoked on this machine.
//!
//! Each one is built as its cold start would build it. An error names the setting that is missing
//! or unusable.

use std::sync::Arc;
use std::time::Duration;

use lambda_http::Request;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use uptime::Timestamp;
use uptime_aws::{Clients, Settings, SettingsError};

use crate::lambda::Function;

/// Builds `trigger_report`.
pub fn trigger_report(
    clients: &impl Clients,
    settings: &Settings,
    timeout: Duration,
) -> Result<Function, SettingsError> {
    let resources = Arc::new(trigger_report::Resources::new(clients, settings)?);
    let handler = move |request: Request| {
        let resources = Arc::clone(&resources);
        async move { trigger_report::handle(&resources, request, uptime_aws::now).await }
    };
    Ok(Function::of_requests("trigger_report", timeout, handler))
}

/// Builds `get_report`.
pub fn get_report(
    clients: &impl Clients,
    settings: &Settings,
    timeout: Duration,
) -> Result<Function, SettingsError> {
    let resources = Arc::new(get_report::Resources::new(clients, settings)?);
    let handler = move |request: Request| {
        let resources = Arc::clone(&resources);
        async move { get_report::handle(&resources, request, uptime_aws::now).await }
    };
    Ok(Function::of_requests("get_report", timeout, handler))
}

/// Builds `compute_report`. `clock` shows when leases begin and end: `uptime_aws::now`, except for
/// a worker that is to be late.
pub fn compute_report(
    clients: &impl Clients,
    settings: &Settings,
    timeout: Duration,
    clock: fn() -> Timestamp,
) -> Result<Function, SettingsError> {
    let resources = Arc::new(compute_report::Resources::new(clients, settings)?);
    let handler = move |event: LambdaEvent<Value>| {
        let resources = Arc::clone(&resources);
        async move {
            let event = LambdaEvent::new(serde_json::from_value(event.payload)?, event.context);
            let answer = compute_report::handle(&resources, event, clock).await?;
            Ok(serde_json::to_value(answer)?)
        }
    };
    Ok(Function::of_events("compute_report", timeout, handler))
}

/// Builds `load_data`.
pub fn load_data(
    clients: &impl Clients,
    settings: &Settings,
    timeout: Duration,
) -> Result<Function, SettingsError> {
    let resources = Arc::new(load_data::Resources::new(clients, settings)?);
    let handler = move |event: LambdaEvent<Value>| {
        let resources = Arc::clone(&resources);
        async move { load_data::handle(&resources, event, uptime_aws::now).await }
    };
    Ok(Function::of_events("load_data", timeout, handler))
}

//! The four functions of a system, with the settings and routes of the template.

use std::time::Duration;

use aws_types::SdkConfig;
use axum::http::Method;
use uptime_aws::{Settings, SettingsError, settings};

use super::settings::{DATA_BUCKET, DATA_TABLE, REPORT_BUCKET, REPORT_TABLE, SystemSettings};
use crate::deployed_functions::{compute_report, get_report, load_data, trigger_report};
use crate::gateway::Route;
use crate::lambda::Function;

/// The time-out of the two functions that answer API calls.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// How often a report is tried if the queue sets no limit: for about half an hour, at most half a minute
/// apart. A report that still fails then, as on damaged tables, is Failed and can be requested again.
const RECEIVES_MOST: u32 = 60;

/// The deployed functions, ready to be invoked.
#[derive(Debug)]
pub(super) struct Functions {
    trigger_report: Function,
    get_report: Function,
    pub(super) compute_report: Function,
    pub(super) load_data: Function,
}

impl Functions {
    /// Builds all four functions, as their cold starts would.
    pub(super) fn new(
        sdk_config: &SdkConfig,
        report_queue_url: &str,
        system: &SystemSettings,
    ) -> Result<Functions, SettingsError> {
        let common = common_settings(system);
        let of = |own: &[(&'static str, &str)]| {
            let own = own.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
            Settings::from_pairs(own.chain(common.iter().cloned()))
        };
        let trigger = of(&[
            (settings::DATA_TABLE, DATA_TABLE),
            (settings::REPORT_TABLE, REPORT_TABLE),
            (settings::REPORT_QUEUE_URL, report_queue_url),
        ]);
        let get =
            of(&[(settings::REPORT_TABLE, REPORT_TABLE), (settings::REPORT_BUCKET, REPORT_BUCKET)]);
        let compute = of(&[
            (settings::DATA_TABLE, DATA_TABLE),
            (settings::REPORT_TABLE, REPORT_TABLE),
            (settings::REPORT_BUCKET, REPORT_BUCKET),
        ]);
        let load = of(&[(settings::DATA_TABLE, DATA_TABLE), (settings::DATA_BUCKET, DATA_BUCKET)]);
        Ok(Functions {
            trigger_report: trigger_report(sdk_config, &trigger, CALL_TIMEOUT)?,
            get_report: get_report(sdk_config, &get, CALL_TIMEOUT)?,
            compute_report: compute_report(
                sdk_config,
                &compute,
                system.reports.timeout,
                uptime_aws::now,
            )?,
            load_data: load_data(sdk_config, &load, system.loads.timeout)?,
        })
    }

    /// The API's routes, as in the template.
    pub(super) fn routes(&self) -> Vec<Route> {
        let route = |resource, methods, function: &Function| Route {
            resource,
            methods,
            function: function.clone(),
        };
        vec![
            route("/trigger_report", &[Method::GET, Method::POST], &self.trigger_report),
            route("/get_report", &[Method::GET, Method::POST], &self.get_report),
            route("/get_report/{report_id}", &[Method::GET], &self.get_report),
        ]
    }
}

/// The settings that a deployment gives for its queues, and then the caller's own.
fn common_settings(system: &SystemSettings) -> Vec<(String, String)> {
    let receives_allowed = system.receives_allowed.unwrap_or(RECEIVES_MOST);
    let visibility = system.reports.visibility.as_secs().to_string();
    let mut pairs = vec![
        (settings::VISIBILITY_TIMEOUT_SECONDS.to_owned(), visibility),
        (settings::RECEIVES_ALLOWED.to_owned(), receives_allowed.to_string()),
    ];
    pairs.extend(system.function_settings.iter().cloned());
    pairs
}

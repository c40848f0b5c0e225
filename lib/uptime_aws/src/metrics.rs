//! Metrics for operators, in `CloudWatch`'s embedded metric format: lines of JSON in the log, which
//! `CloudWatch` turns into metrics. Sending one makes no call and waits for nothing.
//!
//! A function's `main` sets where the lines go and their namespace. Until then they are dropped, as
//! in the local system.

use std::io::Write as _;
use std::sync::OnceLock;

use serde_json::{Value, json};
use uptime::{Timestamp, interval};

use crate::settings::METRICS_NAMESPACE;
use crate::{FailureCode, LoadErrorCode, Settings};

static SINK: OnceLock<Sink> = OnceLock::new();

#[derive(Debug)]
struct Sink {
    namespace: String,
    send: fn(&Value),
}

/// An event that operators count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// A new report is recorded and queued.
    ReportStarted,
    /// A report is Complete.
    ReportCompleted {
        /// The time since the report was requested.
        age_micros: i64,
        /// The rows of its `report.csv`.
        stores: u64,
    },
    /// A report has failed: it is recorded as Failed, or its deadline has passed and it reads as
    /// Failed. In the second case a redelivered message counts it again.
    ReportFailed(FailureCode),
    /// A load has ended, whether Complete or Failed.
    LoadEnded {
        /// Rows stored.
        loaded: u64,
        /// Rejected rows.
        rejected: u64,
    },
    /// A load has ended as Failed.
    LoadFailed(LoadErrorCode),
    /// An attempt to load one object of a message failed, or a message cannot be read. The message
    /// is delivered again, or goes to the dead-letter queue.
    LoadAttemptFailed,
    /// The `DynamoDB` units that segments cost: one per 4 KB read consistently, one per 1 KB
    /// written.
    UnitsConsumed {
        /// Read units.
        read: f64,
        /// Write units.
        write: f64,
    },
}

/// Sends all metrics of this process to `send`, under the namespace of the settings. Each
/// deployment has its own namespace, so that no alarm rings for another deployment's failures. Only
/// the first call has an effect.
pub fn send_to(settings: &Settings, send: fn(&Value)) {
    let namespace = settings.optional(METRICS_NAMESPACE).unwrap_or("StoreUptime").to_owned();
    SINK.set(Sink { namespace, send }).ok();
}

/// Prints a line to stdout, where Lambda reads it. A failure to print is ignored.
pub fn print(line: &Value) {
    writeln!(std::io::stdout().lock(), "{line}").ok();
}

impl Metric {
    /// Sends the metric's line, as of now.
    pub fn send(self) {
        if let Some(sink) = SINK.get() {
            (sink.send)(&self.line(&sink.namespace, crate::now()));
        }
    }

    /// Returns the line. A failure counts both by its reason and in the total.
    fn line(self, namespace: &str, at: Timestamp) -> Value {
        let mut dimension_sets = vec![json!([])];
        let mut definitions = Vec::new();
        let mut line = json!({});
        for (name, unit, value) in self.figures() {
            definitions.push(json!({ "Name": name, "Unit": unit }));
            line[name] = value;
        }
        if let Some(reason) = self.reason() {
            dimension_sets.push(json!(["Reason"]));
            line["Reason"] = json!(reason);
        }
        line["_aws"] = json!({
            "Timestamp": at.micros().div_euclid(1_000),
            "CloudWatchMetrics": [{
                "Namespace": namespace,
                "Dimensions": dimension_sets,
                "Metrics": definitions,
            }],
        });
        line
    }

    fn reason(self) -> Option<&'static str> {
        match self {
            Metric::ReportFailed(code) => Some(code.name()),
            Metric::LoadFailed(code) => Some(code.name()),
            Metric::ReportStarted
            | Metric::ReportCompleted { .. }
            | Metric::LoadEnded { .. }
            | Metric::LoadAttemptFailed
            | Metric::UnitsConsumed { .. } => None,
        }
    }

    fn figures(self) -> Vec<(&'static str, &'static str, Value)> {
        match self {
            Metric::ReportStarted => vec![("ReportsStarted", "Count", json!(1))],
            Metric::ReportCompleted { age_micros, stores } => vec![
                ("ReportsCompleted", "Count", json!(1)),
                ("ReportAgeSeconds", "Seconds", seconds(age_micros)),
                ("Stores", "Count", json!(stores)),
            ],
            Metric::ReportFailed(_) => vec![("ReportsFailed", "Count", json!(1))],
            Metric::LoadEnded { loaded, rejected } => vec![
                ("RowsLoaded", "Count", json!(loaded)),
                ("RowsRejected", "Count", json!(rejected)),
            ],
            Metric::LoadFailed(_) => vec![("LoadsFailed", "Count", json!(1))],
            Metric::LoadAttemptFailed => vec![("LoadAttemptsFailed", "Count", json!(1))],
            Metric::UnitsConsumed { read, write } => {
                vec![("ReadUnits", "Count", json!(read)), ("WriteUnits", "Count", json!(write))]
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no report is older than 2^53 microseconds")]
fn seconds(micros: i64) -> Value {
    json!(micros as f64 / interval::SECOND as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_the_metadata_for_cloudwatch_and_the_values() {
        let completed = Metric::ReportCompleted { age_micros: 2_500_000, stores: 14_000 };
        let expected = json!({
            "_aws": {
                "Timestamp": 1_674_669_600_123_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "StoreUptime/test",
                    "Dimensions": [[]],
                    "Metrics": [
                        { "Name": "ReportsCompleted", "Unit": "Count" },
                        { "Name": "ReportAgeSeconds", "Unit": "Seconds" },
                        { "Name": "Stores", "Unit": "Count" },
                    ],
                }],
            },
            "ReportsCompleted": 1,
            "ReportAgeSeconds": 2.5,
            "Stores": 14_000,
        });
        assert_eq!(completed.line("StoreUptime/test", NOW), expected);
    }

    #[test]
    fn a_failure_counts_by_its_reason_and_in_the_total() {
        let report = Metric::ReportFailed(FailureCode::ComputeFailed).line("test", NOW);
        let load = Metric::LoadFailed(LoadErrorCode::OverRatio).line("test", NOW);
        for (line, reason) in [(&report, "compute_failed"), (&load, "over_ratio")] {
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(directive["Dimensions"], json!([[], ["Reason"]]));
            assert_eq!(line["Reason"], reason);
        }
        assert_eq!((&report["ReportsFailed"], &load["LoadsFailed"]), (&json!(1), &json!(1)));
    }

    #[test]
    fn every_metric_has_its_values() {
        check(Metric::ReportStarted, "ReportsStarted 1");
        check(Metric::ReportFailed(FailureCode::TimedOut), "ReportsFailed 1");
        check(Metric::LoadEnded { loaded: 9, rejected: 2 }, "RowsLoaded 9, RowsRejected 2");
        check(Metric::LoadFailed(LoadErrorCode::Encoding), "LoadsFailed 1");
        check(Metric::LoadAttemptFailed, "LoadAttemptsFailed 1");
        check(Metric::UnitsConsumed { read: 1.5, write: 3.0 }, "ReadUnits 1.5, WriteUnits 3.0");
    }

    const NOW: Timestamp = Timestamp::from_micros(1_674_669_600_123_456);

    #[track_caller]
    fn check(metric: Metric, expected: &str) {
        let line = metric.line("test", NOW);
        let defined = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        let figure = |metric: &Value| {
            let name = metric["Name"].as_str().unwrap();
            format!("{name} {}", line[name])
        };
        assert_eq!(defined.iter().map(figure).collect::<Vec<_>>().join(", "), expected);
    }
}

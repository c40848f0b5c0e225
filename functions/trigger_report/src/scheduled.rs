//! Requests of the scheduler (`functions/README.md`, "Scheduled reports").
//!
//! Their event has a stage of its own, with two variables: `ended_period`, which is `none`, `day`,
//! `week` or `month`, and `scheduled_at`. **The report is about the last such period that has ended
//! in every time zone at the scheduled time**, so a repeat of the event is about the same period.
//! Callers can set neither the stage nor its variables, because API Gateway writes those of their
//! requests.

use http_api::Problem;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};
use uptime::Timestamp;
use uptime::period::{CalendarUnit, Period};

/// The stage in the scheduler's events (`template.yaml`); the API's own stage has another name.
const STAGE: &str = "schedule";
const ENDED_PERIOD: &str = "ended_period";
const SCHEDULED_AT: &str = "scheduled_at";
/// The value of [`ENDED_PERIOD`] for a report about the last hour, day and week.
const NO_PERIOD: &str = "none";

/// Whether the request is from the scheduler.
pub(crate) fn is_scheduled(request: &Request) -> bool {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.stage.as_deref() == Some(STAGE),
        _ => false,
    }
}

/// Returns the period that a scheduled report is about. `None` if it is about the last hour, day and
/// week, or if the request is not from the scheduler.
pub(crate) fn period(request: &Request) -> Result<Option<Period>, Problem> {
    if !is_scheduled(request) {
        return Ok(None);
    }
    let variables = request.stage_variables_ref();
    let variable = |name| variables.and_then(|variables| variables.first(name));
    let unit = match variable(ENDED_PERIOD) {
        None | Some(NO_PERIOD) => return Ok(None),
        Some(name) => CalendarUnit::from_name(name),
    };
    let at = variable(SCHEDULED_AT).and_then(|at| Timestamp::from_rfc3339(at).ok());
    let ended = unit.zip(at).and_then(|(unit, at)| Period::last_ended(unit, at).ok());
    let unusable = || Problem::internal(format!("the scheduler sent the variables {variables:?}"));
    ended.map(Some).ok_or_else(unusable)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_scheduled_report_is_about_the_last_period_that_has_ended_everywhere() {
        let at = |at: &str, unit: &str| {
            asked("schedule", &json!({ "ended_period": unit, "scheduled_at": at }))
        };
        assert_eq!(at("2026-11-01T12:00:00Z", "month"), "2026-10");
        assert_eq!(at("2026-11-01T11:59:00Z", "month"), "2026-09");
        assert_eq!(at("2026-11-02T12:00:00Z", "week"), "2026-W44");
        assert_eq!(at("2026-11-02T12:00:00Z", "day"), "2026-11-01");
        assert_eq!(at("2026-11-02T12:00:00Z", "none"), "none");
    }

    #[test]
    fn a_deployed_schedule_of_an_earlier_version_has_no_variables() {
        assert_eq!(asked("schedule", &Value::Null), "none");
    }

    #[test]
    fn variables_that_cannot_be_read_are_an_error() {
        let bad = |variables: &Value| assert_eq!(asked("schedule", variables), "internal");
        bad(&json!({ "ended_period": "year", "scheduled_at": "2026-11-01T12:00:00Z" }));
        bad(&json!({ "ended_period": "month", "scheduled_at": "<aws.scheduler.scheduled-time>" }));
        bad(&json!({ "ended_period": "month" }));
    }

    #[test]
    fn the_variables_of_another_stage_are_ignored() {
        let variables = json!({ "ended_period": "month", "scheduled_at": "2026-11-01T12:00:00Z" });
        assert_eq!(asked("prod", &variables), "none");
    }

    /// The period, `none` or the name of the problem.
    fn asked(stage: &str, variables: &Value) -> String {
        let event = include_str!("../../../tests/events/scheduled_report.json");
        let mut event: Value = serde_json::from_str(event).unwrap();
        event["requestContext"]["stage"] = json!(stage);
        event["stageVariables"] = variables.clone();
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        match period(&request) {
            Ok(period) => period.map_or("none".to_owned(), |period| period.to_string()),
            Err(problem) => problem.kind.name().to_owned(),
        }
    }
}

//! The parameters of `trigger_report`, and which values are refused (`lib/http_api/README.md`,
//! "Requesting a report").

use http_api::{Fault, Given, Parameter, Parameters, Problem, ProblemKind};
use lambda_http::Request;
use uptime::Timestamp;
use uptime::parameters::{Method, ReportParameters};
use uptime::period::{Period, PeriodError};
use uptime::retention::Retention;
use uptime::timeline::MaxHold;

use crate::scheduled;

const AS_OF: Parameter = Parameter {
    name: "as_of",
    accepted: "an RFC 3339 instant from 2000-01-01T00:00:00Z to 24 hours from now, such as \
               2023-01-25T18:13:22Z; a + in a query is written %2B",
};
const METHOD: Parameter = Parameter { name: "method", accepted: "time_weighted or poll_count" };
const MAX_HOLD_MINUTES: Parameter = Parameter {
    name: "max_hold_minutes",
    accepted: "a whole number from 1 to 11520, with the method time_weighted only",
};

const PERIOD: Parameter = Parameter { name: "period", accepted: Period::ACCEPTED };

/// The parameters of one request, all accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestParameters {
    /// Unset: the instant of the newest poll.
    pub(crate) as_of: Option<Timestamp>,
    pub(crate) method: Method,
    // What the caller gave, without defaults.
    given: GivenParameters,
}

/// The parameters as given, to compare requests. A value that is given differs from a default of
/// the same value, because the default may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct GivenParameters {
    as_of: Option<Timestamp>,
    method: Option<Method>,
    max_hold: Option<MaxHold>,
    period: Option<Period>,
}

impl RequestParameters {
    pub(crate) fn read(
        request: &Request,
        default_method: Method,
        now: Timestamp,
    ) -> Result<RequestParameters, Problem> {
        let given = Parameters::read(request, &[AS_OF, METHOD, MAX_HOLD_MINUTES, PERIOD])?;
        let as_of = given.parse(AS_OF, |given| as_of(given, now))?;
        let named_method = given.parse(METHOD, method)?;
        let max_hold = given.parse(MAX_HOLD_MINUTES, max_hold)?;
        let period = period(request, &given)?;
        let not_with_poll_count = |parameter: Parameter| {
            let name = parameter.name;
            let detail = format!(
                "{name} is only accepted with the method time_weighted; this report would use \
                 poll_count"
            );
            given.refuse(parameter, detail)
        };
        let method = named_method.unwrap_or(default_method).with_max_hold(max_hold);
        let method = method.ok_or_else(|| not_with_poll_count(MAX_HOLD_MINUTES))?;
        let method = method.with_period(period).ok_or_else(|| not_with_poll_count(PERIOD))?;
        let given = GivenParameters { as_of, method: named_method, max_hold, period };
        Ok(RequestParameters { as_of, method, given })
    }

    /// Refuses a period whose first date has not begun anywhere at the report's instant.
    pub(crate) fn refuse_future_period(&self, as_of: Timestamp) -> Result<(), Problem> {
        let Some(period) = self.method.period().filter(|period| !period.has_begun(as_of)) else {
            return Ok(());
        };
        let instant = if self.as_of.is_some() { "as_of" } else { "the newest poll" };
        let detail = format!("period has not begun anywhere at {instant}, {as_of}");
        let fault = Fault::new(PERIOD.name, Some(period.to_string().into()), PERIOD.accepted);
        Err(Problem::with_fault(ProblemKind::InvalidParameter, detail, fault))
    }

    /// Returns the parameters as given, as text. Repeats with an idempotency key are recognised by
    /// it. The place and the spelling of a value make no difference.
    pub(crate) fn as_given(&self) -> String {
        let GivenParameters { as_of, method, max_hold, period } = self.given;
        let as_of = as_of.map(|as_of| format!("as_of={as_of}"));
        let method = method.map(|method| format!("method={}", method.name()));
        let max_hold = max_hold.map(|hold| format!("max_hold_minutes={}", hold.minutes()));
        let period = period.map(|period| format!("period={period}"));
        [as_of, method, max_hold, period].into_iter().flatten().collect::<Vec<_>>().join("&")
    }
}

/// Refuses a period that is considered from before polls are kept at `now`.
pub(crate) fn refuse_period_not_kept(
    parameters: &ReportParameters,
    retention: Retention,
    now: Timestamp,
) -> Result<(), Problem> {
    let exceeds = retention.exceeded_by(parameters, now).is_some();
    let Some(period) = parameters.method.period().filter(|_| exceeds) else {
        return Ok(());
    };
    let days = retention.days();
    let detail =
        format!("period needs polls that may have been deleted; polls are kept for {days} days");
    let earliest = retention.earliest_first_date(now).in_calendar();
    let accepted = format!("a period whose first date is {earliest} or later");
    let fault = Fault::new(PERIOD.name, Some(period.to_string().into()), &accepted);
    Err(Problem::with_fault(ProblemKind::InvalidParameter, detail, fault))
}

fn as_of(given: &Given, now: Timestamp) -> Option<Timestamp> {
    let as_of = Timestamp::from_rfc3339(given.text()?).ok()?;
    ReportParameters::as_of_accepted(now).contains(&as_of).then_some(as_of)
}

fn method(given: &Given) -> Option<Method> {
    Method::from_name(given.text()?)
}

fn max_hold(given: &Given) -> Option<MaxHold> {
    MaxHold::from_minutes(u32::try_from(given.whole_number()?).ok()?)
}

/// The period of a scheduled report is not a parameter, because it depends on the scheduled time.
fn period(request: &Request, given: &Parameters) -> Result<Option<Period>, Problem> {
    if let Some(period) = scheduled::period(request)? {
        return Ok(Some(period));
    }
    let text = given.parse(PERIOD, |given| given.text().map(str::to_owned))?;
    let period = text.map(|text| text.parse()).transpose();
    period.map_err(|error: PeriodError| given.refuse(PERIOD, format!("period {error}")))
}

#[cfg(test)]
mod tests;

//! How long a report may take and how long its record is kept (`lib/uptime_aws/README.md`, "A
//! report's life"), and whether the polls that it considers are kept.

use std::time::Duration;

use uptime::Timestamp;
use uptime::interval::DAY;
use uptime::parameters::ReportParameters;
use uptime::retention::Retention;
use uptime_aws::{NewReport, ReportId, Settings, SettingsError};

/// How many days longer than its files a record is kept, so that `get_report` can distinguish an
/// expired report from an unknown one.
const RECORD_DAYS_LONGER: u32 = 60;

/// The durations of a report's life and of its polls, from the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    receives_allowed: u32,
    visibility_timeout: Duration,
    report_days: u32,
    /// `None`: polls are kept for ever.
    pub(crate) polls: Option<Retention>,
}

impl Lifetimes {
    pub(crate) fn new(settings: &Settings) -> Result<Lifetimes, SettingsError> {
        Ok(Lifetimes {
            receives_allowed: settings.receives_allowed()?,
            visibility_timeout: settings.visibility_timeout()?,
            report_days: settings.report_days()?,
            polls: settings.poll_retention()?,
        })
    }

    /// A report requested at `now`. Its deadline is one visibility time-out after its message can
    /// become visible for the last time. Its record is deleted 60 days after its files. It says
    /// from when polls are kept at `now`, because it may be computed later.
    pub(crate) fn new_report(
        &self,
        id: ReportId,
        parameters: ReportParameters,
        now: Timestamp,
    ) -> NewReport {
        let work = self.visibility_timeout * (self.receives_allowed + 1);
        let work_micros = i64::try_from(work.as_micros()).unwrap_or(i64::MAX);
        let record_days = i64::from(self.report_days + RECORD_DAYS_LONGER);
        NewReport {
            id,
            parameters,
            polls_kept_from: self.polls.and_then(|polls| polls.exceeded_by(&parameters, now)),
            created_at: now,
            deadline: now.plus(work_micros),
            expires_at: now.plus(record_days * DAY),
        }
    }
}

#[cfg(test)]
mod tests {
    use uptime::interval::SECOND;
    use uptime::parameters::Method;

    use super::*;

    #[test]
    fn the_deadline_is_one_visibility_time_out_more_than_receives_are_allowed() {
        assert_eq!(report("").deadline, NOW.plus(6 * 360 * SECOND));
        let set = "RECEIVES_ALLOWED=2 VISIBILITY_TIMEOUT_SECONDS=10";
        assert_eq!(report(set).deadline, NOW.plus(30 * SECOND));
    }

    #[test]
    fn a_record_is_kept_60_days_longer_than_its_csv() {
        assert_eq!(report("").expires_at, NOW.plus(90 * DAY));
        assert_eq!(report("REPORT_DAYS=1").expires_at, NOW.plus(61 * DAY));
    }

    #[test]
    fn a_report_says_from_when_polls_are_kept_only_if_it_considers_earlier_time() {
        let kept_from = |days, as_of| {
            let parameters = ReportParameters { as_of, method: Method::PollCount };
            let lifetimes = lifetimes(&format!("POLL_DAYS={days}"));
            lifetimes.new_report(ReportId::random(), parameters, NOW).polls_kept_from
        };
        let two_days_ago = NOW.plus(-2 * DAY);
        assert_eq!(kept_from(10, two_days_ago), None);
        assert_eq!(kept_from(10, two_days_ago.plus(-1)), Some(NOW.plus(-10 * DAY)));
        assert_eq!(kept_from(400, two_days_ago.plus(-1)), None);
        assert_eq!(kept_from(0, Timestamp::from_micros(0)), None);
    }

    const NOW: Timestamp = Timestamp::from_micros(1_674_669_600 * SECOND);

    fn report(settings: &str) -> NewReport {
        let parameters = ReportParameters { as_of: NOW, method: Method::PollCount };
        lifetimes(settings).new_report(ReportId::random(), parameters, NOW)
    }

    fn lifetimes(settings: &str) -> Lifetimes {
        let pairs = settings.split_whitespace().filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Lifetimes::new(&Settings::from_pairs(pairs)).unwrap()
    }
}

//! The settings of a deployment, read from environment variables once, at the start.
//!
//! If a setting is missing or unusable, the start fails with an error that shows its name, its
//! value and what is accepted. An empty value counts as missing.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use uptime::parameters::Method;
use uptime::retention::Retention;

/// The `DynamoDB` table of the segments.
pub const DATA_TABLE: &str = "DATA_TABLE";
/// The `DynamoDB` table of the reports.
pub const REPORT_TABLE: &str = "REPORT_TABLE";
/// The bucket of `incoming/` and `loads/`.
pub const DATA_BUCKET: &str = "DATA_BUCKET";
/// The bucket of the reports' files.
pub const REPORT_BUCKET: &str = "REPORT_BUCKET";
/// The URL of the report queue.
pub const REPORT_QUEUE_URL: &str = "REPORT_QUEUE_URL";
/// The method of a report whose request names none.
pub const DEFAULT_METHOD: &str = "DEFAULT_METHOD";
/// How many days a report's files are kept.
pub const REPORT_DAYS: &str = "REPORT_DAYS";
/// How many days polls are kept after they were last loaded; 0: for ever.
pub const POLL_DAYS: &str = "POLL_DAYS";
/// How often the report queue delivers a message before it moves it to the dead-letter queue.
pub const RECEIVES_ALLOWED: &str = "RECEIVES_ALLOWED";
/// How long the report queue hides a message after it was delivered.
pub const VISIBILITY_TIMEOUT_SECONDS: &str = "VISIBILITY_TIMEOUT_SECONDS";
/// The namespace of a deployment's metrics; `StoreUptime` unless set.
pub const METRICS_NAMESPACE: &str = "METRICS_NAMESPACE";
/// How many MiB of polls a load may gather in memory before it writes them.
pub const LOAD_BATCH_MIB: &str = "LOAD_BATCH_MIB";
/// The share of rejected rows above which a load is Failed.
pub const REJECT_LIMIT_PERCENT: &str = "REJECT_LIMIT_PERCENT";
/// The most that a gzip file may unpack to, as a multiple of its size.
pub const GZIP_RATIO_LIMIT: &str = "GZIP_RATIO_LIMIT";

/// The value of [`POLL_DAYS`] with which nothing is ever deleted.
const FOR_EVER: &str = "0";

/// The settings of a deployment, by name, as text.
#[derive(Debug, Clone, Default)]
pub struct Settings(HashMap<String, String>);

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A required setting is not set, or empty.
    #[error("the setting {name} is missing")]
    Missing {
        /// The setting.
        name: &'static str,
    },
    /// The value is not accepted.
    #[error("the setting {name} is {value:?}; accepted is {accepted}")]
    Unusable {
        /// The setting.
        name: &'static str,
        /// What was found.
        value: String,
        /// What is accepted.
        accepted: String,
    },
}

impl Settings {
    /// Reads the environment variables. Names and values that are not UTF-8 are ignored.
    pub fn from_env() -> Settings {
        let texts = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Settings::from_pairs(texts)
    }

    /// Takes names and values. If a name is given twice, the later value counts.
    pub fn from_pairs<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Settings {
        Settings(pairs.into_iter().collect())
    }

    /// Returns a setting that must be set.
    pub fn required(&self, name: &'static str) -> Result<&str, SettingsError> {
        self.optional(name).ok_or(SettingsError::Missing { name })
    }

    /// Returns the name of a table. Checks it now; otherwise a name that `DynamoDB` does not accept
    /// would only fail when it is used.
    pub fn table(&self, name: &'static str) -> Result<&str, SettingsError> {
        let accepted = "3 to 255 letters, digits, hyphens, dots and underscores";
        self.checked(name, accepted, |value| {
            let may_hold = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            (3..=255).contains(&value.len()) && value.bytes().all(may_hold)
        })
    }

    /// Returns the name of a bucket, checked as in [`Settings::table`].
    pub fn bucket(&self, name: &'static str) -> Result<&str, SettingsError> {
        let accepted =
            "3 to 63 lower-case letters, digits, hyphens and dots, no hyphen or dot at an end";
        self.checked(name, accepted, |value| {
            let is_inner = |byte: u8| b"-.".contains(&byte);
            let may_hold =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || is_inner(byte);
            let ends = [value.bytes().next(), value.bytes().last()];
            (3..=63).contains(&value.len())
                && value.bytes().all(may_hold)
                && !ends.into_iter().flatten().any(is_inner)
        })
    }

    /// Returns the URL of a queue, checked as in [`Settings::table`].
    pub fn queue_url(&self, name: &'static str) -> Result<&str, SettingsError> {
        self.checked(name, "a URL that starts with https:// or http://", |value| {
            let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
            rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic()))
        })
    }

    fn checked(
        &self,
        name: &'static str,
        accepted: &str,
        is_usable: impl FnOnce(&str) -> bool,
    ) -> Result<&str, SettingsError> {
        let value = self.required(name)?;
        if is_usable(value) {
            return Ok(value);
        }
        let (value, accepted) = (value.to_owned(), accepted.to_owned());
        Err(SettingsError::Unusable { name, value, accepted })
    }

    /// Returns a setting if it is set and not empty.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns a whole number, or `default` if it is not set.
    pub fn number(
        &self,
        name: &'static str,
        default: u32,
        accepted: RangeInclusive<u32>,
    ) -> Result<u32, SettingsError> {
        let Some(value) = self.optional(name) else {
            return Ok(default);
        };
        let number = value.parse().ok().filter(|number| accepted.contains(number));
        number.ok_or_else(|| SettingsError::Unusable {
            name,
            value: value.to_owned(),
            accepted: format!("a whole number from {} to {}", accepted.start(), accepted.end()),
        })
    }

    /// Returns [`DEFAULT_METHOD`], without `max_hold`; `time_weighted` unless set.
    pub fn default_method(&self) -> Result<Method, SettingsError> {
        let Some(value) = self.optional(DEFAULT_METHOD) else {
            return Ok(Method::TIME_WEIGHTED);
        };
        Method::from_name(value).ok_or_else(|| SettingsError::Unusable {
            name: DEFAULT_METHOD,
            value: value.to_owned(),
            accepted: "time_weighted or poll_count".to_owned(),
        })
    }

    /// Returns [`REPORT_DAYS`]; 30 unless set.
    pub fn report_days(&self) -> Result<u32, SettingsError> {
        self.number(REPORT_DAYS, 30, 1..=3650)
    }

    /// Returns [`POLL_DAYS`]. `None`: it is 0 or not set, so polls are kept for ever.
    pub fn poll_retention(&self) -> Result<Option<Retention>, SettingsError> {
        let Some(value) = self.optional(POLL_DAYS).filter(|&value| value != FOR_EVER) else {
            return Ok(None);
        };
        let retention = value.parse().ok().and_then(Retention::of_days).map(Some);
        retention.ok_or_else(|| SettingsError::Unusable {
            name: POLL_DAYS,
            value: value.to_owned(),
            accepted: format!(
                "a whole number from {} to {}, or {FOR_EVER}, which keeps polls for ever",
                Retention::DAYS.start(),
                Retention::DAYS.end()
            ),
        })
    }

    /// Returns [`RECEIVES_ALLOWED`]; 5 unless set.
    pub fn receives_allowed(&self) -> Result<u32, SettingsError> {
        self.number(RECEIVES_ALLOWED, 5, 1..=1000)
    }

    /// Returns [`VISIBILITY_TIMEOUT_SECONDS`]; 360 unless set. At most 12 hours, the limit of SQS.
    pub fn visibility_timeout(&self) -> Result<Duration, SettingsError> {
        let seconds = self.number(VISIBILITY_TIMEOUT_SECONDS, 360, 1..=43_200)?;
        Ok(Duration::from_secs(u64::from(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_missing_or_empty_setting() {
        let error = settings("").required(DATA_TABLE).unwrap_err();
        assert_eq!(error.to_string(), "the setting DATA_TABLE is missing");

        let error = settings("DATA_TABLE=").required(DATA_TABLE).unwrap_err();
        assert_eq!(error, SettingsError::Missing { name: DATA_TABLE });
    }

    #[test]
    fn a_setting_that_is_set_is_returned() {
        assert_eq!(settings("DATA_TABLE=a b").required(DATA_TABLE), Ok("a b"));
    }

    #[test]
    fn a_name_that_aws_does_not_accept_is_refused_at_the_start() {
        let table = |name: &str| Settings::from_pairs(pair(name)).table(NAME).is_ok();
        let bucket = |name: &str| Settings::from_pairs(pair(name)).bucket(NAME).is_ok();
        let queue = |url: &str| Settings::from_pairs(pair(url)).queue_url(NAME).is_ok();
        for good in ["data", "stack-DataTable-1ABC.x_y", &"t".repeat(255)] {
            assert!(table(good), "{good}");
        }
        for good in ["data", "store-uptime-data-123456789012", &"b".repeat(63)] {
            assert!(bucket(good), "{good}");
        }
        for good in ["https://sqs.eu-west-1.amazonaws.com/1/q", "http://127.0.0.1:9/0/reports"] {
            assert!(queue(good), "{good}");
        }
        for bad in ["", "ab", "a b", "../data", "data\n", "données", "a/b", &"x".repeat(256)] {
            assert!(!table(bad) && !bucket(bad) && !queue(bad), "{bad:?}");
        }
        for bad in ["Data", "-data", "data.", "a_b", &"b".repeat(64)] {
            assert!(!bucket(bad), "{bad}");
        }
        for bad in ["https://", "https://a b", "file:///q", "queue"] {
            assert!(!queue(bad), "{bad}");
        }
        let error = Settings::from_pairs(pair("../data")).table(NAME).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the setting DATA_TABLE is \"../data\"; accepted is 3 to 255 letters, digits, hyphens, \
             dots and underscores"
        );
    }

    const NAME: &str = DATA_TABLE;

    fn pair(value: &str) -> [(String, String); 1] {
        [(NAME.to_owned(), value.to_owned())]
    }

    #[test]
    fn a_number_has_a_default_and_a_range() {
        check("", "30");
        check("REPORT_DAYS=1", "1");
        check("REPORT_DAYS=3650", "3650");
        let accepted = "accepted is a whole number from 1 to 3650";
        for bad in ["0", "3651", "x", "-1", "1.5", " 1", "99999999999"] {
            check(
                &format!("REPORT_DAYS={bad}"),
                &format!("the setting REPORT_DAYS is {bad:?}; {accepted}"),
            );
        }
    }

    #[test]
    fn polls_are_kept_for_ten_days_or_more_or_for_ever() {
        let days = |value: &str| {
            let retention = settings(&format!("POLL_DAYS={value}")).poll_retention();
            retention.map(|retention| retention.map(Retention::days))
        };
        for for_ever in ["", "0"] {
            assert_eq!(days(for_ever), Ok(None), "{for_ever:?}");
        }
        for accepted in [10, 400, 9_999] {
            assert_eq!(days(&accepted.to_string()), Ok(Some(accepted)));
        }
        for bad in ["9", "1", "10000", "-1", "10.5", " 10", "00", "ever", "99999999999"] {
            let expected = format!(
                "the setting POLL_DAYS is {bad:?}; accepted is a whole number from 10 to 9999, or 0, \
                 which keeps polls for ever"
            );
            assert_eq!(days(bad).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn the_default_method_is_one_of_two() {
        let method = |text: &str| settings(text).default_method();
        assert_eq!(method(""), Ok(Method::TIME_WEIGHTED));
        assert_eq!(method("DEFAULT_METHOD=poll_count"), Ok(Method::PollCount));
        assert!(method("DEFAULT_METHOD=both").is_err());
    }

    #[track_caller]
    fn check(pairs: &str, expected: &str) {
        let read = match settings(pairs).report_days() {
            Ok(days) => days.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(read, expected);
    }

    fn settings(pairs: &str) -> Settings {
        let pairs = pairs.split(", ").filter_map(|pair| pair.split_once('='));
        Settings::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }
}

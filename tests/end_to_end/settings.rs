//! A function with wrong settings fails when it starts, not at its first invocation.

use end_to_end::story_data::settings;
use local::emulators::client_config;
use uptime_aws::{SdkConfig, Settings, SettingsError};

const TABLES: [(&str, &str); 2] = [("DATA_TABLE", "data"), ("REPORT_TABLE", "reports")];
const BUCKETS: [(&str, &str); 2] = [("DATA_BUCKET", "data"), ("REPORT_BUCKET", "reports")];
const QUEUE: (&str, &str) = ("REPORT_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/reports");

#[test]
fn no_function_starts_with_a_name_that_is_missing_or_impossible_on_aws() {
    check(trigger_report::Resources::new, &[TABLES[0], TABLES[1], QUEUE]);
    check(compute_report::Resources::new, &[TABLES[0], TABLES[1], BUCKETS[1]]);
    check(get_report::Resources::new, &[TABLES[1], BUCKETS[1]]);
    check(load_data::Resources::new, &[TABLES[0], BUCKETS[0]]);
}

#[test]
fn no_function_starts_with_a_number_of_days_of_polls_that_is_not_accepted() {
    let nobody = client_config(([127, 0, 0, 1], 1).into(), "any");
    for (days, is_accepted) in [("0", true), ("9", false), ("10", true), ("ever", false)] {
        let trigger = settings(&[TABLES[0], TABLES[1], QUEUE, ("POLL_DAYS", days)]);
        let trigger = trigger_report::Resources::new(&nobody, &trigger);
        let load = settings(&[TABLES[0], BUCKETS[0], ("POLL_DAYS", days)]);
        let load = load_data::Resources::new(&nobody, &load);
        assert_eq!((trigger.is_ok(), load.is_ok()), (is_accepted, is_accepted), "{days}");
    }
}

#[track_caller]
fn check<R>(
    start: impl Fn(&SdkConfig, &Settings) -> Result<R, SettingsError>,
    needed: &[(&str, &str)],
) {
    let nobody = client_config(([127, 0, 0, 1], 1).into(), "any");
    assert!(start(&nobody, &settings(needed)).is_ok());
    for place in 0..needed.len() {
        for bad in ["", " ", "../x", "x y", "xx\n", "arn:aws:s3:::x/*"] {
            let mut changed = needed.to_vec();
            changed[place].1 = bad;
            let error = start(&nobody, &settings(&changed)).err().unwrap();
            assert!(error.to_string().contains(needed[place].0), "{error}");
        }
    }
}

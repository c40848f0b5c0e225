//! The service's reports equal those of `local report`, byte for byte.

use end_to_end::engine::{Sample, local_report};
use end_to_end::story::Story;
use uptime::zone::TZ_RELEASE;

use crate::small;

#[tokio::test]
async fn reports_equal_those_of_the_command_line_for_all_parameters() {
    let sample = Sample::generate(40, 9, 7);
    let story = Story::begin().await;
    story.load_all(&sample.files()).await;

    check(&story, &sample, "", "").await;
    check(&story, &sample, "?method=poll_count", "--method poll_count").await;
    check(&story, &sample, "?max_hold_minutes=45", "--max-hold-minutes 45").await;
    let at = "2023-01-23T03:30:00Z";
    check(&story, &sample, &format!("?as_of={at}"), &format!("--as-of {at}")).await;
    let at = "2023-01-26T00:00:00.5Z";
    let query = format!("?as_of={at}&method=poll_count");
    check(&story, &sample, &query, &format!("--as-of {at} --method poll_count")).await;
}

#[tokio::test]
async fn the_default_method_is_a_setting_of_the_deployment() {
    let sample = Sample::generate(5, 8, 1);
    let setting = ("DEFAULT_METHOD".to_owned(), "poll_count".to_owned());
    let story = Story::with(|settings| settings.function_settings.push(setting)).await;
    story.load_all(&sample.files()).await;

    let id = story.trigger("").await;

    assert_eq!(story.status(&id).await["method"], "poll_count");
    assert_eq!(story.csv_of(&id).await, local_report(&sample.files(), "--method poll_count"));
}

/// Vancouver has stayed at UTC-7 since March 2026, so 09:00 to 10:00 is 16:00 to 17:00 UTC, also in
/// November.
#[tokio::test]
async fn hours_are_read_by_the_zone_rules_of_today() {
    let files = [
        "store_id,dayOfWeek,start_time_local,end_time_local\nV,1,09:00,10:00\n",
        "store_id,timezone_str\nV,America/Vancouver\n",
        "store_id,timestamp_utc,status\nV,2026-11-10T16:30:00Z,active\n",
    ];
    let story = Story::begin().await;
    story.load_all(&files).await;

    let id = story.trigger("?as_of=2026-11-10T18:00:00Z").await;

    assert_eq!(story.ended(&id).await["tz_release"], TZ_RELEASE);
    let csv = format!("{}\nV,0.00,1.00,1.00,0.00,0.00,0.00\n", small::HEADER);
    assert_eq!(story.csv_of(&id).await, csv);
    assert_eq!(local_report(&files, "--as-of 2026-11-10T18:00:00Z"), csv);
}

async fn check(story: &Story, sample: &Sample, query: &str, options: &str) {
    let report = story.report(query).await;
    assert!(report.lines().count() > 20, "{report}");
    assert_eq!(report, local_report(&sample.files(), options), "{query}");
}

//! Polls that are kept for a number of days after they were last loaded, and the reports that need
//! older ones.

use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::invocation::{TIMEOUT, body, stored_event};
use end_to_end::story::Story;
use local::deployed_functions::trigger_report;
use local::system::{DATA_TABLE, REPORT_BUCKET, REPORT_QUEUE};
use serde_json::{Value, json};
use uptime::Timestamp;
use uptime::interval::{DAY, SECOND};
use uptime_aws::attributes::{EXPIRES_AT, PK, SK};

use crate::small;

const POLL_DAYS: (&str, &str) = ("POLL_DAYS", "10");

#[tokio::test]
async fn polls_expire_eleven_days_after_they_were_last_loaded_however_old_they_are() {
    let story = keeping_ten_days().await;
    let before = uptime_aws::now();
    story.load_all(&small::FILES).await;
    let expiry = only_expiry(&story).await.unwrap();
    assert!(at(expiry + 1) > before.plus(11 * DAY), "{expiry}");
    assert!(at(expiry) <= uptime_aws::now().plus(11 * DAY), "{expiry}");

    // As if they had been loaded long ago.
    set_expiry(&story, 5).await;
    story.load("again.csv", small::POLLS).await;

    let renewed = only_expiry(&story).await.unwrap();
    assert!(renewed >= expiry, "{renewed} {expiry}");
    // The function that this invokes keeps polls for ever.
    story.load_directly("again.csv").await.unwrap();
    assert_eq!(only_expiry(&story).await, None);
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn a_period_from_before_polls_are_kept_is_refused_and_nothing_happens() {
    let story = keeping_ten_days().await;
    story.load_all(&small::FILES).await;

    let answer = story.get("/trigger_report?period=2023-01").await;

    assert_eq!(answer.problem(400), "invalid-parameter");
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((&problem["parameter"], &problem["given"]), (&json!("period"), &json!("2023-01")));
    let detail = "period needs polls that may have been deleted; polls are kept for 10 days";
    assert_eq!(problem["detail"], detail);
    let accepted = problem["accepted"].as_str().unwrap();
    let earliest = accepted.strip_prefix("a period whose first date is ").unwrap();
    let earliest = earliest.strip_suffix(" or later").unwrap();
    assert!(story.messages(REPORT_QUEUE).is_empty());
    assert!(story.keys(REPORT_BUCKET, "reports/").await.is_empty());

    // The period that the answer names is accepted, once it has polls.
    let as_of = uptime_aws::now();
    story.trigger(&format!("?period={earliest}&as_of={as_of}")).await;
}

#[tokio::test]
async fn a_report_about_a_week_from_before_polls_are_kept_is_made_and_says_so() {
    let story = keeping_ten_days().await;
    story.load_all(&small::FILES).await;
    let id = story.trigger(small::AT_NOON).await;

    assert_eq!(story.csv_of(&id).await, small::csv_at_noon());

    // The note is about the instant of the request, not about that of the computation.
    let status = story.ended(&id).await;
    let requested_at = instant(status["created_at"].as_str().unwrap());
    let kept_from = instant(&note(&story, &status).await.unwrap());
    assert_eq!(kept_from, requested_at.plus(-10 * DAY));
}

#[tokio::test]
async fn a_report_says_nothing_if_all_polls_that_it_considers_are_kept() {
    let recent = uptime_aws::now().plus(-DAY);
    let polls = format!("store_id,status,timestamp_utc\na,active,{recent}\n");
    let of_days = keeping_ten_days().await;
    of_days.load_all(&[&polls]).await;
    let day = &recent.to_string()[..10];
    for query in ["", &format!("?period={day}")] {
        let id = of_days.trigger(query).await;
        assert_eq!(note(&of_days, &of_days.ended(&id).await).await, None, "{query}");
    }

    let for_ever = Story::begin().await;
    for_ever.load_all(&small::FILES).await;
    for query in [small::AT_NOON, "?period=2023-01"] {
        let id = for_ever.trigger(query).await;
        assert_eq!(note(&for_ever, &for_ever.ended(&id).await).await, None, "{query}");
    }
}

#[tokio::test]
async fn a_scheduled_report_is_made_even_if_its_period_begins_before_polls_are_kept() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let settings = story.function_settings_with(&[POLL_DAYS]);
    let function = trigger_report(&story.system.sdk_config(), &settings, TIMEOUT).unwrap();

    let answer = function.invoke(stored_event("scheduled_month")).await.unwrap();

    assert_eq!(answer["statusCode"], 202, "{answer}");
    let status = story.ended(body(&answer)["report_id"].as_str().unwrap()).await;
    assert_eq!((&status["status"], &status["period"]), (&json!("Complete"), &json!("2023-01")));
    assert!(note(&story, &status).await.is_some());
}

async fn keeping_ten_days() -> Story {
    let (name, days) = POLL_DAYS;
    let setting = (name.to_owned(), days.to_owned());
    Story::with(|settings| settings.function_settings.push(setting)).await
}

/// The member `polls_kept_from` of a complete report's `report.json`.
async fn note(story: &Story, status: &Value) -> Option<String> {
    let files = story.files_in(status).await;
    let json: Value = serde_json::from_slice(&files["report.json"]).unwrap();
    Some(json.get("polls_kept_from")?.as_str().unwrap().to_owned())
}

/// When the only segment of polls expires, in seconds since 1970.
async fn only_expiry(story: &Story) -> Option<i64> {
    let scan = story.dynamodb().scan().table_name(DATA_TABLE).send().await.unwrap();
    let of_polls = |sk: &AttributeValue| sk.as_s().unwrap().starts_with("polls#");
    let mut items = scan.items().iter().filter(|item| of_polls(&item[SK]));
    let (item, None) = (items.next().unwrap(), items.next()) else { panic!("more than one") };
    item.get(EXPIRES_AT).map(|value| value.as_n().unwrap().parse().unwrap())
}

async fn set_expiry(story: &Story, seconds: i64) {
    let scan = story.dynamodb().scan().table_name(DATA_TABLE).send().await.unwrap();
    for item in scan.items().iter().filter(|item| item.contains_key(EXPIRES_AT)) {
        let update = story.dynamodb().update_item().table_name(DATA_TABLE);
        let update = update.key(PK, item[PK].clone()).key(SK, item[SK].clone());
        let update = update.update_expression("SET #at = :at");
        let update = update.expression_attribute_names("#at", EXPIRES_AT);
        let value = AttributeValue::N(seconds.to_string());
        update.expression_attribute_values(":at", value).send().await.unwrap();
    }
}

fn instant(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * SECOND)
}

//! The hours, zones and special days of a store are those of the newest file that names it. The time
//! of the upload decides, not the time of the load.

use end_to_end::story::Story;
use end_to_end::until::until;

use crate::small;

/// The row at noon if the store is closed on that Monday.
const CLOSED_ROW: &str = "a,0.00,0.00,0.00,0.00,0.00,0.00";
const CLOSED_AT_NOON: &str = "store_id,day,start_time_local,end_time_local\na,6,01:00,02:00\n";

#[tokio::test]
async fn an_older_file_of_hours_or_zones_loaded_late_does_not_replace_a_newer_one() {
    let story = Story::begin().await;
    let far_away = "store_id,timezone\na,Asia/Tokyo\n";
    story.load("z-older-hours.csv", CLOSED_AT_NOON).await;
    story.load("z-older-zones.csv", far_away).await;
    story.load("polls.csv", small::POLLS).await;
    assert_ne!(story.report(small::AT_NOON).await, small::csv_at_noon());
    put_later(&story, "a-newer-zones.csv", small::ZONES, "z-older-zones.csv").await;
    put_later(&story, "a-newer-hours.csv", small::HOURS, "z-older-hours.csv").await;
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());

    story.load_directly("z-older-hours.csv").await.unwrap();
    story.load_directly("z-older-zones.csv").await.unwrap();

    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn special_days_change_the_report_until_a_newer_file_takes_them_back() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    story.load("z-older.csv", special_days("a,2023-01-23,closed,closed\n")).await;
    let closed = story.report(small::AT_NOON).await;
    assert_eq!(closed, small::csv_at_noon().replace(small::ROW_AT_NOON, CLOSED_ROW));
    put_later(&story, "a-newer.csv", &special_days("a,,,\n"), "z-older.csv").await;
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());

    story.load_directly("z-older.csv").await.unwrap();

    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

fn special_days(rows: &str) -> String {
    format!("store_id,date,start_time_local,end_time_local\n{rows}")
}

#[tokio::test]
async fn stores_that_a_newer_file_does_not_name_keep_their_hours_and_zones() {
    let story = Story::begin().await;
    let hours = |store| small::HOURS.replace("\na,", &format!("\n{store},"));
    let b_polls = small::POLLS.replace("\na,", "\nb,");
    let zones = format!("{}b,UTC\n", small::ZONES);
    story.load_all(&[small::HOURS, &hours("b"), &zones, small::POLLS, &b_polls]).await;
    let expected = format!("{}{}\n", small::csv_at_noon(), small::ROW_AT_NOON.replace('a', "b"));
    assert_eq!(story.report(small::AT_NOON).await, expected);
}

#[tokio::test]
async fn a_file_that_replaces_another_under_its_key_gets_a_load_of_its_own() {
    let story = Story::begin().await;
    story.load_all(&[small::ZONES, small::POLLS]).await;
    story.load("hours.csv", CLOSED_AT_NOON).await;
    story.next_second("hours.csv").await;
    story.put("hours.csv", small::HOURS).await;
    until("both are loaded", async || {
        (story.manifests("hours.csv").await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn the_first_file_counts_when_it_is_put_again_after_another() {
    let story = Story::begin().await;
    story.load_all(&[small::ZONES, small::POLLS]).await;
    let first = story.load("c.csv", small::HOURS).await;
    put_later(&story, "b.csv", CLOSED_AT_NOON, "c.csv").await;
    assert_ne!(story.report(small::AT_NOON).await, small::csv_at_noon());
    put_later(&story, "a.csv", small::HOURS, "b.csv").await;
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
    let again = story.load_ended("a.csv").await;
    assert_eq!(again.same_content_as, Some(first.folder));
}

/// Loads a file that S3 dates later than the object `older`.
async fn put_later(story: &Story, name: &str, content: &str, older: &str) {
    story.next_second(older).await;
    story.load(name, content).await;
}

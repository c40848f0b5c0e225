//! A poll from the future is rejected, so reports never use its instant as `as_of`.

use end_to_end::story::Story;
use uptime_aws::LoadStatus;

use crate::small;

#[tokio::test]
async fn a_poll_from_far_in_the_future_does_not_become_as_of() {
    let any_share = ("REJECT_LIMIT_PERCENT".to_owned(), "100".to_owned());
    let story = Story::with(|settings| settings.function_settings.push(any_share)).await;
    story.load_all(&[small::HOURS, small::ZONES]).await;
    let future = "a,active,9999-12-31 23:59:59 UTC\na,active,2100-01-01 00:00:00 UTC\n";

    let manifest = story.load("polls.csv", format!("{}{future}", small::POLLS)).await;

    assert_eq!(manifest.status, LoadStatus::Complete, "{manifest:?}");
    assert_eq!((manifest.rows, manifest.loaded, manifest.rejected), (4, 2, 2));
    assert_eq!(manifest.last_poll.as_deref(), Some("2023-01-23T11:15:00Z"));
    let rejects = story.load_file(&manifest, "rejects.csv").await.unwrap();
    assert_eq!(rejects.matches("timestamp_too_late").count(), 2, "{rejects}");
    let id = story.trigger("").await;
    assert_eq!(story.ended(&id).await["as_of"], "2023-01-23T11:15:00Z");
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn with_polls_from_the_future_alone_a_report_is_refused() {
    let story = Story::begin().await;
    let header = small::POLLS.lines().next().unwrap();

    let manifest =
        story.load("polls.csv", format!("{header}\na,active,2100-01-01 00:00:00\n")).await;

    assert_eq!(manifest.status, LoadStatus::Failed);
    assert_eq!(manifest.last_poll, None);
    assert_eq!(story.get("/trigger_report").await.problem(409), "no-polls");
}

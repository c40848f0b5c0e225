//! Links to CSVs: where they lead, and for how long.

use end_to_end::story_data::settings;
use uptime::Timestamp;
use uptime::interval::{DAY, MINUTE, SECOND};
use uptime_aws::{PresignedLink, ReportFiles, sdk_config};

const NOW: Timestamp = Timestamp::from_micros(1_674_669_600 * SECOND);

#[tokio::test]
async fn a_bucket_is_named_before_the_host_on_aws_and_in_the_path_of_an_endpoint() {
    check_place(&[], "https://reports.s3.x.amazonaws.com/a.csv?").await;
    let in_path = "http://s3.example:9000/reports/a.csv?";
    check_place(&[("AWS_ENDPOINT_URL", "http://s3.example:9000")], in_path).await;
    check_place(&[("AWS_ENDPOINT_URL_S3", "http://s3.example:9000")], in_path).await;
    let of_another_service = [("AWS_ENDPOINT_URL_SQS", "http://s3.example:9000")];
    check_place(&of_another_service, "https://reports.s3.x.amazonaws.com/a.csv?").await;
}

#[tokio::test]
async fn a_link_is_good_for_15_minutes_but_never_longer_than_its_csv() {
    check_life(DAY, 900).await;
    check_life(15 * MINUTE, 900).await;
    check_life(15 * MINUTE - 1, 899).await;
    check_life(MINUTE, 60).await;
    // S3 knows no shorter life.
    check_life(1, 1).await;
}

async fn check_place(endpoints: &[(&str, &str)], expected: &str) {
    let url = link(endpoints, NOW.plus(DAY)).await.url;
    assert!(url.starts_with(expected), "{url}");
}

async fn check_life(csv_life_micros: i64, expected_seconds: i64) {
    let link = link(&[], NOW.plus(csv_life_micros)).await;
    assert!(link.url.contains(&format!("X-Amz-Expires={expected_seconds}&")), "{}", link.url);
    assert_eq!(link.expires_at, NOW.plus(expected_seconds * SECOND));
}

async fn link(endpoints: &[(&str, &str)], csv_expires_at: Timestamp) -> PresignedLink {
    let given_by_lambda = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let mut pairs = given_by_lambda.map(|name| (name, "x")).to_vec();
    pairs.extend_from_slice(endpoints);
    let files = ReportFiles::new(&sdk_config(&settings(&pairs)).unwrap(), "reports");
    files.presigned_link("a.csv", "report.csv", NOW, csv_expires_at).await.unwrap()
}

//! Download links of CSVs: where they point.

use end_to_end::story_data::settings;
use uptime::Timestamp;
use uptime::interval::SECOND;
use uptime_aws::{ReportFiles, sdk_config};

const NOW: Timestamp = Timestamp::from_micros(1_674_669_600 * SECOND);

#[tokio::test]
async fn the_bucket_is_in_the_host_name_on_aws_and_in_the_path_of_another_endpoint() {
    check_place(&[], "https://reports.s3.x.amazonaws.com/a.csv?").await;
    let in_path = "http://s3.example:9000/reports/a.csv?";
    check_place(&[("AWS_ENDPOINT_URL", "http://s3.example:9000")], in_path).await;
    check_place(&[("AWS_ENDPOINT_URL_S3", "http://s3.example:9000")], in_path).await;
    let of_another_service = [("AWS_ENDPOINT_URL_SQS", "http://s3.example:9000")];
    check_place(&of_another_service, "https://reports.s3.x.amazonaws.com/a.csv?").await;
}

async fn check_place(endpoints: &[(&str, &str)], expected: &str) {
    let given_by_lambda = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let mut pairs = given_by_lambda.map(|name| (name, "x")).to_vec();
    pairs.extend_from_slice(endpoints);
    let files = ReportFiles::new(&sdk_config(&settings(&pairs)).unwrap(), "reports");
    let url = files.presigned_link("a.csv", "report.csv", NOW).await.unwrap().url;
    assert!(url.starts_with(expected), "{url}");
}

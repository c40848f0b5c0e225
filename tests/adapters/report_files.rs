//! The files of reports in S3: how they are stored, and where their links point.

use end_to_end::adapters::{Cloud, REPORT_BUCKET};
use end_to_end::story_data::settings;
use uptime::interval::SECOND;
use uptime::output::{FileName, ReportFile};
use uptime::{Timestamp, gzip};
use uptime_aws::{ReportFiles, ReportId, StoredFile, hash, sdk_config};

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

#[tokio::test]
async fn a_file_is_stored_under_its_attempt_and_a_page_is_packed_with_its_headers() {
    let cloud = Cloud::start().await;
    let (files, id) = (cloud.report_files(), ReportId::random());
    for name in FileName::ALL {
        let bytes = "a line\n".repeat(500).into_bytes();
        let sha256 = hash::sha256_hex(&bytes);
        let file = ReportFile { name, bytes: bytes.clone(), sha256: sha256.clone() };

        let stored = files.put(id, 3, file).await.unwrap();

        let key = format!("reports/{id}/3/{}", name.as_str());
        let expected = StoredFile { key: key.clone(), size_bytes: 3_500, sha256 };
        assert_eq!(stored, (name, expected));
        let object = cloud.s3().get_object().bucket(REPORT_BUCKET).key(key).send().await.unwrap();
        assert_eq!(object.content_type(), Some(name.content_type()));
        let is_page = name == FileName::ReportHtml;
        assert_eq!(object.content_encoding(), is_page.then_some("gzip"));
        let body = object.body.collect().await.unwrap().to_vec();
        assert_eq!(body, if is_page { gzip::pack(&bytes) } else { bytes });
    }
}

async fn check_place(endpoints: &[(&str, &str)], expected: &str) {
    let given_by_lambda = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let mut pairs = given_by_lambda.map(|name| (name, "x")).to_vec();
    pairs.extend_from_slice(endpoints);
    let files = ReportFiles::new(&sdk_config(&settings(&pairs)).unwrap(), "reports");
    let url = files.presigned_link(ReportId::random(), FileName::ReportCsv, "a.csv", NOW).await;
    let url = url.unwrap().url;
    assert!(url.starts_with(expected), "{url}");
}

//! The files of reports in S3: how they are stored, and where their links point.

use end_to_end::adapters::{Cloud, REPORT_BUCKET};
use end_to_end::engine::fleet_of;
use end_to_end::fault_injection::{Fault, Faults};
use end_to_end::story_data::settings;
use uptime::fleet::Fleet;
use uptime::interval::SECOND;
use uptime::output::{FileName, ReportFile, ReportWriter, report_files};
use uptime::parameters::{Method, ReportParameters};
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

#[tokio::test]
async fn a_table_that_is_longer_than_a_part_is_sent_in_parts_and_every_file_is_as_it_is_made() {
    let cloud = Cloud::start().await;
    let faults = Faults::default();
    let files = ReportFiles::new(&faults.between(&cloud.sdk_config()), REPORT_BUCKET);
    let (fleet, id) = (large_fleet(), ReportId::random());

    let stored = files.put_all(id, 1, ReportWriter::new(fleet.clone())).await.unwrap();

    assert_eq!(faults.tries("UploadPart"), 2);
    assert_eq!(faults.tries("CompleteMultipartUpload"), 1);
    assert_eq!(faults.tries("PutObject"), 4);
    let made = report_files(fleet);
    assert_eq!(stored.iter().map(|(name, _)| name).collect::<Vec<_>>(), FileName::ALL);
    for ((_, stored), made) in stored.iter().zip(made) {
        let ReportFile { name, bytes, sha256 } = made;
        let key = format!("reports/{id}/1/{}", name.as_str());
        let size_bytes = bytes.len() as u64;
        assert_eq!(*stored, StoredFile { key: key.clone(), size_bytes, sha256 });
        let object = cloud.s3().get_object().bucket(REPORT_BUCKET).key(key).send().await.unwrap();
        assert_eq!(object.content_type(), Some(name.content_type()));
        let body = object.body.collect().await.unwrap().to_vec();
        let is_page = name == FileName::ReportHtml;
        assert!(body == if is_page { gzip::pack(&bytes) } else { bytes }, "{name:?}");
    }
}

#[tokio::test]
async fn a_table_that_cannot_be_sent_whole_is_not_stored_and_leaves_no_parts() {
    for (operation, earlier) in [("UploadPart", 1), ("CompleteMultipartUpload", 0)] {
        let cloud = Cloud::start().await;
        let faults = Faults::default();
        faults.plan(operation, earlier, Fault::Refuse(403, "AccessDenied"));
        let files = ReportFiles::new(&faults.between(&cloud.sdk_config()), REPORT_BUCKET);
        let id = ReportId::random();

        let stored = files.put_all(id, 1, ReportWriter::new(large_fleet())).await;

        assert_eq!(stored.unwrap_err().operation(), operation);
        assert_eq!(faults.tries("AbortMultipartUpload"), 1);
        let key = format!("reports/{id}/1/stores.csv");
        let found = cloud.s3().head_object().bucket(REPORT_BUCKET).key(key).send().await;
        assert!(found.is_err(), "{operation}");
    }
}

#[tokio::test]
async fn after_the_failure_of_another_file_an_upload_in_parts_is_ended_too() {
    let cloud = Cloud::start().await;
    let faults = Faults::default();
    faults.plan("PutObject", 0, Fault::Refuse(403, "AccessDenied"));
    let files = ReportFiles::new(&faults.between(&cloud.sdk_config()), REPORT_BUCKET);

    let stored = files.put_all(ReportId::random(), 1, ReportWriter::new(large_fleet())).await;

    assert_eq!(stored.unwrap_err().operation(), "PutObject");
    let ended = ["CompleteMultipartUpload", "AbortMultipartUpload"].map(|it| faults.tries(it));
    assert_eq!((faults.tries("CreateMultipartUpload"), ended.iter().sum()), (1, 1));
}

/// A fleet whose `stores.csv` is a little longer than a first part of 32 MiB. So is no other table.
fn large_fleet() -> Fleet {
    let zone = |number| format!("{number:0>120},America/Argentina/ComodRivadavia\n");
    let zones = format!("store_id,timezone_str\n{}", (0..132_000).map(zone).collect::<String>());
    let polls = "store_id,timestamp_utc,status\nx,2023-01-24 09:00:00 UTC,inactive\n";
    fleet_of(&[polls, &zones], ReportParameters { as_of: NOW, method: Method::TIME_WEIGHTED })
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

//! The files that a load writes: its manifest, and CSVs of any length.

use end_to_end::adapters::{Cloud, DATA_BUCKET};
use end_to_end::fault_injection::{Fault, Faults};
use uptime::Timestamp;
use uptime::segment::Source;
use uptime_aws::manifest::{ManifestFile, ManifestWarnings};
use uptime_aws::{LoadFiles, LoadFolder, LoadStatus, Manifest};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_manifest_reads_back_and_can_be_replaced() {
    let cloud = Cloud::start().await;
    let loads = cloud.load_files();
    let running = manifest(LoadStatus::Running);
    let complete = manifest(LoadStatus::Complete);

    assert_eq!(loads.manifest(&folder()).await.unwrap(), None);
    loads.put_manifest(&folder(), &running).await.unwrap();
    assert_eq!(loads.manifest(&folder()).await.unwrap(), Some(running));
    loads.put_manifest(&folder(), &complete).await.unwrap();
    assert_eq!(loads.manifest(&folder()).await.unwrap(), Some(complete));
}

#[tokio::test]
async fn a_late_attempt_never_records_an_ended_load_as_running() {
    let cloud = Cloud::start().await;
    let loads = cloud.load_files();
    let running = manifest(LoadStatus::Running);
    let complete = manifest(LoadStatus::Complete);

    loads.begin_manifest(&folder(), &running).await.unwrap();
    assert_eq!(loads.manifest(&folder()).await.unwrap(), Some(running.clone()));
    loads.put_manifest(&folder(), &complete).await.unwrap();
    loads.begin_manifest(&folder(), &running).await.unwrap();
    assert_eq!(loads.manifest(&folder()).await.unwrap(), Some(complete));
}

#[tokio::test]
async fn a_manifest_that_another_attempt_wrote_or_is_writing_is_kept() {
    for (status, code, is_fine) in [
        (412, "PreconditionFailed", true),
        (409, "ConditionalRequestConflict", true),
        (403, "AccessDenied", false),
    ] {
        let cloud = Cloud::start().await;
        let faults = Faults::default();
        faults.plan("PutObject", 0, Fault::Refuse(status, code));
        let loads = LoadFiles::new(&faults.between(&cloud.sdk_config()), DATA_BUCKET);

        let begun = loads.begin_manifest(&folder(), &manifest(LoadStatus::Running)).await;

        assert_eq!(begun.is_ok(), is_fine, "{code}");
        let complete = manifest(LoadStatus::Complete);
        loads.put_manifest(&folder(), &complete).await.unwrap();
        assert_eq!(loads.manifest(&folder()).await.unwrap(), Some(complete));
    }
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_counts_as_none() {
    let cloud = Cloud::start().await;
    cloud.put(&format!("{}manifest.json", folder()), b"{\"status\": ").await;

    assert_eq!(cloud.load_files().manifest(&folder()).await.unwrap(), None);
}

#[tokio::test]
async fn only_the_start_of_a_long_file_of_rejects_is_read() {
    let cloud = Cloud::start().await;
    let loads = cloud.load_files();
    assert_eq!(loads.start_of_rejects(&folder(), 100).await.unwrap(), b"");

    let rejects: Vec<u8> = (0..=u8::MAX).cycle().take(MIB).collect();
    cloud.put(&format!("{}rejects.csv", folder()), &rejects).await;

    for (limit, expected) in [(1, 1), (300, 300), (2 * MIB, MIB)] {
        let start = loads.start_of_rejects(&folder(), limit).await.unwrap();
        assert!(start == rejects[..expected], "{limit}");
    }
}

#[tokio::test]
async fn a_csv_of_any_length_is_stored_whole() {
    check(&[1]).await;
    check(&[100, 0, 1_000]).await;
    check(&[8 * MIB - 1]).await;
    check(&[8 * MIB]).await;
    check(&[8 * MIB - 1, 1, 1]).await;
    check(&[20 * MIB, 3]).await;
}

#[tokio::test]
async fn a_csv_without_bytes_is_not_stored() {
    let cloud = Cloud::start().await;
    let mut upload = cloud.load_files().csv_upload(&folder(), "rejects.csv");

    upload.write(b"").await.unwrap();
    upload.finish().await.unwrap();

    assert_eq!(cloud.object(&key()).await, None);
}

#[tokio::test]
async fn nothing_is_stored_before_the_end_nor_after_an_abort() {
    let cloud = Cloud::start().await;
    let mut upload = cloud.load_files().csv_upload(&folder(), "rejects.csv");

    upload.write(&vec![b'x'; 9 * MIB]).await.unwrap();
    assert_eq!(cloud.object(&key()).await, None);
    upload.abort().await;

    assert_eq!(cloud.object(&key()).await, None);
}

#[tokio::test]
async fn a_csv_with_a_failing_part_is_given_up_and_leaves_no_parts() {
    // Once the third part fails, during writing; once the last part fails, at the end.
    for (parts, is_written) in [(3, false), (2, true)] {
        let cloud = Cloud::start().await;
        let faults = Faults::default();
        faults.plan("UploadPart", 2, Fault::Refuse(403, "AccessDenied"));
        let loads = LoadFiles::new(&faults.between(&cloud.sdk_config()), DATA_BUCKET);
        let mut upload = loads.csv_upload(&folder(), "rejects.csv");

        let written = upload.write(&vec![b'x'; parts * 8 * MIB + 1]).await;

        assert_eq!(written.is_ok(), is_written);
        if is_written {
            assert_eq!(upload.finish().await.unwrap_err().operation(), "UploadPart");
        } else {
            upload.abort().await;
        }
        assert_eq!(faults.tries("UploadPart"), 3);
        assert_eq!(faults.tries("AbortMultipartUpload"), 1);
        assert_eq!(cloud.object(&key()).await, None);
    }
}

/// Writes pieces of these lengths, then reads the CSV back.
async fn check(lengths: &[usize]) {
    let cloud = Cloud::start().await;
    let mut upload = cloud.load_files().csv_upload(&folder(), "rejects.csv");
    let mut written = Vec::new();
    for &length in lengths {
        let piece: Vec<u8> =
            (written.len()..written.len() + length).map(|at| b"0123456789\n"[at % 11]).collect();
        upload.write(&piece).await.unwrap();
        written.extend_from_slice(&piece);
    }
    upload.finish().await.unwrap();

    let object = cloud.s3().get_object().bucket(DATA_BUCKET).key(key()).send().await.unwrap();

    assert_eq!(object.content_type(), Some("text/csv; charset=utf-8"), "{lengths:?}");
    let read = object.body.collect().await.unwrap().to_vec();
    assert!(read == written, "{lengths:?}");
}

fn key() -> String {
    format!("{}rejects.csv", folder())
}

fn folder() -> LoadFolder {
    LoadFolder::of(DATA_BUCKET, &source())
}

fn source() -> Source {
    Source::new(Timestamp::from_micros(1), "incoming/polls.csv", "v1")
}

fn manifest(status: LoadStatus) -> Manifest {
    Manifest {
        status,
        file: ManifestFile::new(DATA_BUCKET, &source(), 7),
        folder: folder().to_string(),
        kind: Some("polls".to_owned()),
        sha256: None,
        rows: 3,
        loaded: 2,
        duplicate: 1,
        conflicts: 0,
        rejected: 0,
        warnings: ManifestWarnings { only_rejected_stores: 0, spreadsheet_ids: 1 },
        first_poll: None,
        last_poll: None,
        started_at: "2023-01-24T00:00:01Z".to_owned(),
        completed_at: None,
        duration_ms: None,
        same_content_as: None,
        error: None,
    }
}

//! A bad row never stops a good one and is never dropped silently. It can be corrected and put
//! again.

use end_to_end::fault_injection::Fault;
use end_to_end::faulty_system::FaultySystem;
use end_to_end::story::Story;
use uptime_aws::manifest::ManifestWarnings;
use uptime_aws::{LoadErrorCode, LoadStatus, Manifest};

use crate::small;

/// With this limit, one bad row does not fail the load.
const ANY_SHARE: (&str, &str) = ("REJECT_LIMIT_PERCENT", "100");

#[tokio::test]
async fn a_bad_row_of_polls_is_recorded_and_can_be_corrected() {
    let story = lenient().await;
    story.load_all(&[small::HOURS, small::ZONES]).await;
    let bad = small::POLLS.replace("inactive", "inactiv");

    let manifest = story.load("polls.csv", bad.as_str()).await;

    check_counts(&manifest, (2, 1, 1));
    let rejects = story.load_file(&manifest, "rejects.csv").await.unwrap();
    check_reject(&rejects, "3,", "status");
    let rows = story.load_file(&manifest, "rejected_rows.csv").await.unwrap();
    let header = small::POLLS.lines().next().unwrap();
    assert_eq!(rows, format!("{header}\n{}\n", bad.lines().nth(2).unwrap()));
    assert_ne!(story.report(small::AT_NOON).await, small::csv_at_noon());

    let corrected = story.load("again.csv", rows.replace("inactiv,", "inactive,")).await;
    check_counts(&corrected, (1, 1, 0));
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn the_manifest_warns_of_stores_only_in_rejected_rows_and_of_ids_from_a_spreadsheet() {
    let story = lenient().await;
    let zones = "store_id,timezone_str\n1.48E+18,UTC\n257000000000000.0,UTC\nb,Nowhere\n";

    let manifest = story.load("zones.csv", zones).await;

    check_counts(&manifest, (3, 2, 1));
    let expected = ManifestWarnings { only_rejected_stores: 1, spreadsheet_ids: 2 };
    assert_eq!(manifest.warnings, expected);
}

#[tokio::test]
async fn a_bad_row_of_hours_is_recorded_with_the_good_rows_of_its_store() {
    let story = lenient().await;
    story.load_all(&[small::ZONES, small::POLLS]).await;
    // Store a is open from 9 to 10 and from 10 to 12; the other store has no bad row.
    let bad = "store_id,dayOfWeek,start_time_local,end_time_local\n\
        a,0,09:00,10:00\n\
        other,0,09:00,10:00\n\
        a,0,10:00,12 o'clock\n";

    let manifest = story.load("hours.csv", bad).await;

    check_counts(&manifest, (3, 2, 1));
    let rejects = story.load_file(&manifest, "rejects.csv").await.unwrap();
    check_reject(&rejects, "4,", "end_time_local");
    let rows = story.load_file(&manifest, "rejected_rows.csv").await.unwrap();
    let mut lines: Vec<&str> = rows.lines().collect();
    lines[1..].sort_unstable();
    assert_eq!(lines, [bad.lines().next().unwrap(), "a,0,09:00,10:00", "a,0,10:00,12 o'clock"]);
    assert_eq!(manifest.warnings, ManifestWarnings::default());

    let corrected = story.load("z-again.csv", rows.replace("12 o'clock", "12:00")).await;
    check_counts(&corrected, (2, 2, 0));
    let csv = story.report(small::AT_NOON).await;
    assert!(csv.contains(small::ROW_AT_NOON), "{csv}");
}

#[tokio::test]
async fn a_bad_row_of_zones_is_recorded_and_can_be_corrected() {
    let story = lenient().await;
    story.load_all(&[small::HOURS, small::POLLS]).await;

    let manifest = story.load("zones.csv", "store_id,timezone_str\nb,UTC\na,Utopia/City\n").await;

    check_counts(&manifest, (2, 1, 1));
    let rejects = story.load_file(&manifest, "rejects.csv").await.unwrap();
    check_reject(&rejects, "3,", "timezone_str");
    let rows = story.load_file(&manifest, "rejected_rows.csv").await.unwrap();
    assert_eq!(rows, "store_id,timezone_str\na,Utopia/City\n");

    check_counts(&story.load("z.csv", rows.replace("Utopia/City", "UTC")).await, (1, 1, 0));
    assert!(story.report(small::AT_NOON).await.contains(small::ROW_AT_NOON));
}

#[tokio::test]
async fn a_load_with_too_many_rejects_fails_and_its_good_rows_count() {
    let story = Story::begin().await;
    let manifest = story.load("polls.csv", small::POLLS.replace("inactive", "?")).await;
    assert_eq!(manifest.status, LoadStatus::Failed);
    assert_eq!(manifest.error.clone().unwrap().code, LoadErrorCode::TooManyRejects);
    check_counts(&Manifest { status: LoadStatus::Complete, ..manifest }, (2, 1, 1));
    let id = story.trigger("").await;
    assert_eq!(story.status(&id).await["as_of"], "2023-01-23T10:14:00Z");
    story.csv_of(&id).await;
}

#[tokio::test]
async fn a_load_whose_rejects_cannot_be_stored_aborts_their_upload_and_can_be_repeated() {
    let system = FaultySystem::start(&small::FILES).await;
    // Both files of rejects are large enough to be uploaded in parts.
    let bad =
        format!("{}{}", small::ZONES, format!("b,{}\n", "Utopia/".repeat(14)).repeat(100_000));
    system.story.load("bad.csv", bad).await;
    let (part, completion) = ("UploadPart", "CompleteMultipartUpload");
    for (operation, earlier, completed) in
        [(part, 0, 0), (part, 1, 0), (completion, 0, 0), (completion, 1, 1)]
    {
        system.faults.clear();
        system.faults.plan(operation, earlier, Fault::Refuse(403, "AccessDenied"));

        let failed = system.load_directly("bad.csv").await;

        assert!(failed.is_err());
        let begun = system.faults.tries("CreateMultipartUpload");
        let aborted = system.faults.tries("AbortMultipartUpload");
        assert!(begun > 0);
        assert_eq!(aborted, begun - completed, "{operation} {earlier}");
    }
    let manifest = system.load_directly("bad.csv").await.unwrap();
    assert_eq!(manifest["rejected"], 100_000);
}

async fn lenient() -> Story {
    let setting = (ANY_SHARE.0.to_owned(), ANY_SHARE.1.to_owned());
    Story::with(|settings| settings.function_settings.push(setting)).await
}

#[track_caller]
fn check_counts(manifest: &Manifest, rows_loaded_rejected: (u64, u64, u64)) {
    assert_eq!(manifest.status, LoadStatus::Complete, "{manifest:?}");
    assert_eq!((manifest.rows, manifest.loaded, manifest.rejected), rows_loaded_rejected);
}

/// `rejects.csv` holds one reject: first its line number, then its column.
#[track_caller]
fn check_reject(rejects: &str, line: &str, column: &str) {
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines.len(), 2, "{rejects}");
    assert!(lines[1].starts_with(line), "{rejects}");
    assert!(lines[1].contains(column), "{rejects}");
}

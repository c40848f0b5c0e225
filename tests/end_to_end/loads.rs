//! Files that are put, plain or gzip, under any key and in any order, and how their loads end.

use std::io::Write;

use end_to_end::engine::{Sample, local_report};
use end_to_end::story::Story;
use flate2::Compression;
use flate2::write::GzEncoder;
use uptime_aws::{LoadErrorCode, LoadStatus};

use crate::small;

#[tokio::test]
async fn a_manifest_describes_the_file_and_the_outcome_of_its_load() {
    let story = Story::begin().await;
    let manifest = story.load("2023/polls.csv", small::POLLS).await;
    assert_eq!(manifest.status, LoadStatus::Complete);
    assert_eq!(manifest.kind.as_deref(), Some("polls"));
    assert_eq!(manifest.file.key, "incoming/2023/polls.csv");
    assert_eq!(manifest.file.size_bytes, small::POLLS.len() as u64);
    assert_eq!((manifest.rows, manifest.loaded, manifest.rejected), (2, 2, 0));
    assert_eq!(manifest.first_poll.as_deref(), Some("2023-01-23T10:14:00Z"));
    assert_eq!(manifest.last_poll.as_deref(), Some("2023-01-23T11:15:00Z"));
    assert_eq!(manifest.sha256.as_deref().map(str::len), Some(64));
    assert_eq!(manifest.same_content_as, None);
    assert!(manifest.folder.starts_with("loads/2023/polls.csv/"), "{}", manifest.folder);
    assert!(story.load_file(&manifest, "rejects.csv").await.is_none());

    assert_eq!(story.load("h", small::HOURS).await.kind.as_deref(), Some("business_hours"));
    assert_eq!(story.load("z", small::ZONES).await.kind.as_deref(), Some("time_zones"));
    let special_days =
        "store_id,date,start_time_local,end_time_local,note\na,2023-01-28,,,Closed\n";
    assert_eq!(story.load("s", special_days).await.kind.as_deref(), Some("special_days"));
}

#[tokio::test]
async fn a_gzip_file_is_recognised_by_its_first_bytes() {
    let story = Story::begin().await;
    story.load("hours.csv.gz", gzip(small::HOURS)).await;
    story.load("zones-named-otherwise.csv", gzip(small::ZONES)).await;
    story.load("polls.csv.gz", gzip(small::POLLS)).await;
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn a_truncated_gzip_file_fails_and_the_rows_read_are_kept() {
    let sample = Sample::generate(20, 8, 3);
    let packed = gzip(&sample.polls);
    let story = Story::begin().await;
    let manifest = story.load("polls.csv.gz", &packed[..packed.len() - 100]).await;
    assert_eq!(manifest.status, LoadStatus::Failed);
    assert_eq!(manifest.error.unwrap().code, LoadErrorCode::Damaged);
    assert!(manifest.loaded > 0);
    story.report("").await;
}

#[tokio::test]
async fn a_highly_compressed_file_is_read_whole_by_a_load_and_by_local_report() {
    let repeated = "a,active,2023-01-23 10:14:00 UTC\n".repeat(80);
    let other_store = |number: u32| number.wrapping_mul(2_654_435_761);
    let rows = (0..1_000).map(|number| format!("{repeated}{},{POLL}\n", other_store(number)));
    let polls = format!("store_id,status,timestamp_utc\n{}", rows.collect::<String>());
    let packed = gzip(&polls);
    let ratio = polls.len() / packed.len();
    assert!((110..190).contains(&ratio), "{ratio}");
    let story = Story::begin().await;

    let manifest = story.load("polls.csv.gz", packed.clone()).await;

    assert_eq!((manifest.status, manifest.error), (LoadStatus::Complete, None));
    let report = local_report(&[packed], "");
    assert_eq!(report.lines().count(), 1 + 1_001);
    assert_eq!(story.report("").await, report);
}

const POLL: &str = "inactive,2023-01-23 11:15:00 UTC";

#[tokio::test]
async fn a_file_without_a_usable_header_of_another_format_or_with_days_from_1_is_refused_whole() {
    let story = Story::begin().await;
    let utf16: Vec<u8> = small::POLLS.bytes().flat_map(|byte| [byte, 0]).collect();
    let (no_header, encoding) = (LoadErrorCode::NoUsableHeader, LoadErrorCode::Encoding);
    let days_from_1 = small::HOURS.replace(",0,", ",7,");
    for (name, content, code) in [
        ("a", b"a,b\n1,2\n".to_vec(), no_header),
        ("b", utf16, encoding),
        ("c", Vec::new(), no_header),
        ("d", b"PAR1\x15\x04".to_vec(), LoadErrorCode::OtherFormat),
        ("e", days_from_1.into_bytes(), LoadErrorCode::DaysFromOne),
    ] {
        let manifest = story.load(name, content).await;
        assert_eq!(manifest.status, LoadStatus::Failed, "{name}");
        assert_eq!((manifest.rows, manifest.loaded), (0, 0), "{name}");
        for file in ["rejects.csv", "rejected_rows.csv"] {
            assert_eq!(story.load_file(&manifest, file).await, None, "{name} {file}");
        }
        assert_eq!(manifest.error.unwrap().code, code, "{name}");
    }
    assert_eq!(story.get("/trigger_report").await.problem(409), "no-polls");
}

#[tokio::test]
async fn a_key_may_hold_spaces_plus_signs_percents_and_letters_of_any_script() {
    let story = Story::begin().await;
    let hours = story.load("opening hours (1).csv", small::HOURS).await;
    assert_eq!(hours.file.key, "incoming/opening hours (1).csv");
    story.load("a+b=50%25 & ü.csv", small::ZONES).await;
    let polls = story.load("100%/polls+1.csv", small::POLLS).await;
    assert!(polls.folder.starts_with("loads/100%/polls+1.csv/"), "{}", polls.folder);
    assert_eq!(story.report(small::AT_NOON).await, small::csv_at_noon());
}

#[tokio::test]
async fn order_splitting_and_repetition_of_files_change_no_byte() {
    let sample = Sample::generate(25, 8, 11);
    let expected = local_report(&sample.files(), "");
    let (header, rows) = sample.polls.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    // Part n gets every third row. That is as good as shuffling: the sample's rows are shuffled.
    let part = |first: usize| {
        let rows = rows.iter().rev().skip(first).step_by(3);
        rows.fold(header.to_owned(), |part, row| part + "\n" + row)
    };
    let story = Story::begin().await;
    let [zones, hours, special_days] =
        [&sample.zones, &sample.hours, &sample.special_days].map(String::clone);
    let files = [part(1), zones, part(2), special_days, part(0), part(1), hours];
    for (place, file) in files.into_iter().enumerate() {
        story.put(&format!("{place}.csv"), file).await;
    }
    for place in 0..7 {
        assert_eq!(story.load_ended(&format!("{place}.csv")).await.status, LoadStatus::Complete);
    }
    assert_eq!(story.report("").await, expected);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

//! The file of the local tables is deleted or damaged, while the objects remain.

use std::fs;
use std::path::Path;

use end_to_end::engine::{Sample, local_report};
use end_to_end::story::Story;
use local::system::{System, SystemSettings};

const NAMES: [&str; 4] = ["hours.csv", "polls.csv", "special_days.csv", "zones.csv"];

#[tokio::test]
async fn lost_tables_are_filled_again_from_the_objects() {
    let sample = Sample::generate(30, 9, 5);
    let folder = loaded(&sample).await;
    remove(folder.path(), &["tables.sqlite", "tables.sqlite-wal", "tables.sqlite-shm"]);

    let story = Story::in_folder(folder, |_| {}).await;

    assert_eq!(story.system.continued_work().files, NAMES.len());
    check_whole(&story, &sample).await;
}

#[tokio::test]
async fn a_write_ahead_log_without_its_tables_is_ignored() {
    let sample = Sample::generate(30, 9, 6);
    let folder = loaded(&sample).await;
    // The state that a killed process leaves.
    fs::write(folder.path().join("tables.sqlite-wal"), [7; 5_000]).unwrap();
    remove(folder.path(), &["tables.sqlite"]);

    let story = Story::in_folder(folder, |_| {}).await;

    check_whole(&story, &sample).await;
}

#[tokio::test]
async fn a_start_killed_while_it_deletes_manifests_is_repeated() {
    let sample = Sample::generate(30, 9, 7);
    let story = Story::in_folder(loaded(&sample).await, |_| {}).await;
    // The tables are created last. A kill before that leaves no tables and some of the manifests.
    let manifest = story.manifest("polls.csv").await.unwrap();
    let key = format!("{}manifest.json", manifest.folder);
    story.s3().delete_object().bucket("data").key(key).send().await.unwrap();
    let folder = story.end().await;
    remove(folder.path(), &["tables.sqlite", "tables.sqlite-wal"]);

    let story = Story::in_folder(folder, |_| {}).await;

    assert_eq!(story.system.continued_work().files, NAMES.len());
    check_whole(&story, &sample).await;
}

#[tokio::test]
async fn unreadable_tables_are_named_with_what_to_do() {
    let sample = Sample::generate(30, 9, 8);
    let folder = loaded(&sample).await;
    let tables = folder.path().join("tables.sqlite");
    let whole = fs::read(&tables).unwrap();
    let mut damaged = whole.clone();
    damaged[100..].fill(0xa5);

    for bytes in [b"no database at all, whatever its name says".repeat(100), damaged] {
        fs::write(&tables, bytes).unwrap();
        let settings = SystemSettings::in_folder(folder.path());
        let error = System::start(&settings).await.unwrap_err().to_string();
        assert!(error.contains(&tables.display().to_string()), "{error}");
        assert!(error.contains("delete it"), "{error}");
    }

    // Following the message is enough to recover.
    remove(folder.path(), &["tables.sqlite", "tables.sqlite-wal", "tables.sqlite-shm"]);
    let story = Story::in_folder(folder, |_| {}).await;
    check_whole(&story, &sample).await;
}

/// The data folder of a system that loaded a sample and then ended.
async fn loaded(sample: &Sample) -> tempfile::TempDir {
    let story = Story::begin().await;
    story.load("hours.csv", sample.hours.clone()).await;
    story.load("zones.csv", sample.zones.clone()).await;
    story.load("special_days.csv", sample.special_days.clone()).await;
    story.load("polls.csv", sample.polls.clone()).await;
    story.end().await
}

/// Deletes files of the folder. Some of them may not exist.
fn remove(folder: &Path, names: &[&str]) {
    for name in names {
        fs::remove_file(folder.join(name)).ok();
    }
}

async fn check_whole(story: &Story, sample: &Sample) {
    for name in NAMES {
        story.load_ended(name).await;
    }
    assert_eq!(story.report("").await, local_report(&sample.files(), ""));
}

//! The process is killed at work, as by `kill -9`. The next process finishes what it left.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use end_to_end::child::{self, ChildSystem};
use end_to_end::engine::{Sample, local_report};
use end_to_end::http::Http;
use end_to_end::phase::Phase;
use end_to_end::story::Story;
use end_to_end::until::until;
use local::emulators::client_config;
use local::secret::Secret;
use local::system::{DATA_BUCKET, LOAD_DEAD_LETTER_QUEUE};
use local::uploads::Uploads;
use uptime_aws::{LoadFiles, LoadFolder, LoadStatus};

/// Serves the tests below in a process of its own. In the test run itself it passes at once.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_to_be_killed() {
    child::serve().await;
}

#[tokio::test]
async fn a_load_killed_twice_ends_like_an_undisturbed_one() {
    let sample = Sample::generate(120, 20, 17);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();

    let child = child_in(&data).await;
    let uploads = Uploads::to_system_at(child.s3, &data).await.unwrap();
    put(&uploads, "hours.csv", &sample.hours).await;
    put(&uploads, "zones.csv", &sample.zones).await;
    let polls = put(&uploads, "polls.csv", &sample.polls).await;
    begun(&child, &data, &polls).await;
    child.kill().await;

    let child = child_in(&data).await;
    let before = tables(&data);
    until("something is stored", async || (tables(&data) != before).then_some(())).await;
    child.kill().await;

    let story = Story::in_folder(folder, |_| {}).await;
    assert!(story.system.continued_work().files >= 1);
    let manifest = story.load_ended("polls.csv").await;
    assert_eq!(manifest.status, LoadStatus::Complete);
    assert_eq!(manifest.loaded + manifest.duplicate, manifest.rows);
    story.load_ended("hours.csv").await;
    story.load_ended("zones.csv").await;
    assert_eq!(story.report("").await, local_report(&sample.files(), ""));
}

#[tokio::test]
async fn a_load_killed_more_often_than_a_message_may_fail_is_still_loaded() {
    let sample = Sample::generate(20, 5, 29);
    let folder = tempfile::tempdir().unwrap();
    for kill in 0..7 {
        let in_the_middle = Some(Phase::FirstBatchWritten);
        let test = "killed_processes::the_process_to_be_killed";
        let mut child = ChildSystem::start_held(folder.path(), test, in_the_middle).await;
        if kill == 0 {
            let uploads = Uploads::to_system_at(child.s3, folder.path()).await.unwrap();
            put(&uploads, "polls.csv", &sample.polls).await;
        }
        child.held().await;
        child.kill().await;
    }

    let story = Story::in_folder(folder, |_| {}).await;

    assert_eq!(story.load_ended("polls.csv").await.status, LoadStatus::Complete);
    assert!(story.messages(LOAD_DEAD_LETTER_QUEUE).is_empty());
}

#[tokio::test]
async fn reports_being_computed_when_the_process_is_killed_are_completed() {
    let sample = Sample::generate(60, 9, 23);
    let folder = tempfile::tempdir().unwrap();
    let story = Story::in_folder(folder, |_| {}).await;
    story.load_all(&sample.files()).await;
    let folder = story.end().await;

    let child = child_in(folder.path()).await;
    let http = Http::new();
    let mut ids = Vec::new();
    for _ in 0..8 {
        let answer = http.get(&format!("http://{}/trigger_report", child.api)).await;
        ids.push(answer.document(202)["report_id"].as_str().unwrap().to_owned());
    }
    until("the first report is complete", async || {
        let answer = http.get(&format!("http://{}/get_report/{}", child.api, ids[0])).await;
        (answer.document(200)["status"] == "Complete").then_some(())
    })
    .await;
    child.kill().await;

    let story = Story::in_folder(folder, |_| {}).await;
    assert!(story.system.continued_work().reports >= 1);
    let expected = local_report(&sample.files(), "");
    for id in ids {
        assert_eq!(story.csv_of(&id).await, expected, "{id}");
    }
}

async fn child_in(data: &Path) -> ChildSystem {
    ChildSystem::start(data, "killed_processes::the_process_to_be_killed").await
}

async fn put(uploads: &Uploads, name: &str, content: &str) -> LoadFolder {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), content).unwrap();
    uploads.put(file.path(), &format!("incoming/{name}")).await.unwrap()
}

/// Waits until a load has a manifest. The manifest is written before the file is read.
async fn begun(child: &ChildSystem, data: &Path, load: &LoadFolder) {
    let secret = Secret::read(data).unwrap();
    let loads = LoadFiles::new(&client_config(child.s3, secret.expose()), DATA_BUCKET);
    until("the load has begun", async || loads.manifest(load).await.unwrap()).await;
}

/// Sizes and times of the files of the DynamoDB emulator. They change with every write.
fn tables(data: &Path) -> Vec<(OsString, u64, SystemTime)> {
    let files = fs::read_dir(data).unwrap().map(Result::unwrap);
    let tables = files.filter(|file| file.file_name().to_string_lossy().starts_with("tables."));
    let mut tables: Vec<_> = tables
        .filter_map(|file| {
            let metadata = file.metadata().ok()?;
            Some((file.file_name(), metadata.len(), metadata.modified().ok()?))
        })
        .collect();
    tables.sort_unstable();
    tables
}

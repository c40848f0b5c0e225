//! The process is killed, as by `kill -9`, in every phase of a load and of a report. The next
//! process continues the work.
//!
//! A proxy holds the call that marks the phase, so the kill surely falls into it. A few more kills
//! come at random instants. The result is then compared with an undisturbed run.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use end_to_end::child::{self, ChildSystem};
use end_to_end::dice::{Dice, seeds};
use end_to_end::engine::{Sample, local_report};
use end_to_end::http::Http;
use end_to_end::phase::{OF_A_LOAD, OF_A_REPORT, Phase};
use end_to_end::story::Story;
use end_to_end::undisturbed::{check_items, undisturbed_items};
use local::system::LOAD_DEAD_LETTER_QUEUE;
use local::uploads::Uploads;
use tempfile::TempDir;
use uptime_aws::LoadStatus;

use crate::parts;

type Kills = BTreeMap<&'static str, u32>;

/// Serves the kills below in a process of its own. In the test run itself it passes at once.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_to_be_killed() {
    child::serve().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kills_in_every_phase_data_and_reports_equal_an_undisturbed_run() {
    let mut kills = Kills::new();
    for seed in seeds() {
        eprintln!("kills with seed {seed}");
        round(seed, &mut kills).await;
    }
    eprintln!("{} kills: {kills:?}", kills.values().sum::<u32>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_killed_more_often_than_a_message_may_fail_is_still_loaded() {
    let sample = Sample::generate(20, 5, 29);
    let folder = tempfile::tempdir().unwrap();
    for kill in 0..7 {
        let mut child = child_in(&folder, Some(Phase::FirstBatchWritten)).await;
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

/// Nine kills: in each phase and at a random instant, first of a load, then of a report.
async fn round(seed: u64, kills: &mut Kills) {
    let mut dice = Dice::new(seed);
    let size = 20 + u32::try_from(dice.below(60)).unwrap();
    let sample = Sample::generate(size, 10, seed);
    let folder = tempfile::tempdir().unwrap();

    let names = load_and_kill(&folder, &sample, &mut dice, kills).await;
    let story = Story::in_folder(folder, |_| {}).await;
    story.all_loaded(&names).await;
    let stored = story.data_items().await;
    let folder = story.end().await;
    let undisturbed = undisturbed_items(folder.path(), &names).await;
    check_items(&stored, &undisturbed, &format!("seed {seed}, after the loads"));

    let expected = local_report(&sample.files(), "");
    let [lease_taken, before_files, between_files, files_put, before_complete] =
        OF_A_REPORT.map(Some);
    let first = [lease_taken, before_files, between_files];
    let folder = report_and_kill(folder, &first, &expected, &mut dice, kills).await;
    let second = [files_put, before_complete, None];
    let folder = report_and_kill(folder, &second, &expected, &mut dice, kills).await;

    let story = Story::in_folder(folder, |_| {}).await;
    assert_eq!(story.report("").await, expected, "seed {seed}");
    let stored = story.data_items().await;
    check_items(&stored, &undisturbed, &format!("seed {seed}, after the reports"));
    story.end().await;
}

/// Returns the names of the files that were put.
async fn load_and_kill(
    folder: &TempDir,
    sample: &Sample,
    dice: &mut Dice,
    kills: &mut Kills,
) -> Vec<String> {
    let mut names = Vec::new();
    let polls = parts(&sample.polls, OF_A_LOAD.len() + 1);
    for (place, phase) in OF_A_LOAD.map(Some).into_iter().chain([None]).enumerate() {
        let child = child_in(folder, phase).await;
        let uploads = Uploads::to_system_at(child.s3, folder.path()).await.unwrap();
        let mut files = vec![(format!("polls-{place}.csv"), &polls[place])];
        if place == 0 {
            files.push(("hours.csv".to_owned(), &sample.hours));
            files.push(("zones.csv".to_owned(), &sample.zones));
            files.push(("special-days.csv".to_owned(), &sample.special_days));
        }
        for (name, content) in files {
            put(&uploads, &name, content).await;
            names.push(name);
        }
        kill(child, phase, dice).await;
        *kills.entry(phase.map_or("any instant of a load", Phase::name)).or_default() += 1;
    }
    names
}

/// Requests reports and kills their workers. Later workers complete all reports.
async fn report_and_kill(
    folder: TempDir,
    phases: &[Option<Phase>],
    expected: &str,
    dice: &mut Dice,
    kills: &mut Kills,
) -> TempDir {
    let http = Http::new();
    let mut ids = Vec::new();
    for &phase in phases {
        let child = child_in(&folder, phase).await;
        for _ in 0..2 {
            let answer = http.get(&format!("http://{}/trigger_report", child.api)).await;
            ids.push(answer.document(202)["report_id"].as_str().unwrap().to_owned());
        }
        kill(child, phase, dice).await;
        *kills.entry(phase.map_or("any instant of a report", Phase::name)).or_default() += 1;
    }
    let story = Story::in_folder(folder, |_| {}).await;
    for id in ids {
        assert_eq!(story.csv_of(&id).await, expected, "{id}");
    }
    story.end().await
}

async fn child_in(folder: &TempDir, phase: Option<Phase>) -> ChildSystem {
    ChildSystem::start_held(folder.path(), "kills::the_process_to_be_killed", phase).await
}

async fn put(uploads: &Uploads, name: &str, content: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), content).unwrap();
    uploads.put(file.path(), &format!("incoming/{name}")).await.unwrap();
}

/// Kills the process in the phase, or after a random time in which other work goes on.
async fn kill(mut child: ChildSystem, phase: Option<Phase>, dice: &mut Dice) {
    let millis = match phase {
        Some(_) => {
            child.held().await;
            dice.below(20)
        }
        None => dice.below(400),
    };
    tokio::time::sleep(Duration::from_millis(millis)).await;
    child.kill().await;
}

//! Work that fails again and again, as on a full disk, is retried until it is done.

use std::time::Duration;

use end_to_end::engine::{Sample, local_report};
use end_to_end::proxies::{Call, Fate, Proxies, Service};
use end_to_end::story::Story;
use end_to_end::until::until_in;
use local::system::{LOAD_DEAD_LETTER_QUEUE, REPORT_DEAD_LETTER_QUEUE, SystemSettings};
use uptime_aws::LoadStatus;

/// Four times as many tries as in a deployment.
const FAILURES: usize = 20;
/// The number of tries that the SDK makes per call.
const TRIES: usize = 3;
/// The SDK waits up to three seconds between its tries, for each failure.
const PATIENCE: Duration = Duration::from_mins(4);

#[tokio::test(flavor = "multi_thread")]
async fn a_load_and_a_report_that_fail_twenty_times_in_a_row_still_end() {
    let sample = Sample::generate(20, 9, 3);
    let proxies = Proxies::start().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = SystemSettings::patient_in_folder(folder.path());
    let story = Story::in_folder(folder, |set| {
        *set = settings;
        set.proxies = Some(proxies.addresses());
        for worker in [&mut set.reports, &mut set.loads] {
            (worker.retry_after, worker.longest_retry) = (Duration::ZERO, Duration::ZERO);
        }
    })
    .await;
    proxies.connect(story.system.addresses());
    story.load_all(&sample.files()).await;

    // One call per try of the work: the load opens its file, the report stores one of its files.
    let mut left = [("GET", "/data/incoming/", 0), ("PUT", "/report.csv", 0)];
    let (sender, failed) = tokio::sync::watch::channel(0);
    proxies.rule(move |call| {
        let Some((.., count)) = left.iter_mut().find(|(verb, path, _)| is(call, verb, path)) else {
            return Fate::Pass;
        };
        *count += 1;
        if *count > FAILURES * TRIES {
            return Fate::Pass;
        }
        sender.send_modify(|all| *all += 1);
        Fate::InternalError
    });
    let report = story.trigger("").await;
    story.put("again.csv", sample.polls.clone()).await;

    let manifest = until_in(PATIENCE, "the load has ended", async || {
        let manifest = story.manifest("again.csv").await;
        manifest.filter(|manifest| manifest.status != LoadStatus::Running)
    });
    assert_eq!(manifest.await.status, LoadStatus::Complete);
    let status = until_in(PATIENCE, "the report has ended", async || {
        let status = story.status(&report).await;
        (status["status"] != "Running").then_some(status)
    });
    assert_eq!(status.await["status"], "Complete");
    assert_eq!(*failed.borrow(), 2 * FAILURES * TRIES);
    assert_eq!(story.csv_of(&report).await, local_report(&sample.files(), ""));
    for queue in [LOAD_DEAD_LETTER_QUEUE, REPORT_DEAD_LETTER_QUEUE] {
        assert!(story.messages(queue).is_empty());
    }
}

fn is(call: &Call, verb: &str, path: &str) -> bool {
    call.service == Service::S3 && call.operation == verb && call.path.contains(path)
}

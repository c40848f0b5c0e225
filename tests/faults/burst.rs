//! Many reports are requested at once, while many callers poll their status.
//!
//! **Every id that a caller got ends Complete with the right figures. No report is lost.**

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use end_to_end::child::{self, ChildSystem};
use end_to_end::dice::setting;
use end_to_end::engine::{Sample, local_report};
use end_to_end::http::Http;
use end_to_end::story::Story;
use futures::future::join_all;

/// The memory limit of the whole system, including the emulators.
const MEMORY_MIB_MAX: u64 = 512;
/// Longer than the reports of the long run take on a busy machine.
const PATIENCE: Duration = Duration::from_hours(1);

/// How often a caller retries after a refused request.
const REFUSALS_MAX: usize = 5;

/// Serves the burst below in a process of its own, so that its memory can be measured.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_is_asked() {
    child::serve().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_triggers_with_many_pollers_loses_no_report_and_needs_bounded_memory() {
    let triggers = setting("STORY_TRIGGERS", 50);
    let pollers = setting("STORY_POLLERS", 25);
    let sample = Sample::generate(60, 9, 5);
    let story = Story::begin().await;
    story.load_all(&sample.files()).await;
    let folder = story.end().await;
    let child = ChildSystem::start(folder.path(), "burst::the_process_that_is_asked").await;
    let (http, api) = (Http::new(), format!("http://{}", child.api));
    let memory_before = child.peak_memory_mib();

    let started = Instant::now();
    let asked = join_all((0..triggers).map(|_| trigger(&http, &api))).await;
    let asking_took = started.elapsed();
    let (ids, refusals): (Vec<String>, Vec<usize>) = asked.into_iter().unzip();
    let refused: usize = refusals.into_iter().sum();
    let polls = poll_until_final(&http, &api, &ids, pollers).await;
    let took = started.elapsed();

    let expected = local_report(&sample.files(), "");
    for id in &ids {
        let status = http.get(&format!("{api}/get_report/{id}")).await.document(200);
        assert_eq!(status["status"], "Complete", "{status}");
        let csv = http.get(status["report_url"].as_str().unwrap()).await;
        assert_eq!(csv.text(), expected, "{id}");
    }
    let memory = child.peak_memory_mib();
    eprintln!(
        "{triggers} triggers in {asking_took:.1?}, {refused} refused, {pollers} pollers asked \
         {polls} times, all final after {took:.1?}; peak memory {memory_before} MiB before, \
         {memory} MiB after"
    );
    assert!(memory <= MEMORY_MIB_MAX, "{memory} MiB");
    child.kill().await;
}

/// Requests a report until one is accepted. Returns its id and the number of refusals.
async fn trigger(http: &Http, api: &str) -> (String, usize) {
    let mut refusals = 0;
    loop {
        let answer = http.get(&format!("{api}/trigger_report")).await;
        if !answer.status.is_server_error() {
            let id = answer.document(202)["report_id"].as_str().unwrap().to_owned();
            return (id, refusals);
        }
        refusals += 1;
        assert!(refusals < REFUSALS_MAX, "{}", answer.text());
    }
}

/// Each poller requests the status of one report after the other, and repeats the request as often
/// as `Retry-After` says, until no report is Running.
async fn poll_until_final(http: &Http, api: &str, ids: &[String], pollers: u64) -> usize {
    let (next, polls) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let poller = async || {
        while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
            loop {
                polls.fetch_add(1, Ordering::Relaxed);
                let answer = http.get(&format!("{api}/get_report/{id}")).await;
                if answer.document(200)["status"] != "Running" {
                    break;
                }
                let seconds = answer.header("retry-after").parse().unwrap();
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
        }
    };
    let all = join_all((0..pollers).map(|_| poller()));
    tokio::time::timeout(PATIENCE, all).await.unwrap();
    polls.into_inner()
}

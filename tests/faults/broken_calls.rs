//! Calls between the functions and DynamoDB, S3 and SQS break in every way, while files are loaded
//! and reports are made.
//!
//! **Everything ends either Complete with right figures or Failed with a reason. No data is lost.**

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use end_to_end::dice::{Dice, seeds, setting};
use end_to_end::engine::{Sample, local_report};
use end_to_end::proxies::{Call, Fate, Proxies, SERVICES, Service, Struck};
use end_to_end::story::Story;
use end_to_end::undisturbed::{check_items, undisturbed_items};
use end_to_end::until::until_in;
use futures::future::join_all;
use local::system::SystemSettings;
use serde_json::Value;
use uptime_aws::LoadStatus;

use crate::parts;

/// Longer than all tries of a report or a load take with the settings below.
const PATIENCE: Duration = Duration::from_mins(6);
const PAUSE: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_against_each_service_only_costs_time() {
    let story = BrokenStory::begin(3).await;

    story.proxies.rule(each_once());
    story.load_all().await;
    let of_loads = story.proxies.struck();
    for service in [Service::DynamoDb, Service::S3] {
        check_struck(&of_loads, service, &faults());
    }

    story.proxies.rule(each_once());
    let mut ids = Vec::new();
    // A report makes one call of S3 and one of SQS. Every second call is broken.
    for _ in 0..5 {
        ids.extend(join_all([story.trigger(), story.trigger()]).await.into_iter().flatten());
    }
    let ended = story.all_ended(&ids).await;
    check_struck(&ended.struck, Service::DynamoDb, &faults());
    check_struck(&ended.struck, Service::Sqs, &faults());
    // A report reads nothing from S3.
    let of_puts = faults().into_iter().filter(|fate| *fate != Fate::Truncated);
    check_struck(&ended.struck, Service::S3, &of_puts.collect::<Vec<_>>());
    assert!(ended.failed.is_empty(), "{ended:?}");
    story.check_whole("each fault once").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_random_faults_reports_end_complete_and_right_or_failed_with_a_reason() {
    for seed in seeds() {
        let started = Instant::now();
        let story = BrokenStory::begin(seed).await;
        story.proxies.rule(random(seed));
        story.load_all().await;
        let (loaded, of_loads) = (started.elapsed(), story.proxies.struck());
        story.proxies.rule(random(!seed));
        let asked = join_all((0..8).map(|_| story.trigger())).await;
        let ids: Vec<String> = asked.iter().flatten().cloned().collect();
        let ended = story.all_ended(&ids).await;
        let took = started.elapsed();
        let refused = asked.len() - ids.len();
        // A worker whose last attempt fails records why, unless that call stalls too.
        let timed_out = ended.failed.contains_key("timed_out");
        assert!(!timed_out || stall_seconds() > SHORT_STALL, "seed {seed}: {ended:?}");
        story.check_whole(&format!("seed {seed}")).await;
        eprintln!("seed {seed}: loads {loaded:.1?}, all {took:.1?}, {ended:?}, {refused} refused");
        eprintln!("seed {seed}: {of_loads:?}");
    }
}

/// A stall that fits into a worker's time.
const SHORT_STALL: u64 = 2;

/// The length of a stall. Long runs set it to more than any time limit of the functions.
fn stall_seconds() -> u64 {
    setting("STORY_STALL_SECONDS", SHORT_STALL)
}

fn stall() -> Fate {
    Fate::Stall(Duration::from_secs(stall_seconds()))
}

const SLOW: Fate = Fate::Slow(Duration::from_millis(100));

fn faults() -> [Fate; 7] {
    let plain = [Fate::Reset, Fate::AnswerLost, Fate::Truncated];
    let [reset, lost, truncated] = plain;
    [reset, lost, truncated, Fate::InternalError, Fate::Unavailable, SLOW, stall()]
}

/// Breaks every second call of a service, until each fault was used once.
fn each_once() -> impl FnMut(&Call) -> Fate {
    let mut left = SERVICES.map(|service| (service, 0, faults().to_vec()));
    move |call| {
        let of_service = left.iter_mut().find(|(service, ..)| *service == call.service);
        let (_, calls, left) = of_service.unwrap();
        *calls += 1;
        let fits = |fate: &Fate| *fate != Fate::Truncated || call.has_long_answer();
        let next = left.iter().position(fits).filter(|_| *calls % 2 == 0);
        next.map_or(Fate::Pass, |place| left.remove(place))
    }
}

/// Breaks one call in seven. The seed fixes the order of the faults, not the calls that they hit.
fn random(seed: u64) -> impl FnMut(&Call) -> Fate {
    let mut dice = Dice::new(seed);
    move |call| match dice.below(1_000) {
        0..20 => Fate::Reset,
        20..40 => Fate::AnswerLost,
        40..60 if call.has_long_answer() => Fate::Truncated,
        60..80 => Fate::InternalError,
        80..110 => Fate::Unavailable,
        110..140 => SLOW,
        140..143 => stall(),
        _ => Fate::Pass,
    }
}

#[track_caller]
fn check_struck(struck: &Struck, service: Service, expected: &[Fate]) {
    for fate in expected {
        let key = (service, fate.name());
        assert!(struck.contains_key(&key), "{key:?} did not happen: {struck:?}");
    }
}

/// How reports ended, and the faults of the calls until then.
#[derive(Debug, Default)]
struct Ended {
    complete: usize,
    failed: BTreeMap<String, usize>,
    struck: Struck,
}

/// A system behind proxies, and the data it should hold.
struct BrokenStory {
    story: Story,
    proxies: Proxies,
    sample: Sample,
    files: Vec<(String, String)>,
}

impl BrokenStory {
    async fn begin(seed: u64) -> BrokenStory {
        let sample = Sample::generate(40, 9, seed);
        let mut files = vec![
            ("hours.csv".to_owned(), sample.hours.clone()),
            ("zones.csv".to_owned(), sample.zones.clone()),
            ("special-days.csv".to_owned(), sample.special_days.clone()),
        ];
        let polls = parts(&sample.polls, 4).into_iter().enumerate();
        files.extend(polls.map(|(place, part)| (format!("polls-{place}.csv"), part)));
        let proxies = Proxies::start().await;
        let story = Story::with(|settings| {
            settings.proxies = Some(proxies.addresses());
            hurry(settings);
        })
        .await;
        proxies.connect(story.system.addresses());
        BrokenStory { story, proxies, sample, files }
    }

    /// Puts all files and waits until each load has ended well: all files are good.
    async fn load_all(&self) {
        for (name, content) in &self.files {
            self.story.put(name, content.clone()).await;
        }
        for (name, _) in &self.files {
            let what = format!("{name} is loaded");
            let manifest = until_in(PATIENCE, &what, async || {
                let manifest = self.story.manifest(name).await;
                manifest.filter(|manifest| manifest.status != LoadStatus::Running)
            })
            .await;
            assert_eq!(manifest.status, LoadStatus::Complete, "{manifest:?}");
            assert_eq!(manifest.loaded + manifest.duplicate, manifest.rows, "{manifest:?}");
            assert_eq!(manifest.rejected, 0, "{manifest:?}");
        }
    }

    /// Requests a report. `None` if the caller got an error.
    async fn trigger(&self) -> Option<String> {
        let answer = self.get("/trigger_report").await;
        if answer.status.is_server_error() {
            return None;
        }
        Some(answer.document(202)["report_id"].as_str().unwrap().to_owned())
    }

    /// Waits until all reports have ended. Each is Complete and right, or Failed with a reason.
    async fn all_ended(&self, ids: &[String]) -> Ended {
        let statuses = join_all(ids.iter().map(|id| self.ended(id))).await;
        // From here on the test checks how reports ended, so status calls get no more faults.
        let mut ended = Ended { struck: self.proxies.struck(), ..Ended::default() };
        self.proxies.rule(|_| Fate::Pass);
        let expected = local_report(&self.sample.files(), "");
        for status in statuses {
            if status["status"] == "Complete" {
                let files = self.story.files_in(&status).await;
                assert_eq!(files["report.csv"], expected.as_bytes(), "{status}");
                ended.complete += 1;
            } else {
                assert_eq!(status["status"], "Failed", "{status}");
                assert_ne!(status["error"]["detail"].as_str().unwrap(), "", "{status}");
                let code = status["error"]["code"].as_str().unwrap().to_owned();
                *ended.failed.entry(code).or_default() += 1;
            }
        }
        ended
    }

    async fn ended(&self, id: &str) -> Value {
        until_in(PATIENCE, &format!("report {id} has ended"), async || {
            tokio::time::sleep(PAUSE).await;
            let answer = self.get(&format!("/get_report/{id}")).await;
            if answer.status.is_server_error() {
                return None;
            }
            let status = answer.document(200);
            (status["status"] != "Running").then_some(status)
        })
        .await
    }

    async fn get(&self, path: &str) -> end_to_end::http::Answer {
        let url = format!("http://{}{path}", self.story.system.api_address());
        self.story.http().get(&url).await
    }

    /// Compares what is stored, and a report on it, with an undisturbed run.
    async fn check_whole(self, what: &str) {
        let expected = local_report(&self.sample.files(), "");
        assert_eq!(self.story.report("").await, expected, "{what}");
        let names: Vec<String> = self.files.iter().map(|(name, _)| name.clone()).collect();
        let stored = self.story.data_items().await;
        let folder = self.story.end().await;
        check_items(&stored, &undisturbed_items(folder.path(), &names).await, what);
    }
}

/// Settings as deployed, with shorter waits.
fn hurry(settings: &mut SystemSettings) {
    settings.reports.timeout = Duration::from_secs(10);
    settings.reports.visibility = Duration::from_secs(20);
    settings.reports.retry_after = Duration::from_secs(11);
    settings.reports.longest_retry = settings.reports.retry_after;
    settings.loads.timeout = Duration::from_secs(25);
    settings.loads.visibility = Duration::from_secs(30);
    settings.loads.retry_after = Duration::from_secs(1);
    settings.loads.longest_retry = settings.loads.retry_after;
}

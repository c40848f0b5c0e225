//! Uploads with the same S3 date, to the second: the later upload counts, whatever the order and
//! number of their events.
//!
//! A test cannot choose whether two uploads fall into one second, so it retries until they do.

use end_to_end::data_folder::{set_last_modified, with_objects};
use end_to_end::story::Story;
use end_to_end::until::until;
use local::system::{DATA_BUCKET, LOAD_QUEUE};
use serde_json::{Value, json};
use uptime::interval::SECOND;
use uptime_aws::LoadErrorCode;

use crate::small;

/// Other hours than [`small::HOURS`], which give another report at noon.
const OTHER_HOURS: &str = "store_id,day,start_time_local,end_time_local\na,6,01:00,02:00\n";
const BOTH_ORDERS: [[&str; 2]; 2] = [[OTHER_HOURS, small::HOURS], [small::HOURS, OTHER_HOURS]];
/// The uploads take much less than a second, so most tries succeed.
const TRIES: usize = 60;

#[tokio::test]
async fn the_later_of_two_uploads_of_one_key_counts_however_close_they_are() {
    let story = Story::begin().await;
    story.load_all(&[small::ZONES, small::POLLS]).await;
    let mut trials = 0;
    for number in 0..TRIES {
        let (name, [older, newer]) = (format!("{number}/hours.csv"), BOTH_ORDERS[number % 2]);
        story.load(&name, older).await;
        story.put(&name, newer).await;
        story.drained(LOAD_QUEUE).await;
        check_newest(&story, newer).await;
        let loads = story.manifests(&name).await;
        trials += usize::from(loads[0].file.uploaded_at == loads[1].file.uploaded_at);
        if trials == 20 {
            return;
        }
    }
    panic!("two uploads fell into one second only {trials} times");
}

#[tokio::test]
async fn the_first_file_counts_when_it_is_put_again_after_another_under_one_key() {
    let story = Story::begin().await;
    story.load_all(&[small::ZONES, small::POLLS]).await;
    let mut trials = 0;
    for number in 0..TRIES {
        let (name, [second, first]) = (format!("{number}/hours.csv"), BOTH_ORDERS[number % 2]);
        story.load(&name, first).await;
        for content in [second, first] {
            story.put(&name, content).await;
            story.drained(LOAD_QUEUE).await;
        }
        check_newest(&story, first).await;
        // If a file is put twice within a second, both uploads have one folder.
        trials += usize::from(story.manifests(&name).await.len() == 2);
        if trials == 6 {
            return;
        }
    }
    panic!("three uploads fell into one second only {trials} times");
}

#[tokio::test]
async fn the_later_upload_of_two_keys_counts_for_any_order_and_number_of_loads() {
    let story = story_without_loads().await;
    let loads: [&[usize]; 4] = [&[0, 1], &[1, 0], &[1, 0, 1, 0], &[0, 1, 1, 0, 0]];
    for (number, loads) in loads.into_iter().enumerate() {
        for [older, newer] in BOTH_ORDERS {
            // By its key alone, the older upload would be the newer.
            let files = [("z.csv", older), ("a.csv", newer)];
            let (folder, events) = put_in_one_second(&story, &format!("{number}"), &files).await;
            for &place in loads {
                load(&story, &events[place]).await;
            }
            check_newest(&story, newer).await;
            for name in ["z.csv", "a.csv", "z.csv"] {
                story.load_directly(&format!("{folder}/{name}")).await.unwrap();
                check_newest(&story, newer).await;
            }
        }
    }
}

#[tokio::test]
async fn the_same_bytes_put_again_are_loaded_again_unless_the_event_is_older_or_equal() {
    let story = story_without_loads().await;
    let loads: [&[usize]; 4] = [&[0, 2], &[2, 0], &[2, 1, 0, 0], &[0, 0, 2, 2, 1, 0]];
    for (number, loads) in loads.into_iter().enumerate() {
        let [second, first] = BOTH_ORDERS[number % 2];
        for attempt in 0..TRIES {
            let name = format!("{number}/{attempt}/hours.csv");
            let mut events = put_all(&story, &[(&name, first), (&name, second)]).await;
            load(&story, &events[1]).await;
            events.extend(put_all(&story, &[(&name, first)]).await);
            if fall_into_one_second(&events) {
                for &place in loads {
                    load(&story, &events[place]).await;
                }
                check_newest(&story, first).await;
                let before = story.manifests(&name).await;
                load(&story, &events[0]).await;
                load(&story, &events[2]).await;
                assert_eq!(story.manifests(&name).await, before);
                break;
            }
            assert!(attempt + 1 < TRIES, "three uploads never fell into one second");
        }
    }
}

#[tokio::test]
async fn an_object_without_a_known_event_is_the_last_of_its_second_if_it_still_exists() {
    let story = story_without_loads().await;
    for [older, newer] in BOTH_ORDERS {
        for attempt in 0..TRIES {
            let name = format!("{attempt}/{}/hours.csv", newer.len());
            let mut events = put_all(&story, &[(&name, older)]).await;
            load(&story, &events[0]).await;
            events.extend(put_all(&story, &[(&name, newer)]).await);
            if fall_into_one_second(&events) {
                story.load_directly(&name).await.unwrap();
                check_newest(&story, newer).await;
                for event in [&events[1], &events[0]] {
                    load(&story, event).await;
                    check_newest(&story, newer).await;
                }
                break;
            }
            assert!(attempt + 1 < TRIES, "two uploads never fell into one second");
        }
    }
}

#[tokio::test]
async fn a_load_whose_object_is_replaced_within_the_same_second_fails_as_replaced() {
    let story = story_without_loads().await;
    for attempt in 0..TRIES {
        let name = format!("{attempt}/hours.csv");
        story.put(&name, OTHER_HOURS).await;
        let replacing = async {
            until("the load has begun", async || story.manifest(&name).await).await;
            story.put(&name, small::HOURS).await;
        };
        let (loaded, ()) = futures::join!(story.load_directly(&name), replacing);
        let manifest = loaded.unwrap();
        if manifest["status"] != "Complete" {
            assert_eq!(manifest["error"]["code"], LoadErrorCode::Replaced.name(), "{manifest}");
            story.load_directly(&name).await.unwrap();
            return check_newest(&story, small::HOURS).await;
        }
    }
    panic!("no object was replaced in time");
}

/// An upload that was written but not announced when the process died keeps its place by time.
#[tokio::test]
async fn an_upload_announced_at_start_keeps_its_age() {
    for [older, newer] in BOTH_ORDERS {
        // Once under another key. Once under the same key: as the first and again as the last of
        // three uploads.
        for (loaded, name) in [(vec![older], "a.csv"), (vec![newer, older], "z.csv")] {
            let story = Story::begin().await;
            story.load_all(&[small::ZONES, small::POLLS]).await;
            let (folder, loaded_at_ms) = load_in_one_second(&story, &loaded).await;

            let data = story.end().await;
            let key = format!("incoming/{folder}/{name}");
            with_objects(data.path(), async |s3| {
                let put = s3.put_object().bucket(DATA_BUCKET).key(&key);
                put.body(newer.as_bytes().to_vec().into()).send().await.unwrap();
            })
            .await;
            set_last_modified(data.path(), &key, loaded_at_ms + 5);

            let story = Story::in_folder(data, |_| {}).await;
            assert_eq!(story.system.continued_work().files, 1);
            story.drained(LOAD_QUEUE).await;
            check_newest(&story, newer).await;
        }
    }
}

/// Loads files under one key, `z.csv` of a folder. Returns the folder and the time of the last file
/// in milliseconds since 1970.
async fn load_in_one_second(story: &Story, contents: &[&str]) -> (String, u64) {
    for attempt in 0..TRIES {
        let (folder, name) = (attempt.to_string(), format!("{attempt}/z.csv"));
        for content in contents {
            story.put(&name, *content).await;
            story.drained(LOAD_QUEUE).await;
        }
        let loads = story.manifests(&name).await;
        let second = &loads[0].file.uploaded_at;
        let time = loads.iter().map(|load| load.file.event().unwrap().time.micros()).max().unwrap();
        let rest_of_second = SECOND - time % SECOND;
        if loads.iter().all(|load| load.file.uploaded_at == *second) && rest_of_second > 10_000 {
            return (folder, time.unsigned_abs() / 1_000);
        }
    }
    panic!("the uploads never fell into one second");
}

/// A system with polls and zones that loads only the messages that the test delivers.
async fn story_without_loads() -> Story {
    let story = Story::with(|settings| settings.loads.concurrency = 0).await;
    for event in put_all(&story, &[("zones.csv", small::ZONES), ("polls.csv", small::POLLS)]).await
    {
        load(&story, &event).await;
    }
    story
}

async fn check_newest(story: &Story, newest: &str) {
    let is_first = story.report(small::AT_NOON).await == small::csv_at_noon();
    assert_eq!(is_first, newest == small::HOURS);
}

/// Puts files. Returns their events, as S3 sent them.
async fn put_all(story: &Story, files: &[(&str, &str)]) -> Vec<String> {
    let before = story.messages(LOAD_QUEUE).len();
    for (name, content) in files {
        story.put(name, *content).await;
    }
    story.messages(LOAD_QUEUE).split_off(before)
}

/// Puts files into a folder of their own, until their events have different times in one second.
async fn put_in_one_second(
    story: &Story,
    prefix: &str,
    files: &[(&str, &str)],
) -> (String, Vec<String>) {
    for attempt in 0..TRIES {
        let folder = format!("{prefix}/{}/{attempt}", files[0].1.len());
        let named: Vec<_> =
            files.iter().map(|(name, text)| (format!("{folder}/{name}"), *text)).collect();
        let named: Vec<_> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let events = put_all(story, &named).await;
        if fall_into_one_second(&events) && time_of(&events[0]) < time_of(&events[1]) {
            return (folder, events);
        }
    }
    panic!("the uploads never fell into one second");
}

/// Delivers an event. If its object was replaced since, the event is skipped.
async fn load(story: &Story, body: &str) {
    let message = json!({ "messageId": "m", "body": body });
    let answer = story.invoke_load_data(json!({ "Records": [message] })).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
}

fn fall_into_one_second(events: &[String]) -> bool {
    let second = |event: &String| time_of(event).split('.').next().unwrap().to_owned();
    events.iter().all(|event| second(event) == second(&events[0]))
}

fn time_of(event: &str) -> String {
    let event: Value = serde_json::from_str(event).unwrap();
    event["Records"][0]["eventTime"].as_str().unwrap().to_owned()
}

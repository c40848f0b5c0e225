//! The files of a report: which there are, and how callers and browsers download them.

use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::engine::{Sample, files_of};
use end_to_end::http::Answer;
use end_to_end::report_files::{Contents, FILES, unpacked};
use end_to_end::story::Story;
use http::Method;
use local::system::REPORT_TABLE;
use serde_json::Value;
use uptime::Timestamp;
use uptime::interval::MINUTE;
use uptime::output::{FileName, ReportFile};
use uptime::parameters::{Method as Rule, ReportParameters};
use uptime::timeline::MaxHold;
use uptime_aws::attributes::{FILES as FILES_ATTRIBUTE, REPORT_ID};
use uptime_aws::{ReportId, StoredFiles, hash};

use crate::small;

/// What browsers send when somebody opens an address.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn every_file_equals_the_one_that_the_engine_makes_of_the_same_sources() {
    let sample = Sample::generate(40, 9, 7);
    let story = Story::begin().await;
    story.load_all(&sample.files()).await;
    let hold = MaxHold::from_minutes(45);
    let measured = |max_hold, period: &str| {
        let period = Some(period.parse().unwrap());
        Rule::TimeWeighted { max_hold, period }
    };
    for (query, method) in [
        ("", Rule::TIME_WEIGHTED),
        ("?max_hold_minutes=45", Rule::TimeWeighted { max_hold: hold, period: None }),
        ("?method=poll_count", Rule::PollCount),
        ("?period=2023-01", measured(None, "2023-01")),
        ("?period=2023-W03&max_hold_minutes=45", measured(hold, "2023-W03")),
        ("?period=2023-01-25", measured(None, "2023-01-25")),
        ("?period=2023-01-18%2F2023-01-19", measured(None, "2023-01-18/2023-01-19")),
    ] {
        let status = story.ended(&story.trigger(query).await).await;
        let as_of = Timestamp::from_rfc3339(status["as_of"].as_str().unwrap()).unwrap();

        let made = files_of(&sample.files(), ReportParameters { as_of, method });

        let expected = made.iter().map(|file| (file.name.as_str().to_owned(), file.bytes.clone()));
        let expected: Contents = expected.collect();
        assert!(story.files_in(&status).await == expected, "{query}");
        let period = method.period().map(|period| period.to_string());
        assert_eq!(status["period"].as_str(), period.as_deref(), "{query}");
    }
}

#[tokio::test]
async fn a_report_that_measures_time_has_all_files_and_one_that_counts_polls_has_two() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let names = async |query: &str| {
        let id = story.trigger(query).await;
        let status = story.ended(&id).await;
        assert_eq!(status["files"][0]["url"], status["report_url"]);
        let files = status["files"].as_array().unwrap();
        assert_eq!(story.keys_of(&id).await.len(), files.len(), "no object without a link");
        files.iter().map(|file| file["name"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(names("").await, FILES);
    assert_eq!(names("?method=poll_count").await, ["report.csv", "report.json"]);
}

#[tokio::test]
async fn the_link_to_each_file_is_fresh_on_each_call_and_useless_without_its_signature() {
    let story = Story::begin().await;
    story.load_all(&[small::POLLS]).await;
    let id = story.trigger("").await;
    let links = links_in(&story.ended(&id).await);
    let (_, page) = report_with_page(&story).await;
    let links = [links, vec![page.header("location").to_owned()]].concat();
    for link in &links {
        let (unsigned, signature) = link.split_once('?').unwrap();
        assert!(signature.contains("X-Amz-Signature="));
        assert_eq!(story.http().get(unsigned).await.status, 403);
        let (before, signature) = link.split_once("X-Amz-Signature=").unwrap();
        let first = if signature.starts_with('0') { '1' } else { '0' };
        let forged = format!("{before}X-Amz-Signature={first}{}", &signature[1..]);
        assert_eq!(story.http().get(&forged).await.status, 403);
    }
    let again = story.status(&id).await;
    assert!(links_in(&again).iter().all(|link| link.contains("X-Amz-Expires=900")));
    assert_eq!(story.files_in(&again).await.len(), FILES.len());
}

#[tokio::test]
async fn the_link_to_each_file_is_refused_after_15_minutes_and_a_new_call_gives_another() {
    let story = Story::begin().await;
    story.load_all(&[small::POLLS]).await;
    let id: ReportId = story.trigger("").await.parse().unwrap();
    let files = story.files_in(&story.ended(&id.to_string()).await).await;
    let bucket = story.report_files();
    let made = async |name: &str, minutes_ago: i64| {
        let at = uptime_aws::now().plus(-minutes_ago * MINUTE);
        let key = format!("reports/{id}/1/{name}");
        let file = FileName::from_name(name).unwrap();
        bucket.presigned_link(id, file, &key, at).await.unwrap().url
    };

    for (name, content) in &files {
        let in_time = story.http().get(&made(name, 14).await).await;
        assert_eq!(in_time.status, 200, "{name}");
        assert!(unpacked(&in_time) == *content, "{name}");
        assert_eq!(story.http().get(&made(name, 16).await).await.status, 403, "{name}");
    }

    let status = story.status(&id.to_string()).await;
    assert_eq!(story.files_in(&status).await, files);
    let expires_at = status["report_url_expires_at"].as_str().unwrap();
    let expires_at = Timestamp::from_rfc3339(expires_at).unwrap();
    assert!(expires_at <= uptime_aws::now().plus(15 * MINUTE), "{expires_at}");
}

#[tokio::test]
async fn each_file_is_saved_under_a_name_of_its_own_and_the_page_opens_in_the_browser() {
    let story = Story::begin().await;
    story.load_all(&[small::POLLS]).await;
    let id = story.trigger("").await;
    for file in story.ended(&id).await["files"].as_array().unwrap() {
        let answer = story.http().get(file["url"].as_str().unwrap()).await;
        let (stem, ending) = file["name"].as_str().unwrap().split_once('.').unwrap();
        let kind = if ending == "html" { "inline" } else { "attachment" };
        let expected = format!("{kind}; filename=\"{stem}-{id}.{ending}\"");
        assert_eq!(answer.header("content-disposition"), expected);
    }
}

#[tokio::test]
async fn a_browser_is_sent_to_the_page_which_opens_there_and_is_packed_on_the_way() {
    let story = Story::begin().await;
    let (id, answer) = report_with_page(&story).await;

    assert_eq!(answer.status, 303);
    let page = story.http().get(answer.header("location")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("content-encoding"), "gzip");
    let expected = format!("inline; filename=\"report-{id}.html\"");
    assert_eq!(page.header("content-disposition"), expected);
    assert_eq!(unpacked(&page), PAGE.as_bytes());
    // Length and SHA-256 in the status are those of the page unpacked.
    let files = story.files_in(&story.status(&id).await).await;
    assert_eq!(files["report.html"], PAGE.as_bytes());
}

#[tokio::test]
async fn a_browser_gets_the_status_of_a_report_that_has_no_page() {
    let story = Story::with(|settings| settings.reports.concurrency = 0).await;
    story.load_all(&[small::POLLS]).await;
    let id = story.trigger("?method=poll_count").await;
    let running = browsed(&story, &id).await;
    assert_eq!(running.document(200)["status"], "Running");
    assert_ne!(running.header("retry-after"), "");

    let story = Story::in_folder(story.end().await, |_| {}).await;
    story.ended(&id).await;
    assert_eq!(browsed(&story, &id).await.document(200)["status"], "Complete");
}

#[tokio::test]
async fn a_report_of_an_earlier_version_is_answered_with_its_csv_alone() {
    let story = Story::begin().await;
    story.load_all(&small::FILES).await;
    let id = story.trigger(small::AT_NOON).await;
    story.ended(&id).await;
    let update = story.dynamodb().update_item().table_name(REPORT_TABLE);
    let update = update.key(REPORT_ID, AttributeValue::S(id.clone()));
    let update = update.update_expression(format!("REMOVE {FILES_ATTRIBUTE}"));
    update.send().await.unwrap();

    let status = story.status(&id).await;

    assert_eq!(status["files"].as_array().unwrap().len(), 1);
    assert_eq!(story.csv_of(&id).await, small::csv_at_noon());
    assert_eq!(browsed(&story, &id).await.document(200)["status"], "Complete");
}

const PAGE: &str = "<!doctype html>\n<title>Report</title>\n";

/// Stores and records a report that has a page. Returns its id and the response to a browser.
async fn report_with_page(story: &Story) -> (String, Answer) {
    let (id, bucket) = (ReportId::random(), story.report_files());
    let stored = async |name: FileName, text: &str| {
        let (bytes, sha256) = (text.as_bytes().to_vec(), hash::sha256_hex(text.as_bytes()));
        bucket.put(id, 1, ReportFile { name, bytes, sha256 }).await.unwrap().1
    };
    let csv = stored(FileName::ReportCsv, "store_id\n").await;
    let others = vec![(FileName::ReportHtml, stored(FileName::ReportHtml, PAGE).await)];
    let expires_at = uptime_aws::now().plus(MINUTE);
    story.record_complete(id, StoredFiles { csv, others }, expires_at).await;
    let id = id.to_string();
    let answer = browsed(story, &id).await;
    (id, answer)
}

/// Opens a report's address as a browser does.
async fn browsed(story: &Story, id: &str) -> Answer {
    story.call(Method::GET, &format!("/get_report/{id}"), &[("accept", BROWSER)], "").await
}

fn links_in(status: &Value) -> Vec<String> {
    let files = status["files"].as_array().unwrap();
    files.iter().map(|file| file["url"].as_str().unwrap().to_owned()).collect()
}

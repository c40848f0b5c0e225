//! A system's start: which process may use a folder, and which work it continues.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use tokio::net::TcpStream;
use uptime_aws::{ReportId, attributes, report_message};

use super::*;

mod guarded_ports;

#[tokio::test]
async fn a_data_folder_is_for_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::start(&idle(folder.path())).await.unwrap();

    let second = System::start(&idle(folder.path())).await.unwrap_err();
    assert!(matches!(second, SystemError::InUse(_)), "{second}");

    system.stop().await;
    System::start(&idle(folder.path())).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_busy_port_is_named() {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();

    let api = SystemSettings { api_port: port, ..idle(folder.path()) };
    check_port(&api, port).await;
    let s3 = SystemSettings { s3_port: port, ..idle(folder.path()) };
    check_port(&s3, port).await;
    let dynamodb = SystemSettings { dynamodb_port: port, ..idle(folder.path()) };
    check_port(&dynamodb, port).await;
    let sqs = SystemSettings { sqs_port: port, ..idle(folder.path()) };
    check_port(&sqs, port).await;
}

#[tokio::test]
async fn the_api_refuses_connections_until_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let mut system = System::prepare(&idle(folder.path())).await.unwrap();
    assert!(TcpStream::connect(system.api_address()).await.is_err());

    system.open_api().unwrap();

    assert!(TcpStream::connect(system.api_address()).await.is_ok());
    system.stop().await;
}

#[tokio::test]
async fn a_running_report_gets_its_message_back_and_loses_its_lease() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::start(&idle(folder.path())).await.unwrap();
    let (lost, queued, done) = (ReportId::random(), ReportId::random(), ReportId::random());
    for (id, state) in [(lost, "Running"), (queued, "Running"), (done, "Complete")] {
        put_report(&system, id, state).await;
    }
    let body = report_message::body_of(queued);
    system.queues().send(REPORT_QUEUE, &body, Duration::ZERO).unwrap();
    system.stop().await;

    let system = System::start(&idle(folder.path())).await.unwrap();

    assert_eq!(system.continued_work(), ContinuedWork { reports: 2, files: 0 });
    let mut bodies = system.queues().bodies(REPORT_QUEUE);
    bodies.sort_unstable();
    let mut expected = [lost, queued].map(report_message::body_of);
    expected.sort_unstable();
    assert_eq!(bodies, expected);
    assert!(!has_lease(&system, lost).await);
    system.stop().await;
}

#[tokio::test]
async fn a_file_without_a_finished_manifest_is_announced_once() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::start(&idle(folder.path())).await.unwrap();
    // A blank, a plus sign, and what XML cannot hold.
    let put = system.sdk_config().s3().put_object().bucket(DATA_BUCKET).key("incoming/a b+\u{1}");
    put.body(ByteStream::from_static(b"store_id\n")).send().await.unwrap();
    assert_eq!(system.queues().bodies(LOAD_QUEUE).len(), 1);
    system.stop().await;
    // A process that was killed between storing the object and sending its event.
    let unwatched = "none".to_owned();
    let setup = Setup { data_bucket: unwatched, ..Setup::for_test(folder.path()) };
    let emulators = Emulators::start(&setup).unwrap();
    let put = emulators.sdk_config().s3().put_object().bucket(DATA_BUCKET).key("incoming/c.csv");
    put.body(ByteStream::from_static(b"store_id\n")).send().await.unwrap();
    emulators.stop().await;

    for _ in 0..2 {
        let system = System::start(&idle(folder.path())).await.unwrap();
        assert_eq!(system.continued_work(), ContinuedWork { reports: 0, files: 2 });
        assert_eq!(system.queues().bodies(LOAD_QUEUE).len(), 2);
        system.stop().await;
    }
}

/// A system without workers, so that tests see what is queued.
fn idle(folder: &Path) -> SystemSettings {
    let mut settings = SystemSettings::in_folder(folder);
    (settings.reports.concurrency, settings.loads.concurrency) = (0, 0);
    settings
}

async fn check_port(settings: &SystemSettings, port: u16) {
    let error = System::start(settings).await.unwrap_err().to_string();
    assert!(error.contains(&format!("port {port}")), "{error}");
}

async fn put_report(system: &System, id: ReportId, state: &str) {
    let client = system.sdk_config().dynamodb();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let call = client.put_item().table_name(REPORT_TABLE);
    let call = call.item(attributes::REPORT_ID, text(&id.to_string()));
    let call = call.item(attributes::STATE, text(state));
    let call = call.item(attributes::LEASE_OWNER, text("a dead process"));
    let until = AttributeValue::N(i64::MAX.to_string());
    call.item(attributes::LEASE_UNTIL, until).send().await.unwrap();
}

async fn has_lease(system: &System, id: ReportId) -> bool {
    let client = system.sdk_config().dynamodb();
    let call = client.get_item().table_name(REPORT_TABLE);
    let call = call.key(attributes::REPORT_ID, AttributeValue::S(id.to_string()));
    let item = call.send().await.unwrap().item.unwrap();
    item.contains_key(attributes::LEASE_UNTIL) || item.contains_key(attributes::LEASE_OWNER)
}

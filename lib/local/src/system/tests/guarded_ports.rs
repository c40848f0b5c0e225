//! The four ports as a web page, curl and an SDK see them.

use std::process::Output;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::presigning::PresigningConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const LIST_TABLES: &str = "x-amz-target: DynamoDB_20120810.ListTables";
const FOREIGN: [&str; 8] = [
    "Host: evil.example",
    "Host: evil.example:3000",
    "Host: 127.0.0.1\r\nHost: evil.example",
    "Host: 127.0.0.1\r\nOrigin: http://evil.example",
    "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1:8000",
    "Host: 127.0.0.1\r\nOrigin: null",
    "Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site",
    "Host: 127.0.0.1\r\nSec-Fetch-Site: same-site",
];

const PATHS: [&str; 6] = [
    "/trigger_report",
    "/",
    "/local/incoming/a.csv",
    "/local/sample",
    "/local/loads",
    "/local/reports",
];

#[tokio::test]
async fn no_port_answers_another_sites_page() {
    let system = Guarded::start().await;
    for port in system.ports() {
        for method in ["GET", "POST", "PUT", "OPTIONS"] {
            for (foreign, path) in
                FOREIGN.iter().flat_map(|foreign| PATHS.map(|path| (foreign, path)))
            {
                let answer = sent(port, &format!("{method} {path} HTTP/1.1\r\n{foreign}")).await;
                assert!(answer.starts_with("HTTP/1.1 403 "), "{port} {method} {foreign}: {answer}");
                assert!(
                    answer.contains("\r\n\r\nrefused: "),
                    "{port} {method} {foreign}: {answer}"
                );
                assert!(!answer.to_lowercase().contains("access-control"), "{answer}");
            }
        }
        let no_host = sent(port, "GET /trigger_report HTTP/1.0").await;
        assert!(no_host.starts_with("HTTP/1.0 403 "), "{no_host}");
        let target = format!("GET http://evil.example/ HTTP/1.1\r\nHost: {port}");
        let answer = sent(port, &target).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    }
    let reports = system.dynamodb().scan().table_name(REPORT_TABLE).send().await.unwrap();
    assert_eq!(reports.count, 0);
}

#[tokio::test]
async fn no_port_sends_cors_headers() {
    let system = Guarded::start().await;
    for port in system.ports() {
        let own = format!("Host: {port}\r\nOrigin: http://{port}");
        for head in [
            format!("GET /nothing HTTP/1.1\r\n{own}"),
            format!("POST / HTTP/1.1\r\n{own}\r\n{LIST_TABLES}"),
            format!("OPTIONS / HTTP/1.1\r\n{own}"),
            format!("OPTIONS / HTTP/1.1\r\n{own}\r\nAccess-Control-Request-Method: PUT"),
        ] {
            let answer = sent(port, &head).await;
            assert!(!answer.starts_with("HTTP/1.1 2"), "{port} {head}: {answer}");
            assert!(!answer.to_lowercase().contains("access-control"), "{port} {head}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_page_of_the_apis_own_origin_may_ask_for_a_report() {
    let system = Guarded::start().await;
    let api = system.0.api_address();
    let page = format!("Host: {api}\r\nOrigin: http://{api}\r\nSec-Fetch-Site: same-origin");

    let answer = sent(api, &format!("POST /trigger_report HTTP/1.1\r\n{page}")).await;

    // There are no polls yet.
    assert!(answer.starts_with("HTTP/1.1 409 "), "{answer}");
}

#[tokio::test]
async fn tables_and_queues_answer_only_signed_calls() {
    let system = Guarded::start().await;
    let Addresses { dynamodb, sqs, .. } = system.0.addresses();
    let made_up = "Authorization: AWS4-HMAC-SHA256 \
        Credential=local/20261127/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00";
    for (port, target) in [(dynamodb, LIST_TABLES), (sqs, "x-amz-target: AmazonSQS.ListQueues")] {
        let head = format!("POST / HTTP/1.1\r\nHost: {port}\r\n{target}");
        let answer = sent(port, &head).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("#MissingAuthenticationTokenException\""), "{answer}");
        let answer = sent(port, &format!("{head}\r\n{made_up}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("SignatureException\""), "{answer}");
    }

    let others = function_config(system.0.addresses(), "another");
    let refused = others.dynamodb().list_tables().send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidSignatureException"), "{refused:?}");
    let call = others.sqs().receive_message().queue_url(system.0.queue_url(LOAD_QUEUE));
    let refused = call.send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidSignatureException"), "{refused:?}");
    let refused = others.s3().list_objects_v2().bucket(DATA_BUCKET).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("SignatureDoesNotMatch"), "{refused:?}");
}

#[tokio::test]
async fn sdks_that_sign_with_the_secret_are_answered_on_every_port() {
    let system = Guarded::start().await;
    let tables = system.dynamodb().list_tables().send().await.unwrap();
    assert_eq!(tables.table_names(), [DATA_TABLE, REPORT_TABLE]);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = system.dynamodb().put_item().table_name(REPORT_TABLE);
    put.item(attributes::REPORT_ID, text("x")).send().await.unwrap();
    let get = system.dynamodb().get_item().table_name(REPORT_TABLE);
    let got = get.key(attributes::REPORT_ID, text("x")).send().await.unwrap();
    assert_eq!(got.item.unwrap()[attributes::REPORT_ID], text("x"));
    let send = system.0.sdk_config().sqs().send_message();
    send.queue_url(system.0.queue_url(LOAD_QUEUE)).message_body("x").send().await.unwrap();
    let put = system.0.sdk_config().s3().put_object().bucket(DATA_BUCKET).key("x");
    put.send().await.unwrap();
}

#[tokio::test]
async fn an_unknown_or_malformed_dynamodb_call_is_refused_with_the_reason() {
    let system = Guarded::start().await;
    let reasons = [
        ("ListStreams", "{}", "UnknownOperationException", "must be one of BatchGetItem, "),
        ("ListTables", "{", "SerializationException", "line 1"),
        ("GetItem", "{}", "ValidationException", "'tableName'"),
        ("GetItem", r#"{"TableName": "nowhere", "Key": {}}"#, "ResourceNotFoundException", ""),
    ];
    for (operation, body, code, message) in reasons {
        let output = system.signed_curl("dynamodb", operation, body).await;
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(answer.contains(&format!("#{code}\"")) && answer.contains(message), "{answer}");
    }
}

#[tokio::test]
async fn curl_that_signs_with_the_secret_is_answered() {
    let system = Guarded::start().await;
    let output = system.signed_curl("dynamodb", "ListTables", "{}").await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), r#"{"TableNames":["data","reports"]}"#);
    let output = system.signed_curl("sqs", "GetQueueUrl", r#"{"QueueName": "loads"}"#).await;
    assert!(output.stdout.starts_with(br#"{"QueueUrl":"http://127.0.0.1:"#), "{output:?}");
}

#[tokio::test]
async fn a_signed_link_opens_from_another_sites_page_and_cannot_be_read_by_it() {
    let system = Guarded::start().await;
    let client = system.0.sdk_config().s3();
    let put = client.put_object().bucket(REPORT_BUCKET).key("report.csv");
    put.body(ByteStream::from_static(b"store_id\n")).send().await.unwrap();
    let an_hour = PresigningConfig::expires_in(Duration::from_hours(1)).unwrap();
    let get = client.get_object().bucket(REPORT_BUCKET).key("report.csv");
    let link = get.presigned(an_hour).await.unwrap();
    let s3 = system.0.addresses().s3;
    let target = link.uri().strip_prefix(&format!("http://{s3}")).unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nHost: {s3}\r\nSec-Fetch-Site: cross-site");

    let followed = sent(s3, &format!("{head}\r\nSec-Fetch-Mode: navigate")).await;
    assert!(followed.starts_with("HTTP/1.1 200 "), "{followed}");
    assert!(followed.ends_with("\r\n\r\nstore_id\n"), "{followed}");
    let fetched = sent(s3, &format!("{head}\r\nSec-Fetch-Mode: no-cors")).await;
    assert!(fetched.starts_with("HTTP/1.1 403 "), "{fetched}");
    let unsigned = head.replace(target, "/reports/report.csv");
    let answer = sent(s3, &format!("{unsigned}\r\nSec-Fetch-Mode: navigate")).await;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("AccessDenied"), "{answer}");
}

/// Every Linux machine has this second address.
const FURTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[tokio::test]
async fn on_a_further_address_the_three_services_answer_signed_calls_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SystemSettings { further_address: Some(FURTHER), ..idle(folder.path()) };
    let system = System::start(&settings).await.unwrap();
    let Addresses { dynamodb, s3, sqs } = system.addresses();
    let [dynamodb, s3, sqs] = [dynamodb, s3, sqs].map(at_further);
    let client = function_config(Addresses { dynamodb, s3, sqs }, system.secret().expose());

    let tables = client.dynamodb().list_tables().send().await.unwrap();
    assert_eq!(tables.table_names(), [DATA_TABLE, REPORT_TABLE]);
    client.s3().put_object().bucket(DATA_BUCKET).key("x").send().await.unwrap();
    let send = client.sqs().send_message().queue_url(system.queue_url(REPORT_QUEUE));
    send.message_body("x").send().await.unwrap();
    assert_eq!(system.queues().bodies(REPORT_QUEUE), ["x"]);
    for (port, status) in [(dynamodb, 400), (s3, 403), (sqs, 400)] {
        let unsigned = sent(port, &format!("GET / HTTP/1.1\r\nHost: {port}")).await;
        assert!(unsigned.starts_with(&format!("HTTP/1.1 {status} ")), "{port}: {unsigned}");
        for foreign in FOREIGN {
            let answer = sent(port, &format!("GET / HTTP/1.1\r\n{foreign}")).await;
            assert!(answer.contains("\r\n\r\nrefused: "), "{port} {foreign}: {answer}");
        }
    }
    assert!(TcpStream::connect(at_further(system.api_address())).await.is_err());
    system.stop().await;
}

#[tokio::test]
async fn a_further_address_that_this_machine_does_not_have_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // A reserved address, which no machine has.
    let further_address = Some(Ipv4Addr::new(240, 0, 0, 1));
    let settings = SystemSettings { further_address, ..idle(folder.path()) };
    let error = System::start(&settings).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot listen on 240.0.0.1:"), "{error}");
}

#[tokio::test]
async fn without_a_further_address_no_port_answers_there() {
    let system = Guarded::start().await;
    for port in system.ports() {
        assert!(TcpStream::connect(at_further(port)).await.is_err(), "{port}");
    }
}

fn at_further(address: SocketAddr) -> SocketAddr {
    (FURTHER, address.port()).into()
}

#[tokio::test]
async fn the_secret_stays_when_the_system_is_started_again() {
    let Guarded(system, folder) = Guarded::start().await;
    let secret = system.secret().expose().to_owned();
    system.stop().await;

    let system = System::start(&idle(folder.path())).await.unwrap();

    assert_eq!(system.secret().expose(), secret);
    system.stop().await;
}

/// A system without workers, and its folder.
struct Guarded(System, tempfile::TempDir);

impl Guarded {
    async fn start() -> Guarded {
        let folder = tempfile::tempdir().unwrap();
        Guarded(System::start(&idle(folder.path())).await.unwrap(), folder)
    }

    fn ports(&self) -> [SocketAddr; 4] {
        let Addresses { dynamodb, s3, sqs } = self.0.addresses();
        [self.0.api_address(), dynamodb, s3, sqs]
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.0.sdk_config().dynamodb()
    }

    async fn signed_curl(&self, service: &str, operation: &str, body: &str) -> Output {
        let Addresses { dynamodb, sqs, .. } = self.0.addresses();
        let (address, prefix) = match service {
            "sqs" => (sqs, "AmazonSQS"),
            _ => (dynamodb, "DynamoDB_20120810"),
        };
        let output = tokio::process::Command::new("curl")
            .args(["-sS", "--aws-sigv4", &format!("aws:amz:us-east-1:{service}"), "--user"])
            .arg(format!("local:{}", self.0.secret().expose()))
            .args(["-H", "Content-Type: application/x-amz-json-1.0"])
            .args(["-H", &format!("X-Amz-Target: {prefix}.{operation}"), "-d", body])
            .arg(format!("http://{address}/"))
            .output();
        output.await.unwrap()
    }
}

/// Sends a head without a body and returns the whole response.
async fn sent(port: SocketAddr, head: &str) -> String {
    let mut socket = TcpStream::connect(port).await.unwrap();
    let request = format!("{head}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

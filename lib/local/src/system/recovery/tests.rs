//! Recovery when the stores return errors.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

use super::*;
use crate::emulators::client_config;
use crate::sqs::QueueSettings;
use crate::system::settings::LOAD_QUEUE;

#[tokio::test]
async fn an_object_that_cannot_be_checked_is_named_and_stops_nothing() {
    let logs = tempfile::NamedTempFile::new().unwrap();
    let file = Arc::new(logs.reopen().unwrap());
    let subscriber = tracing_subscriber::fmt().with_writer(file).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let s3 = client_config(listener.local_addr().unwrap(), "any");
    let server = axum::serve(listener, Router::new().fallback(half_broken_s3));
    tokio::spawn(server.into_future());
    let notification = notification();

    let continued_work = continue_work(&s3, &[], &notification).await.unwrap();

    assert_eq!(continued_work, ContinuedWork { reports: 0, files: 2 });
    let bodies = notification.queues.bodies(LOAD_QUEUE);
    assert!(bodies[0].contains("incoming/a.csv") && bodies[1].contains("incoming/c.csv"));
    let logs = std::fs::read_to_string(logs.path()).unwrap();
    assert!(logs.contains("incoming/b.csv") && logs.contains("InternalError"), "{logs}");
}

/// Lists three files, one of which cannot be read. None has a manifest.
async fn half_broken_s3(request: Request) -> Response {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let error = |status, code| (status, format!("<Error><Code>{code}</Code></Error>"));
    if query.contains("list-type=2") {
        let object = |key: &str| {
            let at = "<LastModified>2023-01-25T18:00:00.125Z</LastModified>";
            format!("<Contents><Key>incoming/{key}.csv</Key>{at}</Contents>")
        };
        let all = ["a", "b", "c"].map(object).concat();
        return format!("<ListBucketResult>{all}</ListBucketResult>").into_response();
    }
    if path.starts_with("/data/loads/") {
        return error(StatusCode::NOT_FOUND, "NoSuchKey").into_response();
    }
    if path.ends_with("/b.csv") {
        return error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError").into_response();
    }
    let headers =
        [(header::LAST_MODIFIED, "Wed, 25 Jan 2023 18:00:00 GMT"), (header::ETAG, "\"e\"")];
    (headers, "store_id\n").into_response()
}

fn notification() -> Notification {
    let queues = Queues::default();
    queues.define(LOAD_QUEUE, &QueueSettings { visibility: Duration::ZERO, redrive: None });
    Notification {
        bucket: DATA_BUCKET.to_owned(),
        prefix: INCOMING.to_owned(),
        queue: LOAD_QUEUE.to_owned(),
        queues: Arc::new(queues),
    }
}

//! Requests and answers as a client and a function see them.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request, StatusCode};
use lambda_http::{RequestExt, RequestPayloadExt};
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn a_repeated_and_an_encoded_query_key_come_through() {
    let query = "a=1&a=2&b=x%20y%2Bz+w&empty&&c=100%&d=%zz=%4";
    let answer = call("GET", &format!("/get_report?{query}"), "").await;
    let parameters = &answer["query"];
    assert_eq!(parameters["a"], json!(["1", "2"]));
    assert_eq!(parameters["b"], json!(["x y+z w"]));
    assert_eq!(parameters["empty"], json!([""]));
    // A text that is not an escape stays as it is.
    assert_eq!(parameters["c"], json!(["100%"]));
    assert_eq!(parameters["d"], json!(["%zz=%4"]));
    assert!(parameters.get("").is_none());
}

#[tokio::test]
async fn a_path_parameter_is_decoded_and_the_raw_path_is_not() {
    let answer = call("GET", "/get_report/a%2Fb+%zz%", "").await;
    assert_eq!(answer["report_id"], "a/b+%zz%");
    assert_eq!(answer["path"], "/get_report/a%2Fb+%zz%");
}

#[tokio::test]
async fn a_body_that_is_not_text_arrives_as_bytes() {
    let body = [0xff, 0x00, 0x41];
    let request = Request::post("/get_report").body(Body::from(body.to_vec())).unwrap();
    assert_eq!(answer_to(request).await.1["body"], json!(body));
}

#[tokio::test]
async fn a_json_body_reaches_the_payload_reader() {
    let request = Request::post("/get_report").header("content-type", "application/json");
    let request = request.body(Body::from(r#"{"report_id": "r"}"#)).unwrap();
    assert_eq!(answer_to(request).await.1["payload"]["report_id"], "r");
}

#[tokio::test]
async fn an_unknown_path_is_404_and_another_verb_405() {
    check("GET", "/", 404).await;
    check("GET", "/get_report/", 404).await;
    check("GET", "/get_report/a/b", 404).await;
    check("DELETE", "/get_report", 405).await;
    check("POST", "/get_report/a", 405).await;
    let request =
        Request::put("/get_report").header("host", "127.0.0.1").body(Body::empty()).unwrap();
    let response = answer(State(Arc::new(api())), request).await;
    assert_eq!(response.headers()["allow"], "GET, POST");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_function_that_panics_hangs_or_answers_malformed_is_500() {
    check("GET", "/get_report?panic=1", 500).await;
    check("GET", "/get_report?hang=1", 500).await;
    check("GET", "/malformed", 500).await;
}

#[tokio::test]
async fn an_error_of_the_gateway_is_a_problem_in_the_form_of_the_functions() {
    use ProblemKind as Kind;
    let refused = [
        (Request::get("/").body(Body::empty()), Kind::UnknownCall),
        (Request::put("/get_report").body(Body::empty()), Kind::MethodNotAllowed),
        (Request::get("/get_report?panic=1").body(Body::empty()), Kind::Internal),
    ];
    for (request, kind) in refused {
        let (status, problem) = answer_to(request.unwrap()).await;
        assert_eq!(status, kind.status(), "{problem}");
        assert_eq!(problem["type"], format!("/problems/{}", kind.name()));
        assert_eq!(problem["title"], kind.title());
        assert_eq!(problem["status"], kind.status().as_u16());
        assert!(problem["request_id"].is_string(), "{problem}");
    }
}

#[tokio::test]
async fn a_bad_body_is_a_problem_that_says_what_is_accepted() {
    let faults = [
        (BodyFault::StoodStill(Duration::from_secs(20)), ProblemKind::BodyTooSlow, "20 s"),
        (BodyFault::Broken, ProblemKind::MalformedBody, "well-formed chunks"),
        (BodyFault::TooLarge(BODY_BYTES_MAX), ProblemKind::BodyTooLarge, "at most 10485760 bytes"),
    ];
    for (fault, kind, accepted) in faults {
        let refusal = refuse(fault);
        assert_eq!((refusal.status(), fault.status()), (kind.status(), kind.status()));
        let body = axum::body::to_bytes(refusal.into_body(), usize::MAX).await.unwrap();
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["type"], format!("/problems/{}", kind.name()));
        assert!(problem["detail"].as_str().unwrap().contains(accepted), "{problem}");
    }
}

#[test]
fn a_malformed_answer_gives_no_response() {
    assert!(response::http_response(&json!({ "body": "no status" })).is_none());
    assert!(response::http_response(&json!({ "statusCode": 9 })).is_none());
    let answer = json!({ "statusCode": 200, "multiValueHeaders": { "set-cookie": ["a", "b"] } });
    let response = response::http_response(&answer).unwrap();
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
}

async fn check(method: &str, path: &str, expected: u16) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    assert_eq!(answer_to(request).await.0, expected, "{method} {path}");
}

async fn call(method: &str, path: &str, body: &'static str) -> Value {
    let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
    let (status, answer) = answer_to(request).await;
    assert_eq!(status, StatusCode::OK);
    answer
}

async fn answer_to(mut request: Request<Body>) -> (StatusCode, Value) {
    request.headers_mut().insert("host", "127.0.0.1".parse().unwrap());
    let response = answer(State(Arc::new(api())), request).await;
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn more_calls_than_may_run_at_once_wait_for_their_turn() {
    let api = Arc::new(api());
    let calls = (0..5).map(|_| {
        let request = Request::get("/get_report?hang").header("host", "127.0.0.1");
        answer(State(Arc::clone(&api)), request.body(Body::empty()).unwrap())
    });
    let hung = tokio::spawn(futures::future::join_all(calls));
    let permits = || api.invocations.available_permits();
    while permits() > 0 {
        tokio::task::yield_now().await;
    }
    // The time-out of each call starts when its turn comes, so each of the five ends by its own.
    let answers = hung.await.unwrap();
    assert!(answers.iter().all(|answer| answer.status() == StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(permits(), 1);
}

fn api() -> Api {
    Api { routes: routes(), invocations: Semaphore::new(1) }
}

/// A function that returns its input.
fn routes() -> Vec<Route> {
    let function = Function::of_requests("mirror", Duration::from_millis(300), mirror);
    let route = |resource, methods| Route { resource, methods, function: function.clone() };
    let malformed =
        Function::of_events("malformed", Duration::from_secs(1), async |_| Ok(json!(1)));
    vec![
        Route { function: malformed, ..route("/malformed", &[Method::GET]) },
        route("/get_report", &[Method::GET, Method::POST]),
        route("/get_report/{report_id}", &[Method::GET]),
    ]
}

async fn mirror(
    request: lambda_http::Request,
) -> Result<Response<lambda_http::Body>, lambda_http::Error> {
    let query = request.query_string_parameters();
    assert!(query.first("panic").is_none(), "on purpose");
    if query.first("hang").is_some() {
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    let mut pairs = serde_json::Map::new();
    for (name, _) in query.iter() {
        pairs.insert(name.to_owned(), json!(query.all(name)));
    }
    let payload: Option<Value> = request.payload().unwrap_or_default();
    let document = json!({
        "query": pairs,
        "path": request.raw_http_path(),
        "report_id": request.path_parameters().first("report_id"),
        "body": request.body().as_ref(),
        "payload": payload,
    });
    Ok(Response::new(document.to_string().into()))
}

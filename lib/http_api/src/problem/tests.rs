use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use serde_json::json;

use super::*;

#[test]
fn a_problem_names_its_type_title_status_detail_and_request() {
    check(
        &Problem::new(ProblemKind::NoPolls, "load polls first"),
        &json!({
            "type": "/problems/no-polls", "title": "No polls are stored", "status": 409,
            "detail": "load polls first", "request_id": "deef4878",
        }),
    );
}

#[test]
fn a_parameter_at_fault_is_named_with_what_was_given_and_what_is_accepted() {
    check(
        &Problem::with_fault(
            ProblemKind::InvalidParameter,
            "method is not acceptable",
            Fault::new("method", Some(json!("best")), "time_weighted or poll_count"),
        ),
        &json!({
            "type": "/problems/invalid-parameter", "title": "A parameter is not acceptable",
            "status": 400, "detail": "method is not acceptable", "parameter": "method",
            "given": "best", "accepted": "time_weighted or poll_count", "request_id": "deef4878",
        }),
    );
}

#[test]
fn a_long_text_is_shortened() {
    let fault = Fault::new("method", Some(json!("é".repeat(10_000))), "time_weighted");

    assert_eq!(fault.given, Some(json!("é".repeat(GIVEN_CHARS_MAX) + "...")));
}

#[test]
fn an_internal_cause_is_not_returned() {
    let answer = Problem::unavailable("secret").into_answer(&request()).unwrap();

    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "5");
    assert!(!String::from_utf8_lossy(answer.body()).contains("secret"));
}

#[test]
fn every_answer_of_a_problem_names_its_request() {
    for problem in [Problem::new(ProblemKind::NoPolls, "load"), Problem::internal("broken")] {
        let answer = problem.into_answer(&request()).unwrap();
        let document: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(document["request_id"], "deef4878");
    }
}

#[test]
fn an_internal_failure_has_no_retry_after() {
    let answer = Problem::internal("broken").into_answer(&request()).unwrap();

    assert_eq!(answer.status(), 500);
    assert!(!answer.headers().contains_key("retry-after"));
}

#[test]
fn a_problem_with_the_method_names_the_methods_allowed() {
    let problem = Problem::new(ProblemKind::MethodNotAllowed, "use GET or POST");

    let answer = problem.into_answer(&request()).unwrap();

    assert_eq!(answer.headers()["allow"], "GET, POST");
}

#[test]
fn no_problem_is_stored_by_caches() {
    let answer = Problem::new(ProblemKind::NoCsv, "wait").into_answer(&request()).unwrap();

    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
}

#[track_caller]
fn check(problem: &Problem, expected: &Value) {
    let document = Document::of(problem, Some("deef4878"));
    assert_eq!(&serde_json::to_value(document).unwrap(), expected);
}

fn request() -> Request {
    let mut context = ApiGatewayProxyRequestContext::default();
    context.request_id = Some("deef4878".to_owned());
    Request::default().with_request_context(RequestContext::ApiGatewayV1(context))
}

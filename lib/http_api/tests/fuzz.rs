//! A request with any query, content type and body is read or refused, without a panic. Values are
//! read as they were sent.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

use std::collections::HashMap;

use http_api::{Parameter, Parameters, Problem};
use lambda_http::http::Request as HttpRequest;
use lambda_http::{Body, Request, RequestExt as _};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const COLOUR: Parameter = Parameter { name: "colour", accepted: "any text" };
const COUNT: Parameter = Parameter { name: "count", accepted: "a whole number" };

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const TYPES: &[&str] =
    &["", JSON, FORM, "text/plain", "Application/JSON; charset=\"", "a/b+json", ";"];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_request_is_read_or_refused_with_a_4xx(
        method in select(&["GET", "POST", "PUT", "HEAD"][..]),
        query in vec(("colour|count|report_id|\\PC{0,4}", "\\PC{0,12}"), 0..3),
        content_type in select(TYPES),
        body in body(),
    ) {
        let mut map: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in query {
            map.entry(name).or_default().push(value);
        }
        let request = request(method, content_type, body).with_query_string_parameters(map);
        match read(&request) {
            Ok(_) => {}
            Err(problem) => prop_assert!(problem.kind.status().is_client_error(), "{problem:?}"),
        }
    }

    #[test]
    fn a_problem_is_short_whatever_the_caller_sent(
        name in "[a-zé]{1,3000}",
        value in "\\PC{0,3000}",
    ) {
        let body = json!({ name: value }).to_string().into_bytes();
        let problem = read(&request("POST", JSON, body)).unwrap_err();
        let shown = serde_json::to_string(&problem.fault.unwrap()).unwrap();
        prop_assert!(shown.chars().count() < 2_000, "{}", shown.len());
    }

    #[test]
    fn values_are_read_as_they_were_sent_as_json_and_as_a_form(
        colour in "\\PC{0,60}",
        count in any::<u64>(),
    ) {
        let json = json!({ "colour": colour, "count": count }).to_string();
        let form: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("count", &count.to_string())
            .append_pair("colour", &colour)
            .finish();
        for (content_type, body) in [(JSON, json), (FORM, form)] {
            let read = read(&request("POST", content_type, body.into_bytes())).unwrap();
            prop_assert_eq!(&read, &(Some(colour.clone()), Some(count)));
        }
    }
}

/// JSON and forms, some of them damaged.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let json = prop_oneof![
        any::<u64>().prop_map(|number| json!({ "count": number })),
        "\\PC{0,12}".prop_map(|text| json!({ "colour": text })),
        any::<f64>().prop_map(|number| json!({ "count": number, "colour": [number] })),
        Just(Value::Null),
    ];
    let deep = (1..2_000_usize, select(&["[", "{\"colour\":"][..]))
        .prop_map(|(depth, opening)| format!("{{\"count\":{}", opening.repeat(depth)).into_bytes());
    let whole = prop_oneof![
        4 => json.prop_map(|json| json.to_string().into_bytes()),
        2 => "(colour|count|%..|[&=+%]|\\PC){0,20}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..60),
        1 => deep,
    ];
    (whole, any::<prop::sample::Index>(), any::<u8>(), 0..4_u8).prop_map(
        |(mut body, at, byte, what)| {
            let at = at.index(body.len() + 1);
            match what {
                0 => body.insert(at, byte),
                1 => body.truncate(at),
                _ => {}
            }
            body
        },
    )
}

fn request(method: &str, content_type: &str, body: Vec<u8>) -> Request {
    let mut builder = HttpRequest::builder().method(method);
    if !content_type.is_empty() {
        builder = builder.header("content-type", content_type);
    }
    builder.body(Body::from(body)).unwrap()
}

fn read(request: &Request) -> Result<(Option<String>, Option<u64>), Problem> {
    let parameters = Parameters::read(request, &[COLOUR, COUNT])?;
    let colour = parameters.parse(COLOUR, |given| given.text().map(str::to_owned))?;
    Ok((colour, parameters.parse(COUNT, http_api::Given::whole_number)?))
}

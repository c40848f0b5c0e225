//! Each check gives a request as text and expects what is read from it as text.

use std::collections::HashMap;

use lambda_http::Body;

use super::*;

const COLOUR: Parameter = Parameter { name: "colour", accepted: "red or blue" };
const COUNT: Parameter = Parameter { name: "count", accepted: "a whole number" };

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn a_get_reads_the_query() {
    check("GET", "colour=red&count=7", "", "", "colour red, count 7");
    check("GET", "", "", "", "");
}

#[test]
fn a_post_reads_the_query_a_json_body_or_a_form() {
    check("POST", "colour=red", "", "", "colour red");
    check("POST", "", JSON, r#"{"colour": "red", "count": 7}"#, "colour red, count 7");
    check("POST", "", FORM, "colour=red&count=7", "colour red, count 7");
    check("POST", "count=7", JSON, r#"{"colour": "red"}"#, "colour red, count 7");
}

#[test]
fn a_json_number_with_a_whole_value_is_accepted_however_it_is_written() {
    check("POST", "", JSON, r#"{"count": 23.0}"#, "count 23");
    check("POST", "", JSON, r#"{"count": 2.3e1}"#, "count 23");
    for bad in ["23.5", "-23.0", "1e300", "\"23\""] {
        check("POST", "", JSON, &format!("{{\"count\": {bad}}}"), "400 invalid-parameter count");
    }
    check("POST", "", FORM, "count=23.0", "400 invalid-parameter count");
}

#[test]
fn a_form_is_decoded() {
    check("POST", "", FORM, "colour=dark+red%21", "colour dark red!");
}

#[test]
fn a_blank_body_has_no_parameters_whatever_its_type() {
    check("POST", "", JSON, "", "");
    check("POST", "", "text/plain", " \r\n", "");
}

#[test]
fn a_body_that_begins_like_a_json_object_is_json_whatever_its_type() {
    check("POST", "", FORM, r#"{"colour": "red"}"#, "colour red");
    check("POST", "", "text/plain;charset=UTF-8", r#" {"colour": "red"}"#, "colour red");
    check("POST", "", "", r#"{"colour": "red"}"#, "colour red");
}

#[test]
fn a_content_type_may_have_any_case_and_parameters_or_the_suffix_json() {
    check("POST", "", "Application/JSON; charset=utf-8", "[]", "400 malformed-body");
    check("POST", "", "application/merge-patch+json", "[]", "400 malformed-body");
    check("POST", "", "Application/X-WWW-Form-URLEncoded; charset=utf-8", "count=1", "count 1");
}

#[test]
fn a_body_without_a_type_is_a_form() {
    check("POST", "", "", "colour=red", "colour red");
}

#[test]
fn another_type_is_not_supported() {
    check("POST", "", "text/csv", "colour=red", "415 unsupported-body");
    check("POST", "", "multipart/form-data; boundary=x", "--x", "415 unsupported-body");
}

#[test]
fn a_body_that_is_not_a_json_object_is_malformed() {
    for body in ["{", r#"{"count": 1"#, r#"{"count": 1,}"#, r#"{"count": 1} x"#, "{'count': 1}"] {
        check("POST", "", JSON, body, "400 malformed-body");
    }
    for body in ["[]", "7", "null", r#""count""#, "nonsense"] {
        check("POST", "", JSON, body, "400 malformed-body");
    }
}

#[test]
fn a_parameter_given_twice_is_refused_in_any_place_and_even_if_equal() {
    check("GET", "colour=red&colour=red", "", "", "400 repeated-parameter colour");
    check("POST", "", FORM, "colour=red&colour=blue", "400 repeated-parameter colour");
    check("POST", "", JSON, r#"{"count":1,"count":null}"#, "400 repeated-parameter count");
    check("POST", "count=1", JSON, r#"{"count": 1}"#, "400 repeated-parameter count");
}

#[test]
fn an_unknown_parameter_is_refused() {
    check("GET", "color=red", "", "", "400 unknown-parameter color");
    check("GET", "Colour=red", "", "", "400 unknown-parameter Colour");
    check("POST", "", FORM, "nonsense", "400 unknown-parameter nonsense");
    check("POST", "", JSON, r#"{"color": null}"#, "400 unknown-parameter color");
}

#[test]
fn null_means_not_given() {
    check("POST", "", JSON, r#"{"colour": null, "count": 7}"#, "count 7");
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    for value in ["7", "true", r#"["red"]"#, r#"{"red":1}"#] {
        let body = format!(r#"{{"colour": {value}}}"#);
        check("POST", "", JSON, &body, "400 invalid-parameter colour");
    }
    for value in [r#""7""#, "7.5", "-7", "1e400", "99999999999999999999", "[7]"] {
        let body = format!(r#"{{"count": {value}}}"#);
        let expected = match value {
            // JSON's grammar allows it, but the parser cannot represent it.
            "1e400" => "400 malformed-body",
            _ => "400 invalid-parameter count",
        };
        check("POST", "", JSON, &body, expected);
    }
}

#[test]
fn a_number_in_the_query_is_digits_only() {
    for value in ["", "+7", "-7", " 7", "7.0", "0x7", "99999999999999999999", "٧"] {
        check("GET", &format!("count={value}"), "", "", "400 invalid-parameter count");
    }
}

#[test]
fn a_get_with_a_body_is_refused() {
    check("GET", "colour=red", JSON, r#"{"count": 7}"#, "400 malformed-body");
    check("GET", "colour=red", JSON, "\n", "colour red");
}

#[test]
fn other_methods_are_not_allowed() {
    check("PUT", "colour=red", "", "", "405 method-not-allowed");
    check("DELETE", "", "", "", "405 method-not-allowed");
}

#[test]
fn a_body_may_have_16_kib() {
    let body = |length: usize| format!("{:length$}", "count=7");
    check("POST", "", FORM, &body(16 * 1024), "count 7");
    check("POST", "", FORM, &body(16 * 1024 + 1), "413 body-too-large");
}

#[test]
fn deeply_nested_json_is_refused_without_a_panic() {
    for deep in ["[", "{\"colour\":"] {
        let body = format!("{{\"colour\": {}", deep.repeat(16_000 / deep.len()));
        check("POST", "", JSON, &body, "400 malformed-body");
    }
    let closed = format!("{{\"colour\": {}{}}}", "[".repeat(8_000), "]".repeat(8_000));
    check("POST", "", JSON, &closed, "400 malformed-body");
    let nested = format!("{{\"colour\": {}{}}}", "[".repeat(100), "]".repeat(100));
    check("POST", "", JSON, &nested, "400 invalid-parameter colour");
}

#[test]
fn a_path_parameter_counts_as_given() {
    let path = HashMap::from([("colour".to_owned(), "red".to_owned())]);
    let from_path = request("GET", "", "", "").with_path_parameters(path.clone());
    assert_eq!(outcome(&from_path), "colour red");

    let from_both = request("GET", "colour=red", "", "").with_path_parameters(path);
    assert_eq!(outcome(&from_both), "400 repeated-parameter colour");
}

#[test]
fn a_missing_parameter_is_refused_as_missing() {
    let parameters = Parameters::read(&request("GET", "", "", ""), &[COLOUR]).unwrap();

    let problem = parameters.refuse(COLOUR, "colour has to be given");

    assert_eq!(problem.kind, ProblemKind::MissingParameter);
    assert_eq!(problem.fault.as_deref(), Some(&Fault::new("colour", None, "red or blue")));
}

#[track_caller]
fn check(method: &str, query: &str, content_type: &str, body: &str, expected: &str) {
    assert_eq!(outcome(&request(method, query, content_type, body)), expected, "{body}");
}

fn request(method: &str, query: &str, content_type: &str, body: &str) -> Request {
    let mut query_map: HashMap<String, Vec<String>> = HashMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap();
        query_map.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    let mut builder = lambda_http::http::Request::builder().method(method);
    if !content_type.is_empty() {
        builder = builder.header("content-type", content_type);
    }
    builder.body(Body::from(body)).unwrap().with_query_string_parameters(query_map)
}

/// The values read, sorted by name because a query has no order; or the problem.
fn outcome(request: &Request) -> String {
    read(request).unwrap_or_else(|problem| {
        let fault = problem.fault.map(|fault| serde_json::to_value(fault).unwrap());
        let parameter = fault
            .map_or(String::new(), |fault| format!(" {}", fault["parameter"].as_str().unwrap()));
        format!("{} {}{parameter}", problem.kind.status().as_u16(), problem.kind.name())
    })
}

fn read(request: &Request) -> Result<String, Problem> {
    let parameters = Parameters::read(request, &[COLOUR, COUNT])?;
    let colour = parameters.parse(COLOUR, |given| given.text().map(str::to_owned))?;
    let count = parameters.parse(COUNT, Given::whole_number)?;

    let value_of = |parameter: Parameter| match parameter {
        COLOUR => colour.clone().unwrap_or_default(),
        _ => count.map_or(String::new(), |count| count.to_string()),
    };
    let mut read: Vec<String> = parameters
        .given
        .iter()
        .map(|(parameter, _)| format!("{} {}", parameter.name, value_of(*parameter)))
        .collect();
    read.sort_unstable();
    Ok(read.join(", "))
}

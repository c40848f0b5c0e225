//! Each check gives a query or a body as text and expects the parameters read from it as text.

use std::collections::HashMap;

use lambda_http::{Body, RequestExt as _};

use super::*;

const TIME_WEIGHTED: Method = Method::TIME_WEIGHTED;
const NOW: &str = "2023-01-25T12:00:00Z";

#[test]
fn the_defaults_are_the_newest_poll_and_the_default_method() {
    check("", "newest, time_weighted");
    check_default(Method::PollCount, "", "newest, poll_count");
}

#[test]
fn all_parameters_are_read_from_the_query() {
    check(
        "as_of=2023-01-25T01:02:03.000004Z&method=time_weighted&max_hold_minutes=90&period=2022-12",
        "2023-01-25T01:02:03.000004Z, time_weighted, 90, 2022-12",
    );
    check("method=poll_count", "newest, poll_count");
}

#[test]
fn all_parameters_are_read_from_a_json_body() {
    check_body(
        r#"{"as_of": "2023-01-25T02:00:00+01:00", "method": "time_weighted", "max_hold_minutes": 90,
            "period": "2023-W03"}"#,
        "2023-01-25T01:00:00Z, time_weighted, 90, 2023-W03",
    );
    check_body(
        r#"{"as_of": null, "method": null, "max_hold_minutes": null, "period": null}"#,
        "newest, time_weighted",
    );
}

#[test]
fn all_parameters_are_read_from_a_form() {
    check_body(
        "as_of=2023-01-25T02%3A00%3A00%2B01%3A00&max_hold_minutes=90&period=2023-01-01%2F2023-01-15",
        "2023-01-25T01:00:00Z, time_weighted, 90, 2023-01-01/2023-01-15",
    );
}

#[test]
fn as_of_lies_between_2000_and_24_hours_from_now() {
    check("as_of=2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z, time_weighted");
    check("as_of=1999-12-31T23:59:59.999999Z", "400 as_of");
    check("as_of=2023-01-26T12:00:00Z", "2023-01-26T12:00:00Z, time_weighted");
    check("as_of=2023-01-26T12:00:00.000001Z", "400 as_of");
}

#[test]
fn as_of_is_rfc_3339() {
    for bad in
        ["", "now", "2023-01-25", "2023-01-25T12:00:00", "1674648000", "2023-02-30T00:00:00Z"]
    {
        check(&format!("as_of={bad}"), "400 as_of");
    }
    check_body(r#"{"as_of": 1674648000}"#, "400 as_of");
}

#[test]
fn the_method_is_one_of_two_names() {
    for bad in ["", "TIME_WEIGHTED", "both"] {
        check(&format!("method={bad}"), "400 method");
    }
    check_body(r#"{"method": 1}"#, "400 method");
}

#[test]
fn max_hold_is_a_whole_number_of_minutes_up_to_eight_days() {
    check("max_hold_minutes=1", "newest, time_weighted, 1");
    check("max_hold_minutes=11520", "newest, time_weighted, 11520");
    for bad in ["", "0", "11521", "-5", "+5", "1.5", "4294967297", "99999999999999999999"] {
        check(&format!("max_hold_minutes={bad}"), "400 max_hold_minutes");
    }
    check_body(r#"{"max_hold_minutes": 1.5}"#, "400 max_hold_minutes");
    check_body(r#"{"max_hold_minutes": "90"}"#, "400 max_hold_minutes");
}

#[test]
fn max_hold_with_poll_count_is_refused_even_if_that_is_the_default() {
    check("method=poll_count&max_hold_minutes=90", "400 max_hold_minutes");
    check_default(Method::PollCount, "max_hold_minutes=90", "400 max_hold_minutes");
    check_default(
        Method::PollCount,
        "method=time_weighted&max_hold_minutes=90",
        "newest, time_weighted, 90",
    );
}

#[test]
fn a_period_is_a_day_a_week_a_month_or_a_range() {
    for period in ["2023-01-24", "2023-W03", "2023-01", "2023-01-01/2023-01-15"] {
        check(&format!("period={period}"), &format!("newest, time_weighted, {period}"));
    }
    for bad in ["", "yesterday", "2023", "2023-13", "1999-12", "2023-01-02/2023-01-01"] {
        check(&format!("period={bad}"), "400 period");
    }
    check_body(r#"{"period": 2023}"#, "400 period");
}

#[test]
fn a_refused_period_is_refused_with_the_reason() {
    let now = Timestamp::from_rfc3339(NOW).unwrap();
    let refused = |period: &str| {
        let request = of_query(&format!("period={period}"));
        RequestParameters::read(&request, TIME_WEIGHTED, now).unwrap_err().detail
    };
    assert_eq!(refused("2023-01-02/2023-01-01"), "period ends before it begins");
    assert_eq!(refused("2022-10-01/2023-01-01"), "period has 93 days; at most 92 are accepted");
}

#[test]
fn a_period_with_poll_count_is_refused_even_if_that_is_the_default() {
    check("method=poll_count&period=2023-01", "400 period");
    check_default(Method::PollCount, "period=2023-01", "400 period");
    check_default(
        Method::PollCount,
        "method=time_weighted&period=2023-01",
        "newest, time_weighted, 2023-01",
    );
}

#[test]
fn a_period_that_has_not_begun_anywhere_is_refused() {
    // It begins at UTC+14, on the 24th at 10:00 UTC.
    check_begun("period=2023-01-25", "2023-01-24T10:00:00Z", None);
    let early = "2023-01-24T09:59:59.999999Z";
    let at = |instant| format!("period has not begun anywhere at {instant}, {early}");
    check_begun("period=2023-01-25", early, Some(&at("the newest poll")));
    check_begun(&format!("period=2023-01-25&as_of={early}"), early, Some(&at("as_of")));
    check_begun("", early, None);
}

#[test]
fn a_period_is_refused_if_it_needs_polls_from_before_polls_are_kept() {
    // Now is 2023-01-25 12:00. A period needs polls from 38 hours before its first date.
    check_kept(10, "2023-01-18", None);
    check_kept(10, "2023-01-17", Some("2023-01-18"));
    check_kept(10, "2023-01", Some("2023-01-18"));
    check_kept(400, "2021-12-24", None);
    check_kept(400, "2021-12-23", Some("2021-12-24"));
    check_kept(9_999, "2000-01", None);
}

#[test]
fn the_period_of_a_scheduled_report_is_part_of_what_is_asked() {
    let event = include_str!("../../../../tests/events/scheduled_month.json");
    let request = lambda_http::request::from_str(event).unwrap();
    assert_eq!(outcome(&request, TIME_WEIGHTED), "newest, time_weighted, 2023-01");
    assert_eq!(outcome(&request, Method::PollCount), "400 period");
    assert_eq!(as_given(&request), "period=2023-01");
}

#[test]
fn unknown_and_repeated_parameters_are_refused() {
    check("asof=2023-01-25T12:00:00Z", "400 asof");
    check("method=poll_count&method=poll_count", "400 method");
}

#[test]
fn the_sample_event_is_a_request_that_is_accepted() {
    let event = include_str!("../../../../tests/events/trigger_report.json");
    let request = lambda_http::request::from_str(event).unwrap();
    let expected = "2023-01-25T18:13:22Z, time_weighted, 90";
    assert_eq!(outcome(&request, TIME_WEIGHTED), expected);
}

#[test]
fn repeats_are_recognised_by_the_parameters_given_without_defaults() {
    let given = |query: &str| as_given(&of_query(query));
    assert_eq!(given(""), "");
    assert_eq!(given("method=time_weighted"), "method=time_weighted");
    let all = "as_of=2023-01-25T01:00:00Z&method=time_weighted&max_hold_minutes=90&period=2023-01";
    assert_eq!(given(all), all);
    assert_eq!(
        given(
            "period=2023-01&max_hold_minutes=90&method=time_weighted&as_of=2023-01-25T02:00:00+01:00"
        ),
        all
    );
    let json = r#"{"max_hold_minutes": 90, "method": "time_weighted", "period": "2023-01",
        "as_of": "2023-01-25T01:00:00Z"}"#;
    assert_eq!(as_given(&of_body(json)), all);
}

#[track_caller]
fn check(query: &str, expected: &str) {
    check_default(TIME_WEIGHTED, query, expected);
}

#[track_caller]
fn check_default(default_method: Method, query: &str, expected: &str) {
    assert_eq!(outcome(&of_query(query), default_method), expected, "{query}");
}

#[track_caller]
fn check_body(body: &str, expected: &str) {
    assert_eq!(outcome(&of_body(body), TIME_WEIGHTED), expected, "{body}");
}

#[track_caller]
fn check_begun(query: &str, as_of: &str, refused: Option<&str>) {
    let now = Timestamp::from_rfc3339(NOW).unwrap();
    let asked = RequestParameters::read(&of_query(query), TIME_WEIGHTED, now).unwrap();

    let as_of = Timestamp::from_rfc3339(as_of).unwrap();
    let problem = asked.refuse_future_period(as_of).err();

    let fault = problem.as_ref().map(|problem| serde_json::to_value(&problem.fault).unwrap());
    assert!(fault.is_none_or(|fault| fault["given"] == "2023-01-25"));
    assert_eq!(problem.map(|problem| problem.detail).as_deref(), refused);
}

/// Checks which first date a refusal of this period names; `None`: it is accepted.
#[track_caller]
fn check_kept(days: u32, period: &str, expected: Option<&str>) {
    let now = Timestamp::from_rfc3339(NOW).unwrap();
    let method = TIME_WEIGHTED.with_period(Some(period.parse().unwrap())).unwrap();
    let parameters = ReportParameters { as_of: now, method };

    let refused = refuse_period_not_kept(&parameters, Retention::of_days(days).unwrap(), now);

    let Some(earliest) = expected else {
        assert!(refused.is_ok(), "{refused:?}");
        return;
    };
    let problem = refused.unwrap_err();
    let fault = serde_json::to_value(&problem.fault).unwrap();
    assert_eq!((problem.kind, &fault["given"]), (ProblemKind::InvalidParameter, &period.into()));
    assert_eq!(
        format!("{}; {}", problem.detail, fault["accepted"].as_str().unwrap()),
        format!(
            "period needs polls that may have been deleted; polls are kept for {days} days; a period \
             whose first date is {earliest} or later"
        )
    );
}

fn of_query(query: &str) -> Request {
    let mut values: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        values.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    Request::new(Body::Empty).with_query_string_parameters(values)
}

fn of_body(body: &str) -> Request {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = lambda_http::http::Method::POST;
    request
}

fn as_given(request: &Request) -> String {
    let now = Timestamp::from_rfc3339(NOW).unwrap();
    RequestParameters::read(request, TIME_WEIGHTED, now).unwrap().as_given()
}

fn outcome(request: &Request, default_method: Method) -> String {
    let now = Timestamp::from_rfc3339(NOW).unwrap();
    match RequestParameters::read(request, default_method, now) {
        Ok(asked) => {
            let as_of = asked.as_of.map_or("newest".to_owned(), |as_of| as_of.to_string());
            let max_hold = asked.method.max_hold();
            let max_hold = max_hold.map_or(String::new(), |hold| format!(", {}", hold.minutes()));
            let period = asked.method.period().map(|period| format!(", {period}"));
            let period = period.unwrap_or_default();
            format!("{as_of}, {}{max_hold}{period}", asked.method.name())
        }
        Err(problem) => {
            let fault = serde_json::to_value(problem.fault.unwrap()).unwrap();
            let parameter = fault["parameter"].as_str().unwrap();
            format!("{} {parameter}", problem.kind.status().as_u16())
        }
    }
}

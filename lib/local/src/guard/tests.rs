//! Heads of requests and the guard's decisions.

use axum::body::Body;
use axum::http::Request;

use super::*;

const OK: &str = "ok";

#[test]
fn a_request_of_curl_or_an_sdk_is_let_through() {
    for head in [
        "GET / Host:127.0.0.1:3000",
        "POST / Host:127.0.0.1:3000 Content-Type:application/json",
        "PUT /data/incoming/a.csv Host:localhost:3001",
        "DELETE / Host:[::1]:3001",
        "OPTIONS / Host:127.0.0.1",
    ] {
        check_both(head, OK);
    }
}

#[test]
fn the_host_must_be_a_name_of_the_loopback_address_with_any_port() {
    for host in ["127.0.0.1", "localhost", "LocalHost", "[::1]"] {
        check_both(&format!("GET / Host:{host}"), OK);
        check_both(&format!("GET / Host:{host}:3000"), OK);
        check_both(&format!("GET / Host:{host}:1"), OK);
    }
    for host in [
        "evil.example",
        "evil.example:3000",
        "127.0.0.1.evil.example",
        "localhost.evil.example:3000",
        "localhost.",
        "127.0.0.2",
        "127.1",
        "0.0.0.0:3000",
        "2130706433",
        "::1",
        "[::ffff:127.0.0.1]",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:+80",
        "127.0.0.1:70000",
        "127.0.0.1:80:80",
        "me@127.0.0.1",
        "",
    ] {
        let refusal = format!("refused: the request is for the host {host};");
        check_both(&format!("GET / Host:{host}"), &refusal);
    }
}

#[test]
fn a_port_with_a_further_address_accepts_this_address_and_no_other_as_the_host() {
    let further = Some(IpAddr::from([10, 88, 0, 1]));
    let check = |head: &str, expected: &str| run_on(further, head, Policy::OwnPages, expected);
    check("POST / Host:10.88.0.1:3001", OK);
    check("POST / Host:127.0.0.1:3001", OK);
    check("GET / Host:10.88.0.1:3001 Origin:http://10.88.0.1:3001", OK);
    for host in ["10.88.0.2:3001", "10.88.0.1.evil.example", "evil.example:3001", "0.0.0.0"] {
        let refusal = format!("refused: the request is for the host {host};");
        check(&format!("GET / Host:{host}"), &refusal);
    }
    let origin = "refused: the Origin of the web page is http://10.88.0.1:3000;";
    check("GET / Host:10.88.0.1:3001 Origin:http://10.88.0.1:3000", origin);
    check_both("GET / Host:10.88.0.1:3001", "refused: the request is for the host 10.88.0.1:3001;");
}

#[test]
fn the_host_header_must_occur_once() {
    check_both("GET /", "refused: the request is for the host (missing);");
    let twice = "refused: the request is for the host 127.0.0.1 and evil.example;";
    check_both("GET / Host:127.0.0.1 Host:evil.example", twice);
    let same = "refused: the request is for the host 127.0.0.1 and 127.0.0.1;";
    check_both("GET / Host:127.0.0.1 Host:127.0.0.1", same);
}

#[test]
fn a_host_in_the_target_must_equal_the_host_header() {
    check_both("GET http://127.0.0.1:3000/a Host:127.0.0.1:3000", OK);
    let other = "refused: the request is for the host evil.example and 127.0.0.1:3000;";
    check_both("GET http://evil.example/a Host:127.0.0.1:3000", other);
    let both = "refused: the request is for the host evil.example;";
    check_both("GET http://evil.example/a Host:evil.example", both);
    check_both("GET http://127.0.0.1/a", "refused: the request is for the host (missing);");
}

#[test]
fn a_page_of_the_same_origin_is_let_through() {
    for host in ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"] {
        let page = format!("Host:{host} Origin:http://{host} Sec-Fetch-Site:same-origin");
        check_both(&format!("POST /trigger_report {page} Sec-Fetch-Mode:cors"), OK);
        check_both(&format!("GET / Host:{host} Sec-Fetch-Site:same-origin"), OK);
    }
}

#[test]
fn a_page_of_another_origin_is_refused_whatever_it_sends() {
    for origin in [
        "null",
        "http://evil.example",
        "http://127.0.0.1:8000",
        "http://127.0.0.1",
        "http://localhost:3000",
        "https://127.0.0.1:3000",
        "http://127.0.0.1:3000/",
        "http://127.0.0.1:30000",
        "",
    ] {
        let refusal = format!("refused: the Origin of the web page is {origin};");
        for method in ["GET", "POST", "PUT", "OPTIONS"] {
            check_both(&format!("{method} / Host:127.0.0.1:3000 Origin:{origin}"), &refusal);
        }
        let twice = "Origin:http://127.0.0.1:3000";
        check_both(&format!("GET / Host:127.0.0.1:3000 {twice} Origin:{origin}"), &refusal);
    }
}

#[test]
fn a_request_that_another_site_caused_is_refused_even_from_another_port_of_this_machine() {
    for site in ["cross-site", "same-site", "Same-Origin", "x", ""] {
        let refusal = format!("refused: Sec-Fetch-Site is {site};");
        for mode in ["no-cors", "cors", "websocket"] {
            let fetch = format!("Sec-Fetch-Site:{site} Sec-Fetch-Mode:{mode}");
            check_both(&format!("GET / Host:127.0.0.1:3000 {fetch}"), &refusal);
        }
        let second = format!("Sec-Fetch-Site:none Sec-Fetch-Site:{site}");
        check_both(&format!("GET / Host:127.0.0.1:3000 {second}"), &refusal);
    }
    check_both("GET / Host:127.0.0.1:3000 Sec-Fetch-Site:none", OK);
}

#[test]
fn only_s3_opens_a_link_that_a_user_follows_from_another_site() {
    let link = "Host:127.0.0.1:3001 Sec-Fetch-Site:cross-site Sec-Fetch-Mode:navigate";
    let site = "refused: Sec-Fetch-Site is cross-site;";
    for method in ["GET", "HEAD"] {
        run(&format!("{method} /reports/x {link}"), Policy::OwnPagesAndLinks, OK);
        run(&format!("{method} /reports/x {link}"), Policy::OwnPages, site);
    }
    // Submitting a form is also a navigation.
    check_both(&format!("POST /data {link}"), site);
    check_both(&format!("PUT /data {link}"), site);
    let origin = "refused: the Origin of the web page is null;";
    check_both(&format!("GET /data {link} Origin:null"), origin);
    check_both(&format!("GET /data {link} Sec-Fetch-Mode:cors"), site);
    let host = "refused: the request is for the host evil.example;";
    let rebound = "Host:evil.example Sec-Fetch-Site:cross-site Sec-Fetch-Mode:navigate";
    check_both(&format!("GET /data {rebound}"), host);
}

#[test]
fn a_preflight_request_is_refused() {
    let question = "Access-Control-Request-Method:PUT";
    let none = "refused: web pages of other origins cannot send requests here (there is no CORS)";
    check_both(&format!("OPTIONS / Host:127.0.0.1:3000 {question}"), none);
    let own = "Origin:http://127.0.0.1:3000";
    check_both(&format!("OPTIONS / Host:127.0.0.1:3000 {own} {question}"), none);
}

#[test]
fn a_refusal_is_a_403_that_says_what_was_wrong_and_what_is_accepted() {
    let of_host = |further| {
        let refusal = Refusal::Host { found: "evil.example".to_owned(), further };
        let response: Response<String> = refusal.response();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.headers().len(), 1);
        response.into_body()
    };
    assert_eq!(
        of_host(None),
        "refused: the request is for the host evil.example; it must have one Host header with \
        127.0.0.1, localhost or [::1], with or without a port\n"
    );
    assert_eq!(
        of_host(Some(IpAddr::from([10, 88, 0, 1]))),
        "refused: the request is for the host evil.example; it must have one Host header with \
        127.0.0.1, localhost, [::1] or 10.88.0.1, with or without a port\n"
    );
}

/// Expects the same under both policies.
#[track_caller]
fn check_both(head: &str, expected: &str) {
    for policy in [Policy::OwnPages, Policy::OwnPagesAndLinks] {
        run(head, policy, expected);
    }
}

/// `head` is a method, a target and headers, separated by blanks.
#[track_caller]
fn run(head: &str, policy: Policy, expected: &str) {
    run_on(None, head, policy, expected);
}

/// The same for a port that also listens on `further_host`.
#[track_caller]
fn run_on(further_host: Option<IpAddr>, head: &str, policy: Policy, expected: &str) {
    let mut words = head.split(' ');
    let mut request = Request::builder().method(words.next().unwrap()).uri(words.next().unwrap());
    for header in words {
        let (name, value) = header.split_once(':').unwrap();
        request = request.header(name, value);
    }
    let (head_parts, _) = request.body(Body::empty()).unwrap().into_parts();

    let outcome = check(&head_parts, policy, further_host);

    let outcome = outcome.map_or_else(|refusal| refusal.to_string(), |()| OK.to_owned());
    assert!(outcome.starts_with(expected), "{head}: {outcome}");
    assert!(expected != OK || outcome == OK, "{head}: {outcome}");
}

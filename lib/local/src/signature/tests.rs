//! Signed calls, each with one error.

use axum::http::Request;

use super::*;

const BODY: &[u8] = br#"{"TableName": "data"}"#;
/// 2026-11-27 03:00:00 UTC.
const NOW: u64 = 1_795_748_400;

#[test]
fn a_call_that_is_signed_with_the_secret_is_answered() {
    check(&signed(), BODY, "ok");
}

#[test]
fn another_secret_is_refused() {
    let other = signed_by("other", &unsigned(), NOW, "dynamodb");
    check(&other, BODY, "InvalidSignatureException: the signature does not match the call;");
}

#[test]
fn another_access_key_is_refused() {
    let other = spoilt(&signed(), "Credential=local/", "Credential=AKIDEXAMPLE/");
    check(&other, BODY, "UnrecognizedClientException: the access key is unknown; it must be local");
}

#[test]
fn another_body_method_path_query_or_signed_header_is_refused() {
    let mismatch = "InvalidSignatureException: the signature does not match the call;";
    check(&signed(), b"{}", mismatch);
    check(&signed(), b"", mismatch);
    for change in [
        |head: &mut Parts| head.method = axum::http::Method::PUT,
        |head: &mut Parts| head.uri = "/a".parse().unwrap(),
        |head: &mut Parts| head.uri = "/?a".parse().unwrap(),
        |head: &mut Parts| drop(head.headers.insert("host", "localhost".parse().unwrap())),
        |head: &mut Parts| drop(head.headers.insert("x-amz-target", "Scan".parse().unwrap())),
        |head: &mut Parts| drop(head.headers.insert("x-amz-date", date(NOW + 1).parse().unwrap())),
        |head: &mut Parts| drop(head.headers.insert("content-type", "text/plain".parse().unwrap())),
    ] {
        let mut head = signed();
        change(&mut head);
        check(&head, BODY, mismatch);
    }
}

#[test]
fn a_signature_that_is_cut_or_made_up_is_refused() {
    for signature in ["00", "", &"0".repeat(64)] {
        let mut head = signed();
        let authorization = head.headers["authorization"].to_str().unwrap();
        let (start, _) = authorization.rsplit_once('=').unwrap();
        let authorization = format!("{start}={signature}").parse().unwrap();
        head.headers.insert("authorization", authorization);
        check(&head, BODY, "InvalidSignatureException: the signature does not match the call;");
    }
}

#[test]
fn a_call_without_a_signature_is_refused() {
    check(&unsigned(), BODY, "MissingAuthenticationTokenException: the Authorization header is");
    for authorization in [
        "Bearer x",
        "AWS4-HMAC-SHA256 Credential=local/20261127/us-east-1/dynamodb/aws4_request",
        "AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=00",
    ] {
        let mut head = signed();
        head.headers.insert("authorization", authorization.parse().unwrap());
        let form = "IncompleteSignatureException: the Authorization header must have the form";
        check(&head, BODY, form);
    }
}

#[test]
fn a_signature_is_good_for_fifteen_minutes_before_and_after_its_date() {
    for (seconds, is_good) in [(0, true), (900, true), (901, false), (-900, true), (-901, false)] {
        let head = signed_by(
            &"secret".repeat(6),
            &unsigned(),
            NOW.saturating_add_signed(seconds),
            "dynamodb",
        );
        check(
            &head,
            BODY,
            if is_good { "ok" } else { "InvalidSignatureException: the call was signed at" },
        );
    }
    let other_day = spoilt(&signed(), "/20261127/", "/20261126/");
    check(&other_day, BODY, "InvalidSignatureException: the call is signed for the day 20261126,");
    let no_day = spoilt(&signed(), "/20261127/", "//");
    check(&no_day, BODY, "InvalidSignatureException: the call is signed for the day ,");
    let mut no_date = signed();
    no_date.headers.insert("x-amz-date", "yesterday".parse().unwrap());
    check(&no_date, BODY, "IncompleteSignatureException: x-amz-date is yesterday;");
    no_date.headers.remove("x-amz-date");
    check(&no_date, BODY, "IncompleteSignatureException: the header x-amz-date occurs 0 times;");
}

#[test]
fn host_date_and_every_other_amz_header_must_be_signed() {
    for name in ["host", "x-amz-date", "x-amz-target"] {
        let authorization = signed().headers["authorization"].to_str().unwrap().to_owned();
        let (_, names) = authorization.split_once("SignedHeaders=").unwrap();
        let (names, _) = names.split_once(',').unwrap();
        let fewer: Vec<&str> = names.split(';').filter(|signed| *signed != name).collect();
        let head = spoilt(&signed(), names, &fewer.join(";"));
        let reason = format!("IncompleteSignatureException: the header {name} is not signed;");
        check(&head, BODY, &reason);
    }
    let mut added = signed();
    added.headers.insert("x-amz-extra", "1".parse().unwrap());
    check(&added, BODY, "IncompleteSignatureException: the header x-amz-extra is not signed;");
}

#[test]
fn a_signed_header_must_occur_once() {
    for name in ["authorization", "host", "x-amz-date", "x-amz-target", "content-type"] {
        let mut head = signed();
        let value = head.headers[name].clone();
        head.headers.append(HeaderName::from_static(name), value);
        let twice = format!("IncompleteSignatureException: the header {name} occurs 2 times;");
        check(&head, BODY, &twice);
    }
    let mut without = signed();
    without.headers.remove("x-amz-target");
    let none = "IncompleteSignatureException: the header x-amz-target occurs 0 times;";
    check(&without, BODY, none);
    let mut without = signed();
    without.headers.remove("host");
    check(&without, BODY, "IncompleteSignatureException: the header host occurs 0 times;");
}

#[test]
fn a_signature_for_another_service_is_refused() {
    let head = signed_by(&"secret".repeat(6), &unsigned(), NOW, "sqs");
    check(
        &head,
        BODY,
        "InvalidSignatureException: the call is signed for the service sqs; it must be dynamodb",
    );
}

fn unsigned() -> Parts {
    let request = Request::post("/")
        .header("host", "127.0.0.1:3000")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "DynamoDB_20120810.DescribeTable")
        .header("user-agent", "not signed");
    request.body(()).unwrap().into_parts().0
}

fn signed() -> Parts {
    signed_by(&"secret".repeat(6), &unsigned(), NOW, "dynamodb")
}

/// Signs as an SDK does.
fn signed_by(secret: &str, head: &Parts, at: u64, service: &str) -> Parts {
    let identity = Credentials::new("local", secret, None, None, "test").into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(at_seconds(at))
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let body = SignableBody::Bytes(BODY);
    let call = SignableRequest::new(head.method.as_str(), "/", headers, body).unwrap();
    let (instructions, _) = sign(call, &parameters.into()).unwrap().into_parts();
    let mut request = Request::from_parts(head.clone(), ());
    instructions.apply_to_request_http1x(&mut request);
    request.into_parts().0
}

#[track_caller]
fn spoilt(head: &Parts, from: &str, to: &str) -> Parts {
    let mut head = head.clone();
    let authorization = head.headers["authorization"].to_str().unwrap();
    assert!(authorization.contains(from), "{authorization}");
    let authorization = authorization.replace(from, to).parse().unwrap();
    head.headers.insert("authorization", authorization);
    head
}

#[track_caller]
fn check(head: &Parts, body: &[u8], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "secret".repeat(6)).unwrap();
    let signatures = Signatures::new("dynamodb", &Secret::read(folder.path()).unwrap());

    let outcome = match signatures.check(head, body, at_seconds(NOW)) {
        Ok(()) => "ok".to_owned(),
        Err(error) => format!("{}: {error}", error.code()),
    };

    assert!(outcome.starts_with(expected), "{outcome}");
}

fn at_seconds(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn date(seconds: u64) -> String {
    DateTime::<Utc>::from(at_seconds(seconds)).format("%Y%m%dT%H%M%SZ").to_string()
}

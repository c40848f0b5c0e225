//! Reads a header with one value in the same way as a parameter.

use lambda_http::Request;
use serde_json::Value;

use crate::{Fault, Parameter, Problem, ProblemKind};

/// Returns a header's value, read by `parse`, or `None` if the header is not given. `parse` returns
/// `None` for a value that is not accepted. If a header is given more than once, its values must be
/// equal.
pub fn header<T>(
    request: &Request,
    parameter: Parameter,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let values = request.headers().get_all(parameter.name).iter();
    let mut given: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    given.dedup();
    let refused = |kind, detail: String, given: Value| {
        let fault = Fault::new(parameter.name, Some(given), parameter.accepted);
        Problem::with_fault(kind, detail, fault)
    };
    match &*given {
        [] => Ok(None),
        [value] => {
            let detail = || format!("{} is not acceptable", parameter.name);
            let unacceptable =
                || refused(ProblemKind::InvalidParameter, detail(), value.as_ref().into());
            parse(value).map(Some).ok_or_else(unacceptable)
        }
        several => {
            let detail = format!("{} has several different values; give one", parameter.name);
            let given = several.iter().map(AsRef::as_ref).collect();
            Err(refused(ProblemKind::RepeatedParameter, detail, given))
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    const COLOUR: Parameter = Parameter { name: "Colour", accepted: "red" };

    #[test]
    fn a_header_has_at_most_one_value_and_a_name_in_any_case() {
        check(&[], Ok(None));
        check(&[("colour", b"red")], Ok(Some("red")));
        check(&[("COLOUR", b"red")], Ok(Some("red")));
        check(&[("colour", b"red"), ("Colour", b"red")], Ok(Some("red")));
        check(&[("colour", b"red"), ("Colour", b"blue")], Err(ProblemKind::RepeatedParameter));
        check(
            &[("colour", b"red"), ("Colour", b"blue"), ("colour", b"red")],
            Err(ProblemKind::RepeatedParameter),
        );
    }

    #[test]
    fn a_value_that_is_not_accepted_is_refused_whatever_its_bytes() {
        for bad in [&b""[..], b"blue", b"r\xe4d"] {
            check(&[("colour", bad)], Err(ProblemKind::InvalidParameter));
        }
    }

    #[track_caller]
    fn check(headers: &[(&'static str, &[u8])], expected: Result<Option<&str>, ProblemKind>) {
        let mut request = Request::default();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value).unwrap();
            let name: lambda_http::http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value);
        }

        let read = header(&request, COLOUR, |text| (text == "red").then(|| text.to_owned()));

        let read = read.map_err(|problem| problem.kind);
        assert_eq!(read, expected.map(|text| text.map(str::to_owned)));
    }
}

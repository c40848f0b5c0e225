//! Reading a header that has one value, as a parameter is read.

use lambda_http::Request;

use crate::{Fault, Parameter, Problem, ProblemKind};

/// Returns a header's value by way of `parse`, which returns `None` for one that is not accepted;
/// `None` if it is not given. A header given twice is refused, even if both are equal; but of one
/// that comes by way of API Gateway `lambda_http` leaves only the last.
pub fn header<T>(
    request: &Request,
    parameter: Parameter,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let mut values = request.headers().get_all(parameter.name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let given = String::from_utf8_lossy(value.as_bytes());
    let refused = |kind, detail: String| {
        let fault = Fault::new(parameter.name, Some(given.clone().into()), parameter.accepted);
        Problem::with_fault(kind, detail, fault)
    };
    if values.next().is_some() {
        let detail = format!("{} is given more than once; give it once", parameter.name);
        return Err(refused(ProblemKind::RepeatedParameter, detail));
    }
    let unacceptable = || {
        let detail = format!("{} is not acceptable", parameter.name);
        refused(ProblemKind::InvalidParameter, detail)
    };
    parse(&given).map(Some).ok_or_else(unacceptable)
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    const COLOUR: Parameter = Parameter { name: "Colour", accepted: "red" };

    #[test]
    fn a_header_is_given_once_or_not_at_all_and_its_name_in_any_case() {
        check(&[], Ok(None));
        check(&[("colour", b"red")], Ok(Some("red")));
        check(&[("COLOUR", b"red")], Ok(Some("red")));
        check(&[("colour", b"red"), ("Colour", b"red")], Err(ProblemKind::RepeatedParameter));
    }

    #[test]
    fn another_value_is_refused_whatever_its_bytes() {
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

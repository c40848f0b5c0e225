//! Turns the event of API Gateway into the request that a handler takes.

use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::request::LambdaRequest;
use lambda_http::tower::ServiceExt as _;
use lambda_http::{Adapter, Body, Error, Request, RequestExt as _, Response, Service};
use serde::Serialize;

/// Runs a function that answers requests on Lambda. If a header is given more than once, the
/// handler sees **all its values**.
///
/// API Gateway sends all values in `multiValueHeaders`, and the last one in `headers`, too.
/// `lambda_http` alone would replace all values with that last one.
pub async fn run<'a, H>(handler: H) -> Result<(), Error>
where
    H: Service<Request, Response = Response<Body>, Error = Error>,
    H::Future: Send + 'a,
{
    lambda_runtime::run(service_of_events(handler)).await
}

/// The same handler as a service of events, for a program that plays Lambda.
pub fn service_of_events<'a, H>(
    handler: H,
) -> impl Service<LambdaEvent<LambdaRequest>, Response: Serialize, Error = Error, Future: Send>
where
    H: Service<Request, Response = Response<Body>, Error = Error>,
    H::Future: Send + 'a,
{
    Adapter::from(handler).map_request(with_repeated_headers)
}

/// Returns when Lambda ends the invocation of this request, in milliseconds since 1970.
pub fn invocation_ends_at(request: &Request) -> Option<u64> {
    request.lambda_context_ref().map(|context| context.deadline)
}

/// Removes headers with several values from `headers`, so that only `multiValueHeaders` has them.
fn with_repeated_headers(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    if let LambdaRequest::ApiGatewayV1(request) = &mut event.payload {
        let all = &request.multi_value_headers;
        for name in all.keys().filter(|name| all.get_all(*name).iter().count() > 1) {
            request.headers.remove(name);
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use lambda_http::Context;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_header_given_more_than_once_keeps_all_its_values() {
        check(
            &json!({ "Host": "api", "Colour": "green" }),
            &json!({ "Host": ["api"], "Colour": ["red", "green"] }),
            &["red", "green"],
        );
        check(
            &json!({ "Colour": "red", "colour": "green" }),
            &json!({ "Colour": ["red"], "colour": ["green"] }),
            &["red", "green"],
        );
    }

    #[test]
    fn a_header_given_once_or_in_one_place_keeps_its_value() {
        check(&json!({ "Colour": "red" }), &json!({ "Colour": ["red"] }), &["red"]);
        check(&json!({ "Colour": "red" }), &json!({}), &["red"]);
        check(&json!({}), &json!({ "Colour": ["red"] }), &["red"]);
        check(&json!({ "Host": "api" }), &json!({ "Host": ["api"] }), &[]);
    }

    #[track_caller]
    fn check(headers: &Value, several: &Value, expected: &[&str]) {
        let event = json!({
            "httpMethod": "GET",
            "path": "/",
            "headers": headers,
            "multiValueHeaders": several,
            "requestContext": { "httpMethod": "GET" },
        });
        let event: LambdaRequest = serde_json::from_str(&event.to_string()).unwrap();

        let event = with_repeated_headers(LambdaEvent::new(event, Context::default()));

        let request = Request::from(event.payload);
        let values: Vec<_> = request.headers().get_all("colour").iter().collect();
        assert_eq!(values, expected);
    }
}

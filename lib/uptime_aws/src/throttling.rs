//! Retries calls that AWS throttles, until a deadline.
//!
//! The SDKs try three times, within about three seconds. A `DynamoDB` partition that must split
//! needs longer. If reading failed because of it, the report would start again from the beginning.

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::timeout;

use crate::Deadline;
use crate::backoff::Backoff;

/// Whether AWS throttled the call. Uses the SDKs' own list of error codes.
pub(crate) fn is_throttled<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code().is_some_and(|code| THROTTLING_ERRORS.contains(&code))
}

/// Makes a call, and repeats it while it is throttled and the deadline has not passed. Returns the
/// first other answer, or the last refusal.
///
/// The deadline does not cut off the first try, which has the SDK's time-outs like every other
/// call.
pub(crate) async fn wait_out<T, E, R, F>(
    deadline: Deadline,
    call: impl Fn() -> F,
) -> Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
    F: Future<Output = Result<T, SdkError<E, R>>>,
{
    let mut backoff = Backoff::default();
    let mut answer = call().await;
    while answer.as_ref().is_err_and(is_throttled) && backoff.wait(deadline).await {
        // Boxed because callers hold many, and this second future of a call has 8 KB, too.
        match timeout(deadline.left(), Box::pin(call())).await {
            Ok(next) => answer = next,
            Err(_elapsed) => break,
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    #[test]
    fn the_codes_of_dynamodb_and_s3_for_throttling_are_known() {
        check("ProvisionedThroughputExceededException", true);
        check("ThrottlingException", true);
        check("RequestLimitExceeded", true);
        check("SlowDown", true);
    }

    #[test]
    fn errors_that_waiting_does_not_solve_are_not_throttling() {
        check("ConditionalCheckFailedException", false);
        check("AccessDenied", false);
        check("InternalServerError", false);
    }

    #[track_caller]
    fn check(code: &str, expected: bool) {
        let refusal = ErrorMetadata::builder().code(code).build();
        assert_eq!(is_throttled(&SdkError::service_error(refusal, ())), expected, "{code}");
    }
}

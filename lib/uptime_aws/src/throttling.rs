//! Calls that AWS throttles are made again until a deadline.
//!
//! The SDKs try three times, within about three seconds. A partition of `DynamoDB` that has to
//! split needs longer, and a report whose reading fails for that starts again from nothing.

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::timeout;

use crate::Deadline;
use crate::backoff::Backoff;

/// Whether AWS throttled the call, by the error codes that the SDKs go by.
pub(crate) fn is_throttled<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code().is_some_and(|code| THROTTLING_ERRORS.contains(&code))
}

/// Makes a call, and makes it again for as long as it is throttled and the deadline has not
/// passed. Returns the first other answer, or the last refusal.
///
/// The first try is not cut off at the deadline: it has the SDK's time-outs, as every other call.
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
        // Boxed, since callers hold many: a call's future has 8 KB, and this is a second one.
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
    fn what_dynamodb_and_s3_answer_when_they_throttle_is_throttling() {
        check("ProvisionedThroughputExceededException", true);
        check("ThrottlingException", true);
        check("RequestLimitExceeded", true);
        check("SlowDown", true);
    }

    #[test]
    fn what_waiting_does_not_help_is_no_throttling() {
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

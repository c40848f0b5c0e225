//! How much time an invocation has left to answer.

use std::time::Duration;

use lambda_http::{Request, RequestExt as _};

/// What is kept back to hand the answer over.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);
/// Without a deadline, as outside Lambda.
const UNLIMITED: Duration = Duration::from_mins(1);

/// Returns how long the work on a request may take from `now_micros` on, which counts from
/// 1970-01-01 00:00 UTC, so that the caller still gets an answer of ours and not the gateway's.
pub fn time_left(request: &Request, now_micros: i64) -> Duration {
    let deadline = request.lambda_context_ref().map(|context| context.deadline);
    let Some(deadline_millis) = deadline.filter(|&millis| millis > 0) else {
        return UNLIMITED;
    };
    let now_millis = u64::try_from(now_micros / 1_000).unwrap_or_default();
    let left = Duration::from_millis(deadline_millis.saturating_sub(now_millis));
    left.saturating_sub(TIME_TO_ANSWER)
}

#[cfg(test)]
mod tests {
    use lambda_http::Context;

    use super::*;

    #[test]
    fn work_ends_half_a_second_before_the_invocation() {
        check(0, UNLIMITED);
        check(15_000, Duration::from_millis(4_500));
        check(10_400, Duration::ZERO);
        check(9_000, Duration::ZERO);
        assert_eq!(time_left(&Request::default(), NOW_MICROS), UNLIMITED);
    }

    const NOW_MICROS: i64 = 10_000_000;

    #[track_caller]
    fn check(deadline_millis: u64, expected: Duration) {
        let mut context = Context::default();
        context.deadline = deadline_millis;
        let request = Request::default().with_lambda_context(context);
        assert_eq!(time_left(&request, NOW_MICROS), expected);
    }
}

//! One invocation: the owner of its leases, and how much time it has.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsMessage;
use lambda_runtime::Context;
use uptime::Timestamp;
use uptime_aws::Deadline;

/// The part of an invocation's time that is reserved for recording how an attempt ended.
const TIME_TO_RECORD: Duration = Duration::from_millis(2_500);

/// The last part of an attempt's time, in which throttled calls are not retried any more. So an
/// attempt that was throttled to its end fails because of throttling, not for lack of time.
const TIME_WITHOUT_RETRIES: Duration = Duration::from_millis(500);

/// An invocation, as the holder of leases.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// Its request id, which no other invocation has.
    pub(crate) lease_owner: String,
    /// When Lambda ends it. Its leases end then, too.
    pub(crate) ends_at: Timestamp,
    // By then it must have returned its answer.
    end: Deadline,
    clock: fn() -> Timestamp,
}

impl Invocation {
    pub(crate) fn of(context: &Context, clock: fn() -> Timestamp) -> Invocation {
        let deadline_micros = i64::try_from(context.deadline).unwrap_or(i64::MAX);
        Invocation {
            lease_owner: context.request_id.clone(),
            ends_at: Timestamp::from_micros(deadline_micros.saturating_mul(1_000)),
            end: Deadline::of_invocation(Some(context.deadline), clock()),
            clock,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// How long an attempt may still take.
    pub(crate) fn time_left(&self) -> Duration {
        self.end.earlier_by(TIME_TO_RECORD).left()
    }

    /// Until when an attempt retries throttled calls.
    pub(crate) fn deadline(&self) -> Deadline {
        self.end.earlier_by(TIME_TO_RECORD).earlier_by(TIME_WITHOUT_RETRIES)
    }

    /// How long recording the end of an attempt may still take.
    pub(crate) fn time_to_the_end(&self) -> Duration {
        self.end.left()
    }
}

/// How often SQS has delivered the message, including this time.
pub(crate) fn receive_count(message: &SqsMessage) -> u32 {
    let count = message.attributes.get("ApproximateReceiveCount");
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use uptime::interval::SECOND;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_674_669_600 * SECOND);

    #[tokio::test(start_paused = true)]
    async fn a_lease_ends_with_its_invocation_and_an_attempt_before_it() {
        let invocation = invocation(1_674_669_660_000);
        assert_eq!(invocation.lease_owner, "request");
        assert_eq!(invocation.ends_at, NOW.plus(60 * SECOND));
        assert_eq!(invocation.time_left(), Duration::from_secs(57));
        assert_eq!(invocation.time_to_the_end(), Duration::from_millis(59_500));
    }

    #[tokio::test(start_paused = true)]
    async fn no_time_is_left_near_the_end_and_after_it() {
        assert_eq!(invocation(1_674_669_602_000).time_left(), Duration::ZERO);
        assert_eq!(invocation(1).time_left(), Duration::ZERO);
    }

    #[test]
    fn a_message_without_a_count_counts_as_delivered_once() {
        check(r#"{"ApproximateReceiveCount": "4"}"#, 4);
        check(r#"{"ApproximateReceiveCount": "often"}"#, 1);
        check("{}", 1);
    }

    fn invocation(deadline_millis: u64) -> Invocation {
        let mut context = Context::default();
        context.request_id = "request".to_owned();
        context.deadline = deadline_millis;
        Invocation::of(&context, || NOW)
    }

    #[track_caller]
    fn check(attributes: &str, expected: u32) {
        let message = format!("{{\"attributes\": {attributes}}}");
        assert_eq!(receive_count(&serde_json::from_str(&message).unwrap()), expected);
    }
}

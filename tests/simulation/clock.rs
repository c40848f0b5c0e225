//! The clock of a schedule. Only the scheduler moves it, and with it all timers. The clock of an
//! invocation's machine may be off.

use std::cell::Cell;
use std::time::Duration;

use uptime::Timestamp;
use uptime::interval::SECOND;

/// The start of every schedule: 2023-01-25 18:00 UTC.
pub(crate) const BEGIN: i64 = 1_674_669_600 * SECOND;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(BEGIN) };
    static SKEW: Cell<i64> = const { Cell::new(0) };
}

/// The true time.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(NOW.get())
}

/// The time that the running invocation sees.
pub(crate) fn skewed_now() -> Timestamp {
    now().plus(SKEW.get())
}

/// Sets the error of the clock for the invocation that runs next.
pub(crate) fn skew(micros: i64) {
    SKEW.set(micros);
}

/// Sets the clock back to the start.
pub(crate) fn reset() {
    NOW.set(BEGIN);
}

/// Moves the clock and the runtime's timers.
pub(crate) async fn advance(millis: i64) {
    NOW.set(NOW.get() + millis * 1_000);
    tokio::time::advance(Duration::from_millis(millis.unsigned_abs())).await;
}

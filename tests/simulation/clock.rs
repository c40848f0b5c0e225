//! The clock of a schedule. It stands still but when the scheduler moves it, and so do all timers.
//! That of a machine may be off.

use std::cell::Cell;
use std::time::Duration;

use uptime::Timestamp;
use uptime::interval::SECOND;

/// When every schedule begins: 2023-01-25 18:00 UTC.
pub(crate) const BEGIN: i64 = 1_674_669_600 * SECOND;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(BEGIN) };
    static SKEW: Cell<i64> = const { Cell::new(0) };
}

/// The true time.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(NOW.get())
}

/// What the running invocation reads the time from.
pub(crate) fn skewed_now() -> Timestamp {
    now().plus(SKEW.get())
}

/// Sets how far the clock of the invocation that runs next is off.
pub(crate) fn skew(micros: i64) {
    SKEW.set(micros);
}

/// Sets the clock back to the begin.
pub(crate) fn reset() {
    NOW.set(BEGIN);
}

/// Moves the clock, and with it the timers of the runtime.
pub(crate) async fn advance(millis: i64) {
    NOW.set(NOW.get() + millis * 1_000);
    tokio::time::advance(Duration::from_millis(millis.unsigned_abs())).await;
}

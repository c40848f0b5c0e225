//! Keeps loops running for as long as the system runs.
//!
//! **A loop that ends before the stop, by a panic or otherwise, is restarted and logged.** Without
//! this, the system would look healthy but leave its work undone.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures::FutureExt;

/// The pause before a restart, so that a loop that cannot run uses hardly any processor time.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs `work` and restarts it whenever it ends while `is_over` is false. The log calls it `what`.
pub(crate) async fn keep_up<W, F>(what: String, is_over: impl Fn() -> bool, mut work: W)
where
    W: FnMut() -> F,
    F: Future<Output = ()>,
{
    loop {
        // The call of `work` itself may also panic.
        let ended = AssertUnwindSafe(async { work().await }).catch_unwind().await;
        if is_over() {
            return;
        }
        log_end(&what, &ended);
        tokio::time::sleep(PAUSE).await;
    }
}

fn log_end(what: &str, ended: &Result<(), Box<dyn Any + Send>>) {
    let cause = match ended {
        Ok(()) => "it returned",
        Err(panic) => message_of(panic.as_ref()),
    };
    let log = || tracing::error!(what, cause, "a loop ended before the stop; it is restarted");
    // If the log panics, which may be what ended the work, only this line is lost.
    catch_unwind(AssertUnwindSafe(log)).ok();
}

/// Returns the message of a panic.
fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_panics_or_returns_before_the_stop_is_restarted_and_logged() {
        let logs = tempfile::NamedTempFile::new().unwrap();
        let subscriber = tracing_subscriber::fmt().with_writer(Arc::new(logs.reopen().unwrap()));
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let starts = Cell::new(0);

        keep_up(
            "the loop of loads".to_owned(),
            || starts.get() == 4,
            || {
                starts.set(starts.get() + 1);
                let start = starts.get();
                assert_ne!(start, 1, "before its first step");
                async move {
                    assert_ne!(start, 2, "on its way");
                }
            },
        )
        .await;

        assert_eq!(starts.get(), 4);
        let logs = std::fs::read_to_string(logs.path()).unwrap();
        assert_eq!(logs.matches("the loop of loads").count(), 3, "{logs}");
        for cause in ["before its first step", "on its way", "it returned"] {
            assert!(logs.contains(cause), "{cause}: {logs}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_panics_does_not_prevent_a_restart() {
        let subscriber = tracing_subscriber::fmt()
            .with_writer(|| -> std::io::Stderr { panic!("nobody reads the log") });
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let starts = Cell::new(0);

        keep_up(
            "a loop".to_owned(),
            || starts.get() == 3,
            || async {
                starts.set(starts.get() + 1);
                if starts.get() < 3 {
                    tracing::error!("work is done");
                }
            },
        )
        .await;

        assert_eq!(starts.get(), 3);
    }
}

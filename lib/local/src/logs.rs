//! The logs of the service, on stderr.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;

use crate::terminal;

/// The log filter without `RUST_LOG`. `s3s` logs every refused request as an error, but its client
/// already gets that error.
const LOGGED: &str = "warn,s3s=off";

/// Sends logs to stderr: warnings and errors, or what `RUST_LOG` selects.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| LogLines)
        // Internal errors would be printed, which panics if stderr cannot be written to.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal());
    // An error means that logging is already set up.
    subscriber.try_init().ok();
}

/// Takes one log line per call, as `tracing-subscriber` writes them.
struct LogLines;

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        terminal::log(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Everything that the commands show the user.
//!
//! Results and progress messages are lines on stdout. Current work is shown as a bar on stderr, or
//! as a line if stderr is not a terminal. Logs and failures go to stderr too. **Output never stops
//! work:** if a line cannot be written because the disk is full, the stream is closed, or the
//! reader is gone or does not read, the line is dropped. Nothing else in this crate prints, except
//! that `report_command` writes a report's CSV and its summary.

mod outlet;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::EnvFilter;

use outlet::Outlet;

static STDOUT: LazyLock<Outlet> = LazyLock::new(|| Outlet::to(io::stdout()));
static STDERR: LazyLock<Outlet> = LazyLock::new(|| Outlet::to(io::stderr()));

/// How long a command waits at its end until its last lines are read.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Writes one line to stdout at once. The command does not fail if nothing reads it.
pub fn say(line: impl Display) {
    STDOUT.write(harmless(&format!("{line}\n")));
}

/// Writes a result to stdout and waits until it is read: a pager may take its time.
pub fn say_result(line: impl Display) {
    STDOUT.write_whole(format!("{line}\n"));
}

/// Writes one line to stderr at once: a failure, or a note on a result.
pub fn complain(line: impl Display) {
    STDERR.write(harmless(&format!("{line}\n")));
}

/// Escapes control characters, which a file name may contain: a terminal would obey them.
fn harmless(text: &str) -> String {
    let is_harmless =
        |character: &char| !character.is_control() || ['\n', '\t'].contains(character);
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmless(&character) {
            harmless.push(character);
        } else {
            harmless.extend(character.escape_default());
        }
    }
    harmless
}

/// The log filter without `RUST_LOG`. `s3s` logs every refused request as an error, but its client
/// already gets that error.
const LOGGED: &str = "warn,s3s=off";

/// Sends logs and panics to stderr: warnings and errors, or what `RUST_LOG` selects.
pub fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| LogLines(&STDERR))
        // Internal errors would be printed, which panics if stderr cannot be written to.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal());
    // An error means that logging is already set up.
    subscriber.try_init().ok();
    std::panic::set_hook(Box::new(|panic| complain(panic_report(panic))));
}

/// Waits a moment until all lines are written, but no longer if the reader does not read.
pub fn finish() {
    STDERR.is_empty_within(LAST_LINES);
    STDOUT.is_empty_within(LAST_LINES);
}

fn panic_report(panic: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("without a name");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        return format!("local: thread {name} {panic}\n{backtrace}");
    }
    format!("local: thread {name} {panic}")
}

/// Takes one log line per call, as `tracing-subscriber` writes them.
struct LogLines<'a>(&'a Outlet);

impl Write for LogLines<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.hand_over(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Shows work that takes a while. If stderr is not a terminal, only its start is shown.
#[derive(Debug)]
pub struct Progress(ProgressBar);

const REDRAW_AFTER: Duration = Duration::from_millis(120);

impl Progress {
    /// Starts to show the work; `what` describes it, such as `loading polls.csv`.
    pub fn begin(what: &str) -> Progress {
        if !io::stderr().is_terminal() {
            complain(format_args!("{what} ..."));
            return Progress(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        set_style(&bar, "{spinner} {msg} {elapsed}");
        bar.enable_steady_tick(REDRAW_AFTER);
        Progress(bar)
    }

    /// Shows that `done` of `all` steps are done.
    pub fn show(&self, done: u64, all: u64) {
        if self.0.length() != Some(all) {
            self.0.set_length(all);
            set_style(&self.0, "{spinner} {msg} [{bar:32}] {pos}/{len} {elapsed}");
        }
        self.0.set_position(done);
    }

    /// Ends and removes the bar, whether the work succeeded or not.
    pub fn end(self) {
        self.0.finish_and_clear();
    }
}

fn set_style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(harmless("a\u{1b}[31m\r\u{9b}.csv\n"), "a\\u{1b}[31m\\r\\u{9b}.csv\n");
        assert_eq!(harmless("zo\u{eb}\t\u{1f355}\n"), "zo\u{eb}\t\u{1f355}\n");
    }
}

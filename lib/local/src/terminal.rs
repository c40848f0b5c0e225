//! Everything that the commands show the user.
//!
//! Results and progress messages are lines on stdout. Failures go to stderr, as do the logs (`logs`)
//! and the current work (`progress`) of the service. **Output never stops work:** if a line cannot
//! be written because the disk is full, the stream is closed, or the reader is gone or does not
//! read, the line is dropped. Nothing else in this crate prints, except that `report_command` writes
//! a report's CSV and its summary.

mod outlet;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::io;
use std::panic::PanicHookInfo;
use std::sync::LazyLock;
use std::time::Duration;

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

/// Sends panics to stderr.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| complain(panic_report(panic))));
}

/// Writes a line of the log to stderr, without waiting until it is written.
pub fn log(line: &[u8]) {
    STDERR.hand_over(line);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(harmless("a\u{1b}[31m\r\u{9b}.csv\n"), "a\\u{1b}[31m\\r\\u{9b}.csv\n");
        assert_eq!(harmless("zo\u{eb}\t\u{1f355}\n"), "zo\u{eb}\t\u{1f355}\n");
    }
}

//! What the commands tell the person at the keyboard.
//!
//! Results and news are lines on stdout. What goes on meanwhile is a bar on stderr, or a line
//! where that is no terminal; logs and failures go there too.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::EnvFilter;

/// Writes one line to stdout, at once. That nobody reads it is no failure of the command.
pub fn say(line: impl Display) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).ok();
}

/// Without `RUST_LOG`. The emulators call every refused request an error; its client is told.
const LOGGED: &str = "warn,s3s=off,dynoxide=error";

/// Sends logs to stderr: warnings and errors, or what `RUST_LOG` asks for.
pub fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // An error means that logs go somewhere already.
    subscriber.try_init().ok();
}

/// Something that takes a while. Off a terminal only its beginning is told.
#[derive(Debug)]
pub struct Progress(ProgressBar);

const REDRAW_AFTER: Duration = Duration::from_millis(120);

impl Progress {
    /// Begins; `what` says what goes on: `loading polls.csv`.
    pub fn begin(what: &str) -> Progress {
        if !std::io::stderr().is_terminal() {
            eprintln!("{what} ...");
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

    /// Ends, whether well or not. The bar is gone afterwards.
    pub fn end(self) {
        self.0.finish_and_clear();
    }
}

fn set_style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

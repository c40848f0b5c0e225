//! Current work, shown as a bar on stderr, or as a line if stderr is not a terminal.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::complain;

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

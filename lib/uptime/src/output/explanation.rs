//! Explains the figures of one store as text that a person can check by hand: its hours and special
//! days, its polls, the time each poll speaks for, and the sums.

use std::fmt::{self, Write as _};

use super::cells::{Unit, hundredths_text, local_text, percent_hundredths};
use super::report_csv::unit_of;
use crate::account::{Account, Detail, Drawn};
use crate::business_hours::{LocalTime, OpeningRow, OpeningTimes, open_intervals};
use crate::certainty::{SpanStatus, runs_of};
use crate::interval::MINUTE;
use crate::outage::{Outage, OutageState};
use crate::parameters::{ReportParameters, Window};
use crate::poller::Poller;
use crate::timeline::{MaxHold, for_each_stretch};
use crate::times::Times;
use crate::zone_clock::ZoneClock;
use crate::{Interval, Poll, Timestamp};

/// Explains the figures of a store. Returns `None` if its main window is not drawn in full
/// ([`Drawn::InFull`]).
pub fn explanation(
    account: &Account,
    parameters: &ReportParameters,
    poller: &Poller,
) -> Option<String> {
    let Detail { opening_times, drawn: Drawn::InFull { polls, .. } } = account.detail.as_deref()?
    else {
        return None;
    };
    let clock = parameters.clock(account.zone);
    let times = parameters.times(&clock);
    let mut text = Text { text: String::new(), clock: &clock };
    text.head(account, parameters, &times);
    text.hours(account, opening_times);
    text.special_days(opening_times);
    let open = open_intervals(opening_times, &clock);
    text.polls(&open, polls.as_slice());
    text.stretches(&open, polls.as_slice(), parameters, &times);
    text.sums(account, parameters.windows());
    text.outages(account, parameters.main_window(), poller);
    Some(text.text)
}

struct Text<'a> {
    text: String,
    clock: &'a ZoneClock,
}

impl Text<'_> {
    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn head(&mut self, account: &Account, parameters: &ReportParameters, times: &Times) {
        let max_hold = parameters.method.max_hold().map(MaxHold::minutes);
        let max_hold = max_hold.map_or("no limit".to_owned(), |minutes| format!("{minutes} min"));
        let (zone, assumed) = (account.zone.name(), assumed(account.zone_given));
        self.line(format_args!("Store {}", account.row.store));
        self.line(format_args!("  as of      {}", parameters.as_of));
        if let Some(period) = parameters.method.period() {
            let span = times.main().map_or_else(
                || "no time: it has not begun here, or this zone skipped it".to_owned(),
                |main| format!("{} to {}", self.at(main.start()), self.at(main.end())),
            );
            self.line(format_args!("  period     {period}, {span}"));
        }
        self.line(format_args!("  method     {}", parameters.method.name()));
        self.line(format_args!("  max hold   {max_hold}"));
        self.line(format_args!(
            "  time zone  {zone}{assumed}; all times below are its local times"
        ));
    }

    fn hours(&mut self, account: &Account, opening_times: &OpeningTimes) {
        self.line(format_args!("\nBusiness hours{}", assumed(account.hours_given)));
        if !account.hours_given {
            self.line(format_args!("  always open"));
        }
        for row in &opening_times.hours {
            if let Some(day) = row.day() {
                self.line(format_args!("  {day}  {}", times_text(*row)));
            }
        }
    }

    /// Lists the special days within the time considered, and counts the others.
    fn special_days(&mut self, times: &OpeningTimes) {
        let mut others = times.special_days.iter().filter(|row| row.day().is_some()).count();
        if others == 0 {
            return;
        }
        let span = self.clock.span();
        let [first, last] = [span.start(), span.end()].map(|at| self.clock.local(at).date);
        self.line(format_args!("\nSpecial days, which replace the business hours of their dates"));
        for (_, row) in times.special_days_on(first..=last) {
            let Some(date) = row.day() else { continue };
            let date = date.calendar_date().format("%Y-%m-%d %a");
            self.line(format_args!("  {date}  {}", times_text(row)));
            others -= 1;
        }
        if others > 0 {
            self.line(format_args!("  rows for other dates: {others}"));
        }
    }

    fn polls(&mut self, open: &[Interval], polls: &[Poll]) {
        self.line(format_args!("\nPolls considered: {}", polls.len()));
        for &poll in polls {
            let counts = open.iter().any(|interval| interval.contains(poll.at()));
            let note = if counts { "" } else { "  does not count: taken while closed" };
            let line = format!("  {}  {:<8}{note}", self.at(poll.at()), poll.status().name());
            self.line(format_args!("{}", line.trim_end()));
        }
    }

    fn stretches(
        &mut self,
        open: &[Interval],
        polls: &[Poll],
        parameters: &ReportParameters,
        times: &Times,
    ) {
        let Some(main) = times.main() else { return };
        let windows = parameters.windows();
        let columns = cells(windows.iter().map(|window| name_of(*window)));
        self.line(format_args!(
            "\nOpen time of the {}, in minutes within each window\n  {:<32}  {:<32}  {:<15}{columns}  \
             by the poll",
            name_of(parameters.main_window()),
            "from",
            "to",
            "status",
        ));
        for_each_stretch(open, polls, |stretch| {
            for run in runs_of(&stretch, parameters.method.max_hold()) {
                let Some(shown) = run.span.intersection(main) else { continue };
                let minutes = windows.iter().map(|window| {
                    let window = times.windows()[window.place()];
                    let shared = window.and_then(|window| run.span.intersection(window));
                    let micros = shared.map_or(0, Interval::micros);
                    hundredths_text(Unit::Minutes.hundredths(micros))
                });
                self.run(shown, run.status, &cells(minutes), stretch.speaker);
            }
        });
    }

    fn run(&mut self, shown: Interval, status: SpanStatus, minutes: &str, speaker: Option<Poll>) {
        let by = match (status, speaker) {
            (SpanStatus::Closed | SpanStatus::Unknown, _) | (_, None) => "none".to_owned(),
            (SpanStatus::Up { .. } | SpanStatus::Down { .. }, Some(poll)) => self.at(poll.at()),
        };
        let (from, to) = (self.at(shown.start()), self.at(shown.end()));
        self.line(format_args!("  {from:<32}  {to:<32}  {:<15}{minutes}  {by}", span_text(status)));
    }

    fn sums(&mut self, account: &Account, windows: &[Window]) {
        self.line(format_args!(
            "\nSums\n  {:<17}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}",
            "", "scheduled", "up", "down", "unknown", "least", "most", "coverage"
        ));
        for &window in windows {
            let figures = account.figures(window);
            let unit = unit_of(window);
            let amount = |micros| hundredths_text(unit.hundredths(micros));
            let (scheduled, uptime) = (figures.scheduled_micros(), figures.uptime);
            let covered = percent_hundredths(figures.certainty.covered_micros, scheduled);
            let coverage = covered.map_or("-".to_owned(), |share| hundredths_text(share) + "%");
            let unit_name = match unit {
                Unit::Minutes => "min",
                Unit::Hours => "h",
            };
            let name = format!("{}, {unit_name}", name_of(window));
            self.line(format_args!(
                "  {name:<17}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {coverage:>9}",
                amount(scheduled),
                amount(uptime.up_micros),
                amount(uptime.down_micros),
                amount(uptime.unknown_micros),
                amount(figures.downtime_least_micros()),
                amount(figures.downtime_most_micros()),
            ));
        }
    }

    fn outages(&mut self, account: &Account, main: Window, poller: &Poller) {
        let (main, count) = (name_of(main), account.outages.len());
        self.line(format_args!("\nOutages of the {main}: {count}"));
        for outage in &account.outages {
            let line = self.outage(outage, poller);
            self.line(format_args!("  {line}"));
        }
    }

    fn outage(&self, outage: &Outage, poller: &Poller) -> String {
        let from = outage.started_at();
        let from = from.map_or("before what is considered".to_owned(), |at| self.at(at));
        let to = match outage.state {
            OutageState::Ongoing => "ongoing".to_owned(),
            OutageState::Ended | OutageState::EndUnknown => {
                outage.ended_at().map_or("after what is considered".to_owned(), |at| self.at(at))
            }
        };
        let minutes = |micros| hundredths_text(Unit::Minutes.hundredths(micros));
        let silent = poller.silent_micros(&outage.down).filter(|micros| *micros > 0);
        let silent = silent.map_or(String::new(), |micros| {
            format!("; no store was polled for {} of them", minutes(micros))
        });
        let plural = if outage.inactive_polls == 1 { "" } else { "s" };
        format!(
            "{from} to {to}: {} min down (least {}, most {}), {} inactive poll{plural}{silent}",
            minutes(outage.down_micros()),
            minutes(outage.least_micros),
            minutes(outage.most_micros),
            outage.inactive_polls,
        )
    }

    fn at(&self, at: Timestamp) -> String {
        local_text(at, self.clock)
    }
}

fn name_of(window: Window) -> &'static str {
    match window {
        Window::LastHour => "last hour",
        Window::LastDay => "last day",
        Window::LastWeek => "last week",
        Window::Period => "period",
    }
}

/// Returns the cells of a row, each with blanks before it.
fn cells(cells: impl Iterator<Item = impl fmt::Display>) -> String {
    cells.map(|cell| format!("  {cell:>9}")).collect::<Vec<_>>().concat()
}

fn assumed(given: bool) -> &'static str {
    if given { "" } else { " (assumed, because the sources give none)" }
}

fn times_text<Day: Copy>(row: OpeningRow<Day>) -> String {
    row.opening().map_or("closed".to_owned(), |opening| {
        format!("{} to {}", clock_text(opening.start), clock_text(opening.end))
    })
}

fn clock_text(time: LocalTime) -> String {
    let minutes = i64::from(time.seconds()) * crate::interval::SECOND / MINUTE;
    let (hours, minutes, seconds) = (minutes / 60, minutes % 60, time.seconds() % 60);
    match seconds {
        0 => format!("{hours:02}:{minutes:02}"),
        _ => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

fn span_text(status: SpanStatus) -> &'static str {
    match status {
        SpanStatus::Closed => "closed",
        SpanStatus::Unknown => "unknown",
        SpanStatus::Up { settled: true } => "up, settled",
        SpanStatus::Up { settled: false } => "up, estimated",
        SpanStatus::Down { settled: true } => "down, settled",
        SpanStatus::Down { settled: false } => "down, estimated",
    }
}

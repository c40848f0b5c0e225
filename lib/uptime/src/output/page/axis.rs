//! The axis of the stores with the most downtime: the week in UTC for all of them, so that silences
//! are bands across all stores; or the dates of a period, for each store by its own clock.

use std::fmt::Display;

use super::day_columns::day_columns;
use super::html::Html;
use super::marks::{Percent, time_bar};
use super::silences::{midnights_in, silences_in};
use super::subject::{Subject, labelled_mondays};
use super::words::Moment;
use crate::account::Drawn;
use crate::fleet::MeasuredReport;
use crate::zone_clock::ZoneClock;
use crate::{Interval, Timestamp};

/// The axis.
pub(super) struct Axis {
    subject: Subject,
    silences: Vec<Interval>,
}

impl Axis {
    /// Returns the axis of a report.
    pub(super) fn of(report: &MeasuredReport, subject: Subject) -> Axis {
        Axis { subject, silences: silences_in(report, subject.time()) }
    }

    /// Returns how to read the drawings of so many stores.
    pub(super) fn explanation(&self, stores: usize) -> String {
        let noun = self.subject.noun();
        if self.subject.is_long() {
            return "Each column is a date by the store’s own clock, and 24 hours high. Down stands at \
                    the bottom and is wide, up is narrow, a thin line is closed. Solid is settled, \
                    hatched is estimated."
                .to_owned();
        }
        let line = if stores == 1 { "The line is the" } else { "Each line is a" };
        let clock = if self.subject.is_period() { "by its own clock" } else { "in UTC" };
        let mut text = format!(
            "{line} store’s {noun}, {clock}. Tall is down, low is up, a thin line is closed. Solid is \
             settled, hatched is estimated."
        );
        if !self.silences.is_empty() {
            text += " In the grey bands no store was polled.";
        }
        text
    }

    /// Writes what stands above the drawings: the dates, and the words "no polls" above silences that
    /// all stores share, where there is room.
    pub(super) fn write_head(&self, html: &mut Html) {
        html.raw("<svg class=\"bar labels\" height=\"38\" aria-hidden=\"true\">");
        if !self.subject.is_period() {
            write_silences(html, self.subject.time(), &self.silences);
        }
        for (x, text) in self.labels() {
            write!(html, "<rect class=\"closed\" x=\"{x}\" y=\"20\" width=\"1\" height=\"20\"/>");
            if x.is_below(92) {
                write!(html, "<text x=\"{x}\" y=\"33\" dx=\"4\">{text}</text>");
            }
        }
        html.raw("</svg>");
    }

    /// Returns places with their labels, which may have markup.
    fn labels(&self) -> Vec<(Percent, String)> {
        let label = |day: Moment| {
            let (weekday, number) = (day.weekday(), day.day());
            format!("{weekday}<tspan class=\"unless-narrow\"> {number}</tspan>")
        };
        let Some(period) = self.subject.period() else {
            let week = self.subject.time();
            let midnights = midnights_in(week);
            return midnights
                .map(|at| (Percent::at(at, week), label(Moment::in_utc(at))))
                .collect();
        };
        let days = period.days();
        if days == 1 {
            return (0..8)
                .map(|place| (Percent::of(place, 8), format!("{}:00", 3 * place)))
                .collect();
        }
        if self.subject.is_long() {
            let mondays = labelled_mondays(period.first(), days);
            return mondays.map(|(place, text)| (Percent::of(place, days), text)).collect();
        }
        let date = |place| Moment::in_utc(period.first().plus(place).midnight_as_if_utc());
        (0..days).map(|place| (Percent::of(place, days), label(date(place)))).collect()
    }

    /// Writes the drawing of a store. `id` is unique in the page.
    pub(super) fn write_store(&self, html: &mut Html, id: &str, drawn: &Drawn, clock: &ZoneClock) {
        match drawn {
            Drawn::InFull { runs, .. } => {
                let Some(whole) = self.subject.whole(clock) else { return };
                time_bar(html, id, runs, whole, |html| {
                    for (x, width) in bands(&self.silences, whole) {
                        write_behind(html, "silent", x, width);
                    }
                    for midnight in self.midnights(whole, clock) {
                        write_behind(html, "hairline", Percent::at(midnight, whole), "1");
                    }
                });
            }
            Drawn::Days(sums) => {
                let places = self.subject.date_places(clock);
                let sums = places.into_iter().zip(sums.iter().copied());
                day_columns(html, id, sums, self.subject.days(), |html| {
                    for (x, _) in self.labels() {
                        write_behind(html, "hairline", x, "1");
                    }
                });
            }
        }
    }

    /// Returns where dates begin after the first one: in UTC for the week, by the store's clock for a
    /// period.
    fn midnights(&self, whole: Interval, clock: &ZoneClock) -> Vec<Timestamp> {
        if !self.subject.is_period() {
            return midnights_in(whole).collect();
        }
        clock.dates_in(whole).iter().skip(1).map(|date| date.start()).collect()
    }
}

/// Returns where each silence begins on an axis, and how wide it is.
fn bands(silences: &[Interval], axis: Interval) -> impl Iterator<Item = (Percent, Percent)> {
    silences.iter().filter_map(move |silence| silence.intersection(axis)).map(move |silence| {
        let from = Percent::at(silence.start(), axis);
        (from, Percent::at(silence.end(), axis).since(from))
    })
}

/// Writes silences behind the head, and words above them.
fn write_silences(html: &mut Html, axis: Interval, silences: &[Interval]) {
    let mut last_word: Option<Percent> = None;
    for (x, width) in bands(silences, axis) {
        write!(html, "<rect class=\"silent\" x=\"{x}\" y=\"15\" width=\"{width}\" height=\"30\"/>");
        let middle = x.plus(width.half());
        let has_room = !middle.is_below(6)
            && middle.is_below(94)
            && last_word.is_none_or(|last| !middle.since(last).is_below(14));
        if has_room {
            last_word = Some(middle);
            write!(html, "<text x=\"{middle}\" y=\"11\" text-anchor=\"middle\">no polls</text>");
        }
    }
}

/// Writes a band or a line behind a drawing. It is taller than a row.
fn write_behind(html: &mut Html, class: &str, x: Percent, width: impl Display) {
    write!(html, "<rect class=\"{class}\" x=\"{x}\" width=\"{width}\" height=\"60\"/>");
}

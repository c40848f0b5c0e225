//! When no store was polled, and how many polls there were in each hour.

use super::html::Html;
use super::marks::Percent;
use super::subject::{Subject, labelled_mondays};
use super::words::{Moment, hours};
use crate::fleet::MeasuredReport;
use crate::interval::{DAY, HOUR};
use crate::poller::Poller;
use crate::{Interval, Timestamp};

/// The list shows at most this many silences.
const MOST_SILENCES: usize = 12;

/// Returns the parts of silences in a span, in order.
pub(super) fn silences_in(report: &MeasuredReport, span: Interval) -> Vec<Interval> {
    let silences = report.poller.silences().iter();
    silences.filter_map(|silence| silence.intersection(span)).collect()
}

/// Returns the UTC midnights in a span after its start, in order.
pub(super) fn midnights_in(span: Interval) -> impl Iterator<Item = Timestamp> {
    let first = span.start().micros().div_euclid(DAY) + 1;
    (first..).map(|day| Timestamp::from_micros(day * DAY)).take_while(move |at| *at < span.end())
}

/// Writes the section.
pub(super) fn write_silences(html: &mut Html, report: &MeasuredReport, subject: Subject) {
    let silences = silences_in(report, subject.time());
    html.raw("<section class=\"silences\" id=\"silences\">\n");
    match (&report.poller, silences.as_slice()) {
        (Poller::NotJudged, _) => {
            html.raw("<h2>Polls</h2>\n<p class=\"muted\">Too few polls to see whether the poller paused.</p>\n");
        }
        (Poller::Judged { threshold_minutes, .. }, []) => writeln!(
            html,
            "<h2>Polls</h2>\n<p class=\"muted\">The poller never paused for {threshold_minutes} \
             minutes or more.</p>"
        ),
        (Poller::Judged { .. }, [silence]) => {
            write_total(html, subject, &silences);
            writeln!(
                html,
                "<p class=\"muted\">No store was polled from {} UTC: figures for that time are \
                 estimates.</p>",
                from_to(*silence, |at| subject.day_time(at))
            );
        }
        (Poller::Judged { .. }, _) => {
            write_total(html, subject, &silences);
            write_list(html, &silences);
        }
    }
    write_first_poll(html, report, subject);
    write_strip(html, report, subject, &silences);
    html.raw("</section>\n");
}

fn write_total(html: &mut Html, subject: Subject, silences: &[Interval]) {
    let silent = hours(silences.iter().map(|silence| silence.micros()).sum());
    if subject.is_period() {
        // Stores of different zones have the period at different times, so no number of hours is that
        // of all of them.
        writeln!(html, "<h2>No polls for {silent} hours</h2>");
    } else {
        writeln!(html, "<h2>No polls for {silent} of 168 hours</h2>");
    }
}

/// Says when polling began, if it began in the time of the page. No silence comes before it.
fn write_first_poll(html: &mut Html, report: &MeasuredReport, subject: Subject) {
    let first = report.activity.polls_by_minute().find(|(_, polls)| *polls > 0);
    let Some((first, _)) = first.filter(|(at, _)| *at > subject.time().start()) else { return };
    writeln!(
        html,
        "<p class=\"muted\">The first poll is of {} UTC: figures for the time before it are \
         estimates, or nothing is known of it.</p>",
        subject.day_time(Moment::in_utc(first))
    );
}

fn write_list(html: &mut Html, silences: &[Interval]) {
    html.raw(
        "<p class=\"muted\">No store was polled in these times, so figures for them are estimates. \
         Times are UTC.</p>\n<table class=\"list\"><tbody>\n",
    );
    for silence in silences.iter().take(MOST_SILENCES) {
        writeln!(
            html,
            "<tr><td>{}</td><td class=\"number\">{} h</td></tr>",
            from_to(*silence, Moment::date_time),
            hours(silence.micros())
        );
    }
    html.raw("</tbody></table>\n");
    let left_out = silences.len().saturating_sub(MOST_SILENCES);
    if left_out > 0 {
        writeln!(html, "<p class=\"note\">And {left_out} more: report.json has all.</p>");
    }
}

/// Returns both ends. The end has a date only if it is another one.
fn from_to<D: std::fmt::Display>(span: Interval, write: impl Fn(Moment) -> D) -> String {
    let (from, to) = (Moment::in_utc(span.start()), Moment::in_utc(span.end()));
    if from.is_on_date_of(to) {
        format!("{} to {}", write(from), to.time())
    } else {
        format!("{} to {}", write(from), write(to))
    }
}

/// Writes a bar for each hour, or for each UTC date of a long period, as high as the number of polls
/// in it.
fn write_strip(html: &mut Html, report: &MeasuredReport, subject: Subject, silences: &[Interval]) {
    let (axis, step, name) = if subject.is_long() {
        (whole_dates(subject.time()), DAY, "Polls a date (in UTC), all stores")
    } else if subject.is_period() {
        (subject.time(), HOUR, "Polls an hour (in UTC), all stores")
    } else {
        (subject.time(), HOUR, "Polls an hour, all stores")
    };
    let polls = polls_by_step(report, axis, step);
    let Some(most) = polls.iter().copied().max().filter(|most| *most > 0) else { return };
    writeln!(html, "<p class=\"note strip-name\">{name}</p>");
    html.raw("<svg class=\"bar labels\" height=\"76\" aria-hidden=\"true\">");
    for silence in silences {
        let from = Percent::at(silence.start(), axis);
        let width = Percent::at(silence.end(), axis).since(from);
        write!(html, "<rect class=\"silent\" x=\"{from}\" width=\"{width}\" height=\"58\"/>");
    }
    write!(
        html,
        "<svg y=\"14\" width=\"100%\" height=\"44\" viewBox=\"0 0 {} 100\" \
         preserveAspectRatio=\"none\"><path class=\"closed\" d=\"",
        polls.len()
    );
    for (place, polls) in polls.iter().enumerate().filter(|(_, polls)| **polls > 0) {
        write!(html, "M{place} 100v-{}h.8V100", (polls * 100).div_ceil(most));
    }
    html.raw("\"/></svg><rect class=\"closed\" y=\"58\" width=\"100%\" height=\"1\"/>");
    for (x, text) in labels_of(axis, subject) {
        write!(html, "<rect class=\"closed\" x=\"{x}\" y=\"58\" width=\"1\" height=\"6\"/>");
        if x.is_below(92) {
            write!(html, "<text x=\"{x}\" y=\"72\" dx=\"4\">{text}</text>");
        }
    }
    html.raw("</svg>\n");
}

/// Returns the UTC dates that a span touches.
fn whole_dates(span: Interval) -> Interval {
    let first = span.start().micros().div_euclid(DAY) * DAY;
    let end = (span.end().micros() - 1).div_euclid(DAY) * DAY + DAY;
    Interval::ending_at(Timestamp::from_micros(end), end - first)
}

/// Returns the labels below the strip with their places: weekdays, or Mondays of a long period.
fn labels_of(axis: Interval, subject: Subject) -> Vec<(Percent, String)> {
    if subject.is_long() {
        let days = axis.micros() / DAY;
        let first = Moment::in_utc(axis.start()).date();
        let mondays = labelled_mondays(first, days);
        return mondays.map(|(place, text)| (Percent::of(place, days), text)).collect();
    }
    let label = |at: Timestamp| (Percent::at(at, axis), Moment::in_utc(at).weekday().to_string());
    midnights_in(axis).map(label).collect()
}

/// Returns the number of polls in each step of an axis.
fn polls_by_step(report: &MeasuredReport, axis: Interval, step: i64) -> Vec<u64> {
    let steps = usize::try_from((axis.micros() + step - 1) / step).unwrap_or_default();
    let mut polls_by_step = vec![0; steps];
    for (minute, polls) in report.activity.polls_by_minute() {
        let place = (minute.micros() - axis.start().micros()).div_euclid(step);
        let place = usize::try_from(place).ok();
        if let Some(sum) = place.and_then(|place| polls_by_step.get_mut(place)) {
            *sum += u64::from(polls);
        }
    }
    polls_by_step
}

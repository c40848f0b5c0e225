//! When no store was polled, and how many polls there were in each hour.

use super::html::Html;
use super::marks::Percent;
use super::words::{Moment, hours};
use crate::fleet::MeasuredReport;
use crate::interval::{DAY, HOUR};
use crate::poller::Poller;
use crate::{Interval, Timestamp};

/// The list shows at most this many silences.
const MOST_SILENCES: usize = 12;
/// The hours of the week.
const HOURS: usize = 168;

/// Returns the parts of silences in the week, in order.
pub(super) fn silences_in(report: &MeasuredReport, week: Interval) -> Vec<Interval> {
    let silences = report.poller.silences().iter();
    silences.filter_map(|silence| silence.intersection(week)).collect()
}

/// Returns the UTC midnights in a span after its start, in order.
pub(super) fn midnights_in(span: Interval) -> impl Iterator<Item = Timestamp> {
    let first = span.start().micros().div_euclid(DAY) + 1;
    (first..).map(|day| Timestamp::from_micros(day * DAY)).take_while(move |at| *at < span.end())
}

/// Writes the section.
pub(super) fn write_silences(html: &mut Html, report: &MeasuredReport) {
    let [.., week] = report.about.parameters.last_windows();
    let silences = silences_in(report, week);
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
            write_total(html, &silences);
            writeln!(
                html,
                "<p class=\"muted\">No store was polled from {} UTC: figures for that time are \
                 estimates.</p>",
                from_to(*silence, Moment::weekday_time)
            );
        }
        (Poller::Judged { .. }, _) => {
            write_total(html, &silences);
            write_list(html, &silences);
        }
    }
    write_strip(html, report, week, &silences);
    html.raw("</section>\n");
}

fn write_total(html: &mut Html, silences: &[Interval]) {
    let silent = silences.iter().map(|silence| silence.micros()).sum();
    writeln!(html, "<h2>No polls for {} of {HOURS} hours</h2>", hours(silent));
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

/// Writes a bar for each hour of the week, as high as the number of polls in it.
fn write_strip(html: &mut Html, report: &MeasuredReport, week: Interval, silences: &[Interval]) {
    let polls = polls_by_hour(report, week);
    let Some(most) = polls.iter().copied().max().filter(|most| *most > 0) else { return };
    html.raw("<p class=\"note strip-name\">Polls an hour, all stores</p>\n");
    html.raw("<svg class=\"bar labels\" height=\"76\" aria-hidden=\"true\">");
    for silence in silences {
        let from = Percent::at(silence.start(), week);
        let width = Percent::at(silence.end(), week).since(from);
        write!(html, "<rect class=\"silent\" x=\"{from}\" width=\"{width}\" height=\"58\"/>");
    }
    html.raw(
        "<svg y=\"14\" width=\"100%\" height=\"44\" viewBox=\"0 0 168 100\" \
         preserveAspectRatio=\"none\"><path class=\"closed\" d=\"",
    );
    for (hour, polls) in polls.iter().enumerate().filter(|(_, polls)| **polls > 0) {
        write!(html, "M{hour} 100v-{}h.8V100", (polls * 100).div_ceil(most));
    }
    html.raw("\"/></svg><rect class=\"closed\" y=\"58\" width=\"100%\" height=\"1\"/>");
    for midnight in midnights_in(week) {
        let x = Percent::at(midnight, week);
        write!(html, "<rect class=\"closed\" x=\"{x}\" y=\"58\" width=\"1\" height=\"6\"/>");
        if x.is_below(92) {
            let weekday = Moment::in_utc(midnight).weekday();
            write!(html, "<text x=\"{x}\" y=\"72\" dx=\"4\">{weekday}</text>");
        }
    }
    html.raw("</svg>\n");
}

fn polls_by_hour(report: &MeasuredReport, week: Interval) -> [u64; HOURS] {
    let mut polls_by_hour = [0; HOURS];
    for (minute, polls) in report.activity.polls_by_minute() {
        let hour = (minute.micros() - week.start().micros()).div_euclid(HOUR);
        if let Some(sum) = usize::try_from(hour).ok().and_then(|hour| polls_by_hour.get_mut(hour)) {
            *sum += u64::from(polls);
        }
    }
    polls_by_hour
}

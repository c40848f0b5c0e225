//! The time of a store as a template. The script copies it for each store that it opens, and fills the
//! copy.

use super::html::Html;
use super::marks::write_key;
use super::outage_figures::most_listed;
use super::subject::Subject;
use super::words::{Number, capitalized};
use crate::certainty::SpanStatus;

/// What can be so of a store, each with its sentence. A name in braces is a figure of the store
/// ([`Subject::figure_name`]); `NOUN` is "week" or "month", `AROUND` says which polls were considered.
const SENTENCES: [(&str, &str); 6] = [
    ("no-time", "The NOUN has not begun by this store’s clock, or the clock skipped it."),
    ("closed", "Closed for the whole NOUN."),
    (
        "never",
        "Not observed: no poll fell within this store’s opening hours AROUND. Its \
         {scheduled*_hours} open hours count neither as up nor as down.",
    ),
    (
        "none",
        "No poll found this store down in its opening hours. Between polls it can have been down \
         for at most {downtime_most*_hours} of its {scheduled*_hours} open hours.",
    ),
    (
        "one",
        "Down for <b>{downtime*_hours}</b> of {scheduled*_hours} open hours (at least \
         {downtime_least*_hours}, at most {downtime_most*_hours}), in 1 outage.",
    ),
    (
        "several",
        "Down for <b>{downtime*_hours}</b> of {scheduled*_hours} open hours (at least \
         {downtime_least*_hours}, at most {downtime_most*_hours}), in {outages*} outages. The longest \
         took {longest_outage_tenths_of_hours} h.",
    ),
];

/// What stands at the end of a week: words, the name of the times that the script fills in, figures.
const TOTALS_OF_WEEK: [(&str, &str, &str); 5] = [
    ("Week", "last_week_hours", ""),
    ("Last day", "last_day_hours", ""),
    ("Last hour", "last_hour_minutes", ""),
    (
        "Up, %",
        "",
        "{uptime_last_week_percent} in the week, {uptime_last_day_percent} in the last day",
    ),
    (
        "Polls cover, %",
        "",
        "{coverage_last_week_percent} in the week, {coverage_last_day_percent} in the last day",
    ),
];

/// The same of a period, after its sum.
const TOTALS_OF_PERIOD: [(&str, &str, &str); 2] =
    [("Up, %", "", "{uptime_percent}"), ("Polls cover, %", "", "{coverage_percent}")];

/// The heads of the table of outages, with their classes.
const OUTAGE_HEADS: [(&str, &str); 10] = [
    ("No.", ""),
    ("Down from", ""),
    ("to", ""),
    ("Down, h", "number"),
    ("at least", "number"),
    ("at most", "number"),
    ("Polls down", "number"),
    ("Last seen up", ""),
    ("Next seen up", ""),
    ("Without polls, h", "number"),
];

/// Writes the template.
pub(super) fn write_template(html: &mut Html, subject: Subject) {
    html.raw(
        "<template id=\"week\"><div class=\"store-week\">\n<div class=\"week-head\"><div>\
         <h3>Store <bdi class=\"id\"></bdi></h3><p class=\"note about\"></p></div>\
         <div class=\"buttons\"><span role=\"status\" class=\"muted status\"></span>\
         <button type=\"button\" class=\"copy\">Copy link</button>",
    );
    if !subject.is_long() {
        html.raw("<button type=\"button\" class=\"show\">Show polls as text</button>");
    }
    html.raw("<button type=\"button\" class=\"close\">Close</button></div></div>\n");
    for (kind, sentence) in SENTENCES {
        write!(html, "<p class=\"sentence\" data-kind=\"{kind}\">");
        write_words(html, &sentence_of(sentence, subject), subject);
        html.raw("</p>\n");
    }
    write_legend(html, subject);
    if subject.is_long() {
        write_calendar(html);
    } else {
        html.raw("<pre class=\"polls\" tabindex=\"0\" hidden></pre>\n");
        write_axis(html);
    }
    write_totals(html, subject);
    write_outage_table(html, subject);
    html.raw("</div></template>\n");
}

fn sentence_of(sentence: &str, subject: Subject) -> String {
    let around = if subject.is_period() {
        format!("{} or within 24 hours of it", subject.within())
    } else {
        "in the past 8 days".to_owned()
    };
    sentence.replace("NOUN", subject.noun()).replace("AROUND", &around)
}

fn write_totals(html: &mut Html, subject: Subject) {
    let name = capitalized(subject.noun());
    let sum_of_period = (name.as_str(), "hours", "");
    let totals = if subject.is_period() {
        [&[sum_of_period], TOTALS_OF_PERIOD.as_slice()].concat()
    } else {
        TOTALS_OF_WEEK.to_vec()
    };
    html.raw("<div class=\"totals\">\n");
    for (words, times, figures) in totals {
        write!(html, "<div class=\"total\"><span>{words}</span><span");
        if !times.is_empty() {
            write!(html, " data-times=\"{times}\"");
        }
        html.raw(">");
        write_words(html, figures, subject);
        html.raw("</span></div>\n");
    }
    html.raw("</div>\n");
}

/// Writes words, with an empty element for each figure.
fn write_words(html: &mut Html, words: &str, subject: Subject) {
    for (place, part) in words.split(['{', '}']).enumerate() {
        if place % 2 == 0 {
            html.raw(part);
        } else {
            let name = subject.figure_name(part);
            write!(html, "<span data-figure=\"{name}\"></span>");
        }
    }
}

fn write_legend(html: &mut Html, subject: Subject) {
    html.raw("<ul class=\"legend\">");
    for (id, status, words) in [
        ("week-down", SpanStatus::Down { settled: true }, "down, settled"),
        ("week-down-estimated", SpanStatus::Down { settled: false }, "down, estimated"),
        ("week-up", SpanStatus::Up { settled: true }, "up, settled"),
        ("week-up-estimated", SpanStatus::Up { settled: false }, "up, estimated"),
        ("week-unknown", SpanStatus::Unknown, "not observed"),
        ("week-closed", SpanStatus::Closed, "closed"),
    ] {
        html.raw("<li>");
        write_key(html, id, status);
        write!(html, "{words}</li>");
    }
    if subject.is_long() {
        html.raw("</ul>\n");
        return;
    }
    html.raw(
        "<li><svg class=\"key\" width=\"8\" height=\"14\" aria-hidden=\"true\">\
         <circle class=\"poll\" cx=\"4\" cy=\"8\" r=\"3\"/></svg>poll: up</li>\
         <li><svg class=\"key\" width=\"8\" height=\"14\" aria-hidden=\"true\">\
         <circle class=\"poll hollow\" cx=\"4\" cy=\"8\" r=\"3\"/></svg>poll: down</li>\
         <li><svg class=\"key\" width=\"14\" height=\"14\" aria-hidden=\"true\">\
         <circle class=\"poll uncounted\" cx=\"4\" cy=\"8\" r=\"1.5\"/>\
         <circle class=\"poll hollow uncounted\" cx=\"11\" cy=\"8\" r=\"1.5\"/></svg>\
         poll while closed: does not count</li>\
         <li><svg class=\"key\" width=\"24\" height=\"14\" aria-hidden=\"true\">\
         <rect class=\"silent\" width=\"24\" height=\"14\"/></svg>no store was polled</li></ul>\n",
    );
}

/// Writes an empty calendar. The script adds a row for each week.
fn write_calendar(html: &mut Html) {
    html.raw(
        "<table class=\"calendar\" aria-label=\"Sums of each date\"><thead><tr>\
         <th scope=\"col\">Mon</th><th scope=\"col\">Tue</th><th scope=\"col\">Wed</th>\
         <th scope=\"col\">Thu</th><th scope=\"col\">Fri</th><th scope=\"col\">Sat</th>\
         <th scope=\"col\">Sun</th></tr></thead><tbody></tbody></table>\n\
         <p class=\"note reading\" aria-hidden=\"true\">Each bar is 24 hours long. Point at a date to \
         read its sum, or move between dates with the arrow keys.</p>\n",
    );
}

/// Writes the hours above the days.
fn write_axis(html: &mut Html) {
    html.raw(
        "<div class=\"date axis\"><div></div><svg class=\"bar\" height=\"16\" aria-hidden=\"true\">",
    );
    for eighth in 0..=8 {
        let (x, hour) = (f64::from(eighth) * 12.5, eighth * 3);
        let class = match eighth {
            0 => "",
            8 => "before",
            _ => "middle",
        };
        write!(html, "<text x=\"{x}%\" y=\"12\" class=\"{class}\">{hour}:00</text>");
    }
    html.raw("</svg><div class=\"sums note\">Sum of the day</div></div>\n");
}

fn write_outage_table(html: &mut Html, subject: Subject) {
    write!(
        html,
        "<div class=\"outages\"><h4>Outages</h4><p class=\"note left-out\">These are the {} longest; \
         outages.csv has all. The sum is that of all.</p>",
        Number(most_listed(subject) as u64)
    );
    html.raw("<table class=\"outage-table\"><thead><tr>");
    for (head, class) in OUTAGE_HEADS {
        write!(html, "<th class=\"{class}\">{head}</th>");
    }
    html.raw(
        "</tr></thead><tbody><tr class=\"sum\"><td colspan=\"3\">Sum</td><td class=\"number\"><b>",
    );
    write_words(html, "{downtime*_hours}</b></td><td class=\"number\">", subject);
    write_words(html, "{downtime_least*_hours}</td><td class=\"note\" colspan=\"5\">", subject);
    write_words(
        html,
        "‘At most {downtime_most*_hours}’ also counts long gaps between polls that found it up.",
        subject,
    );
    html.raw("</td></tr></tbody></table></div>\n");
}

//! The week of a store as a template. The script copies it for each store that it opens, and fills the
//! copy.

use super::html::Html;
use super::marks::write_key;
use crate::certainty::SpanStatus;

/// The kinds of weeks, each with its sentence. A name in braces is a figure of the store.
const SENTENCES: [(&str, &str); 5] = [
    ("closed", "Closed for the whole week."),
    (
        "never",
        "Not observed: no poll fell within this store’s opening hours in the past 8 days. Its \
         {scheduled_last_week_hours} open hours count neither as up nor as down.",
    ),
    (
        "none",
        "No poll found this store down in its opening hours. Between polls it can have been down \
         for at most {downtime_most_last_week_hours} of its {scheduled_last_week_hours} open hours.",
    ),
    (
        "one",
        "Down for <b>{downtime_last_week_hours}</b> of {scheduled_last_week_hours} open hours (at \
         least {downtime_least_last_week_hours}, at most {downtime_most_last_week_hours}), in 1 \
         outage.",
    ),
    (
        "several",
        "Down for <b>{downtime_last_week_hours}</b> of {scheduled_last_week_hours} open hours (at \
         least {downtime_least_last_week_hours}, at most {downtime_most_last_week_hours}), in \
         {outages_last_week} outages. The longest took {longest_outage_tenths_of_hours} h.",
    ),
];

/// What stands at the end: words, class for the script, figures.
const TOTALS: [(&str, &str, &str); 5] = [
    ("Week", "of-week", ""),
    ("Last day", "of-day", ""),
    ("Last hour", "of-hour", ""),
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
pub(super) fn write_template(html: &mut Html) {
    html.raw(
        "<template id=\"week\"><div class=\"store-week\">\n<div class=\"week-head\"><div>\
         <h3>Store <bdi class=\"id\"></bdi></h3><p class=\"note about\"></p></div>\
         <div class=\"buttons\"><span role=\"status\" class=\"muted status\"></span>\
         <button type=\"button\" class=\"copy\">Copy link</button>\
         <button type=\"button\" class=\"show\">Show polls as text</button>\
         <button type=\"button\" class=\"close\">Close</button></div></div>\n",
    );
    for (kind, sentence) in SENTENCES {
        write!(html, "<p class=\"sentence\" data-kind=\"{kind}\">");
        write_words(html, sentence);
        html.raw("</p>\n");
    }
    write_legend(html);
    html.raw("<pre class=\"polls\" tabindex=\"0\" hidden></pre>\n");
    write_axis(html);
    html.raw("<div class=\"totals\">\n");
    for (words, class, figures) in TOTALS {
        write!(html, "<div class=\"total\"><span>{words}</span><span class=\"{class}\">");
        write_words(html, figures);
        html.raw("</span></div>\n");
    }
    html.raw("</div>\n");
    write_outage_table(html);
    html.raw("</div></template>\n");
}

/// Writes words, with an empty element for each figure.
fn write_words(html: &mut Html, words: &str) {
    for (place, part) in words.split(['{', '}']).enumerate() {
        if place % 2 == 0 {
            html.raw(part);
        } else {
            write!(html, "<span data-figure=\"{part}\"></span>");
        }
    }
}

fn write_legend(html: &mut Html) {
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

fn write_outage_table(html: &mut Html) {
    html.raw("<div class=\"outages\"><h4>Outages</h4><table class=\"outage-table\"><thead><tr>");
    for (head, class) in OUTAGE_HEADS {
        write!(html, "<th class=\"{class}\">{head}</th>");
    }
    html.raw(
        "</tr></thead><tbody><tr class=\"sum\"><td colspan=\"3\">Sum</td><td class=\"number\"><b>",
    );
    write_words(html, "{downtime_last_week_hours}</b></td><td class=\"number\">");
    write_words(html, "{downtime_least_last_week_hours}</td><td class=\"note\" colspan=\"5\">");
    write_words(
        html,
        "‘At most {downtime_most_last_week_hours}’ also counts long gaps between polls that found \
         it up.",
    );
    html.raw("</td></tr></tbody></table></div>\n");
}

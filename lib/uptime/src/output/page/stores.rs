//! The section "All stores" and the data that the script draws it from. Without JavaScript it shows the
//! stores with the most downtime. With it, it shows all, and has controls.

use super::data::{self, LOW_COVERAGE_PERCENT};
use super::html::{Html, store_link};
use super::marks::{Heights, range_bar, write_key};
use super::words::{Number, city, hours};
use crate::Status;
use crate::account::Account;
use crate::certainty::SpanStatus;
use crate::fleet::{MeasuredReport, by_downtime};
use crate::interval::{HOUR, MINUTE};
use crate::outage::Outage;
use crate::output::cells::percent_hundredths;
use crate::parameters::Window;

/// How many stores the section shows without JavaScript.
const ROWS: usize = 100;
/// The length of the axis of ranges: all of a week.
const AXIS: i64 = 168 * HOUR;

/// The columns: name for the script, head, class, words of the choice to sort by it. A column without
/// a name cannot be sorted.
const COLUMNS: [(&str, &str, &str, &str); 11] = [
    ("store", "Store", "", "Store id"),
    ("zone", "Time zone", "", "Time zone"),
    ("open", "Open, h", "number", "Open time, most first"),
    ("up", "Up, %", "number", "Up, lowest first"),
    ("down", "Down, h", "number", "Down, most first"),
    ("least", "at least", "number", "Down at least, most first"),
    ("most", "at most", "number", "Down at most, most first"),
    ("", "", "range", ""),
    ("outages", "Outages", "number", "Outages, most first"),
    ("longest", "Longest, h", "number", "Longest outage first"),
    ("newest", "Newest poll", "newest", "Newest poll first"),
];

/// Writes the section.
pub(super) fn section(html: &mut Html, report: &MeasuredReport) {
    let mut shown: Vec<&Account> =
        report.accounts.iter().filter(|account| account.detail.is_some()).collect();
    html.raw("<section id=\"all-stores\">\n<div class=\"stores-head\"><h2>All stores</h2>");
    if shown.is_empty() {
        html.raw("</div>\n<p class=\"muted\">The report has no stores.</p>\n</section>\n");
        return;
    }
    let rows = shown.len().min(ROWS);
    writeln!(
        html,
        "<p class=\"muted\" id=\"stores-count\" role=\"status\">1 to {rows} of {}, most downtime \
         first</p></div>",
        Number(shown.len() as u64)
    );
    if shown.len() < report.accounts.len() {
        writeln!(
            html,
            "<p class=\"muted wide-text\">Here are the {} of {} stores with the most downtime; \
             stores.csv has all.</p>",
            Number(shown.len() as u64),
            Number(report.accounts.len() as u64)
        );
    }
    write_controls(html, report, &shown);
    write_table_head(html);
    shown.sort_by(|this, that| by_downtime(this, that));
    for (place, account) in shown.iter().take(ROWS).enumerate() {
        write_row(html, report, place, account);
    }
    html.raw(
        "</tbody></table>\n<nav id=\"stores-pages\" aria-label=\"Pages of stores\" hidden></nav>\n",
    );
    write_legend(html);
    html.raw("</section>\n");
    data::write_blocks(html, report);
}

/// Writes the controls. The script shows them.
fn write_controls(html: &mut Html, report: &MeasuredReport, shown: &[&Account]) {
    let as_of = report.about.parameters.as_of;
    let is_low = |account: &Account| {
        let figures = account.figures(Window::LastWeek);
        percent_hundredths(figures.certainty.covered_micros, figures.scheduled_micros())
            .is_some_and(|share| share < LOW_COVERAGE_PERCENT * 100)
    };
    let count = |belongs: &dyn Fn(&Account) -> bool| {
        shown.iter().filter(|account| belongs(account)).count() as u64
    };
    html.raw(
        "<div id=\"stores-controls\" hidden><label for=\"stores-search\">Search</label>\
         <input id=\"stores-search\" type=\"search\" placeholder=\"Store id or time zone\" \
         autocomplete=\"off\" spellcheck=\"false\">\n<fieldset><legend>Show</legend>",
    );
    let low = format!("Polls cover under {LOW_COVERAGE_PERCENT}%");
    for (name, words, stores) in [
        ("all", "All", shown.len() as u64),
        ("outage", "With an outage", count(&|account| !account.outages.is_empty())),
        ("end", "Down at the end", count(&|account| account.down_at_end(as_of))),
        ("never", "Never polled", count(&|account| account.last_poll.is_none())),
        ("coverage", &low, count(&is_low)),
        ("hours", "Hours assumed", count(&|account| !account.hours_given)),
        ("zone", "Time zone assumed", count(&|account| !account.zone_given)),
    ] {
        let checked = if name == "all" { " checked" } else { "" };
        write!(
            html,
            "<label><input type=\"radio\" name=\"show\" value=\"{name}\"{checked}>\
             <span>{words} ({})</span></label>",
            Number(stores)
        );
    }
    html.raw("</fieldset>\n<label for=\"stores-sort\">Sort</label><select id=\"stores-sort\">");
    for (name, _, _, words) in COLUMNS {
        if !name.is_empty() {
            write!(html, "<option value=\"{name}\">{words}</option>");
        }
    }
    html.raw("</select></div>\n");
}

fn write_table_head(html: &mut Html) {
    html.raw("<table id=\"stores\"><thead><tr>");
    for (name, head, class, _) in COLUMNS {
        if name.is_empty() {
            html.raw(
                "<td class=\"range\"><svg class=\"bar labels\" height=\"16\" aria-hidden=\"true\">\
                 <text y=\"12\">0</text><text x=\"50%\" y=\"12\" text-anchor=\"middle\">84</text>\
                 <text x=\"100%\" y=\"12\" text-anchor=\"end\">168 h</text></svg></td>",
            );
        } else {
            write!(
                html,
                "<th scope=\"col\" class=\"{class}\" data-sort=\"{name}\"><button type=\"button\">\
                 {head}</button></th>"
            );
        }
    }
    html.raw("</tr></thead><tbody>\n");
}

fn write_row(html: &mut Html, report: &MeasuredReport, place: usize, account: &Account) {
    let figures = account.figures(Window::LastWeek);
    let assumed = |is_given: bool| if is_given { "" } else { "<i>assumed</i> " };
    html.raw("<tr><th scope=\"row\" class=\"store\">");
    store_link(html, &account.row.store);
    write!(html, "</th><td class=\"zone\">{}", assumed(account.zone_given));
    html.text(&city(account.zone));
    write!(
        html,
        "</td><td class=\"open number\">{}{}</td><td class=\"up-share number\">",
        assumed(account.hours_given),
        hours(figures.scheduled_micros())
    );
    let (up, down) = (figures.uptime.up_micros, figures.uptime.down_micros);
    match percent_hundredths(up, up + down) {
        Some(share) => write!(html, "{}.{:02}", share / 100, share % 100),
        None => html.raw("–"),
    }
    write!(
        html,
        "</td><td class=\"downtime number\"><b>{}</b></td><td class=\"least number\">{}</td>\
         <td class=\"most number\">{}</td><td class=\"range\">",
        hours(down),
        hours(figures.downtime_least_micros()),
        hours(figures.downtime_most_micros())
    );
    range_bar(html, &format!("store-{place}"), &figures, AXIS, Heights::TABLE);
    html.raw("</td><td class=\"outages number\">");
    match account.last_poll {
        Some(_) => write!(html, "{}", account.outages.len()),
        None => html.raw("–"),
    }
    html.raw("</td><td class=\"longest number\">");
    match account.outages.iter().map(Outage::down_micros).max() {
        Some(longest) => write!(html, "{}", hours(longest)),
        None => html.raw("–"),
    }
    html.raw("</td><td class=\"newest\">");
    write_newest_poll(html, report, account);
    html.raw("</td></tr>\n");
}

fn write_newest_poll(html: &mut Html, report: &MeasuredReport, account: &Account) {
    let Some(poll) = account.last_poll else {
        html.raw("–");
        return;
    };
    html.raw(match poll.status() {
        Status::Active => "up",
        Status::Inactive => "<b>down</b>",
    });
    let age = report.about.parameters.as_of.micros() - poll.at().micros();
    match age / MINUTE {
        minutes @ ..120 => write!(html, ", {minutes} min old"),
        minutes @ ..2_880 => write!(html, ", {} h old", minutes / 60),
        minutes => write!(html, ", {} d old", minutes / 1_440),
    }
}

/// Writes the legend of a store's week. The script copies it into each week that it opens.
fn write_legend(html: &mut Html) {
    html.raw("<template id=\"week-legend\"><ul class=\"legend\">");
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
         <rect class=\"silent\" width=\"24\" height=\"14\"/></svg>no store was polled</li></ul></template>\n",
    );
}

//! The section "All stores" and the data that the script draws it from. Without JavaScript it shows the
//! stores with the most downtime. With it, it shows all, and has controls.

use super::data;
use super::flags::{FILTERS, flags_of, is_about_the_end};
use super::html::{Html, store_link};
use super::marks::{Heights, range_bar};
use super::subject::Subject;
use super::week;
use super::words::{Moment, Number, age_minutes, city, hours};
use crate::Status;
use crate::account::Account;
use crate::accounts::by_downtime;
use crate::fleet::MeasuredReport;
use crate::interval::DAY;
use crate::outage::Outage;
use crate::output::cells::percent_hundredths;
use crate::times::ZoneClocks;

/// How many stores the section shows without JavaScript.
const ROWS: usize = 100;

/// A column of the table.
struct Column {
    /// Its name for the script.
    name: &'static str,
    head: &'static str,
    class: &'static str,
    /// The figure that it shows or is sorted by, with `*` where the name has the window; empty if the
    /// script makes it of several.
    figure: &'static str,
    /// The words of the choice to sort by it; empty if it cannot be sorted.
    choice: &'static str,
    /// The direction that it starts with.
    first: &'static str,
    /// The words for both directions.
    ascending: &'static str,
    descending: &'static str,
}

const UP: &str = "ascending";
const DOWN: &str = "descending";

const fn column(
    [name, head, class, figure]: [&'static str; 4],
    [choice, first, ascending, descending]: [&'static str; 4],
) -> Column {
    Column { name, head, class, figure, choice, first, ascending, descending }
}

const COLUMNS: [Column; 11] = [
    column(
        ["store", "Store", "store", ""],
        ["Store id", UP, "by store id", "by store id, backwards"],
    ),
    column(
        ["zone", "Time zone", "zone", "zone"],
        ["Time zone", UP, "by time zone", "by time zone, backwards"],
    ),
    column(
        ["open", "Open, h", "open number", "scheduled*_hours"],
        ["Open time, most first", DOWN, "least open time first", "most open time first"],
    ),
    column(
        ["up", "Up, %", "up-share number", "uptime*_percent"],
        ["Up, lowest first", UP, "lowest uptime first", "highest uptime first"],
    ),
    column(
        ["down", "Down, h", "downtime number", "downtime*_hours"],
        ["Down, most first", DOWN, "least downtime first", "most downtime first"],
    ),
    column(
        ["least", "at least", "least number", "downtime_least*_hours"],
        ["Down at least, most first", DOWN, "lowest “at least” first", "highest “at least” first"],
    ),
    column(
        ["most", "at most", "most number", "downtime_most*_hours"],
        ["Down at most, most first", DOWN, "lowest “at most” first", "highest “at most” first"],
    ),
    column(["range", "", "range", ""], [""; 4]),
    column(
        ["outages", "Outages", "outages number", "outages*"],
        ["Outages, most first", DOWN, "fewest outages first", "most outages first"],
    ),
    column(
        ["longest", "Longest, h", "longest number", "longest_outage_tenths_of_hours"],
        ["Longest outage first", DOWN, "shortest outage first", "longest outage first"],
    ),
    column(
        ["newest", "Newest poll", "newest", "newest_poll_at"],
        ["Newest poll first", DOWN, "oldest newest poll first", "newest poll first"],
    ),
];

/// Writes the section.
pub(super) fn section(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    clocks: &mut ZoneClocks,
) {
    let mut shown: Vec<&Account> = report.accounts.shown().iter().collect();
    html.raw("<section id=\"all-stores\">\n<div class=\"stores-head\"><h2>All stores</h2>");
    if shown.is_empty() {
        html.raw("</div>\n<p class=\"muted\">The report has no stores.</p>\n</section>\n");
        return;
    }
    let rows = shown.len().min(ROWS);
    writeln!(
        html,
        "<p class=\"muted\" id=\"stores-count\" role=\"status\" tabindex=\"-1\">1 to {rows} of {}, most downtime \
         first</p></div>",
        Number(shown.len() as u64)
    );
    if shown.len() < report.accounts.len() {
        writeln!(
            html,
            "<p class=\"muted wide-text\" id=\"stores-left-out\">Here are the {} of {} stores with the most downtime; \
             stores.csv has all.</p>",
            Number(shown.len() as u64),
            Number(report.accounts.len() as u64)
        );
    }
    write_controls(html, report, subject, &shown);
    write_table_head(html, subject);
    let main = report.about.parameters.main_window();
    // Of stores that were never polled while open, no downtime is known.
    shown.sort_by(|this, that| {
        this.last_poll.is_none().cmp(&that.last_poll.is_none()).then(by_downtime(main, this, that))
    });
    for (place, account) in shown.iter().take(ROWS).enumerate() {
        write_row(html, report, subject, place, account, clocks);
    }
    writeln!(
        html,
        "</tbody></table>\n<p id=\"stores-none\" hidden><span></span><button type=\"button\">Show \
         all {}</button></p>\n<nav id=\"stores-pages\" aria-label=\"Pages of stores\" hidden>\
         <button type=\"button\">Previous</button><b tabindex=\"-1\"></b>\
         <button type=\"button\">Next</button></nav>",
        Number(shown.len() as u64)
    );
    week::write_template(html, subject);
    html.raw("</section>\n");
    data::write_blocks(html, report, subject, clocks);
}

/// Writes the controls. The script shows them.
fn write_controls(html: &mut Html, report: &MeasuredReport, subject: Subject, shown: &[&Account]) {
    let parameters = &report.about.parameters;
    let flags: Vec<u64> = shown.iter().map(|account| flags_of(account, parameters)).collect();
    html.raw(
        "<div id=\"stores-controls\" hidden><label for=\"stores-search\">Search</label>\
         <input id=\"stores-search\" type=\"search\" placeholder=\"Store id or time zone\" \
         autocomplete=\"off\" spellcheck=\"false\">\n<fieldset><legend>Show</legend>",
    );
    for (name, words, wanted) in FILTERS {
        if is_about_the_end(wanted) && !subject.ends_at_as_of() {
            continue;
        }
        let stores = flags.iter().filter(|flags| *flags & wanted == wanted).count() as u64;
        let checked = if name == "all" { " checked" } else { "" };
        write!(
            html,
            "<label><input type=\"radio\" name=\"show\" value=\"{name}\" data-flags=\"{wanted}\"\
             {checked}><span>{words} ({})</span></label>",
            Number(stores)
        );
    }
    html.raw("</fieldset>\n<label for=\"stores-sort\">Sort</label><select id=\"stores-sort\">");
    for Column { name, choice, .. } in COLUMNS.iter().filter(|column| !column.choice.is_empty()) {
        write!(html, "<option value=\"{name}\">{choice}</option>");
    }
    html.raw("</select></div>\n");
}

fn write_table_head(html: &mut Html, subject: Subject) {
    let most_hours = 24 * subject.days();
    html.raw("<table id=\"stores\"><thead><tr>");
    for Column { name, head, class, figure, choice, first, ascending, descending } in &COLUMNS {
        if choice.is_empty() {
            write!(
                html,
                "<td class=\"{class}\" data-column=\"{name}\">\
                 <svg class=\"bar labels\" height=\"16\" aria-hidden=\"true\">\
                 <text y=\"12\">0</text><text x=\"50%\" y=\"12\" text-anchor=\"middle\">{}</text>\
                 <text x=\"100%\" y=\"12\" text-anchor=\"end\">{most_hours} h</text></svg></td>",
                most_hours / 2
            );
        } else {
            let figure = subject.figure_name(figure);
            write!(
                html,
                "<th scope=\"col\" class=\"{class}\" data-column=\"{name}\" \
                 data-figure=\"{figure}\" data-first=\"{first}\" data-ascending=\"{ascending}\" \
                 data-descending=\"{descending}\"><button type=\"button\">{head}</button></th>"
            );
        }
    }
    html.raw("</tr></thead><tbody>\n");
}

fn write_row(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    place: usize,
    account: &Account,
    clocks: &mut ZoneClocks,
) {
    let figures = account.figures(report.about.parameters.main_window());
    let assumed = |is_given: bool| if is_given { "" } else { "<i>assumed</i> " };
    let class = if account.last_poll.is_none() { " class=\"never\"" } else { "" };
    write!(html, "<tr{class}><th scope=\"row\" class=\"store\">");
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
    let known = |micros| match account.last_poll {
        Some(_) => hours(micros).to_string(),
        None => "–".to_owned(),
    };
    write!(
        html,
        "</td><td class=\"downtime number\"><b>{}</b></td><td class=\"least number\">{}</td>\
         <td class=\"most number\">{}</td><td class=\"range\">",
        known(down),
        known(figures.downtime_least_micros()),
        known(figures.downtime_most_micros())
    );
    let axis = subject.days() * DAY;
    range_bar(html, &format!("store-{place}"), &figures, axis, Heights::TABLE);
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
    write_newest_poll(html, report, subject, account, clocks);
    html.raw("</td></tr>\n");
}

fn write_newest_poll(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    account: &Account,
    clocks: &mut ZoneClocks,
) {
    let Some(poll) = account.last_poll else {
        html.raw("–");
        return;
    };
    html.raw(match poll.status() {
        Status::Active => "up",
        Status::Inactive => "<b>down</b>",
    });
    if subject.is_period() {
        let at = Moment::in_zone(poll.at(), clocks.of(account.zone));
        write!(html, ", {}", at.short_date_time());
        return;
    }
    match age_minutes(report.about.parameters.as_of, poll) {
        minutes @ ..120 => write!(html, ", {minutes} min old"),
        minutes @ ..2_880 => write!(html, ", {} h old", minutes / 60),
        minutes => write!(html, ", {} d old", minutes / 1_440),
    }
}

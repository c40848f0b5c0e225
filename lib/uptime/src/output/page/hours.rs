//! When stores were down: the share of open time for each date and hour of the stores' own clocks. Of
//! many dates, those of a weekday are added up.

use super::super::cells::Unit;
use super::html::Html;
use super::subject::Subject;
use super::words::{Moment, Number, hours, percent, rounded, tenths_of_percent};
use crate::fleet::MeasuredReport;
use crate::heat_map::{HeatDate, HeatHour};
use crate::interval::HOUR;

/// With less open time, the share of an hour is not shown.
const LEAST_OPEN: i64 = 10 * HOUR;
/// The shares in per cent at which a step of the scale begins. They are fixed, so that weeks can be
/// compared.
const STEPS: [u64; 4] = [2, 5, 10, 25];
/// An hour stands out if its share is this many times the share of the week.
const STANDS_OUT: i128 = 2;

/// With more dates, the map has a row for each weekday.
const MOST_DATES: usize = 14;

/// A row of the map: a date, or the sum of the dates of a weekday.
struct Row {
    /// Its name, such as "Wed 25" or "Wed".
    name: String,
    /// Its name in a sentence, such as "Wed 25 January" or "Wednesdays".
    long_name: String,
    sum: HeatDate,
}

/// Writes the section.
pub(super) fn write_hours(html: &mut Html, report: &MeasuredReport, subject: Subject) {
    let dates = report.heat_map.dates();
    let rows = if dates.len() > MOST_DATES { weekday_rows(&dates) } else { date_rows(&dates) };
    html.raw("<section class=\"by-hour\" id=\"by-hour\">\n<h2>When stores were down</h2>\n");
    let mut shown = rows.iter().flat_map(|row| row.sum.hours).filter(is_shown);
    if rows.is_empty() {
        writeln!(html, "<p class=\"muted\">No store was open {}.</p>", subject.within());
    } else if shown.next().is_none() {
        html.raw("<p class=\"muted\">Every hour has fewer than 10 open hours of all stores together: too few to compare hours.</p>\n");
    } else {
        html.raw("<div class=\"heat\">\n");
        write_map(html, &rows, subject);
        write_words(html, report, &rows, subject);
        html.raw("</div>\n");
    }
    html.raw("</section>\n");
}

fn date_rows(dates: &[HeatDate]) -> Vec<Row> {
    let row = |sum: &HeatDate| {
        let day = Moment::in_utc(sum.midnight);
        let (name, long_name) = (day.weekday_day().to_string(), day.long_date().to_string());
        Row { name, long_name, sum: *sum }
    };
    dates.iter().map(row).collect()
}

/// Returns a row for each weekday, from Monday on. There is more than a week of dates.
fn weekday_rows(dates: &[HeatDate]) -> Vec<Row> {
    let weekday_of = |date: &HeatDate| Moment::in_utc(date.midnight).date().weekday();
    let row = |weekday: i64| {
        let sum = sum_of(dates.iter().filter(|date| weekday_of(date) == weekday))?;
        let day = Moment::in_utc(sum.midnight);
        Some(Row { name: day.weekday().to_string(), long_name: day.weekdays().to_string(), sum })
    };
    (0..7).filter_map(row).collect()
}

/// Returns the sums of each hour of several dates, at the midnight of the first of them.
fn sum_of<'a>(dates: impl IntoIterator<Item = &'a HeatDate>) -> Option<HeatDate> {
    dates.into_iter().copied().reduce(|mut sum, date| {
        for (sum, hour) in sum.hours.iter_mut().zip(date.hours) {
            *sum += hour;
        }
        sum
    })
}

fn is_shown(hour: &HeatHour) -> bool {
    hour.open_micros >= LEAST_OPEN
}

/// More than half is estimated, or not observed at all.
fn is_mostly_estimated(hour: &HeatHour) -> bool {
    2 * hour.settled_micros < hour.open_micros
}

fn write_map(html: &mut Html, rows: &[Row], subject: Subject) {
    html.raw("<div><table id=\"heat-map\" aria-label=\"Share of open time that stores were down, by date and hour\"><thead><tr><td></td>");
    for hour in 0..24 {
        if hour % 3 == 0 {
            write!(html, "<th scope=\"col\">{hour}</th>");
        } else {
            write!(html, "<th scope=\"col\"><span class=\"hidden\">{hour}</span></th>");
        }
    }
    html.raw("<th scope=\"col\" class=\"number\">All day</th></tr></thead><tbody>\n");
    for Row { name, sum, .. } in rows {
        write!(html, "<tr><th scope=\"row\">{name}</th>");
        write_row(html, name, sum);
    }
    let all = sum_of(rows.iter().map(|row| &row.sum));
    if let Some(all) = all.filter(|_| rows.len() > 1) {
        let name = if subject.is_period() { "All dates" } else { "All week" };
        write!(html, "<tr class=\"all-dates\"><th scope=\"row\">{name}</th>");
        write_row(html, name, &all);
    }
    html.raw(
        "</tbody></table>\n<p id=\"heat-reading\" class=\"note\" aria-hidden=\"true\"></p></div>\n",
    );
}

/// Writes the cells of a date or of all dates, and their sum.
fn write_row(html: &mut Html, name: &str, date: &HeatDate) {
    for (place, hour) in date.hours.iter().enumerate() {
        write_cell(html, name, place, hour);
    }
    let all = date.whole_day();
    if all.open_micros == 0 {
        html.raw("<td class=\"number\">–</td></tr>\n");
    } else {
        let share = tenths_of_percent(all.down_micros, all.open_micros);
        writeln!(html, "<td class=\"number\">{share}%</td></tr>");
    }
}

fn write_cell(html: &mut Html, day: &str, place: usize, hour: &HeatHour) {
    if hour.open_micros == 0 {
        html.raw("<td></td>");
        return;
    }
    if !is_shown(hour) {
        let open = hours(hour.open_micros);
        write!(
            html,
            "<td class=\"few\" aria-label=\"{day}, {place:02}:00: {open} open hours, too few\">·</td>"
        );
        return;
    }
    let share = percent(hour.down_micros, hour.open_micros);
    let open = Number(rounded(hour.open_micros, Unit::Hours, 100));
    let step = STEPS.iter().filter(|step| **step <= share).count();
    write!(
        html,
        "<td class=\"h{step}\" aria-label=\"{day}, {place:02}:00: {share}% of {open} open hours down"
    );
    if is_mostly_estimated(hour) {
        html.raw(", mostly estimated\">");
        write_hatch(html);
        html.raw("</td>");
    } else {
        write!(html, "\">{share}</td>");
    }
}

fn write_hatch(html: &mut Html) {
    html.raw("<svg aria-hidden=\"true\"><use href=\"#hatch-heat\"/></svg>");
}

/// Writes whether an hour stands out, how to read the map, and its scale.
fn write_words(html: &mut Html, report: &MeasuredReport, rows: &[Row], subject: Subject) {
    html.raw("<div class=\"muted\">\n");
    let total = &report.sums.totals[report.about.parameters.main_window().place()];
    let (down, open) = (total.uptime.down_micros, total.scheduled_micros());
    if let Some((row, place, hour)) = highest(rows) {
        let share = tenths_of_percent(hour.down_micros, hour.open_micros);
        let span = format!(
            "{}, {place:02}:00 to {:02}:00, with {share}% of the open time down",
            row.long_name,
            (place + 1) % 24
        );
        let stands_out = i128::from(hour.down_micros) * i128::from(open)
            >= STANDS_OUT * i128::from(down) * i128::from(hour.open_micros);
        if stands_out {
            writeln!(html, "<p><b>Stores were down most on {span}.</b></p>");
        } else {
            writeln!(html, "<p><b>No hour stands out.</b> The highest was {span}.</p>");
        }
    } else if down == 0 {
        html.raw("<p><b>No store was seen down.</b></p>\n");
    } else {
        html.raw("<p><b>Every hour with downtime is mostly estimated.</b></p>\n");
    }
    let (blank, compared) = if subject.is_period() {
        ("no store was open", "reports")
    } else {
        ("outside the week", "weeks")
    };
    if rows.len() < report.heat_map.dates().len() {
        html.raw("<p>Each row adds up all dates of a weekday.</p>\n");
    }
    write!(
        html,
        "<p>Hours are each store’s own time; blank is {blank}. Numbers are whole per cents, \
         rounded down. The scale is fixed, so {compared} can be compared.</p>\n<ul class=\"scale\">"
    );
    let steps = ["under 2% of open time down", "2 to 5%", "5 to 10%", "10 to 25%", "25% or more"];
    for (step, name) in steps.into_iter().enumerate() {
        write!(html, "<li><i class=\"h{step}\"></i>{name}</li>");
    }
    html.raw("<li><i class=\"h1\">");
    write_hatch(html);
    html.raw(
        "</i>hatched, no number: more than half is estimated</li>\
         <li><i class=\"few\">·</i>fewer than 10 open hours: not shown</li></ul>\n</div>\n",
    );
}

/// Returns the hour with the largest share down, of those that are shown with their number: the
/// first of several. `None` if no store was down in them.
fn highest(rows: &[Row]) -> Option<(&Row, usize, HeatHour)> {
    let mut highest: Option<(&Row, usize, HeatHour)> = None;
    for row in rows {
        for (place, hour) in row.sum.hours.into_iter().enumerate() {
            if !is_shown(&hour) || is_mostly_estimated(&hour) || hour.down_micros == 0 {
                continue;
            }
            let share = |of: &HeatHour, by: &HeatHour| {
                i128::from(of.down_micros) * i128::from(by.open_micros)
            };
            if highest.is_none_or(|(_, _, other)| share(&hour, &other) > share(&other, &hour)) {
                highest = Some((row, place, hour));
            }
        }
    }
    highest
}

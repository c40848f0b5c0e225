//! When stores were down: the share of open time for each date and hour of the stores' own clocks.

use std::fmt::Display;

use super::super::cells::Unit;
use super::html::Html;
use super::words::{Moment, Number, hours, percent, rounded, tenths_of_percent};
use crate::Timestamp;
use crate::fleet::MeasuredReport;
use crate::heat_map::{HeatDate, HeatHour};
use crate::interval::HOUR;
use crate::parameters::Window;

/// With less open time, the share of an hour is not shown.
const LEAST_OPEN: i64 = 10 * HOUR;
/// The shares in per cent at which a step of the scale begins. They are fixed, so that weeks can be
/// compared.
const STEPS: [u64; 4] = [2, 5, 10, 25];
/// An hour stands out if its share is this many times the share of the week.
const STANDS_OUT: i128 = 2;

/// Writes the section.
pub(super) fn write_hours(html: &mut Html, report: &MeasuredReport) {
    let dates = report.heat_map.dates();
    html.raw("<section class=\"by-hour\" id=\"by-hour\">\n<h2>When stores were down</h2>\n");
    let shown = || dates.iter().flat_map(|date| date.hours).filter(is_shown);
    if dates.is_empty() {
        html.raw("<p class=\"muted\">No store was open in the week.</p>\n");
    } else if shown().next().is_none() {
        html.raw("<p class=\"muted\">Every hour has fewer than 10 open hours of all stores together: too few to compare hours.</p>\n");
    } else {
        html.raw("<div class=\"heat\">\n");
        write_map(html, &dates);
        write_words(html, report, &dates);
        html.raw("</div>\n");
    }
    html.raw("</section>\n");
}

fn is_shown(hour: &HeatHour) -> bool {
    hour.open_micros >= LEAST_OPEN
}

/// More than half is estimated, or not observed at all.
fn is_mostly_estimated(hour: &HeatHour) -> bool {
    2 * hour.settled_micros < hour.open_micros
}

fn write_map(html: &mut Html, dates: &[HeatDate]) {
    html.raw("<div><table id=\"heat-map\" aria-label=\"Share of open time that stores were down, by date and hour\"><thead><tr><td></td>");
    for hour in 0..24 {
        if hour % 3 == 0 {
            write!(html, "<th scope=\"col\">{hour}</th>");
        } else {
            write!(html, "<th scope=\"col\"><span class=\"hidden\">{hour}</span></th>");
        }
    }
    html.raw("<th scope=\"col\" class=\"number\">All day</th></tr></thead><tbody>\n");
    for date in dates {
        let day = Moment::in_utc(date.midnight);
        write!(html, "<tr><th scope=\"row\">{}</th>", day.weekday_day());
        write_row(html, &day.weekday_day(), date);
    }
    let mut week = dates[0];
    for date in &dates[1..] {
        for (sum, hour) in week.hours.iter_mut().zip(date.hours) {
            *sum += hour;
        }
    }
    html.raw("<tr class=\"all-week\"><th scope=\"row\">All week</th>");
    write_row(html, &"All week", &week);
    html.raw(
        "</tbody></table>\n<p id=\"heat-reading\" class=\"note\" aria-hidden=\"true\"></p></div>\n",
    );
}

/// Writes the cells of a date or of all dates, and their sum.
fn write_row(html: &mut Html, name: &dyn Display, date: &HeatDate) {
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

fn write_cell(html: &mut Html, day: &dyn Display, place: usize, hour: &HeatHour) {
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
fn write_words(html: &mut Html, report: &MeasuredReport, dates: &[HeatDate]) {
    html.raw("<div class=\"muted\">\n");
    let week = &report.totals[Window::LastWeek.place()];
    let (down, open) = (week.uptime.down_micros, week.scheduled_micros());
    if let Some((start, hour)) = highest(dates) {
        let share = tenths_of_percent(hour.down_micros, hour.open_micros);
        let day = Moment::in_utc(start);
        let span = format!(
            "{}, {} to {}, with {share}% of the open time down",
            day.long_date(),
            day.time(),
            Moment::in_utc(start.plus(HOUR)).time()
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
    html.raw(
        "<p>Hours are each store’s own time; blank is outside the week. Numbers are whole per cents, \
         rounded down. The scale is fixed, so weeks can be compared.</p>\n<ul class=\"scale\">",
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
fn highest(dates: &[HeatDate]) -> Option<(Timestamp, HeatHour)> {
    let mut highest: Option<(Timestamp, HeatHour)> = None;
    for date in dates {
        for (place, hour) in (0..).zip(date.hours) {
            if !is_shown(&hour) || is_mostly_estimated(&hour) || hour.down_micros == 0 {
                continue;
            }
            let share = |of: &HeatHour, by: &HeatHour| {
                i128::from(of.down_micros) * i128::from(by.open_micros)
            };
            if highest.is_none_or(|(_, other)| share(&hour, &other) > share(&other, &hour)) {
                highest = Some((date.midnight.plus(place * HOUR), hour));
            }
        }
    }
    highest
}

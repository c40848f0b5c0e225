//! What the report is about, and the answer in one sentence.

use super::html::Html;
use super::overview::Overview;
use super::subject::Subject;
use super::words::{Moment, Number, capitalized, city, hours, percent};
use crate::Zone;
use crate::account::{Account, Figures};
use crate::fleet::MeasuredReport;
use crate::times::ZoneClocks;

/// Writes the line at the top of the page, with the links to its sections.
pub(super) fn write_top(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    clocks: &mut ZoneClocks,
) {
    html.raw("<a class=\"skip\" href=\"#content\">Skip to the report</a>\n");
    html.raw("<header class=\"top\"><div><b>Store uptime</b> <span>");
    html.raw(&capitalized(&subject.title()));
    if subject.ends_at_as_of() {
        write_local_times(html, report, clocks);
    }
    html.raw("</span></div>\n<nav aria-label=\"Sections\">");
    for (address, name) in [
        ("down", "Down at the end"),
        ("worst", "Worst 10"),
        ("by-hour", "By hour"),
        ("all-stores", "All stores"),
        ("method", "Method"),
    ] {
        if address != "down" || subject.ends_at_as_of() {
            write!(html, "<a href=\"#{address}\">{name}</a> ");
        }
    }
    html.raw("</nav></header>\n");
}

/// Writes the time at the end as some clocks show it.
fn write_local_times(html: &mut Html, report: &MeasuredReport, clocks: &mut ZoneClocks) {
    let as_of = report.about.parameters.as_of;
    for (place, (zone, offset)) in named_zones(report, clocks).into_iter().enumerate() {
        html.raw(if place == 0 { " <span class=\"muted\">(" } else { ", " });
        write!(html, "{} in ", Moment::in_utc(as_of.plus(offset)).time());
        html.text(&city(zone));
    }
    if !report.accounts.is_empty() {
        html.raw(")</span>");
    }
}

/// Returns the westernmost, the commonest and the easternmost zone of the stores with their offsets
/// from UTC at the end, in this order. Zones with the offset of one before are left out.
fn named_zones(report: &MeasuredReport, clocks: &mut ZoneClocks) -> Vec<(Zone, i64)> {
    let as_of = report.about.parameters.as_of;
    let stores_in = report.sums.stores_in.iter();
    let mut zones: Vec<(Zone, i64, usize)> = stores_in
        .map(|(zone, stores)| (*zone, clocks.of(*zone).offset_micros(as_of), *stores))
        .collect();
    // Of two zones with one offset, the one with more stores comes first.
    zones.sort_by(|(this, this_offset, these), (that, that_offset, those)| {
        (this_offset, those, this.name()).cmp(&(that_offset, these, that.name()))
    });
    let commonest = zones.iter().rev().max_by_key(|(_, _, stores)| stores);
    let last_offset = zones.last().map(|(_, offset, _)| *offset);
    let easternmost = zones.iter().find(|(_, offset, _)| Some(*offset) == last_offset);
    let mut named: Vec<(Zone, i64)> = Vec::new();
    for (zone, offset, _) in [zones.first(), commonest, easternmost].into_iter().flatten() {
        if named.iter().all(|(_, other)| other != offset) {
            named.push((*zone, *offset));
        }
    }
    named.sort_by_key(|(_, offset)| *offset);
    named
}

/// Writes the headline and what to know before reading on.
pub(super) fn write_headline(
    html: &mut Html,
    report: &MeasuredReport,
    overview: &Overview<'_>,
    subject: Subject,
) {
    write!(html, "<h1>{}</h1>\n<p class=\"lead\">", headline(report, overview, subject));
    write_lead(html, report, overview, subject);
    html.raw("</p>\n");
}

fn headline(report: &MeasuredReport, overview: &Overview<'_>, subject: Subject) -> String {
    let Overview { down_at_end, much_hours, much, .. } = *overview;
    let stores = report.about.counts.stores;
    let when = subject.when();
    if let [account] = report.accounts.shown() {
        let figures = account.figures(report.about.parameters.main_window());
        return headline_of_one(&figures, account, down_at_end == 1, subject);
    }
    if stores == 0 {
        return "This report has no stores.".to_owned();
    }
    if report.about.without_counting_poll == stores {
        return format!(
            "None of the {} stores was polled in its opening hours {when}.",
            Number(stores)
        );
    }
    let over_much = match much {
        0 => "No store was".to_owned(),
        1 => format!("1 of {} stores was", Number(stores)),
        _ => format!("{} of {} stores were", Number(much), Number(stores)),
    };
    let at_end = match down_at_end {
        0 => "None was".to_owned(),
        1 => "1 was".to_owned(),
        many => format!("{} were", Number(many as u64)),
    };
    let mut headline = format!("{over_much} down for more than {much_hours} hours {when}.");
    if subject.ends_at_as_of() {
        let end = if subject.is_period() { "at the end" } else { "when it ended" };
        headline = format!("{headline}<br>{at_end} down {end}.");
    }
    headline
}

fn headline_of_one(
    figures: &Figures,
    account: &Account,
    down_at_end: bool,
    subject: Subject,
) -> String {
    let open = hours(figures.scheduled_micros());
    let when = subject.when();
    if figures.scheduled_micros() == 0 {
        return format!("Your store had no opening hours {when}.");
    }
    if account.last_poll.is_none() {
        return format!("Your store was not polled in its {open} open hours {when}.");
    }
    let down = hours(figures.uptime.down_micros);
    let mut headline = format!("Your store was down for {down} of {open} open hours {when}.");
    if subject.ends_at_as_of() {
        let at_end = if down_at_end { "was" } else { "was not" };
        headline = format!("{headline}<br>It {at_end} down {}.", subject.at_its_end());
    }
    headline
}

fn write_lead(html: &mut Html, report: &MeasuredReport, overview: &Overview<'_>, subject: Subject) {
    let total = &report.sums.totals[report.about.parameters.main_window().place()];
    let (open, certainty) = (total.scheduled_micros(), total.certainty);
    if open == 0 {
        write!(html, "Only opening hours count, and no store was open {}.", subject.within());
        return;
    }
    if subject.is_period() {
        html.raw("Each store’s dates are those of its own clock. ");
    }
    let settled = percent(certainty.settled_up_micros + certainty.settled_down_micros, open);
    write!(
        html,
        "Only opening hours count. A store is polled about once an hour. That settles {settled}% \
         of the open time; "
    );
    match percent(total.uptime.unknown_micros, open) {
        0 => html.raw("the rest is estimated, so figures come with a range."),
        unknown => write!(
            html,
            "{unknown}% is not observed and the rest is estimated, so figures come with a range."
        ),
    }
    let Overview { much_hours, much, much_at_least, .. } = *overview;
    let stores = report.about.counts.stores;
    let more = format!("more than {much_hours} hours");
    match (much, much_at_least) {
        (0, _) => {}
        (1, 0) if stores == 1 => {}
        (1, 0) => write!(html, " The lowest figure of this store is not {more}."),
        (1, _) => write!(html, " Even the lowest figure of this store is {more}."),
        (_, 0) => write!(html, " For none of these stores is the lowest figure {more}."),
        (_, _) if much == much_at_least => write!(
            html,
            " Even the lowest figure of each of these {} stores is {more}.",
            Number(much)
        ),
        (_, _) => write!(
            html,
            " For {} of the {} stores even the lowest figure is {more}.",
            Number(much_at_least),
            Number(much)
        ),
    }
}

//! The stores with the most downtime: each one's time as a drawing, and its outages.

use super::axis::Axis;
use super::html::{Html, store_link};
use super::subject::Subject;
use super::words::{Moment, Number, capitalized, city, hours, plural};
use crate::Timestamp;
use crate::account::Account;
use crate::accounts::by_downtime;
use crate::fleet::MeasuredReport;
use crate::outage::Outage;
use crate::times::ZoneClocks;
use crate::zone_clock::ZoneClock;

/// How many stores the section shows.
const WORST: usize = 10;

/// Writes the section.
pub(super) fn write_worst(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    clocks: &mut ZoneClocks,
) {
    let main = report.about.parameters.main_window();
    // If the page does not show all stores, it shows those with the most downtime.
    let shown = report.accounts.shown().iter();
    let mut worst: Vec<&Account> =
        shown.filter(|account| account.figures(main).uptime.down_micros > 0).collect();
    let with_downtime = worst.len();
    if with_downtime > WORST {
        worst.select_nth_unstable_by(WORST, |this, that| by_downtime(main, this, that));
        worst.truncate(WORST);
    }
    worst.sort_by(|this, that| by_downtime(main, this, that));
    html.raw("<section class=\"worst\" id=\"worst\">\n");
    match with_downtime {
        1 if report.accounts.len() == 1 => {
            writeln!(html, "<h2>The {} of your store</h2>", subject.noun());
        }
        0 => {
            html.raw("<h2>No downtime</h2>\n<p class=\"muted\">No store was seen down in its opening hours.</p>\n");
        }
        1 => html.raw("<h2>The store with downtime</h2>\n"),
        2..=WORST => writeln!(html, "<h2>The {with_downtime} stores with downtime</h2>"),
        _ => writeln!(html, "<h2>The {WORST} stores with the most downtime</h2>"),
    }
    if with_downtime > 0 {
        let axis = Axis::of(report, subject);
        let explanation = axis.explanation(worst.len());
        writeln!(html, "<p class=\"muted wide-text\">{explanation}</p>");
        write_head(html, &axis, subject);
        for (place, account) in worst.iter().enumerate() {
            write_row(html, report, &axis, place, account, clocks);
        }
        html.raw("</tbody></table>\n");
        write_outages(html, report, subject, &worst, clocks);
    }
    html.raw("</section>\n");
}

fn write_head(html: &mut Html, axis: &Axis, subject: Subject) {
    write!(
        html,
        "<table class=\"stack bars\"><thead><tr><th class=\"store\">Store</th>\
         <th class=\"week\"><span class=\"hidden\">{}, as a drawing</span>",
        capitalized(subject.noun())
    );
    axis.write_head(html);
    html.raw(
        "</th><th class=\"number\">Down, h</th><th class=\"number\">at least</th>\
         <th class=\"number\">at most</th><th class=\"number\">Outages</th></tr></thead><tbody>\n",
    );
}

fn write_row(
    html: &mut Html,
    report: &MeasuredReport,
    axis: &Axis,
    place: usize,
    account: &Account,
    clocks: &mut ZoneClocks,
) {
    html.raw("<tr><td class=\"store\">");
    store_link(html, &account.row.store);
    html.raw("</td><td class=\"week\">");
    if let Some(drawn) = account.drawn() {
        axis.write_store(html, &format!("worst-{place}"), drawn, clocks.of(account.zone));
    }
    let outages = account.outages.len();
    let figures = account.figures(report.about.parameters.main_window());
    writeln!(
        html,
        "</td><td class=\"number main\"><b>{}</b></td><td class=\"number least\">{}</td>\
         <td class=\"number most\">{}</td><td class=\"number last\">{outages}\
         <span class=\"unit\"> outage{}</span></td></tr>",
        hours(figures.uptime.down_micros),
        hours(figures.downtime_least_micros()),
        hours(figures.downtime_most_micros()),
        plural(outages),
    );
}

/// Writes the outages of all stores shown. A reader without JavaScript sees them here.
fn write_outages(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    worst: &[&Account],
    clocks: &mut ZoneClocks,
) {
    let count: usize = worst.iter().map(|account| account.outages.len()).sum();
    let of = if worst.len() == 1 { "this store" } else { "these stores" };
    html.raw("<details><summary>");
    match count {
        1 => write!(html, "The outage of {of}"),
        _ => write!(html, "The {} outages of {of}", Number(count as u64)),
    }
    html.raw(
        "</summary>\n<div class=\"scroll\"><table><thead><tr><th>Down from</th><th>to</th>\
         <th class=\"number\">Down, h</th><th class=\"number\">at least</th>\
         <th class=\"number\">at most</th><th class=\"number\">Polls down</th><th>Last seen up</th>\
         <th>Next seen up</th><th class=\"number\">Without polls, h</th></tr></thead>\n",
    );
    for account in worst {
        html.raw("<tbody><tr><th colspan=\"9\" scope=\"rowgroup\">");
        store_link(html, &account.row.store);
        html.raw(" <span class=\"muted\">");
        html.text(&city(account.zone));
        html.raw(" time</span></th></tr>\n");
        let clock = clocks.of(account.zone);
        for outage in &account.outages {
            write_outage(html, report, subject, (account, outage), clock);
        }
        html.raw("</tbody>\n");
    }
    html.raw("</table></div></details>\n");
}

fn write_outage(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    (account, outage): (&Account, &Outage),
    clock: &ZoneClock,
) {
    let show = |at: Timestamp| Moment::in_zone(at, clock).date_time().to_string();
    let or_dash = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), show);
    let mut from = show(outage.span.start());
    if outage.started_at().is_none() {
        from += " or earlier";
    }
    if subject.whole(clock).is_some_and(|whole| outage.span.start() < whole.start()) {
        from = format!("{from} (began before the {})", subject.noun());
    }
    let as_of = report.about.parameters.as_of;
    let to = match (outage.ended_at(), account.last_poll) {
        (Some(end), _) => show(end),
        (None, Some(poll)) if !account.down_at_end(as_of) => {
            format!("last seen down {}", subject.day_time(Moment::in_zone(poll.at(), clock)))
        }
        (None, _) => "<b>down at the end</b>".to_owned(),
    };
    let silent = report.poller.silent_micros(&outage.down).filter(|micros| *micros > 0);
    writeln!(
        html,
        "<tr><td>{from}</td><td>{to}</td><td class=\"number\"><b>{}</b></td>\
         <td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
         <td>{}</td><td>{}</td><td class=\"number\">{}</td></tr>",
        hours(outage.down_micros()),
        hours(outage.least_micros),
        hours(outage.most_micros),
        outage.inactive_polls,
        or_dash(outage.last_active_before),
        or_dash(outage.first_active_after),
        silent.map_or_else(|| "–".to_owned(), |micros| hours(micros).to_string()),
    );
}

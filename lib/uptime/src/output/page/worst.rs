//! The stores with the most downtime: each one's week as a bar, and its outages.

use super::html::{Html, store_link};
use super::marks::{Percent, week_bar};
use super::silences::{midnights_in, silences_in};
use super::words::{Moment, Number, city, hours, plural};
use crate::account::{Account, Drawn};
use crate::fleet::{MeasuredReport, by_downtime};
use crate::outage::Outage;
use crate::parameters::Window;
use crate::times::ZoneClocks;
use crate::zone_clock::ZoneClock;
use crate::{Interval, Timestamp};

/// How many stores the section shows.
const WORST: usize = 10;

/// Writes the section.
pub(super) fn write_worst(html: &mut Html, report: &MeasuredReport, clocks: &mut ZoneClocks) {
    let main = report.about.parameters.main_window();
    let mut worst: Vec<&Account> = report
        .accounts
        .iter()
        .filter(|account| account.figures(main).uptime.down_micros > 0)
        .collect();
    let with_downtime = worst.len();
    if with_downtime > WORST {
        worst.select_nth_unstable_by(WORST, |this, that| by_downtime(main, this, that));
        worst.truncate(WORST);
    }
    worst.sort_by(|this, that| by_downtime(main, this, that));
    html.raw("<section class=\"worst\" id=\"worst\">\n");
    match with_downtime {
        1 if report.accounts.len() == 1 => html.raw("<h2>The week of your store</h2>\n"),
        0 => {
            html.raw("<h2>No downtime</h2>\n<p class=\"muted\">No store was seen down in its opening hours.</p>\n");
        }
        1 => html.raw("<h2>The store with downtime</h2>\n"),
        2..=WORST => writeln!(html, "<h2>The {with_downtime} stores with downtime</h2>"),
        _ => writeln!(html, "<h2>The {WORST} stores with the most downtime</h2>"),
    }
    if with_downtime > 0 {
        let axis = Axis::of(report);
        write_explanation(html, &axis, worst.len());
        write_bars(html, &worst, &axis);
        write_outages(html, report, &worst, clocks);
    }
    html.raw("</section>\n");
}

/// The axis that all bars share, in UTC. So silences are bands across all stores.
struct Axis {
    week: Interval,
    silences: Vec<Interval>,
    midnights: Vec<Timestamp>,
}

impl Axis {
    fn of(report: &MeasuredReport) -> Axis {
        let [.., week] = report.about.parameters.last_windows();
        let (silences, midnights) = (silences_in(report, week), midnights_in(week).collect());
        Axis { week, silences, midnights }
    }

    /// Returns where each silence begins and how wide it is.
    fn bands(&self) -> impl Iterator<Item = (Percent, Percent)> {
        self.silences.iter().map(|silence| {
            let from = Percent::at(silence.start(), self.week);
            (from, Percent::at(silence.end(), self.week).since(from))
        })
    }

    /// Writes silences and midnights, which lie behind the bars. They are taller than a bar's row.
    fn write_behind(&self, html: &mut Html) {
        for (x, width) in self.bands() {
            write!(html, "<rect class=\"silent\" x=\"{x}\" width=\"{width}\" height=\"40\"/>");
        }
        for midnight in &self.midnights {
            let x = Percent::at(*midnight, self.week);
            write!(html, "<rect class=\"hairline\" x=\"{x}\" width=\"1\" height=\"40\"/>");
        }
    }
}

fn write_explanation(html: &mut Html, axis: &Axis, stores: usize) {
    let line = if stores == 1 {
        "The line is the store’s week"
    } else {
        "Each line is a store’s week"
    };
    write!(
        html,
        "<p class=\"muted wide-text\">{line}, in UTC. Tall is down, low is up, \
         a thin line is closed. Solid is settled, hatched is estimated.",
    );
    if !axis.silences.is_empty() {
        html.raw(" In the grey bands no store was polled.");
    }
    html.raw("</p>\n");
}

fn write_bars(html: &mut Html, worst: &[&Account], axis: &Axis) {
    html.raw(
        "<table class=\"stack bars\"><thead><tr><th class=\"store\">Store</th><th class=\"week\"><span class=\"hidden\">Week, as a drawing</span>",
    );
    write_head(html, axis);
    html.raw(
        "</th><th class=\"number\">Down, h</th><th class=\"number\">at least</th>\
         <th class=\"number\">at most</th><th class=\"number\">Outages</th></tr></thead><tbody>\n",
    );
    for (place, account) in worst.iter().enumerate() {
        let figures = account.figures(Window::LastWeek);
        html.raw("<tr><td class=\"store\">");
        store_link(html, &account.row.store);
        html.raw("</td><td class=\"week\">");
        if let Some(Drawn::InFull { runs, .. }) = account.drawn() {
            let id = format!("worst-{place}");
            week_bar(html, &id, runs, axis.week, |html| axis.write_behind(html));
        }
        let outages = account.outages.len();
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
    html.raw("</tbody></table>\n");
}

/// Writes the days, and the words "no polls" above silences where there is room.
fn write_head(html: &mut Html, axis: &Axis) {
    html.raw("<svg class=\"bar labels\" height=\"38\" aria-hidden=\"true\">");
    let mut last_word: Option<Percent> = None;
    for (x, width) in axis.bands() {
        write!(html, "<rect class=\"silent\" x=\"{x}\" y=\"15\" width=\"{width}\" height=\"30\"/>");
        let middle = x.plus(width.half());
        let has_room = !middle.is_below(6)
            && middle.is_below(94)
            && last_word.is_none_or(|last| !middle.since(last).is_below(14));
        if has_room {
            last_word = Some(middle);
            write!(html, "<text x=\"{middle}\" y=\"11\" text-anchor=\"middle\">no polls</text>");
        }
    }
    for midnight in &axis.midnights {
        let x = Percent::at(*midnight, axis.week);
        write!(html, "<rect class=\"closed\" x=\"{x}\" y=\"20\" width=\"1\" height=\"20\"/>");
        if x.is_below(92) {
            let day = Moment::in_utc(*midnight);
            let (weekday, number) = (day.weekday(), day.day());
            write!(
                html,
                "<text x=\"{x}\" y=\"33\" dx=\"4\">{weekday}<tspan class=\"unless-narrow\"> \
                 {number}</tspan></text>"
            );
        }
    }
    html.raw("</svg>");
}

/// Writes the outages of all stores shown. A reader without JavaScript sees them here.
fn write_outages(
    html: &mut Html,
    report: &MeasuredReport,
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
            write_outage(html, report, account, outage, clock);
        }
        html.raw("</tbody>\n");
    }
    html.raw("</table></div></details>\n");
}

fn write_outage(
    html: &mut Html,
    report: &MeasuredReport,
    account: &Account,
    outage: &Outage,
    clock: &ZoneClock,
) {
    let show = |at: Timestamp| Moment::in_zone(at, clock).date_time().to_string();
    let or_dash = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), show);
    let mut from = show(outage.span.start());
    if outage.started_at().is_none() {
        from += " or earlier";
    }
    let as_of = report.about.parameters.as_of;
    let [.., week] = report.about.parameters.last_windows();
    if outage.span.start() < week.start() {
        from += " (began before the week)";
    }
    let to = match (outage.ended_at(), account.last_poll) {
        (Some(end), _) => show(end),
        (None, Some(poll)) if !account.down_at_end(as_of) => {
            format!("last seen down {}", Moment::in_zone(poll.at(), clock).weekday_time())
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

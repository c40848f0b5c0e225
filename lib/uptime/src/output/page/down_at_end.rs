//! The stores that were down at the end.

use super::html::{Html, store_link};
use super::subject::Subject;
use super::words::{Moment, Number, city, minutes, plural};
use crate::account::{Account, Drawn};
use crate::certainty::{SETTLED_GAP_MINUTES, SpanStatus};
use crate::fleet::MeasuredReport;
use crate::interval::{DAY, HOUR};
use crate::outage::Outage;
use crate::times::ZoneClocks;
use crate::{Status, Timestamp};

/// The table shows at most this many stores.
const MOST_STORES: usize = 20;

/// Writes the section.
pub(super) fn write_down_at_end(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    clocks: &mut ZoneClocks,
) {
    let as_of = report.about.parameters.as_of;
    let mut down: Vec<&Account> =
        report.accounts.iter().filter(|account| account.down_at_end(as_of)).collect();
    down.sort_by_key(|account| std::cmp::Reverse(down_micros(account)));
    html.raw("<section class=\"down-at-end\" id=\"down\">\n<h2>");
    match down.len() {
        0 => html.raw("No open store was"),
        1 => html.raw("1 store was"),
        many => write!(html, "{} stores were", Number(many as u64)),
    }
    writeln!(html, " down {}</h2>", subject.at_its_end());
    if !down.is_empty() {
        writeln!(
            html,
            "<p class=\"muted\">Open at {} UTC, and down at {} newest poll, at most \
             {SETTLED_GAP_MINUTES} minutes old.</p>",
            subject.day_time(Moment::in_utc(as_of)),
            if down.len() == 1 { "its" } else { "their" }
        );
        write_table(html, &down, as_of, clocks);
    }
    write_foot(html, report, subject, down.len(), clocks);
    html.raw("</section>\n");
}

/// Returns the outage that a store is in. There is none in the week if it began with a poll at the
/// very end.
fn outage_at_end(account: &Account) -> Option<&Outage> {
    account.outages.last().filter(|outage| outage.ended_at().is_none())
}

/// Returns whether the store opened at this instant. A store that is down from its opening on may
/// have been down before, while it was closed.
fn opens_at(account: &Account, at: Timestamp) -> bool {
    let Some(Drawn::InFull { runs, .. }) = account.drawn() else { return false };
    runs.windows(2).any(|pair| pair[0].status == SpanStatus::Closed && pair[1].span.start() == at)
}

fn down_micros(account: &Account) -> i64 {
    outage_at_end(account).map_or(0, Outage::down_micros)
}

fn write_table(html: &mut Html, down: &[&Account], as_of: Timestamp, clocks: &mut ZoneClocks) {
    html.raw(
        "<table class=\"stack\"><thead><tr><th>Store</th><th>Down since</th>\
         <th class=\"number\">Down, min</th><th class=\"number\">at least</th>\
         <th class=\"number\">at most</th><th class=\"number\">Newest poll</th></tr></thead><tbody>\n",
    );
    for account in down.iter().take(MOST_STORES) {
        html.raw("<tr><td class=\"store\">");
        store_link(html, &account.row.store);
        html.raw("</td><td class=\"since\">");
        let outage = outage_at_end(account);
        let clock = clocks.of(account.zone);
        let since = outage.map_or(as_of, |outage| outage.span.start());
        let local = Moment::in_zone(since, clock);
        // A weekday alone would be ambiguous.
        if as_of.micros() - since.micros() >= 6 * DAY {
            write!(html, "{}", local.date_time());
        } else {
            write!(html, "{}", local.weekday_time());
        }
        if outage.is_some_and(|outage| outage.started_at().is_none()) {
            html.raw(" or earlier");
        }
        html.raw(" <span class=\"muted\">");
        html.text(&city(account.zone));
        if opens_at(account, since) {
            html.raw(", at opening");
        }
        let (least, most) = outage.map_or((0, 0), |it| (it.least_micros, it.most_micros));
        let age = account.last_poll.map_or(0, |poll| as_of.micros() - poll.at().micros());
        writeln!(
            html,
            "</span></td><td class=\"number main\"><b>{}</b></td><td class=\"number least\">{}</td>\
             <td class=\"number most\">{}</td><td class=\"number last\">{} min old</td></tr>",
            minutes(down_micros(account)),
            minutes(least),
            minutes(most),
            minutes(age)
        );
    }
    html.raw("</tbody></table>\n");
    if down.len() > MOST_STORES {
        writeln!(
            html,
            "<p class=\"note\">These {MOST_STORES} are down longest. The filter “Down at the end” \
             below shows all {}.</p>",
            Number(down.len() as u64)
        );
    }
}

/// Says which stores were last seen down but are not counted.
fn write_foot(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    counted: usize,
    clocks: &mut ZoneClocks,
) {
    let as_of = report.about.parameters.as_of;
    let (mut open_ages, mut closed) = (Vec::new(), 0);
    for account in &report.accounts {
        let Some(poll) = account.last_poll.filter(|poll| poll.status() == Status::Inactive) else {
            continue;
        };
        if !subject.lasts_to_as_of(clocks.of(account.zone)) {
            continue;
        }
        if !account.open_at_end {
            closed += 1;
        } else if !account.down_at_end(as_of) {
            open_ages.push((as_of.micros() - poll.at().micros()) / HOUR);
        }
    }
    open_ages.sort_unstable();
    let open = match open_ages.as_slice() {
        [] => None,
        [one] => Some(format!("1 open store last seen down {one} h before")),
        [first, .., last] => {
            let joint = if open_ages.len() == 2 { "and" } else { "to" };
            let stores = Number(open_ages.len() as u64);
            let ages = if first == last {
                format!("{first} h")
            } else {
                format!("{first} h {joint} {last} h")
            };
            Some(format!("{stores} open stores last seen down {ages} before"))
        }
    };
    let closed = (closed > 0).then(|| {
        let were = if closed == 1 { "was" } else { "were" };
        format!("{} store{} that {were} closed by then", Number(closed as u64), plural(closed))
    });
    let left_out: Vec<String> = [open, closed].into_iter().flatten().collect();
    if !left_out.is_empty() {
        let name = if counted == 0 { "Last seen down, but not at the end" } else { "Not counted" };
        writeln!(html, "<p class=\"note\">{name}: {}.</p>", left_out.join(", and "));
    }
}

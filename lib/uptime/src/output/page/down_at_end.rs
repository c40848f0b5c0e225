//! The stores that were down at the end.

use super::html::{Html, store_link};
use super::overview::{Ages, MOST_DOWN_AT_END, Overview, down_micros_at_end, outage_at_end};
use super::subject::Subject;
use super::words::{Moment, Number, city, minutes, plural};
use crate::Timestamp;
use crate::account::{Account, Drawn};
use crate::certainty::{SETTLED_GAP_MINUTES, SpanStatus};
use crate::interval::DAY;
use crate::times::ZoneClocks;

/// Writes the section.
pub(super) fn write_down_at_end(
    html: &mut Html,
    overview: &Overview<'_>,
    as_of: Timestamp,
    subject: Subject,
    clocks: &mut ZoneClocks,
) {
    let down = overview.down_at_end;
    html.raw("<section class=\"down-at-end\" id=\"down\">\n<h2>");
    match down {
        0 => html.raw("No open store was"),
        1 => html.raw("1 store was"),
        many => write!(html, "{} stores were", Number(many as u64)),
    }
    writeln!(html, " down {}</h2>", subject.at_its_end());
    if down > 0 {
        writeln!(
            html,
            "<p class=\"muted\">Open at {} UTC, and down at {} newest poll, at most \
             {SETTLED_GAP_MINUTES} minutes old.</p>",
            subject.day_time(Moment::in_utc(as_of)),
            if down == 1 { "its" } else { "their" }
        );
        write_table(html, overview, as_of, clocks);
    }
    write_foot(html, overview);
    html.raw("</section>\n");
}

/// Returns whether the store opened at this instant. A store that is down from its opening on may
/// have been down before, while it was closed.
fn opens_at(account: &Account, at: Timestamp) -> bool {
    let Some(Drawn::InFull { runs, .. }) = account.drawn() else { return false };
    runs.windows(2).any(|pair| pair[0].status == SpanStatus::Closed && pair[1].span.start() == at)
}

fn write_table(
    html: &mut Html,
    overview: &Overview<'_>,
    as_of: Timestamp,
    clocks: &mut ZoneClocks,
) {
    html.raw(
        "<table class=\"stack\"><thead><tr><th>Store</th><th>Down since</th>\
         <th class=\"number\">Down, min</th><th class=\"number\">at least</th>\
         <th class=\"number\">at most</th><th class=\"number\">Newest poll</th></tr></thead><tbody>\n",
    );
    for account in &overview.down_longest {
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
            minutes(down_micros_at_end(account)),
            minutes(least),
            minutes(most),
            minutes(age)
        );
    }
    html.raw("</tbody></table>\n");
    if overview.down_at_end > MOST_DOWN_AT_END {
        writeln!(
            html,
            "<p class=\"note\">These {MOST_DOWN_AT_END} are down longest. The filter “Down at the end” \
             below shows all {}.</p>",
            Number(overview.down_at_end as u64)
        );
    }
}

/// Says which stores were last seen down but are not counted.
fn write_foot(html: &mut Html, overview: &Overview<'_>) {
    let Overview { down_at_end, seen_down_before, closed_by_then: closed, .. } = *overview;
    let Ages { count, least, most } = seen_down_before;
    let open = match count {
        0 => None,
        1 => Some(format!("1 open store last seen down {least} h before")),
        _ => {
            let joint = if count == 2 { "and" } else { "to" };
            let stores = Number(count as u64);
            let ages = if least == most {
                format!("{least} h")
            } else {
                format!("{least} h {joint} {most} h")
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
        let name =
            if down_at_end == 0 { "Last seen down, but not at the end" } else { "Not counted" };
        writeln!(html, "<p class=\"note\">{name}: {}.</p>", left_out.join(", and "));
    }
}

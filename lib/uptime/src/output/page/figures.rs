//! The four figures of all stores, and the bar that shows how they add up.

use super::super::cells::Unit;
use super::html::Html;
use super::marks::{Heights, Percent, RANGE, bounds, range_bar, write_key};
use super::subject::Subject;
use super::words::{Number, Tenths, percent, plural, rounded};
use crate::account::Figures;
use crate::certainty::{COVERAGE_REACH_MINUTES, SETTLED_GAP_MINUTES, SpanStatus};
use crate::fleet::MeasuredReport;
use crate::interval::HOUR;
use crate::timeline::MaxHold;

/// Writes the figures, the bar, its legend and a note that explains it.
pub(super) fn write_figures(html: &mut Html, report: &MeasuredReport, subject: Subject) {
    let total = &report.sums.totals[report.about.parameters.main_window().place()];
    let sums = Sums::of(total);
    let stores = if report.accounts.len() == 1 { "the store" } else { "all stores" };
    let what_is_open = format!("opening hours of {stores} {}", subject.within());
    let up = ("key-figure-up", SpanStatus::Up { settled: true });
    let down = ("key-figure-down", SpanStatus::Down { settled: true });
    let unknown = ("key-figure-unknown", SpanStatus::Unknown);
    html.raw("<div class=\"figures\">\n");
    write_figure(html, None, "Open time", &sums.open(), &what_is_open);
    write_figure(html, Some(up), "Up", &sums.up(), &sums.up_range());
    write_figure(html, Some(down), "Down", &sums.down(), &sums.down_range());
    let why = why_unknown(report, total);
    write_figure(html, Some(unknown), "Not observed", &sums.unknown(), &why);
    html.raw("</div>\n");
    if total.scheduled_micros() > 0 {
        write_bar(html, total, &sums);
        write_legend(html, &sums);
        write_note(html, report, total);
    }
}

/// The sums as the page shows them. Places on the bar are rounded and their differences shown, so
/// all figures on the page add up.
struct Sums {
    /// The ends of the parts of the bar: see [`bounds`].
    ends: [u64; 5],
    in_tenths: bool,
}

/// From this many hours on, figures have no decimals.
const WHOLE_HOURS_FROM: i64 = 1000;

impl Sums {
    fn of(total: &Figures) -> Sums {
        let in_tenths = total.scheduled_micros() < WHOLE_HOURS_FROM * HOUR;
        let hundredths = if in_tenths { 10 } else { 100 };
        let end = |micros| rounded(micros, Unit::Hours, hundredths);
        Sums { ends: bounds(total).map(end), in_tenths }
    }

    fn open(&self) -> String {
        self.text(self.ends[4])
    }

    fn up(&self) -> String {
        self.text(self.ends[4] - self.ends[2])
    }

    fn up_range(&self) -> String {
        self.range(self.ends[4] - self.ends[3], self.ends[4] - self.ends[0])
    }

    fn down(&self) -> String {
        self.text(self.ends[1])
    }

    fn down_range(&self) -> String {
        self.range(self.ends[0], self.ends[3])
    }

    fn unknown(&self) -> String {
        self.text(self.ends[2] - self.ends[1])
    }

    /// Returns the length of a part of the bar.
    fn part(&self, place: usize) -> String {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        self.text(self.ends[place] - start)
    }

    fn range(&self, least: u64, most: u64) -> String {
        format!("at least {}, at most {}", self.text(least), self.text(most))
    }

    fn text(&self, amount: u64) -> String {
        if self.in_tenths { Tenths(amount).to_string() } else { Number(amount).to_string() }
    }
}

fn write_figure(
    html: &mut Html,
    key: Option<(&str, SpanStatus)>,
    name: &str,
    amount: &str,
    note: &str,
) {
    html.raw("<div><h2>");
    if let Some((id, status)) = key {
        write_key(html, id, status);
    }
    writeln!(html, "{name}</h2><b class=\"amount\">{amount} h</b><span>{note}</span></div>");
}

fn why_unknown(report: &MeasuredReport, total: &Figures) -> String {
    let max_hold = report.about.parameters.method.max_hold().map(MaxHold::minutes);
    let is_one = report.accounts.len() == 1;
    match (report.about.without_counting_poll, max_hold) {
        (0, Some(minutes)) if total.uptime.unknown_micros > 0 => {
            format!("more than {} minutes from a poll", Number(minutes.into()))
        }
        (0, _) if is_one => "the store was polled while open".to_owned(),
        (0, _) => "every store was polled while open".to_owned(),
        (1, _) if is_one => "the store was never polled while open".to_owned(),
        (1, _) => "1 store was never polled while open".to_owned(),
        (stores, _) => format!("{} stores were never polled while open", Number(stores)),
    }
}

/// Writes the bar with the estimate above it and the bounds below it, so that their texts do not
/// meet.
fn write_bar(html: &mut Html, total: &Figures, sums: &Sums) {
    let open = total.scheduled_micros();
    let [least, down, _, most, _] = bounds(total).map(|micros| Percent::of(micros, open));
    html.raw("<svg class=\"bar labels\" height=\"20\" aria-hidden=\"true\">");
    let anchor = if down.is_below(60) { "start" } else { "end" };
    writeln!(
        html,
        "<text x=\"{down}\" y=\"13\" text-anchor=\"{anchor}\"><tspan class=\"strong\">Down {} h\
         </tspan>, the estimate</text></svg>",
        sums.down()
    );
    range_bar(html, "fleet", total, open, Heights::FLEET);
    html.raw("\n<svg class=\"bar labels\" height=\"32\" aria-hidden=\"true\">");
    for bound in [least, most] {
        write!(html, "<rect class=\"closed\" x=\"{bound}\" width=\"1\" height=\"10\"/>");
    }
    let at_least = format!("at least {} h", sums.text(sums.ends[0]));
    let at_most = format!("at most {} h", sums.text(sums.ends[3]));
    if most.since(least).is_below(40) {
        write_label(html, least, &format!("{at_least}, {at_most}"));
    } else {
        write_label(html, least, &at_least);
        write_label(html, most, &at_most);
    }
    if most.is_below(if most.since(least).is_below(40) { 20 } else { 70 }) {
        write_label(html, Percent::of(1, 1), &format!("{} h open", sums.open()));
    }
    html.raw("</svg>\n");
}

/// Writes a text under a place on the bar, so that it does not leave the bar.
fn write_label(html: &mut Html, place: Percent, text: &str) {
    let (x, anchor) = if place.is_below(3) {
        (Percent::of(0, 1), "start")
    } else if place.is_below(20) {
        (place, "start")
    } else if place.is_below(80) {
        (place, "middle")
    } else {
        (place, "end")
    };
    write!(html, "<text x=\"{x}\" y=\"24\" text-anchor=\"{anchor}\">{text}</text>");
}

/// The names of the parts of the bar, in its order.
const PARTS: [(&str, &str); 5] = [
    ("key-down", "down, settled"),
    ("key-down-estimated", "down, estimated"),
    ("key-unknown", "not observed"),
    ("key-up-estimated", "up, estimated"),
    ("key-up", "up, settled"),
];

fn write_legend(html: &mut Html, sums: &Sums) {
    html.raw("<ul class=\"legend\">");
    for (place, (status, (id, name))) in RANGE.into_iter().zip(PARTS).enumerate() {
        html.raw("<li>");
        write_key(html, id, status);
        write!(html, "{name} <b>{} h</b></li>", sums.part(place));
    }
    html.raw("</ul>\n");
}

fn write_note(html: &mut Html, report: &MeasuredReport, total: &Figures) {
    write!(
        html,
        "<p class=\"note\"><b>Solid</b> is settled: two polls in a row agree and are at most \
         {SETTLED_GAP_MINUTES} minutes apart, and we take it that the store did not change between \
         them. <b>Hatched</b> is estimated: the store is taken to stay as its last poll found it"
    );
    if let Some(max_hold) = report.about.parameters.method.max_hold() {
        let minutes = max_hold.minutes();
        write!(html, ", for at most {} minute{}", Number(minutes.into()), plural(minutes as usize));
    }
    let covered = percent(total.certainty.covered_micros, total.scheduled_micros());
    writeln!(
        html,
        ". {covered}% of the open time is within {COVERAGE_REACH_MINUTES} minutes of a poll.</p>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certainty::Certainty;
    use crate::interval::MINUTE;
    use crate::timeline::Uptime;

    #[test]
    fn figures_that_would_not_add_up_when_rounded_alone_add_up() {
        // 0.45 h each: alone, each part would be 0.5 h, and all of them 1.8 h.
        let minutes = 27 * MINUTE;
        let uptime =
            Uptime { up_micros: 2 * minutes, down_micros: minutes, unknown_micros: minutes };
        let certainty =
            Certainty { settled_up_micros: minutes, settled_down_micros: 0, covered_micros: 0 };
        let sums = Sums::of(&Figures { uptime, certainty });
        assert_eq!(
            [sums.up(), sums.down(), sums.unknown(), sums.open()],
            ["0.9", "0.5", "0.4", "1.8"]
        );
        assert_eq!(
            [0, 1, 2, 3, 4].map(|place| sums.part(place)),
            ["0.0", "0.5", "0.4", "0.5", "0.4"]
        );
    }

    #[test]
    fn figures_of_a_thousand_hours_or_more_have_no_decimals() {
        let of = |up_micros| {
            Sums::of(&Figures {
                uptime: Uptime { up_micros, ..Uptime::default() },
                ..Figures::default()
            })
            .open()
        };
        assert_eq!(of(1000 * HOUR), "1,000");
        assert_eq!(of(999 * HOUR), "999.0");
    }
}

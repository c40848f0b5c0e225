//! The marks that stand for times: bars with one hatch for each estimated status.
//!
//! **Down is tall, up is half as tall, closed is a thin line. Settled is solid, estimated is
//! hatched.** So a mark can be read without colour.
//!
//! All widths are per cent of the drawing, so that it fits every width. Hatches are not drawn as SVG
//! patterns, because browsers print those as large, blurred images. The page has one long path for
//! each hatch. A bar shows it through a clip of all its hatched stretches.

use std::fmt;

use super::html::Html;
use crate::account::Figures;
use crate::certainty::{Run, SpanStatus};
use crate::timeline::Uptime;
use crate::{Interval, Timestamp};

/// How many stripes a hatch has. The widest bar has 1,224 pixels and a stripe takes 7.
const STRIPES: usize = 186;

/// How many stripes the hatch of the heat map has. A cell has at most 64 pixels.
const STRIPES_OF_CELL: usize = 16;

/// Writes the hatches, in a drawing that does not show them. A hatch is taller than the tallest bar.
pub(super) fn write_hatches(html: &mut Html) {
    html.raw("<svg class=\"definitions\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>");
    html.raw("<path id=\"hatch-up\" d=\"M-48 48");
    html.raw(&"l48-48m-41 48".repeat(STRIPES));
    html.raw("\"/><path id=\"hatch-down\" d=\"M-48 0");
    html.raw(&"l48 48m-41-48".repeat(STRIPES));
    html.raw("\"/><path id=\"dots\" d=\"");
    for row in (0..48).step_by(4) {
        write!(html, "M2 {row}.5H1300");
    }
    // The cells of the heat map have thinner stripes, further apart.
    html.raw("\"/><path id=\"hatch-heat\" d=\"M-24 24");
    html.raw(&"l24-24m-18 24".repeat(STRIPES_OF_CELL));
    html.raw("\"/></defs></svg>\n");
}

/// The heights of a bar in pixels. All marks are centred on one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heights {
    /// Of the drawing.
    pub(super) row: u32,
    /// Of time down.
    pub(super) down: u32,
    /// Of time up or not observed.
    pub(super) up: u32,
}

impl Heights {
    /// Of the bar of the fleet.
    pub(super) const FLEET: Heights = Heights { row: 44, down: 32, up: 20 };
    /// Of the time of a store.
    pub(super) const TIME: Heights = Heights { row: 32, down: 20, up: 10 };
    /// Of the range in a table.
    pub(super) const TABLE: Heights = Heights { row: 24, down: 12, up: 6 };
    /// Of the samples in a legend.
    const KEY: Heights = Heights { row: 14, down: 14, up: 8 };
}

/// A place on an axis in hundredths of a per cent of its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Percent(u32);

impl Percent {
    /// Returns the place of `part` on an axis of the length `whole`. It is 0 if the axis has no
    /// length.
    pub(super) fn of(part: i64, whole: i64) -> Percent {
        let part = i128::from(part.clamp(0, whole.max(0)));
        let place = (part * 20_000 + i128::from(whole)).checked_div(2 * i128::from(whole));
        Percent(place.and_then(|place| u32::try_from(place).ok()).unwrap_or(0))
    }

    /// Returns the place of an instant on an axis of time.
    pub(super) fn at(at: Timestamp, axis: Interval) -> Percent {
        Percent::of(at.micros() - axis.start().micros(), axis.micros())
    }

    /// Returns the distance from an earlier place.
    pub(super) fn since(self, earlier: Percent) -> Percent {
        Percent(self.0.saturating_sub(earlier.0))
    }

    /// Returns the place at a distance after this one.
    pub(super) fn plus(self, distance: Percent) -> Percent {
        Percent(self.0 + distance.0)
    }

    /// Returns half of the distance.
    pub(super) fn half(self) -> Percent {
        Percent(self.0 / 2)
    }

    /// Returns whether it is less than a whole number of per cent.
    pub(super) fn is_below(self, percent: u32) -> bool {
        self.0 < percent * 100
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(formatter, "{whole}%"),
            (whole, rest) => write!(formatter, "{whole}.{rest:02}%"),
        }
    }
}

/// A part of a drawing that stands for time of one status.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Its left edge.
    pub(super) x: Percent,
    /// How wide it is.
    pub(super) width: Percent,
    /// Its upper edge in pixels.
    pub(super) y: u32,
    /// How high it is in pixels.
    pub(super) height: u32,
    /// What it stands for.
    pub(super) status: SpanStatus,
}

impl Part {
    /// Returns a stretch of a bar, or `None` if it is too short to be seen.
    fn of_bar(from: Percent, to: Percent, status: SpanStatus, heights: Heights) -> Option<Part> {
        let height = match status {
            SpanStatus::Closed => 1,
            SpanStatus::Down { .. } => heights.down,
            SpanStatus::Up { .. } | SpanStatus::Unknown => heights.up,
        };
        let y = (heights.row - height) / 2;
        (from < to).then_some(Part { x: from, width: to.since(from), y, height, status })
    }
}

/// Writes the time of a store as a bar in a drawing of its own. `id` is unique in the page. `behind`
/// writes what lies behind the bar.
pub(super) fn time_bar(
    html: &mut Html,
    id: &str,
    runs: &[Run],
    axis: Interval,
    behind: impl FnOnce(&mut Html),
) {
    let heights = Heights::TIME;
    let parts = runs.iter().filter_map(|run| {
        let [from, to] = [run.span.start(), run.span.end()].map(|at| Percent::at(at, axis));
        Part::of_bar(from, to, run.status, heights)
    });
    let parts: Vec<Part> = parts.collect();
    write!(html, "<svg class=\"bar\" height=\"{}\" aria-hidden=\"true\">", heights.row);
    behind(html);
    write_parts(html, id, &parts);
    html.raw("</svg>");
}

/// Writes figures as a bar from 0 in a drawing of its own: down settled, down estimated, a tick at
/// the estimate, not observed, up estimated, up settled. `id` is unique in the page, `axis_micros`
/// is the length of the axis.
pub(super) fn range_bar(
    html: &mut Html,
    id: &str,
    figures: &Figures,
    axis_micros: i64,
    heights: Heights,
) {
    let ends = bounds(figures);
    let mut from = Percent::of(0, axis_micros);
    let mut parts = Vec::with_capacity(ends.len());
    for (end, status) in ends.into_iter().zip(RANGE) {
        let to = Percent::of(end, axis_micros);
        parts.extend(Part::of_bar(from, to, status, heights));
        from = to;
    }
    write!(html, "<svg class=\"bar\" height=\"{}\" aria-hidden=\"true\">", heights.row);
    write_parts(html, id, &parts);
    if figures.scheduled_micros() > 0 {
        let x = Percent::of(figures.uptime.down_micros, axis_micros);
        write!(html, "<rect class=\"tick\" x=\"{x}\" width=\"2\" height=\"{}\"/>", heights.row);
    }
    html.raw("</svg>");
}

/// Writes a sample of the mark of a status for a legend. `id` is unique in the page.
pub(super) fn write_key(html: &mut Html, id: &str, status: SpanStatus) {
    let heights = Heights::KEY;
    let whole = Part::of_bar(Percent::of(0, 1), Percent::of(1, 1), status, heights);
    write!(
        html,
        "<svg class=\"key\" width=\"24\" height=\"{}\" aria-hidden=\"true\">",
        heights.row
    );
    write_parts(html, id, whole.as_slice());
    html.raw("</svg>");
}

/// The parts of a range, in their order.
pub(super) const RANGE: [SpanStatus; 5] = [
    SpanStatus::Down { settled: true },
    SpanStatus::Down { settled: false },
    SpanStatus::Unknown,
    SpanStatus::Up { settled: false },
    SpanStatus::Up { settled: true },
];

/// Returns where the parts of a range end, from 0, in the order of [`RANGE`]. In microseconds.
pub(super) fn bounds(figures: &Figures) -> [i64; 5] {
    let (least, most) = (figures.downtime_least_micros(), figures.downtime_most_micros());
    bounds_of(figures.uptime, least, most)
}

/// Returns the same from the open time by its status, and the least and the most downtime.
pub(super) fn bounds_of(uptime: Uptime, least: i64, most: i64) -> [i64; 5] {
    let down = uptime.down_micros;
    [least, down, down + uptime.unknown_micros, most, uptime.scheduled_micros()]
}

/// Writes solid parts, then the hatched parts of each kind through one clip.
pub(super) fn write_parts(html: &mut Html, id: &str, parts: &[Part]) {
    for part in parts {
        match part.status {
            SpanStatus::Closed => write_rect(html, "closed", part),
            SpanStatus::Up { settled: true } => write_rect(html, "up", part),
            SpanStatus::Down { settled: true } => write_rect(html, "down", part),
            SpanStatus::Unknown
            | SpanStatus::Up { settled: false }
            | SpanStatus::Down { settled: false } => {}
        }
    }
    let kinds = [
        (SpanStatus::Unknown, "dots"),
        (SpanStatus::Up { settled: false }, "hatch-up"),
        (SpanStatus::Down { settled: false }, "hatch-down"),
    ];
    for (status, hatch) in kinds {
        let mut hatched = parts.iter().filter(|part| part.status == status).peekable();
        if hatched.peek().is_none() {
            continue;
        }
        write!(html, "<clipPath id=\"{id}-{hatch}\">");
        for part in hatched {
            write_rect(html, "", part);
        }
        write!(
            html,
            "</clipPath><g clip-path=\"url(#{id}-{hatch})\"><rect class=\"under-{hatch}\" \
             width=\"100%\" height=\"100%\"/><use href=\"#{hatch}\"/></g>"
        );
    }
}

fn write_rect(html: &mut Html, class: &str, part: &Part) {
    html.raw("<rect");
    if !class.is_empty() {
        write!(html, " class=\"{class}\"");
    }
    let Part { x, width, y, height, .. } = part;
    write!(html, " x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certainty::Certainty;
    use crate::interval::HOUR;

    const SETTLED_UP: SpanStatus = SpanStatus::Up { settled: true };
    const ESTIMATED_DOWN: SpanStatus = SpanStatus::Down { settled: false };

    #[test]
    fn down_is_tall_up_is_half_as_tall_closed_is_a_line_and_estimated_is_hatched() {
        let runs = [(0, 25, SpanStatus::Closed), (25, 50, SETTLED_UP), (50, 100, ESTIMATED_DOWN)];
        assert_eq!(
            drawn(&runs),
            "<svg class=\"bar\" height=\"32\" aria-hidden=\"true\"><rect class=\"behind\"/>\
             <rect class=\"closed\" x=\"0%\" y=\"15\" width=\"25%\" height=\"1\"/>\
             <rect class=\"up\" x=\"25%\" y=\"11\" width=\"25%\" height=\"10\"/>\
             <clipPath id=\"a-hatch-down\">\
             <rect x=\"50%\" y=\"6\" width=\"50%\" height=\"20\"/></clipPath>\
             <g clip-path=\"url(#a-hatch-down)\">\
             <rect class=\"under-hatch-down\" width=\"100%\" height=\"100%\"/>\
             <use href=\"#hatch-down\"/></g></svg>"
        );
    }

    #[test]
    fn one_clip_holds_all_hatched_parts_of_a_status() {
        let runs = [(0, 10, ESTIMATED_DOWN), (10, 90, SETTLED_UP), (90, 100, ESTIMATED_DOWN)];
        assert_eq!(drawn(&runs).matches("<clipPath").count(), 1);
    }

    #[test]
    fn what_is_too_short_to_be_seen_is_not_drawn() {
        let axis = Interval::ending_at(Timestamp::from_micros(0), 168 * HOUR);
        let span = Interval::ending_at(axis.end(), 1);
        let mut html = Html::new();
        time_bar(&mut html, "a", &[Run { span, status: SETTLED_UP }], axis, |_| ());
        assert!(!text_of(html).contains("rect"));
    }

    #[test]
    fn a_range_is_drawn_from_down_settled_to_up_settled_with_a_tick_at_the_estimate() {
        let uptime =
            Uptime { up_micros: 60 * HOUR, down_micros: 30 * HOUR, unknown_micros: 10 * HOUR };
        let certainty = Certainty {
            settled_up_micros: 40 * HOUR,
            settled_down_micros: 20 * HOUR,
            covered_micros: 0,
        };
        let mut html = Html::new();
        range_bar(&mut html, "a", &Figures { uptime, certainty }, 200 * HOUR, Heights::TABLE);
        let drawn = text_of(html);
        for mark in [
            "<rect class=\"down\" x=\"0%\" y=\"6\" width=\"10%\" height=\"12\"/>",
            "<clipPath id=\"a-hatch-down\"><rect x=\"10%\" y=\"6\" width=\"5%\" height=\"12\"/>",
            "<rect class=\"tick\" x=\"15%\" width=\"2\" height=\"24\"/>",
            "<clipPath id=\"a-dots\"><rect x=\"15%\" y=\"9\" width=\"5%\" height=\"6\"/>",
            "<clipPath id=\"a-hatch-up\"><rect x=\"20%\" y=\"9\" width=\"10%\" height=\"6\"/>",
            "<rect class=\"up\" x=\"30%\" y=\"9\" width=\"20%\" height=\"6\"/>",
        ] {
            assert!(drawn.contains(mark), "{mark} is missing in {drawn}");
        }
    }

    #[test]
    fn places_are_rounded_to_hundredths_of_a_per_cent_and_stay_on_the_axis() {
        for (part, whole, expected) in [
            (1, 3, "33.33%"),
            (2, 3, "66.67%"),
            (1, 1, "100%"),
            (1, 20, "5%"),
            (9, 3, "100%"),
            (-1, 3, "0%"),
            (0, 0, "0%"),
        ] {
            assert_eq!(Percent::of(part, whole).to_string(), expected, "{part} of {whole}");
        }
    }

    /// Draws runs that are given in hundredths of the axis.
    fn drawn(runs: &[(i64, i64, SpanStatus)]) -> String {
        let axis = Interval::ending_at(Timestamp::from_micros(100 * HOUR), 100 * HOUR);
        let at = |hours| Timestamp::from_micros(hours * HOUR);
        let runs = runs.iter().map(|&(from, to, status)| {
            let span = Interval::new(at(from), at(to)).unwrap();
            Run { span, status }
        });
        let mut html = Html::new();
        let behind = |html: &mut Html| html.raw("<rect class=\"behind\"/>");
        time_bar(&mut html, "a", &runs.collect::<Vec<_>>(), axis, behind);
        text_of(html)
    }

    fn text_of(html: Html) -> String {
        String::from_utf8(html.into_bytes()).unwrap()
    }
}

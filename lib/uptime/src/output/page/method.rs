//! How the figures were worked out, in words.

use super::html::Html;
use super::words::{Number, plural};
use crate::certainty::{COVERAGE_REACH_MINUTES, SETTLED_GAP_MINUTES};
use crate::fleet::MeasuredReport;
use crate::zone::TZ_RELEASE;

/// Writes the section.
pub(super) fn write_method(html: &mut Html, report: &MeasuredReport) {
    let counts = report.about.counts;
    html.raw(
        "<section class=\"method\" id=\"method\">\n<h2>Method</h2>\n\
         <p>A store is polled about once an hour. A poll holds until the next one. The first poll \
         after opening also speaks for the time since opening: so a whole morning can be down by \
         one poll. ",
    );
    if let Some(max_hold) = report.about.parameters.method.max_hold() {
        let minutes = max_hold.minutes();
        write!(
            html,
            "Time more than {} minute{} from the poll that speaks for it counts as not observed. ",
            Number(minutes.into()),
            plural(minutes as usize)
        );
    }
    writeln!(
        html,
        "Polls while closed do not count. A store whose hours we do not know counts as always open \
         ({}); one without a time zone as in Chicago ({}). An outage that falls whole between two \
         polls is seen by no rule.</p>",
        stores(counts.with_default_hours),
        Number(counts.with_default_zone)
    );
    writeln!(
        html,
        "<p>Time is settled if it lies between two polls in a row that found the same and are at \
         most {SETTLED_GAP_MINUTES} minutes apart. “At least” is the settled time down. “At most” is \
         all open time except the settled time up. Time is covered if a poll is at most \
         {COVERAGE_REACH_MINUTES} minutes away.</p>\n\
         <p>Weekday and time of a store are those of its own zone (time-zone rules {TZ_RELEASE}). The \
         files beside this page have the same figures: stores.csv, outages.csv, report.json.</p>\n\
         </section>"
    );
}

fn stores(count: u64) -> String {
    format!("{} store{}", Number(count), if count == 1 { "" } else { "s" })
}

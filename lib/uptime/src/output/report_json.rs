//! Writes `report.json` (`RULES.md`, "`report.json`"): what the report is about, the totals of the
//! fleet, poller silences and the other files.

use serde::Serialize;

use super::cells::{Unit, percent_hundredths};
use super::files::{Contents, FileSum};
use crate::account::Figures;
use crate::certainty::{COVERAGE_REACH_MINUTES, SETTLED_GAP_MINUTES};
use crate::fleet::About;
use crate::interval::MINUTE;
use crate::parameters::Window;
use crate::poller::Poller;
use crate::timeline::{MaxHold, Uptime};
use crate::zone::TZ_RELEASE;

/// The document, with its members in reading order.
#[derive(Debug, Serialize)]
struct Document {
    as_of: String,
    method: &'static str,
    max_hold_minutes: Option<u32>,
    period: Option<String>,
    /// Left out unless it applies, so that all other reports keep the bytes that they had before there
    /// was this member.
    #[serde(skip_serializing_if = "Option::is_none")]
    polls_kept_from: Option<String>,
    tz_release: &'static str,
    program_version: &'static str,
    stores: u64,
    stores_without_counting_poll: u64,
    stores_with_default_hours: u64,
    stores_with_default_zone: u64,
    settled_gap_minutes: i64,
    coverage_reach_minutes: i64,
    poller: Option<PollerDetails>,
    totals: Totals,
    outages: Option<usize>,
    files: Vec<FileDetails>,
}

#[derive(Debug, Serialize)]
struct PollerDetails {
    judged: bool,
    threshold_minutes: Option<i64>,
    silences: Vec<Silence>,
}

#[derive(Debug, Serialize)]
struct Silence {
    start: String,
    end: String,
    minutes: i64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Totals {
    Measured { last_hour: HourTotals, last_day: WindowTotals, last_week: WindowTotals },
    OfPeriod { period: WindowTotals },
    Counted { last_hour: CountTotals, last_day: CountTotals, last_week: CountTotals },
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "these are the names of the members")]
struct HourTotals {
    scheduled_hours: f64,
    uptime_hours: f64,
    downtime_hours: f64,
    unknown_hours: f64,
}

#[derive(Debug, Serialize)]
struct WindowTotals {
    #[serde(flatten)]
    times: HourTotals,
    downtime_least_hours: f64,
    downtime_most_hours: f64,
    coverage_percent: Option<f64>,
}

#[derive(Debug, Serialize)]
struct CountTotals {
    uptime_hours: f64,
    downtime_hours: f64,
}

#[derive(Debug, Serialize)]
struct FileDetails {
    name: &'static str,
    content_type: &'static str,
    length: u64,
    sha256: String,
}

/// The version of this program. Another version may write other bytes of every file except
/// `report.csv`.
const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes `report.json`. `others` are all other files of the report, in order.
#[expect(clippy::expect_used, reason = "writing JSON fails only for maps without text keys")]
pub(super) fn report_json(about: &About, contents: &Contents, others: &[FileSum]) -> Vec<u8> {
    let measured = match contents {
        Contents::Measured(report) => Some(report),
        Contents::Counted(_) => None,
    };
    let About { parameters, counts, without_counting_poll, polls_kept_from } = about;
    let document = Document {
        as_of: parameters.as_of.to_string(),
        method: parameters.method.name(),
        max_hold_minutes: parameters.method.max_hold().map(MaxHold::minutes),
        period: parameters.method.period().map(|period| period.to_string()),
        polls_kept_from: polls_kept_from.map(|at| at.to_string()),
        tz_release: TZ_RELEASE,
        program_version: PROGRAM_VERSION,
        stores: counts.stores,
        stores_without_counting_poll: *without_counting_poll,
        stores_with_default_hours: counts.with_default_hours,
        stores_with_default_zone: counts.with_default_zone,
        settled_gap_minutes: SETTLED_GAP_MINUTES,
        coverage_reach_minutes: COVERAGE_REACH_MINUTES,
        poller: measured.map(|report| poller_details(&report.poller)),
        totals: totals(contents),
        outages: measured.map(|report| report.sums.outages),
        files: others.iter().map(file_details).collect(),
    };
    let mut json = serde_json::to_vec_pretty(&document).expect("every key is a text");
    json.push(b'\n');
    json
}

fn poller_details(poller: &Poller) -> PollerDetails {
    let threshold_minutes = match poller {
        Poller::NotJudged => None,
        Poller::Judged { threshold_minutes, .. } => Some(*threshold_minutes),
    };
    let silences = poller.silences().iter().map(|silence| Silence {
        start: silence.start().to_string(),
        end: silence.end().to_string(),
        minutes: silence.micros() / MINUTE,
    });
    PollerDetails {
        judged: threshold_minutes.is_some(),
        threshold_minutes,
        silences: silences.collect(),
    }
}

fn totals(contents: &Contents) -> Totals {
    match contents {
        Contents::Measured(report) if report.about.parameters.method.period().is_some() => {
            let period = &report.sums.totals[Window::Period.place()];
            Totals::OfPeriod { period: window_totals(period) }
        }
        Contents::Measured(report) => {
            let [hour, day, week] = report.sums.totals.each_ref();
            Totals::Measured {
                last_hour: times(&hour.uptime),
                last_day: window_totals(day),
                last_week: window_totals(week),
            }
        }
        Contents::Counted(rows) => {
            let mut sums = [Uptime::default(); Window::MOST];
            for row in rows {
                for (sum, uptime) in sums.iter_mut().zip(row.uptimes) {
                    *sum += uptime;
                }
            }
            let [last_hour, last_day, last_week] = sums.map(|sum| CountTotals {
                uptime_hours: hours(sum.up_micros),
                downtime_hours: hours(sum.down_micros),
            });
            Totals::Counted { last_hour, last_day, last_week }
        }
    }
}

fn window_totals(figures: &Figures) -> WindowTotals {
    let covered = figures.certainty.covered_micros;
    let coverage = percent_hundredths(covered, figures.scheduled_micros());
    WindowTotals {
        times: times(&figures.uptime),
        downtime_least_hours: hours(figures.downtime_least_micros()),
        downtime_most_hours: hours(figures.downtime_most_micros()),
        coverage_percent: coverage.map(number),
    }
}

fn times(uptime: &Uptime) -> HourTotals {
    HourTotals {
        scheduled_hours: hours(uptime.scheduled_micros()),
        uptime_hours: hours(uptime.up_micros),
        downtime_hours: hours(uptime.down_micros),
        unknown_hours: hours(uptime.unknown_micros),
    }
}

fn hours(micros: i64) -> f64 {
    number(Unit::Hours.hundredths(micros))
}

/// Returns the number that a CSV shows with two decimals. It is exact up to 90 trillion.
#[expect(clippy::cast_precision_loss, reason = "hundredths of hours stay far below 2^53")]
fn number(hundredths: u64) -> f64 {
    hundredths as f64 / 100.0
}

fn file_details(file: &FileSum) -> FileDetails {
    FileDetails {
        name: file.name.as_str(),
        content_type: file.name.content_type(),
        length: file.length,
        sha256: file.sha256.clone(),
    }
}

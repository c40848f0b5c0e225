//! Writes `stores.csv` (`RULES.md`, "`stores.csv`" and "Periods"): the figures of `report.csv`, and
//! what is known of their certainty.

use super::cells::{Unit, write_instant, write_percent, write_plain, write_text};
use super::files::{FileName, Table};
use super::report_csv::{unit_of, write_figures};
use crate::Poll;
use crate::account::{Account, Figures};
use crate::fleet::MeasuredReport;
use crate::outage::Outage;
use crate::parameters::Window;

/// The columns of `stores.csv` about the last hour, day and week.
pub(super) const HEADER: &str = "store_id,uptime_last_hour_minutes,uptime_last_day_hours,\
uptime_last_week_hours,downtime_last_hour_minutes,downtime_last_day_hours,\
downtime_last_week_hours,time_zone,time_zone_given,hours_given,last_poll_at,last_status,\
scheduled_last_hour_minutes,unknown_last_hour_minutes,scheduled_last_day_hours,\
unknown_last_day_hours,uptime_last_day_percent,coverage_last_day_percent,\
downtime_least_last_day_hours,downtime_most_last_day_hours,scheduled_last_week_hours,\
unknown_last_week_hours,uptime_last_week_percent,coverage_last_week_percent,\
downtime_least_last_week_hours,downtime_most_last_week_hours,outages_last_week,\
longest_outage_last_week_minutes\n";
/// The columns of `stores.csv` about a period.
pub(super) const PERIOD_HEADER: &str = "store_id,uptime_hours,downtime_hours,time_zone,\
time_zone_given,hours_given,last_poll_at,last_status,scheduled_hours,unknown_hours,uptime_percent,\
coverage_percent,downtime_least_hours,downtime_most_hours,outages,longest_outage_minutes\n";

/// Begins `stores.csv`.
pub(super) fn table(report: &MeasuredReport) -> Table<'_> {
    let parameters = &report.about.parameters;
    let header = match parameters.method.period() {
        None => HEADER,
        Some(_) => PERIOD_HEADER,
    };
    let windows = parameters.windows();
    Table::new(FileName::StoresCsv, header, report.accounts.iter(), |csv, account| {
        write_row(csv, &account, windows);
    })
}

fn write_row(csv: &mut Vec<u8>, account: &Account, windows: &[Window]) {
    account.row.store.with_text(|store| write_text(csv, store));
    write_figures(csv, &account.row, windows);
    csv.push(b',');
    csv.extend_from_slice(account.zone.name().as_bytes());
    write_plain(csv, Some(yes_or_no(account.zone_given)));
    write_plain(csv, Some(yes_or_no(account.hours_given)));
    write_instant(csv, account.last_poll.map(Poll::at));
    write_plain(csv, account.last_poll.map(|poll| poll.status().name()));
    for &window in windows {
        write_window(csv, window, &account.figures(window));
    }
    let longest = account.outages.iter().map(Outage::down_micros).max();
    match account.last_poll {
        Some(_) => {
            write_plain(csv, Some(account.outages.len()));
            Unit::Minutes.write(csv, longest.unwrap_or(0));
        }
        None => csv.extend_from_slice(b",,"),
    }
    csv.push(b'\n');
}

/// The last hour has no certainty: its newest poll says more.
fn write_window(csv: &mut Vec<u8>, window: Window, figures: &Figures) {
    let unit = unit_of(window);
    let (uptime, scheduled) = (figures.uptime, figures.scheduled_micros());
    unit.write(csv, scheduled);
    unit.write(csv, uptime.unknown_micros);
    match window {
        Window::LastHour => {}
        Window::LastDay | Window::LastWeek | Window::Period => {
            write_percent(csv, uptime.up_micros, uptime.up_micros + uptime.down_micros);
            write_percent(csv, figures.certainty.covered_micros, scheduled);
            unit.write(csv, figures.downtime_least_micros());
            unit.write(csv, figures.downtime_most_micros());
        }
    }
}

fn yes_or_no(given: bool) -> &'static str {
    if given { "yes" } else { "no" }
}

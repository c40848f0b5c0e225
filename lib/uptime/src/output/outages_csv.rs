//! Writes `outages.csv` (`RULES.md`, "Outages"): one row an outage.

use super::cells::{Unit, write_instant, write_local, write_plain, write_text};
use super::files::{FileName, Table};
use crate::account::Account;
use crate::fleet::MeasuredReport;
use crate::outage::Outage;
use crate::poller::Poller;
use crate::times::ZoneClocks;
use crate::zone_clock::ZoneClock;

/// The columns of `outages.csv`.
pub(super) const HEADER: &str = "store_id,started_at,ended_at,started_at_local,ended_at_local,\
state,downtime_minutes,downtime_least_minutes,downtime_most_minutes,inactive_polls,\
last_active_before,first_active_after,poller_silent_minutes\n";

/// Begins `outages.csv`: in order of the stores, then of the outages' first polls.
pub(super) fn table(report: &MeasuredReport) -> Table<'_> {
    let mut clocks = ZoneClocks::new(report.about.parameters);
    let accounts = report.accounts.iter().filter(|account| !account.outages.is_empty());
    Table::new(FileName::OutagesCsv, HEADER, accounts, move |csv, account| {
        let clock = clocks.of(account.zone);
        for outage in &account.outages {
            write_row(csv, &account, outage, clock, &report.poller);
        }
    })
}

fn write_row(
    csv: &mut Vec<u8>,
    account: &Account,
    outage: &Outage,
    clock: &ZoneClock,
    poller: &Poller,
) {
    account.row.store.with_text(|store| write_text(csv, store));
    let (started_at, ended_at) = (outage.started_at(), outage.ended_at());
    write_instant(csv, started_at);
    write_instant(csv, ended_at);
    write_local(csv, started_at, clock);
    write_local(csv, ended_at, clock);
    write_plain(csv, Some(outage.state.name()));
    Unit::Minutes.write(csv, outage.down_micros());
    Unit::Minutes.write(csv, outage.least_micros);
    Unit::Minutes.write(csv, outage.most_micros);
    write_plain(csv, Some(outage.inactive_polls));
    write_instant(csv, outage.last_active_before);
    write_instant(csv, outage.first_active_after);
    match poller.silent_micros(&outage.down) {
        Some(micros) => Unit::Minutes.write(csv, micros),
        None => csv.push(b','),
    }
    csv.push(b'\n');
}

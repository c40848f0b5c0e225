//! Stories over real HTTP against the system as `local` runs it: the deployed handlers, the real
//! SDKs, emulated stores, each story in a folder of its own.
//!
//! - [`calls`], [`parameters`], [`forms`]: what callers may send, and what they get.
//! - [`figures`]: reports are those of `local report`, byte for byte.
//! - [`loads`], [`newest`], [`one_second`], [`rejects`], [`repeats`], [`notifications`],
//!   [`future_polls`]: what becomes of files; [`downloads`]: whose download breaks.
//! - [`names`]: keys of any form and length; [`stalled`]: uploads that stand still.
//! - [`deliveries`], [`batches`], [`leases`], [`lives`]: what becomes of reports, whatever happens
//!   on the way.
//! - [`keys`]: idempotency keys; [`failing_calls`]: calls to AWS that fail while a report is made.
//! - [`slow_calls`]: calls to AWS that use up an invocation's time.
//! - [`killed_processes`]: the process dies in the middle; [`lost_tables`]: its tables are deleted or damaged.
//! - [`settings`]: what a deployment sets, and must.
//! - [`events`]: stored events, as AWS sends them.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod batches;
mod calls;
mod deliveries;
mod downloads;
mod events;
mod failing_calls;
mod figures;
mod forms;
mod future_polls;
mod keys;
mod killed_processes;
mod leases;
mod lives;
mod loads;
mod lost_tables;
mod names;
mod newest;
mod notifications;
mod one_second;
mod parameters;
mod rejects;
mod repeats;
mod settings;
mod slow_calls;
mod stalled;

/// Two polls of one store that is open on Mondays from 9 to 12 in UTC, and its figures.
mod small {
    pub(crate) const HOURS: &str =
        "store_id,dayOfWeek,start_time_local,end_time_local\na,0,09:00:00,12:00:00\n";
    pub(crate) const ZONES: &str = "store_id,timezone_str\na,UTC\n";
    pub(crate) const POLLS: &str = "store_id,status,timestamp_utc\n\
        a,active,2023-01-23 10:14:00.000000 UTC\n\
        a,inactive,2023-01-23 11:15:00.000000 UTC\n";
    /// After closing time: the example of the rules, 135 minutes up and 45 down.
    pub(crate) const AT_NOON: &str = "?as_of=2023-01-23T12:00:00Z";
    pub(crate) const ROW_AT_NOON: &str = "a,15.00,2.25,2.25,45.00,0.75,0.75";
    /// The header of every report.
    pub(crate) const HEADER: &str = "store_id,uptime_last_hour_minutes,uptime_last_day_hours,\
        uptime_last_week_hours,downtime_last_hour_minutes,downtime_last_day_hours,\
        downtime_last_week_hours";

    /// The report at noon.
    pub(crate) fn csv_at_noon() -> String {
        format!("{HEADER}\n{ROW_AT_NOON}\n")
    }

    /// All three files in an order in which they may be loaded.
    pub(crate) const FILES: [&str; 3] = [HOURS, ZONES, POLLS];
}

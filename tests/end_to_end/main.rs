//! Tests over real HTTP against the system as `local` runs it: the deployed handlers, the real SDKs
//! and emulated services. Each test has a data folder of its own.
//!
//! - [`calls`], [`parameters`], [`forms`]: what callers may send, and the responses they get.
//! - [`files`]: the files of a report, and links to them; [`figures`]: reports equal those of `local report`, byte for byte.
//! - [`loads`], [`newest`], [`one_second`], [`rejects`], [`repeats`], [`notifications`],
//!   [`future_polls`]: loads of files; [`downloads`]: loads whose download breaks.
//! - [`names`]: keys of any form and length; [`stalled`]: uploads that stall.
//! - [`deliveries`], [`batches`], [`leases`], [`lives`]: the life of a report, with and without
//!   failures.
//! - [`retention`]: polls that are deleted some days after they were last loaded.
//! - [`keys`]: idempotency keys; [`failing_calls`]: calls to AWS that fail while a report is made.
//! - [`slow_calls`]: calls to AWS that use up an invocation's time.
//! - [`lost_tables`]: the system's tables are deleted or damaged.
//! - [`settings`]: settings that a deployment may or must have.
//! - [`events`]: stored events, in the form that AWS sends.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod batches;
mod calls;
mod deliveries;
mod downloads;
mod events;
mod failing_calls;
mod figures;
mod files;
mod forms;
mod future_polls;
mod keys;
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
mod retention;
mod settings;
mod slow_calls;
mod stalled;

/// Two polls of one store that is open on Mondays from 9 to 12 UTC, and the figures expected.
mod small {
    pub(crate) const HOURS: &str =
        "store_id,dayOfWeek,start_time_local,end_time_local\na,0,09:00:00,12:00:00\n";
    pub(crate) const ZONES: &str = "store_id,timezone_str\na,UTC\n";
    pub(crate) const POLLS: &str = "store_id,status,timestamp_utc\n\
        a,active,2023-01-23 10:14:00.000000 UTC\n\
        a,inactive,2023-01-23 11:15:00.000000 UTC\n";
    /// After closing time: the worked example of the rules, 135 minutes up and 45 down.
    pub(crate) const NOON: &str = "2023-01-23T12:00:00Z";
    /// The same instant, as a query.
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

    /// All three files. Hours and zones come before polls.
    pub(crate) const FILES: [&str; 3] = [HOURS, ZONES, POLLS];
}

//! The measured cost of loading a fleet's polls and of its report, and the budget for each.

use end_to_end::metered_system::{MeteredReport, MeteredSystem};
use end_to_end::report_files::FILES;
use end_to_end::request_meter::PUT_OBJECT;
use end_to_end::request_meter::usage::{Usage, number};
use local::system::{DATA_TABLE, REPORT_TABLE};
use serde_json::Value;

/// The interval at which a report that is being computed records its progress.
const PROGRESS_SECONDS: u64 = 2;

/// The measured figures.
#[derive(Debug)]
pub(crate) struct Figures {
    /// The number of polls loaded.
    pub(crate) polls: u64,
    /// The cost of loading them.
    pub(crate) loads: Usage,
    /// The bytes of the items that hold them, keys included.
    pub(crate) stored_bytes: u64,
    /// The cost of a report about all of them.
    pub(crate) report: MeteredReport,
}

/// Upper limits, per 1,000 polls unless the field says otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Per poll.
    pub(crate) stored_bytes: f64,
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
}

/// Polls of a week or more, loaded in one file.
pub(crate) const BULK: Budget = Budget { stored_bytes: 6.6, write_units: 6.5, read_units: 1.6 };
/// Polls loaded in one file per hour. With one poll per store, ids are most of what is stored, so
/// there is no budget for bytes.
pub(crate) const HOURLY: Budget =
    Budget { stored_bytes: f64::INFINITY, write_units: 21.0, read_units: 4.8 };

impl Figures {
    /// Makes a report with these parameters after `polls` were loaded.
    pub(crate) async fn of(
        system: &MeteredSystem,
        polls: u64,
        loads: Usage,
        query: Value,
    ) -> Figures {
        let stored_bytes = system.meter.stored_bytes(DATA_TABLE, "polls#");
        Figures { polls, loads, stored_bytes, report: system.report(query).await }
    }

    /// Prints the figures.
    pub(crate) fn print(&self, title: &str) {
        let Figures { polls, loads, stored_bytes, report } = self;
        let (write, read) = (loads.units_of(DATA_TABLE).write, self.read_units());
        eprintln!("{title}: {} stores, {polls} polls", report.stores);
        eprintln!("  stored: {stored_bytes} bytes, {:.2} per poll", self.stored_bytes_a_poll());
        eprintln!("  loads: {write} write units, {:.2} per 1,000 polls", self.write_units_a_1000());
        eprintln!("  report: {read} read units, {:.2} per 1,000 polls", self.read_units_a_1000());
        eprintln!("  files of the report: {} bytes put", report.compute.bytes_put);
        eprintln!("  loads: {loads:?}");
        eprintln!("  report: {:?}, {:?}", report.trigger, report.compute);
        eprintln!("  status: {:?}", report.status);
    }

    /// Checks every figure that has a budget.
    #[track_caller]
    pub(crate) fn check(&self, budget: Budget) {
        at_most("stored bytes per poll", self.stored_bytes_a_poll(), budget.stored_bytes);
        at_most("write units per 1,000 polls", self.write_units_a_1000(), budget.write_units);
        at_most("read units per 1,000 polls", self.read_units_a_1000(), budget.read_units);
        self.check_calls();
    }

    /// Checks the figures that do not depend on the size of the fleet.
    #[track_caller]
    pub(crate) fn check_calls(&self) {
        let MeteredReport { trigger, compute, compute_time, status, .. } = &self.report;
        let mut all = trigger.clone();
        all += compute.clone();
        let mut taken = |call| all.calls.remove(call).unwrap_or_default();
        assert!(taken("DynamoDB Query") <= 128, "{compute:?}");
        assert_eq!(taken(PUT_OBJECT), FILES.len() as u64, "{compute:?}");
        assert_eq!(taken("SQS SendMessage"), 1, "{trigger:?}");
        let control: u64 = all.calls.values().sum();
        let progress = compute_time.as_secs() / PROGRESS_SECONDS;
        assert!(control <= 4 + progress, "{trigger:?}, {compute:?}");

        assert_eq!(status.calls_of("DynamoDB GetItem"), 1, "{status:?}");
        assert_eq!(status.calls.values().sum::<u64>(), 1, "{status:?}");
        at_most("read units per status request", status.units_of(REPORT_TABLE).read(), 1.0);
    }

    fn read_units(&self) -> f64 {
        self.report.compute.units_of(DATA_TABLE).read()
    }

    fn stored_bytes_a_poll(&self) -> f64 {
        number(self.stored_bytes) / number(self.polls)
    }

    fn write_units_a_1000(&self) -> f64 {
        number(self.loads.units_of(DATA_TABLE).write) * 1000.0 / number(self.polls)
    }

    fn read_units_a_1000(&self) -> f64 {
        self.read_units() * 1000.0 / number(self.polls)
    }
}

#[track_caller]
fn at_most(what: &str, found: f64, budget: f64) {
    assert!(found <= budget, "{what}: {found:.3}, the budget is {budget}");
}

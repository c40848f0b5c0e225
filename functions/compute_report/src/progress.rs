//! How far a report is, told now and then while it is computed.

use std::time::Duration;

use tokio::time::Instant;
use uptime_aws::{ReportId, ReportTable, describe};

/// A short report tells nothing on its way; a long one costs a write every two seconds.
const PERIOD: Duration = Duration::from_secs(2);

/// The progress of one attempt.
#[derive(Debug)]
pub(crate) struct Progress {
    shards_done: u32,
    told_at: Instant,
}

impl Progress {
    pub(crate) fn begin() -> Progress {
        Progress { shards_done: 0, told_at: Instant::now() }
    }

    /// Counts a shard and records the count if it is time to. `false`: the report is no longer
    /// this worker's. A count that cannot be recorded is no reason to stop.
    pub(crate) async fn shard_done(
        &mut self,
        reports: &ReportTable,
        report_id: ReportId,
        lease_owner: &str,
    ) -> bool {
        self.shards_done += 1;
        if self.told_at.elapsed() < PERIOD {
            return true;
        }
        self.told_at = Instant::now();
        let recorded = reports.record_progress(report_id, lease_owner, self.shards_done).await;
        recorded.unwrap_or_else(|error| {
            tracing::warn!(report.id = %report_id, cause = describe(&error), "progress is not recorded");
            true
        })
    }
}

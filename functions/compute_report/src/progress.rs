//! The progress of a report, recorded from time to time while it is computed.

use std::time::Duration;

use tokio::time::Instant;
use uptime_aws::{ReportId, ReportTable, describe};

/// Short reports record no progress. A long one costs one write every two seconds.
const PERIOD: Duration = Duration::from_secs(2);

/// The progress of one attempt.
#[derive(Debug)]
pub(crate) struct Progress {
    shards_done: u32,
    recorded_at: Instant,
}

impl Progress {
    pub(crate) fn begin() -> Progress {
        Progress { shards_done: 0, recorded_at: Instant::now() }
    }

    /// Counts a shard, and records the count if the last record is old enough. `false`: this worker
    /// no longer holds the lease. If the count cannot be recorded, the worker goes on.
    pub(crate) async fn shard_done(
        &mut self,
        reports: &ReportTable,
        report_id: ReportId,
        lease_owner: &str,
    ) -> bool {
        self.shards_done += 1;
        if self.recorded_at.elapsed() < PERIOD {
            return true;
        }
        self.recorded_at = Instant::now();
        let recorded = reports.record_progress(report_id, lease_owner, self.shards_done).await;
        recorded.unwrap_or_else(|error| {
            let cause = describe(&error);
            tracing::warn!(report.id = %report_id, cause, "progress could not be recorded");
            true
        })
    }
}

//! One attempt at a report: from a granted lease to a complete report.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use uptime::Shard;
use uptime::fleet::Fleet;
use uptime::interval::DAY;
use uptime::output::ReportWriter;
use uptime::parameters::ReportParameters;
use uptime::shard_data::ShardData;
use uptime::zone::TZ_RELEASE;
use uptime_aws::{
    CallError, Completion, Deadline, Failure, FailureCode, LINK_LIFE, Metric, Report,
    ReportTableError, StoreData, StoreDataError,
};

use crate::invocation::Invocation;
use crate::progress::Progress;
use crate::resources::Resources;

/// How many shards are read at once. Enough that computing need not wait for the table, and few
/// enough that their segments need little memory: 20 MB a shard at a million stores.
const SHARDS_IN_FLIGHT: usize = 8;

/// How an attempt ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The report is complete.
    Completed,
    /// Another worker holds the lease, the report is final, or its deadline has passed. What this
    /// attempt wrote has no effect.
    Lost,
}

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttemptError {
    #[error(transparent)]
    Data(#[from] StoreDataError),
    #[error("a file of the report could not be stored")]
    File(#[from] CallError),
    #[error("the report could not be completed")]
    Table(#[from] ReportTableError),
    #[error("the invocation ran out of time")]
    OutOfTime,
    #[error("the attempt panicked")]
    Panicked,
}

/// The most tries of a report if no service is at fault. More would not help: stored data does not
/// become readable, and the report does not become smaller.
const RECEIVES_IN_VAIN: u32 = 5;

impl AttemptError {
    /// How often the report's message may be delivered; `set` is the number that the deployment
    /// allows.
    pub(crate) fn receives_allowed(&self, set: u32) -> u32 {
        match self {
            AttemptError::Data(StoreDataError::Unreadable { .. })
            | AttemptError::OutOfTime
            | AttemptError::Panicked => set.min(RECEIVES_IN_VAIN),
            AttemptError::Data(_) | AttemptError::File(_) | AttemptError::Table(_) => set,
        }
    }

    /// The failure that is recorded, in words for callers.
    pub(crate) fn failure(&self) -> Failure {
        let (code, detail) = match self {
            AttemptError::Data(StoreDataError::Unreadable { .. }) => {
                (FailureCode::DataUnreadable, "stored data cannot be read")
            }
            AttemptError::OutOfTime => {
                (FailureCode::ComputeFailed, "computing the report took too long")
            }
            AttemptError::Data(_) => {
                (FailureCode::ComputeFailed, "the stored data was not available")
            }
            AttemptError::File(_) => {
                (FailureCode::ComputeFailed, "a file of the report could not be stored")
            }
            AttemptError::Table(_) | AttemptError::Panicked => {
                (FailureCode::ComputeFailed, "computing the report failed")
            }
        };
        Failure { code, detail: detail.to_owned() }
    }
}

/// Computes a report, stores its files, then completes it.
pub(crate) async fn compute(
    resources: &Resources,
    invocation: &Invocation,
    report: &Report,
) -> Result<Outcome, AttemptError> {
    let Some(mut fleet) = compute_all_shards(resources, invocation, report).await? else {
        return Ok(Outcome::Lost);
    };
    fleet.about.polls_kept_from = report.polls_kept_from;
    let counts = fleet.about.counts;
    let writer = ReportWriter::new(fleet);

    // The clock is read before the files are stored, because S3 counts the days from storing. So
    // each file exists for as long as the last link to it is valid.
    let kept = i64::from(resources.report_days) * DAY;
    let files_expire_at = invocation.now().plus(kept - LINK_LIFE);
    // Only when all are stored may the attempt complete the report.
    let files = resources.files.put_all(report.id, report.attempt, writer).await?;

    let completion = Completion {
        completed_at: invocation.now(),
        counts,
        tz_release: TZ_RELEASE.to_owned(),
        files,
        files_expire_at,
    };
    let owner = &invocation.lease_owner;
    let (clock, deadline) = (|| invocation.now(), invocation.deadline());
    if !resources.reports.complete(report.id, owner, clock, deadline, &completion).await? {
        return Ok(Outcome::Lost);
    }
    log_completion(report, &completion);
    Ok(Outcome::Completed)
}

/// `None`: this worker no longer holds the lease of the report.
async fn compute_all_shards(
    resources: &Resources,
    invocation: &Invocation,
    report: &Report,
) -> Result<Option<Fleet>, AttemptError> {
    let deadline = invocation.deadline();
    let mut shards = stream::iter(Shard::all())
        .map(|shard| compute_shard(&resources.data, shard, report.parameters, deadline))
        .buffer_unordered(SHARDS_IN_FLIGHT);
    let mut whole = Fleet::new(report.parameters);
    let mut progress = Progress::begin();
    while let Some(part) = shards.try_next().await? {
        whole.unite(part);
        let owner = &invocation.lease_owner;
        if !progress.shard_done(&resources.reports, report.id, owner).await {
            return Ok(None);
        }
    }
    Ok(Some(whole))
}

async fn compute_shard(
    data: &StoreData,
    shard: Shard,
    parameters: ReportParameters,
    deadline: Deadline,
) -> Result<Fleet, AttemptError> {
    // Several shards are read at once, but only one is decoded at a time: its stores then stay in the
    // cache, and the segments of the others need less memory than what they hold.
    let segments = data.segments_of(shard, &parameters, deadline).try_concat().await?;
    let mut shard_data = ShardData::new(parameters);
    for segment in segments {
        shard_data.add(&segment.bytes).map_err(|error| segment.unreadable(error))?;
    }
    Ok(shard_data.fleet())
}

fn log_completion(report: &Report, completion: &Completion) {
    let since_asked = completion.completed_at.micros() - report.created_at.micros();
    tracing::info!(
        report.id = %report.id,
        attempt = report.attempt,
        stores = completion.counts.stores,
        size_bytes = completion.files.iter().map(|(_, file)| file.size_bytes).sum::<u64>(),
        since_asked_ms = since_asked / 1_000,
        "the report is complete"
    );
    Metric::ReportCompleted { age_micros: since_asked, stores: completion.counts.stores }.send();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_may_pass_have_a_retryable_code() {
        let throttled = StoreDataError::Throttled { unprocessed: 1 };
        check(&AttemptError::Data(throttled), "compute_failed");
        check(&AttemptError::File(CallError::new("PutObject", "refused")), "compute_failed");
        check(&AttemptError::OutOfTime, "compute_failed");
        check(&AttemptError::Panicked, "compute_failed");
    }

    #[track_caller]
    fn check(error: &AttemptError, expected: &str) {
        assert_eq!(error.failure().code.name(), expected);
    }

    #[test]
    fn a_failure_that_is_no_services_fault_is_tried_at_most_five_times() {
        let file = AttemptError::File(CallError::new("PutObject", "refused"));
        for set in [2, 1000] {
            assert_eq!(file.receives_allowed(set), set);
            for in_vain in [AttemptError::OutOfTime, AttemptError::Panicked] {
                assert_eq!(in_vain.receives_allowed(set), set.min(5));
            }
        }
    }

    #[test]
    fn no_failure_contains_internal_text() {
        let error = AttemptError::File(CallError::new("PutObject", "arn:aws:s3:::secret"));
        assert_eq!(error.failure().detail, "a file of the report could not be stored");
    }
}

//! What the service would have stored of the files: their segments by shard.

use std::{panic, thread};

use uptime::output::report_csv;
use uptime::parameters::ReportParameters;
use uptime::report::{ShardReport, StoreCounts};
use uptime::segment::{DecodeError, Segment};
use uptime::shard_data::ShardData;
use uptime::{Shard, Timestamp};

/// The segments of all files.
#[derive(Debug)]
pub(super) struct Stored {
    /// One entry for each shard, in order.
    shards: Vec<Segments>,
    newest_poll: Option<Timestamp>,
}

type Segments = Vec<Box<[u8]>>;

impl Stored {
    pub(super) fn new() -> Stored {
        Stored { shards: vec![Segments::new(); Shard::COUNT], newest_poll: None }
    }

    pub(super) fn add(&mut self, segments: Vec<Segment>) {
        for segment in segments {
            self.shards[segment.shard.index()].push(segment.bytes.into_boxed_slice());
        }
    }

    pub(super) fn raise_newest_poll(&mut self, at: Timestamp) {
        self.newest_poll = self.newest_poll.max(Some(at));
    }

    pub(super) fn newest_poll(&self) -> Option<Timestamp> {
        self.newest_poll
    }

    /// Computes `report.csv` and counts its stores on two threads. Shards do not depend on each
    /// other.
    pub(super) fn report(
        mut self,
        parameters: ReportParameters,
    ) -> Result<(Vec<u8>, StoreCounts), DecodeError> {
        let others = self.shards.split_off(self.shards.len() / 2);
        let (one_half, other_half) = thread::scope(|scope| {
            let other = scope.spawn(|| united(others, parameters));
            let half = united(self.shards, parameters);
            (half, other.join().unwrap_or_else(|cause| panic::resume_unwind(cause)))
        });
        let (mut all, others) = (one_half?, other_half?);
        all.rows.extend(others.rows);
        all.counts += others.counts;
        Ok((report_csv(&all.rows), all.counts))
    }
}

fn united(shards: Vec<Segments>, parameters: ReportParameters) -> Result<ShardReport, DecodeError> {
    let mut united = ShardReport::default();
    for segments in shards {
        let mut data = ShardData::new(parameters);
        for segment in segments {
            data.add(&segment)?;
        }
        let of_shard = data.report();
        united.rows.extend(of_shard.rows);
        united.counts += of_shard.counts;
    }
    Ok(united)
}

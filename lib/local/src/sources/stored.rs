//! What the service would have stored of the files: their segments by shard.

use uptime::account::Account;
use uptime::fleet::Fleet;
use uptime::output::report_csv;
use uptime::parameters::ReportParameters;
use uptime::report::{ShardReport, StoreCounts};
use uptime::segment::{DecodeError, Segment};
use uptime::shard_data::ShardData;
use uptime::{Shard, StoreId, Timestamp};

use super::cores;

/// The segments of all files.
#[derive(Debug)]
pub(crate) struct Stored {
    /// One entry for each shard, in order.
    shards: Vec<Segments>,
    newest_poll: Option<Timestamp>,
}

type Segments = Vec<Box<[u8]>>;

impl Stored {
    pub(crate) fn new() -> Stored {
        Stored { shards: vec![Segments::new(); Shard::COUNT], newest_poll: None }
    }

    pub(crate) fn add(&mut self, segments: Vec<Segment>) {
        for segment in segments {
            self.shards[segment.shard.index()].push(segment.bytes.into_boxed_slice());
        }
    }

    pub(crate) fn raise_newest_poll(&mut self, at: Timestamp) {
        self.newest_poll = self.newest_poll.max(Some(at));
    }

    pub(crate) fn newest_poll(&self) -> Option<Timestamp> {
        self.newest_poll
    }

    /// Computes `report.csv` alone and counts its stores.
    pub(crate) fn report(
        self,
        parameters: ReportParameters,
    ) -> Result<(Vec<u8>, StoreCounts), DecodeError> {
        let add = |united: &mut ShardReport, segments: Segments| {
            let of_shard = shard_data(&segments, parameters)?.report();
            united.rows.extend(of_shard.rows);
            united.counts += of_shard.counts;
            Ok(())
        };
        let mut all = ShardReport::default();
        for part in cores::divide(self.shards, ShardReport::default, add)? {
            all.rows.extend(part.rows);
            all.counts += part.counts;
        }
        Ok((report_csv(&parameters, &all.rows), all.counts))
    }

    /// Computes everything that the files of a report say.
    pub(crate) fn fleet(self, parameters: ReportParameters) -> Result<Fleet, DecodeError> {
        let add = |united: &mut Fleet, segments: Segments| {
            united.unite(shard_data(&segments, parameters)?.fleet());
            Ok(())
        };
        let mut all = Fleet::new(parameters);
        for part in cores::divide(self.shards, || Fleet::new(parameters), add)? {
            all.unite(part);
        }
        Ok(all)
    }

    /// Returns the account of one store, with its main window in full. `None`: it has no row.
    pub(crate) fn account_in_full(
        &self,
        store: &StoreId,
        parameters: ReportParameters,
    ) -> Result<Option<Account>, DecodeError> {
        let segments = &self.shards[store.shard().index()];
        Ok(shard_data(segments, parameters)?.account_in_full(store))
    }
}

fn shard_data(segments: &Segments, parameters: ReportParameters) -> Result<ShardData, DecodeError> {
    let mut data = ShardData::new(parameters);
    for segment in segments {
        data.add(segment)?;
    }
    Ok(data)
}

//! A file of business hours, whole.
//!
//! All its records are kept: what is rejected has to be corrected together with the good rows of
//! its store, since a file replaces all hours of the stores it names.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

use super::reject_files::RejectFiles;
use super::{Counts, for_each_shard};
use crate::business_hours::HoursRow;
use crate::input::{Problem, RejectCode};
use crate::segment::{MAX_HOURS_ROWS, Segment, Source, pack_hours};
use crate::{Shard, StoreId};

#[derive(Debug, Default)]
pub(super) struct HoursFile {
    stores: HashMap<StoreId, StoreHours, FixedState>,
    // Memory ends long before the numbers do.
    next_number: u32,
    stores_with_rejects: HashSet<StoreId, FixedState>,
    records: Vec<Record>,
    record_bytes: Vec<u8>,
    duplicate: u64,
}

#[derive(Debug)]
struct StoreHours {
    number: u32,
    // Invariant: sorted, no two equal.
    rows: Vec<HoursRow>,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    /// Where it ends in `record_bytes`.
    end: usize,
    /// The number of an accepted row's store; a rejected row has none.
    store: Option<u32>,
}

/// A row for each day, and one more.
const USUAL_ROWS: usize = 8;

impl HoursFile {
    /// Adds a row; more of a store than can be kept are an error.
    pub(super) fn add(
        &mut self,
        store: StoreId,
        row: HoursRow,
        record: &[u8],
    ) -> Result<(), Problem> {
        let hours = self.stores.entry(store).or_insert_with(|| {
            let number = self.next_number;
            self.next_number += 1;
            StoreHours { number, rows: Vec::with_capacity(USUAL_ROWS) }
        });
        match hours.rows.binary_search_by_key(&row.order(), |row| row.order()) {
            Ok(_) => self.duplicate += 1,
            Err(_) if hours.rows.len() == MAX_HOURS_ROWS => return Err(too_many_rows()),
            Err(place) => hours.rows.insert(place, row),
        }
        let store = Some(hours.number);
        self.keep(record, store);
        Ok(())
    }

    pub(super) fn add_rejected(&mut self, store: Option<StoreId>, record: &[u8]) {
        self.stores_with_rejects.extend(store);
        self.keep(record, None);
    }

    /// Writes the rejected records and the good ones of the stores concerned, in the file's order.
    pub(super) fn write_rejected_rows(&mut self, files: &mut RejectFiles) {
        let mut is_concerned = vec![false; self.stores.len()];
        for store in &self.stores_with_rejects {
            if let Some(hours) = self.stores.get(store) {
                is_concerned[hours.number as usize] = true;
            }
        }
        let mut start = 0;
        for record in &self.records {
            let bytes = &self.record_bytes[start..record.end];
            start = record.end;
            if record.store.is_none_or(|number| is_concerned[number as usize]) {
                files.add_rejected_row(bytes);
            }
        }
        self.records = Vec::new();
        self.record_bytes = Vec::new();
    }

    pub(super) fn pack(
        &mut self,
        source: &Source,
        segments: &mut Vec<Segment>,
        counts: &mut Counts,
    ) {
        let mut shards: Vec<Vec<(StoreId, Vec<HoursRow>)>> = for_each_shard();
        for (store, hours) in self.stores.drain() {
            counts.add_packed(hours.rows.len() as u64, 0, 0);
            shards[store.shard().index()].push((store, hours.rows));
        }
        counts.add_packed(0, std::mem::take(&mut self.duplicate), 0);
        for (shard, stores) in Shard::all().zip(shards) {
            segments.extend(pack_hours(shard, source, stores));
        }
    }

    fn keep(&mut self, record: &[u8], store: Option<u32>) {
        self.record_bytes.extend_from_slice(record);
        self.records.push(Record { end: self.record_bytes.len(), store });
    }
}

#[cold]
fn too_many_rows() -> Problem {
    Problem {
        column: None,
        code: RejectCode::TooManyRows,
        message: format!("a store has at most {MAX_HOURS_ROWS} different rows of hours"),
    }
}

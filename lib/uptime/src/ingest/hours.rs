//! Collects the rows of a file of business hours.
//!
//! All records are kept until the end. A file replaces all hours of the stores it names, so a user
//! has to upload corrected rows together with the good rows of the same stores.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

use super::buckets::{in_buckets, starts_of_counts};
use super::reject_tables::RejectTables;
use super::{Counts, by_shard};
use crate::StoreId;
use crate::business_hours::{HoursRow, PackedRow, put_in_order};
use crate::input::{Problem, RejectCode};
use crate::segment::{MAX_HOURS_ROWS, Segment, Source, pack_ordered_hours};

#[derive(Debug, Default)]
pub(super) struct HoursFile {
    stores: HashMap<StoreId, u32, FixedState>,
    // How many rows each store has, by its number. Memory runs out long before u32 does.
    row_counts: Vec<u32>,
    // The different rows of each store that may have too many.
    crowded: HashMap<u32, HashSet<HoursRow, FixedState>, FixedState>,
    stores_with_rejects: HashSet<StoreId, FixedState>,
    records: Vec<Record>,
    record_bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    /// The index in `record_bytes` at which the record ends.
    end: usize,
    /// The number of the store and its row. `None` if the record was rejected.
    accepted: Option<(u32, HoursRow)>,
}

impl HoursFile {
    /// Adds a row. Fails if the store has more different rows than can be kept.
    pub(super) fn add(
        &mut self,
        store: StoreId,
        row: HoursRow,
        record: &[u8],
    ) -> Result<(), Problem> {
        let HoursFile { stores, row_counts, .. } = self;
        let number = *stores.entry(store).or_insert_with(|| {
            let number = u32::try_from(row_counts.len()).unwrap_or(u32::MAX);
            row_counts.push(0);
            number
        });
        if self.row_counts[number as usize] as usize >= MAX_HOURS_ROWS {
            self.check_room(number, row)?;
        }
        self.row_counts[number as usize] += 1;
        self.keep(record, Some((number, row)));
        Ok(())
    }

    /// Checks whether a store that has the maximum number of rows, repeats included, may have this
    /// row as well.
    #[cold]
    fn check_room(&mut self, number: u32, row: HoursRow) -> Result<(), Problem> {
        let rows = self.crowded.entry(number).or_insert_with(|| {
            let accepted = self.records.iter().filter_map(|record| record.accepted);
            accepted.filter(|(of_store, _)| *of_store == number).map(|(_, row)| row).collect()
        });
        if rows.len() >= MAX_HOURS_ROWS && !rows.contains(&row) {
            return Err(Problem {
                column: None,
                code: RejectCode::TooManyRows,
                message: format!(
                    "the store has too many different rows of hours; at most {MAX_HOURS_ROWS} are \
                     accepted"
                ),
            });
        }
        rows.insert(row);
        Ok(())
    }

    pub(super) fn add_rejected(&mut self, store: Option<StoreId>, record: &[u8]) {
        self.stores_with_rejects.extend(store);
        self.keep(record, None);
    }

    /// Writes the rejected records and the good records of the same stores, in the file's order.
    pub(super) fn write_rejected_rows(&mut self, files: &mut RejectTables) {
        let concerned = self.stores_with_rejects.iter().filter_map(|store| self.stores.get(store));
        let concerned: HashSet<u32, FixedState> = concerned.copied().collect();
        let mut start = 0;
        for record in &self.records {
            let bytes = &self.record_bytes[start..record.end];
            start = record.end;
            if record.accepted.is_none_or(|(number, _)| concerned.contains(&number)) {
                files.add_rejected_row(bytes);
            }
        }
        self.record_bytes = Vec::new();
    }

    /// Returns the stores of accepted rows, each once.
    pub(super) fn stores(&self) -> impl Iterator<Item = &StoreId> {
        self.stores.keys()
    }

    pub(super) fn pack(
        &mut self,
        source: &Source,
        segments: &mut Vec<Segment>,
        counts: &mut Counts,
    ) {
        let records = std::mem::take(&mut self.records);
        let accepted = records.iter().filter_map(|record| record.accepted);
        let accepted = accepted.map(|(number, row)| (number as usize, PackedRow::new(row)));
        let mut places = self.row_counts.clone();
        let total = starts_of_counts(&mut places);
        let rows = in_buckets(accepted, &mut places, total);
        drop(records);

        for (shard, stores) in by_shard(self.stores.drain()) {
            let of_store = |(store, number): (StoreId, u32)| {
                let end = places[number as usize];
                let start = end - self.row_counts[number as usize];
                let mut rows = rows[start as usize..end as usize].to_vec();
                let all = rows.len() as u64;
                put_in_order(&mut rows);
                // A row that has no effect counts as a duplicate.
                counts.add_packed(rows.len() as u64, all - rows.len() as u64, 0);
                (store, rows)
            };
            let stores = stores.into_iter().map(of_store).collect();
            segments.extend(pack_ordered_hours(shard, source, stores));
        }
    }

    fn keep(&mut self, record: &[u8], accepted: Option<(u32, HoursRow)>) {
        self.record_bytes.extend_from_slice(record);
        self.records.push(Record { end: self.record_bytes.len(), accepted });
    }
}

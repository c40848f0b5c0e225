//! Collects the rows of a file of business hours or of special days.
//!
//! All records are kept until the end. A file replaces all such rows of the stores it names, so a
//! user has to upload corrected rows together with the good rows of the same stores.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use foldhash::fast::FixedState;

use super::reject_tables::RejectTables;
use super::{Counts, by_shard};
use crate::buckets::{in_buckets, starts_of_counts};
use crate::business_hours::{OpeningRow, PackedRow, RowDay, put_in_order};
use crate::input::{Problem, RejectCode};
use crate::segment::{MAX_OPENING_ROWS, Segment, Source};
use crate::{Shard, StoreId};

/// Packs the rows of stores of one shard.
type Pack = fn(Shard, &Source, Vec<(StoreId, Vec<PackedRow>)>) -> Vec<Segment>;

#[derive(Debug)]
pub(super) struct OpeningsFile<Day> {
    stores: HashMap<StoreId, u32, FixedState>,
    // How many rows each store has, by its number. Memory runs out long before u32 does.
    row_counts: Vec<u32>,
    // The different rows of each store that may have too many.
    crowded: HashMap<u32, HashSet<OpeningRow<Day>, FixedState>, FixedState>,
    stores_with_rejects: HashSet<StoreId, FixedState>,
    records: Vec<Record<Day>>,
    record_bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Record<Day> {
    /// The index in `record_bytes` at which the record ends.
    end: usize,
    /// The number of the store and its row. `None` if the record was rejected.
    accepted: Option<(u32, OpeningRow<Day>)>,
}

impl<Day> Default for OpeningsFile<Day> {
    fn default() -> OpeningsFile<Day> {
        OpeningsFile {
            stores: HashMap::default(),
            row_counts: Vec::new(),
            crowded: HashMap::default(),
            stores_with_rejects: HashSet::default(),
            records: Vec::new(),
            record_bytes: Vec::new(),
        }
    }
}

impl<Day: RowDay + Eq + Hash> OpeningsFile<Day> {
    /// Adds a row. Fails if the store has more different rows than can be kept.
    pub(super) fn add(
        &mut self,
        store: StoreId,
        row: OpeningRow<Day>,
        record: &[u8],
    ) -> Result<(), Problem> {
        let OpeningsFile { stores, row_counts, .. } = self;
        let number = *stores.entry(store).or_insert_with(|| {
            let number = u32::try_from(row_counts.len()).unwrap_or(u32::MAX);
            row_counts.push(0);
            number
        });
        if self.row_counts[number as usize] as usize >= MAX_OPENING_ROWS {
            self.check_room(number, row)?;
        }
        self.row_counts[number as usize] += 1;
        self.keep(record, Some((number, row)));
        Ok(())
    }

    /// Checks whether a store that has the maximum number of rows, repeats included, may have this
    /// row as well.
    #[cold]
    fn check_room(&mut self, number: u32, row: OpeningRow<Day>) -> Result<(), Problem> {
        let rows = self.crowded.entry(number).or_insert_with(|| {
            let accepted = self.records.iter().filter_map(|record| record.accepted);
            accepted.filter(|(of_store, _)| *of_store == number).map(|(_, row)| row).collect()
        });
        if rows.len() >= MAX_OPENING_ROWS && !rows.contains(&row) {
            return Err(Problem {
                column: None,
                code: RejectCode::TooManyRows,
                message: format!(
                    "the store has too many different rows; at most {MAX_OPENING_ROWS} are accepted"
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

    /// Packs the accepted rows with `pack`, which packs those of one shard.
    pub(super) fn pack(
        &mut self,
        pack: Pack,
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
            segments.extend(pack(shard, source, stores));
        }
    }

    fn keep(&mut self, record: &[u8], accepted: Option<(u32, OpeningRow<Day>)>) {
        self.record_bytes.extend_from_slice(record);
        self.records.push(Record { end: self.record_bytes.len(), accepted });
    }
}

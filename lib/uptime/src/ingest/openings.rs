//! Collects the rows of a file of business hours or of special days.
//!
//! All records are kept until the end, or can be written again. A file replaces all such rows of the
//! stores it names, so a user has to upload corrected rows together with the good rows of the same
//! stores.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

use super::reject_tables::RejectTables;
use super::{Counts, by_shard};
use crate::buckets::{in_buckets, starts_of_counts};
use crate::business_hours::{HoursRow, Opening, PackedRow, put_in_order};
use crate::input::{HoursColumns, Problem, RejectCode};
use crate::segment::{MAX_OPENING_ROWS, Segment, Source};
use crate::{Shard, StoreId};

/// Packs the rows of stores of one shard.
type Pack = fn(Shard, &Source, Vec<(StoreId, &[PackedRow])>) -> Vec<Segment>;

#[derive(Debug, Default)]
pub(super) struct OpeningsFile {
    stores: HashMap<StoreId, u32, FixedState>,
    // How many rows each store has, by its number. Memory runs out long before u32 does.
    row_counts: Vec<u32>,
    // The different rows of each store that may have too many.
    crowded: HashMap<u32, HashSet<PackedRow, FixedState>, FixedState>,
    stores_with_rejects: HashSet<StoreId, FixedState>,
    // In the order of the file. Chunks grow without copies of earlier records.
    records: Vec<Vec<Record>>,
    record_bytes: Vec<u8>,
    // The columns of usual rows.
    usual_columns: Option<HoursColumns>,
}

/// 64 KiB of records.
const CHUNK_RECORDS: usize = 4096;

/// A record in 16 bytes: a file may have millions.
#[derive(Debug, Clone, Copy)]
struct Record {
    row: PackedRow,
    /// The number of the store, or [`Record::REJECTED`]: the record has no row.
    number: u32,
    /// How many of the next `record_bytes` it has. [`crate::input::Records`] limits them. 0 if the row
    /// is a usual one.
    length: u16,
}

impl Record {
    const REJECTED: u32 = u32::MAX;

    fn accepted(&self) -> Option<(u32, PackedRow)> {
        (self.number != Record::REJECTED).then_some((self.number, self.row))
    }
}

impl OpeningsFile {
    /// Adds a row. Fails if the store has more different rows than can be kept.
    pub(super) fn add(
        &mut self,
        store: StoreId,
        row: PackedRow,
        record: &[u8],
    ) -> Result<(), Problem> {
        let known = self.stores.get(&store).copied();
        let number = known.unwrap_or_else(|| self.add_store(store));
        if self.row_counts[number as usize] as usize >= MAX_OPENING_ROWS {
            self.check_room(number, row)?;
        }
        self.row_counts[number as usize] += 1;
        self.keep(record, number, row);
        Ok(())
    }

    /// Adds a row of hours whose record can be written again. So no copy of it is kept, which saves
    /// half of the memory and a tenth of the time.
    pub(super) fn add_usual(
        &mut self,
        store: StoreId,
        opening: Opening,
        columns: HoursColumns,
    ) -> Result<(), Problem> {
        self.usual_columns = Some(columns);
        self.add(store, PackedRow::new(HoursRow::Opens(opening)), &[])
    }

    fn add_store(&mut self, store: StoreId) -> u32 {
        let number = u32::try_from(self.row_counts.len()).unwrap_or(Record::REJECTED);
        self.row_counts.push(0);
        self.stores.insert(store, number);
        number
    }

    /// Checks whether a store that has the maximum number of rows, repeats included, may have this
    /// row as well.
    #[cold]
    fn check_room(&mut self, number: u32, row: PackedRow) -> Result<(), Problem> {
        let rows = self.crowded.entry(number).or_insert_with(|| {
            let accepted = self.records.iter().flatten().filter_map(Record::accepted);
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
        self.keep(record, Record::REJECTED, PackedRow::UNKNOWN);
    }

    /// Writes the rejected records and the good records of the same stores, in the file's order.
    pub(super) fn write_rejected_rows(&mut self, files: &mut RejectTables) {
        let numbered = |store| Some((*self.stores.get(store)?, store));
        let concerned: HashMap<u32, &StoreId, FixedState> =
            self.stores_with_rejects.iter().filter_map(numbered).collect();
        let mut rest = self.record_bytes.as_slice();
        for record in self.records.iter().flatten() {
            let (bytes, later) = rest.split_at(record.length.into());
            rest = later;
            let Some((number, row)) = record.accepted() else {
                files.add_rejected_row(bytes);
                continue;
            };
            let Some(store) = concerned.get(&number) else { continue };
            match self.usual_record(store, row).filter(|_| bytes.is_empty()) {
                Some(usual) => files.add_rejected_row(&usual),
                None => files.add_rejected_row(bytes),
            }
        }
        self.record_bytes = Vec::new();
    }

    fn usual_record(&self, store: &StoreId, row: PackedRow) -> Option<Vec<u8>> {
        Some(self.usual_columns?.usual_record(store, row.row().opening()?))
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
        let accepted = records.iter().flatten().filter_map(Record::accepted);
        let accepted = accepted.map(|(number, row)| (number as usize, row));
        let mut places = self.row_counts.clone();
        let total = starts_of_counts(&mut places);
        let mut rows = in_buckets(accepted, &mut places, total);
        drop(records);

        // The rows of each store, by its number.
        let mut rest = rows.as_mut_slice();
        let of_store = |all: &u32| {
            let rows;
            (rows, rest) = std::mem::take(&mut rest).split_at_mut(*all as usize);
            let rows = put_in_order(rows);
            // A row that has no effect counts as a duplicate.
            counts.add_packed(rows.len() as u64, u64::from(*all) - rows.len() as u64, 0);
            rows
        };
        let rows: Vec<&[PackedRow]> = self.row_counts.iter().map(of_store).collect();
        let stores = self.stores.drain().map(|(store, number)| (store, rows[number as usize]));
        for (shard, stores) in by_shard(stores) {
            segments.extend(pack(shard, source, stores));
        }
    }

    fn keep(&mut self, record: &[u8], number: u32, row: PackedRow) {
        self.record_bytes.extend_from_slice(record);
        let length = u16::try_from(record.len()).unwrap_or(u16::MAX);
        let record = Record { row, number, length };
        if self.records.last().is_none_or(|chunk| chunk.len() == CHUNK_RECORDS) {
            self.records.push(Vec::with_capacity(CHUNK_RECORDS));
        }
        let last = self.records.len() - 1;
        self.records[last].push(record);
    }
}

//! Decodes segments. The bytes may be damaged or hostile, so every length and value is checked.

use super::opening_form::{read_hours_row, read_special_row};
use super::reader::Reader;
use super::{
    DecodeError, Decoded, HOURS, POLLS, ReplacingRows, SOURCED_VERSION, SPECIAL_DAYS, Source,
    VERSION, ZONES,
};
use crate::{Poll, PollSet, Status, StoreId, Timestamp, Zone};

/// Receives each store of a segment.
pub(crate) trait Visitor {
    /// Receives a store's polls, in order, at most one per instant. They are empty only if another
    /// program wrote the segment.
    fn polls(&mut self, store: StoreId, polls: &[Poll]);
    /// Receives the rows that the source file has for a store.
    fn replacing(&mut self, source: &Source, store: StoreId, rows: ReplacingRows);
}

/// Decodes a segment of any kind.
pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut collected = Collected::default();
    visit(bytes, &mut collected)?;
    match (bytes.get(1), collected.source) {
        (Some(&POLLS), _) => Ok(Decoded::Polls(collected.polls)),
        (_, Some(source)) => Ok(Decoded::Replacing(source, collected.replacing)),
        (_, None) => Err(DecodeError("it holds no store")),
    }
}

/// Passes each store of a segment to `visitor`. If this returns an error, `visitor` may already
/// have received some stores.
pub(crate) fn visit(bytes: &[u8], visitor: &mut impl Visitor) -> Result<(), DecodeError> {
    let mut reader = Reader::new(bytes);
    let version = reader.byte()?;
    if !matches!(version, VERSION | SOURCED_VERSION) {
        return Err(DecodeError::UNKNOWN_VERSION);
    }
    match (reader.byte()?, version) {
        (POLLS, VERSION) => visit_polls(&mut reader, visitor)?,
        (HOURS, _) => visit_hours(&mut reader, version, visitor)?,
        (ZONES, _) => visit_zones(&mut reader, version, visitor)?,
        (SPECIAL_DAYS, SOURCED_VERSION) => visit_special_days(&mut reader, visitor)?,
        (POLLS | SPECIAL_DAYS, _) => return Err(DecodeError::UNKNOWN_VERSION),
        _ => return Err(DecodeError("its kind is not known to this program")),
    }
    if reader.is_at_end() { Ok(()) } else { Err(DecodeError("bytes follow its end")) }
}

fn visit_polls(reader: &mut Reader<'_>, visitor: &mut impl Visitor) -> Result<(), DecodeError> {
    let base = reader.signed()?;
    let mut polls = Vec::new();
    reader.stores(|reader, store| {
        polls.clear();
        let mut at = base;
        for number in 0..reader.count()? {
            let packed = reader.varint()?;
            let distance = (packed >> 1).cast_signed();
            if distance == 0 && number > 0 {
                return Err(DecodeError("a store has two polls at one instant"));
            }
            let next = at.checked_add(distance).filter(|at| at.unsigned_abs() <= MAX_MICROS);
            at = next.ok_or(DecodeError("an instant is out of range"))?;
            let status = if packed & 1 == 1 { Status::Active } else { Status::Inactive };
            polls.push(Poll::new(Timestamp::from_micros(at), status));
        }
        visitor.polls(store, &polls);
        Ok(())
    })
}

fn visit_hours(
    reader: &mut Reader<'_>,
    version: u8,
    visitor: &mut impl Visitor,
) -> Result<(), DecodeError> {
    let source = reader.source(version)?;
    reader.stores(|reader, store| {
        let count = reader.count()?;
        // A row has at least one byte, so a wrong count does not use up memory.
        let mut rows = Vec::with_capacity(count.min(reader.bytes_left()));
        for _ in 0..count {
            rows.push(read_hours_row(reader)?);
        }
        visitor.replacing(&source, store, ReplacingRows::Hours(rows));
        Ok(())
    })
}

fn visit_zones(
    reader: &mut Reader<'_>,
    version: u8,
    visitor: &mut impl Visitor,
) -> Result<(), DecodeError> {
    let source = reader.source(version)?;
    let mut zones: Vec<Option<Zone>> = Vec::new();
    for _ in 0..reader.count()? {
        zones.push(match reader.text()? {
            "" => None,
            name => {
                let zone = Zone::named(name);
                Some(zone.ok_or(DecodeError("a zone is not known to this program"))?)
            }
        });
    }
    reader.stores(|reader, store| {
        let zone = zones.get(reader.count()?).ok_or(DecodeError("a zone's name is missing"))?;
        visitor.replacing(&source, store, ReplacingRows::Zone(*zone));
        Ok(())
    })
}

fn visit_special_days(
    reader: &mut Reader<'_>,
    visitor: &mut impl Visitor,
) -> Result<(), DecodeError> {
    let source = reader.source(SOURCED_VERSION)?;
    reader.stores(|reader, store| {
        let mut rows = Vec::new();
        let mut before = 0;
        for _ in 0..reader.count()? {
            let row;
            (row, before) = read_special_row(reader, before)?;
            rows.push(row);
        }
        visitor.replacing(&source, store, ReplacingRows::SpecialDays(rows));
        Ok(())
    })
}

/// The largest instant that fits a [`Poll`], which shifts the instant by one bit.
const MAX_MICROS: u64 = i64::MAX as u64 / 2;

#[derive(Default)]
struct Collected {
    source: Option<Source>,
    polls: Vec<(StoreId, PollSet)>,
    replacing: Vec<(StoreId, ReplacingRows)>,
}

impl Visitor for Collected {
    fn polls(&mut self, store: StoreId, polls: &[Poll]) {
        self.polls.push((store, PollSet::new(polls.to_vec())));
    }

    fn replacing(&mut self, source: &Source, store: StoreId, rows: ReplacingRows) {
        self.source.get_or_insert_with(|| source.clone());
        self.replacing.push((store, rows));
    }
}

//! Segments to values. Meets foreign bytes: every length is checked, nothing is believed.

use super::hours_form::read_row;
use super::varint::read_varint;
use super::{
    DecodeError, Decoded, HOURS, POLLS, SOURCED_VERSION, Sequencer, Source, UploadEvent, VERSION,
    ZONES,
};
use crate::business_hours::HoursRow;
use crate::store::IdForm;
use crate::{Poll, PollSet, Status, StoreId, Timestamp, Zone};

/// What is done with each store of a segment.
pub(crate) trait Visitor {
    /// A store's polls, in order, one an instant; none only if this program did not write them.
    fn polls(&mut self, store: StoreId, polls: &[Poll]);
    /// What the segment's file says of a store's hours.
    fn hours(&mut self, source: &Source, store: StoreId, rows: Vec<HoursRow>);
    /// What the segment's file says of a store's zone; `None`: that none is known.
    fn zone(&mut self, source: &Source, store: StoreId, zone: Option<Zone>);
}

/// Decodes any segment.
pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut collected = Collected::default();
    visit(bytes, &mut collected)?;
    let kind = bytes.get(1).copied();
    let source = collected.source;
    match (kind, source) {
        (Some(HOURS), Some(source)) => Ok(Decoded::Hours(source, collected.hours)),
        (Some(ZONES), Some(source)) => Ok(Decoded::Zones(source, collected.zones)),
        (Some(POLLS), _) => Ok(Decoded::Polls(collected.polls)),
        _ => Err(DecodeError("it holds no store")),
    }
}

/// Hands each store of a segment to `visitor`. After an error some may have been handed over.
pub(crate) fn visit(bytes: &[u8], visitor: &mut impl Visitor) -> Result<(), DecodeError> {
    let mut reader = Reader { rest: bytes };
    let version = reader.byte()?;
    if !matches!(version, VERSION | SOURCED_VERSION) {
        return Err(DecodeError::UNKNOWN_VERSION);
    }
    match (reader.byte()?, version) {
        (POLLS, VERSION) => visit_polls(&mut reader, visitor)?,
        (POLLS, _) => return Err(DecodeError::UNKNOWN_VERSION),
        (HOURS, _) => visit_hours(&mut reader, version, visitor)?,
        (ZONES, _) => visit_zones(&mut reader, version, visitor)?,
        _ => return Err(DecodeError("its kind is not known to this program")),
    }
    if reader.rest.is_empty() { Ok(()) } else { Err(DecodeError("bytes follow its end")) }
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
        let rows = (0..count).map(|_| read_row(reader)).collect::<Result<Vec<_>, _>>()?;
        visitor.hours(&source, store, rows);
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
        visitor.zone(&source, store, *zone);
        Ok(())
    })
}

/// What fits a [`Poll`], which shifts its instant by one bit.
const MAX_MICROS: u64 = i64::MAX as u64 / 2;

/// Takes a segment apart from the front.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::CUT_OFF)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// Hands each store's id to `read_data`, which reads what follows it.
    fn stores(
        &mut self,
        mut read_data: impl FnMut(&mut Self, StoreId) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        for _ in 0..self.count()? {
            let store = StoreId::from_form(IdForm::Integer(u64::from_be_bytes(self.array()?)));
            read_data(self, store)?;
        }
        for _ in 0..self.count()? {
            let halves = [u64::from_be_bytes(self.array()?), u64::from_be_bytes(self.array()?)];
            let store = StoreId::from_form(IdForm::Uuid(halves));
            read_data(self, store)?;
        }
        for _ in 0..self.count()? {
            let store = StoreId::new(self.text()?);
            let store = store.map_err(|_| DecodeError("a store's id is not one"))?;
            read_data(self, store)?;
        }
        Ok(())
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], DecodeError> {
        self.take(LENGTH)?.try_into().map_err(|_| DecodeError::CUT_OFF)
    }

    /// Version 1 knew no more of a source than its upload instant, key and version.
    fn source(&mut self, version: u8) -> Result<Source, DecodeError> {
        let uploaded_at = Timestamp::from_micros(self.signed()?);
        let mut source = Source::new(uploaded_at, self.text()?, self.text()?);
        if version == SOURCED_VERSION {
            let rank = u32::try_from(self.varint()?);
            source.rank = rank.map_err(|_| DecodeError("a rank is out of range"))?;
            source.event = match self.count()? {
                0 => None,
                1 => Some(self.event()?),
                _ => return Err(DecodeError("a source has more than one event")),
            };
        }
        Ok(source)
    }

    fn event(&mut self) -> Result<UploadEvent, DecodeError> {
        let time = Timestamp::from_micros(self.signed()?);
        let sequencer = Sequencer::new(self.text()?);
        let sequencer = sequencer.ok_or(DecodeError("a sequencer is not one"))?;
        Ok(UploadEvent { time, sequencer })
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let count = self.count()?;
        std::str::from_utf8(self.take(count)?).map_err(|_| DecodeError("a text is not UTF-8"))
    }

    /// A number of things that follow, each of at least one byte.
    fn count(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(self.varint()?).map_err(|_| DecodeError::CUT_OFF)
    }

    fn signed(&mut self) -> Result<i64, DecodeError> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        read_varint(&mut self.rest)
    }
}

#[derive(Default)]
struct Collected {
    source: Option<Source>,
    polls: Vec<(StoreId, PollSet)>,
    hours: Vec<(StoreId, Vec<HoursRow>)>,
    zones: Vec<(StoreId, Option<Zone>)>,
}

impl Visitor for Collected {
    fn polls(&mut self, store: StoreId, polls: &[Poll]) {
        self.polls.push((store, PollSet::new(polls.to_vec())));
    }

    fn hours(&mut self, source: &Source, store: StoreId, rows: Vec<HoursRow>) {
        self.source.get_or_insert_with(|| source.clone());
        self.hours.push((store, rows));
    }

    fn zone(&mut self, source: &Source, store: StoreId, zone: Option<Zone>) {
        self.source.get_or_insert_with(|| source.clone());
        self.zones.push((store, zone));
    }
}

//! Reads the parts of a segment. The bytes may be damaged or hostile, so every length is checked.

use super::varint::{from_zigzag, read_varint};
use super::{DecodeError, SOURCED_VERSION, Sequencer, Source, UploadEvent};
use crate::store::IdForm;
use crate::{StoreId, Timestamp};

/// Reads a segment from front to back.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn bytes_left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::CUT_OFF)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// Passes the id of each store to `read_data`, which has to read the data after the id.
    pub(super) fn stores(
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
            let store = store.map_err(|_| DecodeError("a store id is invalid"))?;
            read_data(self, store)?;
        }
        Ok(())
    }

    pub(super) fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], DecodeError> {
        self.take(LENGTH)?.try_into().map_err(|_| DecodeError::CUT_OFF)
    }

    /// Reads a source. Version 1 has only its upload instant, key and version.
    pub(super) fn source(&mut self, version: u8) -> Result<Source, DecodeError> {
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

    pub(super) fn event(&mut self) -> Result<UploadEvent, DecodeError> {
        let time = Timestamp::from_micros(self.signed()?);
        let sequencer = Sequencer::new(self.text()?);
        let sequencer = sequencer.ok_or(DecodeError("a sequencer is invalid"))?;
        Ok(UploadEvent { time, sequencer })
    }

    pub(super) fn text(&mut self) -> Result<&'a str, DecodeError> {
        let count = self.count()?;
        std::str::from_utf8(self.take(count)?).map_err(|_| DecodeError("a text is not UTF-8"))
    }

    /// Reads how many items or bytes follow.
    pub(super) fn count(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(self.varint()?).map_err(|_| DecodeError::CUT_OFF)
    }

    pub(super) fn signed(&mut self) -> Result<i64, DecodeError> {
        self.varint().map(from_zigzag)
    }

    pub(super) fn varint(&mut self) -> Result<u64, DecodeError> {
        read_varint(&mut self.rest)
    }
}

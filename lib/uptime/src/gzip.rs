//! Unpacks gzip that is pushed at it: several members, as one file.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use thiserror::Error;

/// The first bytes of every gzip file.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A block unpacks to at most about 2 MiB (deflate gains 1032 to 1 at most), which bounds memory.
const BLOCK_BYTES: usize = 2 * 1024;
/// So much may come out of a file however small: no ratio is meant for a few repeated rows.
const FREE_BYTES: u64 = 1024 * 1024;

/// Why a gzip file is not unpacked to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GzipError {
    /// It breaks off, or its bytes or checksum are wrong, or something else follows it.
    #[error("the gzip file is damaged or truncated, or followed by something else: {0}")]
    Damaged(String),
    /// It unpacks to suspiciously much.
    #[error("the gzip file unpacks to over {0} times its size")]
    OverRatio(u32),
}

/// Unpacks a gzip file in blocks of fixed size, so that it does not matter how it is cut up.
#[derive(Debug)]
pub struct Unpacker {
    decoder: MultiGzDecoder<Vec<u8>>,
    // Invariant: shorter than a block between calls.
    block: Vec<u8>,
    ratio_limit: u32,
    packed_bytes: u64,
    unpacked_bytes: u64,
}

impl Unpacker {
    /// Begins a file that may unpack to so many times its size.
    pub fn new(ratio_limit: u32) -> Unpacker {
        Unpacker {
            decoder: MultiGzDecoder::new(Vec::new()),
            block: Vec::with_capacity(BLOCK_BYTES),
            ratio_limit,
            packed_bytes: 0,
            unpacked_bytes: 0,
        }
    }

    /// Takes packed bytes, and hands `take` what comes out of them; before an error too, but
    /// nothing beyond the ratio. An error of `take` ends it.
    pub fn feed<E: From<GzipError>>(
        &mut self,
        mut packed: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !packed.is_empty() {
            let length = packed.len().min(BLOCK_BYTES - self.block.len());
            let (now, later) = packed.split_at(length);
            self.block.extend_from_slice(now);
            packed = later;
            if self.block.len() == BLOCK_BYTES {
                self.unpack_block(&mut take)?;
            }
        }
        Ok(())
    }

    /// Ends the file.
    pub fn finish<E: From<GzipError>>(
        &mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.unpack_block(&mut take)?;
        let ended = self.decoder.try_finish();
        self.hand_over(&mut take)?;
        ended.map_err(|error| damaged(&error).into())
    }

    fn unpack_block<E: From<GzipError>>(
        &mut self,
        take: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.packed_bytes += self.block.len() as u64;
        let unpacked = self.decoder.write_all(&self.block);
        self.block.clear();
        self.hand_over(take)?;
        unpacked.map_err(|error| damaged(&error).into())
    }

    fn hand_over<E: From<GzipError>>(
        &mut self,
        take: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let unpacked = std::mem::take(self.decoder.get_mut());
        self.unpacked_bytes += unpacked.len() as u64;
        let most = FREE_BYTES.max(self.packed_bytes.saturating_mul(self.ratio_limit.into()));
        if self.unpacked_bytes > most {
            return Err(GzipError::OverRatio(self.ratio_limit).into());
        }
        take(&unpacked)?;
        let mut room = unpacked;
        room.clear();
        *self.decoder.get_mut() = room;
        Ok(())
    }
}

fn damaged(error: &io::Error) -> GzipError {
    GzipError::Damaged(error.to_string())
}

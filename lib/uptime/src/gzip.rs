//! Packs bytes as gzip, and unpacks gzip data that the caller feeds in pieces. Several members are
//! read as one file.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{GzEncoder, MultiGzDecoder};
use thiserror::Error;

/// The first bytes of every gzip file.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Bounds memory: a block of this size unpacks to at most about 2 MiB, because deflate compresses
/// at most 1032 to 1.
const BLOCK_BYTES: usize = 2 * 1024;
/// Any file may unpack to this many bytes, so that the ratio does not refuse a small file with a
/// few repeated rows.
const FREE_BYTES: u64 = 1024 * 1024;

/// The level at which a page of 14,000 stores has 3.16 MB, packed in three quarters of the time of
/// the usual level 6, which gives 3.12 MB.
const PACK_LEVEL: u32 = 4;

/// Packs bytes.
#[expect(clippy::expect_used, reason = "a vector accepts every write")]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder =
        GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(PACK_LEVEL));
    encoder.write_all(bytes).expect("a vector accepts every write");
    encoder.finish().expect("a vector accepts every write")
}

/// Why a gzip file cannot be unpacked to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GzipError {
    /// It is truncated, its bytes or checksum are wrong, or other data follows it.
    #[error("the gzip file is damaged, truncated or followed by other data: {0}")]
    Damaged(String),
    /// It unpacks to more than the ratio allows.
    #[error("the gzip file unpacks to more than {0} times its size")]
    OverRatio(u32),
}

/// Unpacks a gzip file in blocks of fixed size, so that the sizes of the pieces fed to it change
/// nothing.
#[derive(Debug)]
pub struct Unpacker {
    decoder: MultiGzDecoder<Vec<u8>>,
    // Invariant: between calls, shorter than a block.
    block: Vec<u8>,
    ratio_limit: u32,
    packed_bytes: u64,
    unpacked_bytes: u64,
}

impl Unpacker {
    /// Begins a file that may unpack to at most `ratio_limit` times its size.
    pub fn new(ratio_limit: u32) -> Unpacker {
        Unpacker {
            decoder: MultiGzDecoder::new(Vec::new()),
            block: Vec::with_capacity(BLOCK_BYTES),
            ratio_limit,
            packed_bytes: 0,
            unpacked_bytes: 0,
        }
    }

    /// Unpacks the next bytes and passes the result to `take`. If an error is returned, `take` has
    /// received what was unpacked before it, but nothing beyond the ratio. An error of `take` is
    /// returned at once.
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

    /// Ends the file and passes the rest of it to `take`.
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

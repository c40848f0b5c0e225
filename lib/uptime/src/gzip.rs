//! Packs bytes as gzip, and unpacks gzip data that the caller feeds in pieces. Several members are
//! read as one file.

#[cfg(test)]
mod tests;

use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use thiserror::Error;

/// The first bytes of every gzip file.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How many bytes are unpacked at once. In smaller blocks, unpacking takes longer: by a tenth with
/// 16 KiB.
const BLOCK_BYTES: usize = 64 * 1024;
/// How many unpacked bytes are passed on at once. This bounds memory: a block may unpack to a
/// thousand times its size. A block of a usual file of polls unpacks to about 160 KiB, so it needs
/// one step.
const UNPACKED_BYTES: usize = 256 * 1024;
/// The largest window that gzip has, as a power of two (RFC 1951, 3.2.5: a distance of at most
/// 32 KiB).
const WINDOW_BITS: u8 = 15;
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
    /// Unpacks one member after the other.
    member: Decompress,
    /// Whether the member has ended. If more bytes come, they are another member.
    has_ended: bool,
    // Invariant: between calls, shorter than a block.
    block: Vec<u8>,
    unpacked: Box<[u8]>,
    ratio_limit: u32,
    packed_bytes: u64,
    unpacked_bytes: u64,
}

impl Unpacker {
    /// Begins a file that may unpack to at most `ratio_limit` times its size.
    pub fn new(ratio_limit: u32) -> Unpacker {
        Unpacker {
            member: Decompress::new_gzip(WINDOW_BITS),
            has_ended: false,
            block: Vec::with_capacity(BLOCK_BYTES),
            unpacked: vec![0; UNPACKED_BYTES].into_boxed_slice(),
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
        if self.has_ended {
            return Ok(());
        }
        Err(GzipError::Damaged("it ends too early".to_owned()).into())
    }

    fn unpack_block<E: From<GzipError>>(
        &mut self,
        take: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let block = std::mem::take(&mut self.block);
        let mut start = 0;
        loop {
            if self.has_ended {
                if start == block.len() {
                    break;
                }
                self.member.reset(true);
                self.has_ended = false;
            }
            let before = (self.member.total_in(), self.member.total_out());
            let (packed, unpacked) = (&block[start..], &mut self.unpacked);
            let result = self.member.decompress(packed, unpacked, FlushDecompress::None);
            // An error does not affect what was unpacked before it.
            start += difference(before.0, self.member.total_in());
            let length = difference(before.1, self.member.total_out());
            self.unpacked_bytes += length as u64;
            self.check_ratio(self.packed_bytes + start as u64)?;
            take(&self.unpacked[..length])?;
            match result.map_err(|error| GzipError::Damaged(error.to_string()))? {
                Status::StreamEnd => self.has_ended = true,
                // There was room left, so the whole block was used.
                Status::Ok | Status::BufError if length < self.unpacked.len() => break,
                Status::Ok | Status::BufError => {}
            }
        }
        self.packed_bytes += block.len() as u64;
        self.block = block;
        self.block.clear();
        Ok(())
    }

    /// Checks what the first `packed_bytes` of the file were unpacked to.
    fn check_ratio(&self, packed_bytes: u64) -> Result<(), GzipError> {
        let most = FREE_BYTES.max(packed_bytes.saturating_mul(self.ratio_limit.into()));
        if self.unpacked_bytes > most {
            return Err(GzipError::OverRatio(self.ratio_limit));
        }
        Ok(())
    }
}

/// Returns by how much a count of bytes in memory has grown.
fn difference(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or_default()
}

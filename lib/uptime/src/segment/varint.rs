//! Numbers of variable length in LEB128: seven bits per byte, the lowest bits first. All bytes
//! except the last one have their highest bit set.
//!
//! Numbers of up to 56 bits, which nearly all are, are written and read as one word and not byte by
//! byte. This halves the time to pack and unpack polls.

use super::DecodeError;

/// The length of the longest varint of 64 bits.
pub(super) const MAX_VARINT_BYTES: usize = 10;

const WORD: usize = size_of::<u64>();
const MORE_FOLLOW: u64 = u64::from_le_bytes([0x80; WORD]);

pub(crate) fn write_count(bytes: &mut Vec<u8>, count: usize) {
    write_varint(bytes, count as u64);
}

pub(crate) fn write_signed(bytes: &mut Vec<u8>, value: i64) {
    write_varint(bytes, (value << 1 ^ value >> 63).cast_unsigned());
}

/// Returns the number that [`write_signed`] wrote as this varint.
pub(crate) fn from_zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

pub(crate) fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    if value >> (7 * WORD) == 0 {
        let bits = (u64::BITS - (value | 1).leading_zeros()) as usize;
        let count = bits.div_ceil(7);
        let flags = MORE_FOLLOW & !(u64::MAX << (8 * (count - 1)));
        let length = bytes.len() + count;
        bytes.extend_from_slice(&(spread(value) | flags).to_le_bytes());
        bytes.truncate(length);
        return;
    }
    while value >= 0x80 {
        let [low, ..] = value.to_le_bytes();
        bytes.push(low | 0x80);
        value >>= 7;
    }
    let [last, ..] = value.to_le_bytes();
    bytes.push(last);
}

/// Reads a varint from the front of `bytes` and removes it.
#[inline]
pub(crate) fn read_varint(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    if let Some(word) = bytes.first_chunk().copied().map(u64::from_le_bytes) {
        let ends = !word & MORE_FOLLOW;
        if ends != 0 {
            let count = ends.trailing_zeros() as usize / 8 + 1;
            *bytes = &bytes[count..];
            return Ok(gather(word & (u64::MAX >> (64 - 8 * count))));
        }
    }
    read_long_varint(bytes)
}

/// Like [`read_varint`], but byte by byte. Needed at the end of a segment and for numbers of more
/// than 56 bits.
#[cold]
fn read_long_varint(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(DecodeError::CUT_OFF)?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            break;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(DecodeError("a number is out of range"))
}

/// Moves each group of seven of the lowest 56 bits into its own byte.
const fn spread(value: u64) -> u64 {
    let halves = value & 0x0fff_ffff | (value & 0x00ff_ffff_f000_0000) << 4;
    let quarters = halves & 0x0000_3fff_0000_3fff | (halves & 0x0fff_c000_0fff_c000) << 2;
    quarters & 0x007f_007f_007f_007f | (quarters & 0x3f80_3f80_3f80_3f80) << 1
}

/// Reverses [`spread`]. Ignores the highest bit of each byte.
const fn gather(word: u64) -> u64 {
    let quarters = word & 0x007f_007f_007f_007f | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let halves = quarters & 0x0000_3fff_0000_3fff | (quarters & 0x3fff_0000_3fff_0000) >> 2;
    halves & 0x0fff_ffff | (halves & 0x0fff_ffff_0000_0000) >> 4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_read_as_it_was_written(number in any::<u64>(), shift in 0_u32..64) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            write_varint(&mut bytes, number);
            prop_assert_eq!(&bytes, &byte_by_byte(number));
            for behind in [&[][..], &[0; WORD], &[0xff; WORD]] {
                let text = [&bytes, behind].concat();
                let mut rest = &text[..];
                prop_assert_eq!(read_varint(&mut rest), Ok(number));
                prop_assert_eq!(rest, behind);
            }
        }

        #[test]
        fn the_fast_and_the_byte_by_byte_reader_agree_on_any_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..12),
        ) {
            let (mut fast, mut slow) = (&bytes[..], &bytes[..]);
            prop_assert_eq!(read_varint(&mut fast), read_long_varint(&mut slow));
        }
    }

    fn byte_by_byte(number: u64) -> Vec<u8> {
        let count = (0..10).take_while(|place| *place == 0 || number >> (7 * place) != 0).count();
        (0..count)
            .map(|place| {
                let more = if place + 1 < count { 0x80 } else { 0 };
                u8::try_from(number >> (7 * place) & 0x7f).unwrap() | more
            })
            .collect()
    }
}

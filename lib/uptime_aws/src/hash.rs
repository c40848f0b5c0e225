//! SHA-256 as lower-case hexadecimal digits: in full for files, shortened for names of items.

use sha2::{Digest, Sha256};

/// Returns the 64 digits of the SHA-256 of `bytes`.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns the first 16 digits of the SHA-256 of `bytes`.
///
/// These 64 bits distinguish items whose keys are otherwise equal, such as the segments of one
/// shard and day. With 10,000 segments each, two of them have the same hash in one of 10^11 shards
/// and days.
pub fn short_hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..8])
}

/// Computes the SHA-256 of bytes that come in pieces.
#[derive(Debug, Clone, Default)]
pub struct RunningSha256(Sha256);

impl RunningSha256 {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the 64 digits of the SHA-256 of all bytes taken.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Returns the first 16 digits of the SHA-256 of several texts. Different lists give different
/// input, because each text is followed by a zero byte, which no text contains.
pub fn short_hash_of(texts: &[&str]) -> String {
    let mut joined = Vec::new();
    for text in texts {
        joined.extend_from_slice(text.as_bytes());
        joined.push(0);
    }
    short_hash(&joined)
}

/// Returns bytes as hexadecimal digits, two each.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_known_example_gives_the_known_digits() {
        assert_eq!(sha256_hex(b"abc"), ABC);
        assert_eq!(short_hash(b"abc"), ABC[..16]);
    }

    #[test]
    fn pieces_have_the_hash_of_the_whole() {
        let mut running = RunningSha256::default();
        running.update(b"a");
        running.update(b"bc");

        assert_eq!(running.finish(), ABC);
    }

    #[test]
    fn different_lists_of_texts_have_different_hashes() {
        assert_ne!(short_hash_of(&["ab", "c"]), short_hash_of(&["a", "bc"]));
    }
}

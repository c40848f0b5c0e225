//! The `Idempotency-Key` of a request. Requests with the same key count as one (`README.md`,
//! "Idempotency keys").

use std::fmt;
use std::str::FromStr;

use crate::hash;

/// A key: 1 to 255 visible ASCII characters, compared exactly. It may be a secret of the client, so
/// it is neither stored nor printed; [`IdempotencyKey::sha256`] is stored instead.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The text is not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to {} visible ASCII characters", IdempotencyKey::CHARS_MAX)]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// The most characters that a key may have.
    pub const CHARS_MAX: usize = 255;

    /// Returns the 64 hexadecimal digits of the key's SHA-256.
    pub fn sha256(&self) -> String {
        hash::sha256_hex(self.0.as_bytes())
    }
}

impl FromStr for IdempotencyKey {
    type Err = IdempotencyKeyError;

    fn from_str(text: &str) -> Result<IdempotencyKey, IdempotencyKeyError> {
        let has_length = (1..=IdempotencyKey::CHARS_MAX).contains(&text.len());
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (has_length && is_visible)
            .then(|| IdempotencyKey(text.to_owned()))
            .ok_or(IdempotencyKeyError)
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdempotencyKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_255_visible_ascii_characters() {
        for good in ["!", "~", "\"quoted\"", &"k".repeat(255)] {
            check(good, true);
        }
        for bad in ["", " ", "a b", "a\t", "\u{7f}", "schlüssel", &"k".repeat(256)] {
            check(bad, false);
        }
    }

    #[test]
    fn different_keys_have_different_hashes_and_no_key_is_printed() {
        let [a, b]: [IdempotencyKey; 2] = ["a", "A"].map(|text| text.parse().unwrap());
        assert_ne!(a.sha256(), b.sha256());
        assert_eq!(format!("{a:?}"), format!("{b:?}"));
    }

    #[track_caller]
    fn check(text: &str, accepted: bool) {
        assert_eq!(text.parse::<IdempotencyKey>().is_ok(), accepted, "{text:?}");
    }
}

//! Reads digits eight at a time: all characters of a word are checked and added up in parallel.
//!
//! A word holds eight characters, the first one in its lowest byte. The byte arithmetic without
//! carries is from "Hacker's Delight" (Warren, 2nd edition, section 6-1).

/// How many characters a word holds.
pub(crate) const WORD: usize = size_of::<u64>();

const LOW_BITS: u64 = bytes(0x7f);
const HIGH_BITS: u64 = !LOW_BITS;

/// Returns a word of eight equal bytes.
pub(crate) const fn bytes(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WORD])
}

/// Returns the word at the start of `text`, or `None` if `text` is shorter than a word.
pub(crate) fn word(text: &[u8]) -> Option<u64> {
    text.first_chunk().copied().map(u64::from_le_bytes)
}

/// Marks the bytes of a word that equal `byte`, by setting their highest bit.
pub(crate) const fn equal_to(byte: u8, word: u64) -> u64 {
    !from_one_on(word ^ bytes(byte)) & HIGH_BITS
}

/// Marks the bytes that are not printable ASCII.
pub(crate) const fn unprintable(word: u64) -> u64 {
    (!at_least(b' ', word) | at_least(0x7f, word) | word) & HIGH_BITS
}

/// Marks the bytes that are at least `limit` (1 to 127). The highest bit of each byte is ignored.
const fn at_least(limit: u8, word: u64) -> u64 {
    (word & LOW_BITS) + bytes(0x80 - limit)
}

/// Marks the bytes that are not zero.
const fn from_one_on(word: u64) -> u64 {
    (at_least(1, word) | word) & HIGH_BITS
}

/// Returns the index of the first marked byte, or [`WORD`] if no byte is marked.
pub(crate) const fn first_marked(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// Returns how many decimal digits a word starts with.
pub(crate) const fn decimal_count(word: u64) -> usize {
    let values = word ^ bytes(b'0');
    first_marked((at_least(10, values) | values) & HIGH_BITS)
}

/// Returns the value of the first `count` characters, which must be decimal digits, after filling
/// them up to eight digits with zeros at the right.
pub(crate) const fn decimal_left(word: u64, count: usize) -> u64 {
    if count == 0 {
        return 0;
    }
    let values = word ^ bytes(b'0');
    eight_decimals(values & (u64::MAX >> (64 - 8 * count)))
}

/// Returns the value of the first `count` characters, which must be decimal digits.
pub(crate) const fn decimal(word: u64, count: usize) -> u64 {
    if count == 0 {
        return 0;
    }
    eight_decimals((word ^ bytes(b'0')) << (64 - 8 * count))
}

/// Combines eight digits, each 0 to 9, into a number. The first digit is the most significant.
const fn eight_decimals(values: u64) -> u64 {
    const LOW_HALVES: u64 = 0x0000_00ff_0000_00ff;
    const FIRST: u64 = 100 + (1_000_000 << 32);
    const SECOND: u64 = 1 + (10_000 << 32);
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let first = (pairs & LOW_HALVES).wrapping_mul(FIRST);
    let second = ((pairs >> 16) & LOW_HALVES).wrapping_mul(SECOND);
    first.wrapping_add(second) >> 32
}

/// Reads characters that match `form`, in which `0` stands for any decimal digit and every other
/// character for itself. For each index, returns the two-digit number that the characters at this
/// index and the next one form. Returns `None` if the characters do not match.
pub(crate) const fn pairs(word: u64, form: [u8; WORD]) -> Option<[u8; WORD]> {
    let form = u64::from_le_bytes(form);
    // Digits become their values. Other characters become zero if they match the form.
    let values = word ^ form;
    let is_digit = equal_to(b'0', form);
    // Turns each mark (0x80) into a full byte (0xff).
    let digits = (is_digit >> 7) * 0xff;
    if values & !digits != 0 || (at_least(10, values) | values) & HIGH_BITS != 0 {
        return None;
    }
    Some(values.wrapping_mul(10).wrapping_add(values >> 8).to_le_bytes())
}

/// How many characters ASCII has between `9` and `a`.
const BETWEEN_9_AND_A: u64 = (b'a' - b'9' - 1) as u64;

/// Reads eight hexadecimal digits. Letters must be in lower case.
pub(crate) const fn eight_hexadecimals(word: u64) -> Option<u32> {
    // Letters have bit 6 set and decimal digits do not. The low four bits of `a` are 1.
    let letters = (word >> 6) & bytes(1);
    let nibbles = (word & bytes(0x0f)) + letters * 9;
    // Writing the digits again must give the same word. Otherwise it held other characters.
    let from_ten_on = (at_least(10, nibbles) & HIGH_BITS) >> 7;
    let written = nibbles + bytes(b'0') + from_ten_on * BETWEEN_9_AND_A;
    if written != word || nibbles & bytes(0xf0) != 0 {
        return None;
    }
    let in_pairs = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff;
    let in_fours = (in_pairs | in_pairs >> 8) & 0x0000_ffff_0000_ffff;
    let [b0, b1, _, _, b4, b5, _, _] = in_fours.to_le_bytes();
    Some(u32::from_be_bytes([b0, b1, b4, b5]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes near the limits of the accepted ranges, and sometimes any byte.
    fn texts() -> impl Strategy<Value = [u8; WORD]> {
        let near = prop::sample::select(b"/0159:`afgAF@ -,\"\x00\x7f\x80\xff\xb0\xe1".to_vec());
        prop::array::uniform8(prop_oneof![4 => near, 1 => any::<u8>()])
    }

    proptest! {
        #[test]
        fn equal_and_unprintable_bytes_are_marked(text in texts(), byte in any::<u8>()) {
            let word = u64::from_le_bytes(text);
            let is_marked = |marks: u64, place: usize| marks.to_le_bytes()[place] == 0x80;
            for (place, &found) in text.iter().enumerate() {
                prop_assert_eq!(is_marked(equal_to(byte, word), place), found == byte);
                prop_assert_eq!(is_marked(unprintable(word), place), !(b' '..0x7f).contains(&found));
            }
        }

        #[test]
        fn decimal_digits_are_counted_and_added_up(text in texts()) {
            let word = u64::from_le_bytes(text);
            let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
            prop_assert_eq!(decimal_count(word), count);
            let number = text[..count].iter().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0'));
            prop_assert_eq!(decimal(word, count), number);
            let zeros = u32::try_from(WORD - count).unwrap();
            prop_assert_eq!(decimal_left(word, count), number * 10_u64.pow(zeros));
        }

        #[test]
        fn pairs_are_read_from_text_that_matches_the_form(
            numbers in prop::array::uniform3(0_u8..100),
        ) {
            let [hours, minutes, seconds] = numbers;
            let text = format!("{hours:02}:{minutes:02}:{seconds:02}");
            let found = pairs(word(text.as_bytes()).unwrap(), *b"00:00:00").unwrap();
            prop_assert_eq!([found[0], found[3], found[6]], numbers);
        }

        #[test]
        fn text_that_does_not_match_the_form_is_refused(text in texts()) {
            let keeps = text.iter().zip(b"0000-00-").all(|(found, form)| match form {
                b'0' => found.is_ascii_digit(),
                _ => found == form,
            });
            prop_assert_eq!(pairs(u64::from_le_bytes(text), *b"0000-00-").is_some(), keeps);
        }

        #[test]
        fn hexadecimal_digits_are_read_in_lower_case_only(text in texts(), number in any::<u32>()) {
            let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let found = eight_hexadecimals(u64::from_le_bytes(text));
            prop_assert_eq!(found.is_some(), text.iter().all(is_digit));
            let text = format!("{number:08x}");
            let found = eight_hexadecimals(word(text.as_bytes()).unwrap());
            prop_assert_eq!(found, Some(number));
        }
    }
}

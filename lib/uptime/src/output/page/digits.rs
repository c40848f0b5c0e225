//! Numbers in the data of the page: fixed-width digits of base 89, the most significant first.

/// The digits: the printable ASCII characters that neither JSON nor HTML escapes. The last ones are
/// also the marks of a tape (`super::tape`).
pub(super) const DIGITS: &[u8; 89] = b"0123456789ABCEFGHIJKLMNOPQRSTVWXYZabefghijklmopqrstvwyz\
!#$%'()*,./:;?@[]^_`{|}~=+-xcnuUdD";

/// The base of all numbers.
const BASE: u64 = DIGITS.len() as u64;
/// How many numbers have one digit or two.
const PAIRS: usize = DIGITS.len() * DIGITS.len();

/// Each number of two digits. A division less for each of them makes the page faster.
static PAIR: [[u8; 2]; PAIRS] = {
    let mut pairs = [[0; 2]; PAIRS];
    let mut number = 0;
    while number < PAIRS {
        pairs[number] = [DIGITS[number / DIGITS.len()], DIGITS[number % DIGITS.len()]];
        number += 1;
    }
    pairs
};

/// Writes a number in at most four digits. A number that has more becomes the greatest.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "four digits of base 89 fit 32 bits")]
pub(super) fn write_number(text: &mut Vec<u8>, number: u64, digits: u32) {
    let number = number.min(BASE.pow(digits) - 1) as usize;
    let ([first, second], [third, last]) = (PAIR[number / PAIRS], PAIR[number % PAIRS]);
    // Lengths that the compiler knows are written fastest.
    match digits {
        1 => text.push(last),
        2 => text.extend_from_slice(&[third, last]),
        3 => text.extend_from_slice(&[second, third, last]),
        _ => text.extend_from_slice(&[first, second, third, last]),
    }
}

/// Writes a number plus 1, or 0 if there is none.
#[inline]
pub(super) fn write_optional(text: &mut Vec<u8>, number: Option<u64>, digits: u32) {
    write_number(text, number.map_or(0, |number| number + 1), digits);
}

#[cfg(test)]
pub(super) fn read_number(text: &[u8]) -> u64 {
    text.iter().fold(0, |number, byte| {
        number * BASE + DIGITS.iter().position(|digit| digit == byte).unwrap() as u64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_different_and_need_no_escape_in_json_or_html() {
        for (place, digit) in DIGITS.iter().enumerate() {
            assert!(!DIGITS[..place].contains(digit), "{}", char::from(*digit));
            assert!(digit.is_ascii_graphic() && !b"\"\\<>&".contains(digit));
        }
    }

    #[test]
    fn a_number_is_read_back() {
        for (number, digits) in [(0, 1), (88, 1), (89, 2), (7_920, 2), (16_800, 3), (1_008_000, 4)]
        {
            let mut text = Vec::new();
            write_number(&mut text, number, digits);
            assert_eq!((text.len(), read_number(&text)), (digits as usize, number));
        }
    }

    #[test]
    fn a_number_with_too_many_digits_becomes_the_greatest() {
        let mut text = Vec::new();
        write_number(&mut text, 7_921, 2);
        assert_eq!(read_number(&text), 7_920);
    }

    #[test]
    fn a_missing_number_differs_from_zero() {
        let (mut missing, mut zero) = (Vec::new(), Vec::new());
        write_optional(&mut missing, None, 2);
        write_optional(&mut zero, Some(0), 2);
        assert_eq!((read_number(&missing), read_number(&zero)), (0, 1));
    }
}

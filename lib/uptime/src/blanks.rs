//! Blanks: space, tab and no-break space (U+00A0), which word processors and web pages leave in
//! values. They are removed around values, and one may stand between the parts of a timestamp.

/// The no-break space in UTF-8.
const NO_BREAK_SPACE: &[u8] = "\u{a0}".as_bytes();

/// Removes one blank from the front of a text. Returns `None` if there is none.
pub(crate) fn without_blank(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b' ' | b'\t', rest @ ..] => Some(rest),
        _ => text.strip_prefix(NO_BREAK_SPACE),
    }
}

/// Removes the blanks around a UTF-8 value.
#[inline]
pub(crate) fn trimmed(value: &[u8]) -> &[u8] {
    let is_solid = |byte: &u8| matches!(byte, b'!'..=b'~');
    match (value.first(), value.last()) {
        (Some(first), Some(last)) if is_solid(first) && is_solid(last) => value,
        _ => trimmed_of_blanks(value),
    }
}

fn trimmed_of_blanks(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let Some(rest) = without_blank(value) {
        value = rest;
    }
    loop {
        value = match value {
            [rest @ .., b' ' | b'\t'] | [rest @ .., 0xc2, 0xa0] => rest,
            _ => return value,
        };
    }
}

/// Returns whether a record holds no values, only blanks and commas.
pub(crate) fn is_blank_line(record: &[u8]) -> bool {
    let mut rest = record;
    while let Some(shorter) = without_blank(rest).or_else(|| rest.strip_prefix(b",")) {
        rest = shorter;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_tabs_and_no_break_spaces_around_a_value_are_removed() {
        check("7", "7");
        check(" \t\u{a0} 7 \u{a0}8\u{a0}\t ", "7 \u{a0}8");
        check("\u{a0} \t", "");
        check("", "");
    }

    #[test]
    fn half_a_no_break_space_is_not_a_blank() {
        assert_eq!(trimmed(b"\xc2 7\xc2"), b"\xc2 7\xc2");
        assert_eq!(trimmed(b"\xa07\xa0"), b"\xa07\xa0");
    }

    #[track_caller]
    fn check(value: &str, expected: &str) {
        assert_eq!(trimmed(value.as_bytes()), expected.as_bytes());
    }
}

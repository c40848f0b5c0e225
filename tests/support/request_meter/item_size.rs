//! The size of an item as DynamoDB counts it: the bytes of its attributes' names and values.

use serde_json::{Map, Value};

/// An item as on the wire: names with `{"S": "..."}` and the like.
pub type Item = Map<String, Value>;

/// Returns the size of an item in bytes.
pub fn item_size(item: &Item) -> u64 {
    item.iter().map(|(name, value)| bytes(name.len()) + value_size(value)).sum()
}

/// Returns the size of a value, without the name of its attribute.
///
/// A list or map has 3 bytes, plus one byte and the size of each element. A set has only the sizes
/// of its elements.
fn value_size(value: &Value) -> u64 {
    let (kind, content) = value.as_object().unwrap().iter().next().unwrap();
    match (kind.as_str(), content) {
        ("S", Value::String(text)) => bytes(text.len()),
        ("N", Value::String(digits)) => number_size(digits),
        ("B", Value::String(base64)) => binary_size(base64),
        ("BOOL" | "NULL", _) => 1,
        ("SS", Value::Array(texts)) => set_size(texts, |text| bytes(text.len())),
        ("NS", Value::Array(numbers)) => set_size(numbers, number_size),
        ("BS", Value::Array(binaries)) => set_size(binaries, binary_size),
        ("L", Value::Array(values)) => {
            3 + values.iter().map(|value| 1 + value_size(value)).sum::<u64>()
        }
        ("M", Value::Object(item)) => 3 + bytes(item.len()) + item_size(item),
        _ => panic!("the meter does not know the size of a value of type {kind}"),
    }
}

fn set_size(elements: &[Value], size: impl Fn(&str) -> u64) -> u64 {
    elements.iter().map(|element| size(element.as_str().unwrap())).sum()
}

/// One byte for every two significant digits, plus one, plus one for a minus sign. Leading and
/// trailing zeros are not significant.
fn number_size(number: &str) -> u64 {
    let (mantissa, _exponent) = number.split_once(['e', 'E']).unwrap_or((number, ""));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_matches('0').len();
    let sign = usize::from(number.starts_with('-') && significant > 0);
    bytes(significant.div_ceil(2) + 1 + sign)
}

/// The length of the decoded bytes: binary values are stored without their encoding.
fn binary_size(base64: &str) -> u64 {
    let padding = base64.bytes().rev().take_while(|&byte| byte == b'=').count();
    bytes(base64.len() / 4 * 3 - padding)
}

pub(super) fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_values_count_in_bytes_of_utf_8() {
        check(&json!({}), 0);
        check(&json!({ "pk": { "S": "" } }), 2);
        check(&json!({ "pk": { "S": "07" }, "sk": { "S": "é" } }), 2 + 2 + 2 + 2);
    }

    #[test]
    fn a_number_has_a_byte_for_two_digits_and_one_more() {
        for (number, size) in [
            ("0", 1),
            ("7", 2),
            ("42", 2),
            ("123", 3),
            ("1674670402000000", 6),
            ("1674670402123456", 9),
            ("0042", 2),
            ("100", 2),
            ("-42", 3),
            ("1E125", 2),
            ("0.15", 2),
        ] {
            check(&json!({ "n": { "N": number } }), 1 + size);
        }
    }

    #[test]
    fn binary_values_count_as_decoded_bytes() {
        for (base64, size) in [("", 0), ("AA==", 1), ("AAA=", 2), ("AAAA", 3), ("AAAAAA==", 4)] {
            check(&json!({ "b": { "B": base64 } }), 1 + size);
        }
    }

    #[test]
    fn booleans_and_nulls_are_a_byte_each() {
        check(&json!({ "b": { "BOOL": false } }), 2);
        check(&json!({ "n": { "NULL": true } }), 2);
    }

    #[test]
    fn lists_and_maps_have_three_bytes_and_one_for_each_element() {
        check(&json!({ "l": { "L": [] } }), 1 + 3);
        check(&json!({ "l": { "L": [{ "S": "ab" }, { "N": "1" }] } }), 1 + 3 + (1 + 2) + (1 + 2));
        check(&json!({ "m": { "M": {} } }), 1 + 3);
        check(&json!({ "m": { "M": { "key": { "S": "ab" } } } }), 1 + 3 + (1 + 3 + 2));
    }

    #[test]
    fn sets_have_only_the_size_of_their_elements() {
        check(&json!({ "s": { "SS": ["ab", "c"] } }), 1 + 3);
        check(&json!({ "s": { "NS": ["1", "123"] } }), 1 + 5);
        check(&json!({ "s": { "BS": ["AA==", "AAAA"] } }), 1 + 4);
    }

    #[track_caller]
    fn check(item: &Value, expected: u64) {
        assert_eq!(item_size(item.as_object().unwrap()), expected, "{item}");
    }
}

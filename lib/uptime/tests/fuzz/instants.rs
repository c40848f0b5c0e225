//! Texts of instants, in the forms of requests and source files.

use chrono::DateTime;
use proptest::prelude::*;
use uptime::Timestamp;

use crate::damage::{damaged, damages};

const TOKENS: &[&[u8]] = &[
    b"-",
    b":",
    b"T",
    b" ",
    b".",
    b"Z",
    b" UTC",
    b"+05:45",
    b"-00:00",
    b"0",
    b"9",
    b"60",
    b"00",
    b"\xff",
    b"\t",
    b"\xc2\xa0",
    b"+00",
    b"-0000",
    b"+14",
    b"UTC",
    b" +0000 UTC",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_displayed_instant_reads_back_as_the_same(micros in 0..253_402_300_800_000_000_i64) {
        let at = Timestamp::from_micros(micros);
        prop_assert_eq!(Timestamp::from_rfc3339(&at.to_string()), Ok(at));
        prop_assert_eq!(Timestamp::from_source(at.to_string().as_bytes()), Ok(at));
    }

    #[test]
    fn what_is_read_as_rfc_3339_is_what_chrono_reads(text in text()) {
        let Ok(text) = String::from_utf8(text) else { return Ok(()) };
        if let Ok(at) = Timestamp::from_rfc3339(&text) {
            let known = DateTime::parse_from_rfc3339(&text).map(|known| known.timestamp_micros());
            prop_assert_eq!(known, Ok(at.micros()), "{}", text);
        }
    }

    #[test]
    fn a_source_timestamp_without_a_suffix_means_the_same_as_with_z(text in text()) {
        if let Ok(text) = String::from_utf8(text) {
            let ends_in_digit = text.ends_with(|last: char| last.is_ascii_digit());
            let has_offset = text.get(19..).is_some_and(|end| end.contains(['+', '-']));
            if ends_in_digit && !has_offset {
                let with_z = Timestamp::from_rfc3339(&format!("{text}Z"));
                prop_assert_eq!(Timestamp::from_source(text.as_bytes()), with_z);
            }
        }
    }

    #[test]
    fn all_forms_of_an_offset_in_a_source_file_mean_the_same(
        minutes in -14 * 60..=14 * 60_i32,
        blank in prop::sample::select(&["", " ", "\t", "\u{a0}"][..]),
    ) {
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hour, minute) = (minutes.abs() / 60, minutes.abs() % 60);
        let time = "2023-01-24 09:06:42.605777";
        let expected = Timestamp::from_rfc3339(&format!("{time}{sign}{hour:02}:{minute:02}"));
        prop_assert!(expected.is_ok());
        let read = |offset: &str| {
            Timestamp::from_source(format!("{time}{blank}{sign}{offset}").as_bytes())
        };
        prop_assert_eq!(read(&format!("{hour:02}:{minute:02}")), expected);
        prop_assert_eq!(read(&format!("{hour:02}{minute:02}")), expected);
        if minute == 0 {
            prop_assert_eq!(read(&format!("{hour:02}")), expected);
        }
    }

    #[test]
    fn what_is_read_as_rfc_3339_is_read_alike_in_a_source_file_up_to_14_hours(text in text()) {
        if let Some(at) = str::from_utf8(&text).ok().and_then(|text| Timestamp::from_rfc3339(text).ok()) {
            let source = Timestamp::from_source(&text);
            prop_assert!(source == Ok(at) || source.is_err() && is_over_14_hours(&text));
        }
    }

    #[test]
    fn any_bytes_are_a_timestamp_or_an_error(text in text()) {
        let _ = Timestamp::from_source(&text);
    }
}

fn is_over_14_hours(text: &[u8]) -> bool {
    let offset = text.rsplit(|byte| matches!(byte, b'+' | b'-')).next().unwrap();
    offset > b"14:00"
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let valid =
        (0..253_402_300_800_i64, prop::sample::select(&["", ".6", ".605777", ".123456789"][..]))
            .prop_map(|(seconds, fraction)| {
                let whole = Timestamp::from_micros(seconds * 1_000_000).to_string();
                whole.replace('Z', &format!("{fraction}Z")).into_bytes()
            });
    let without_suffix = valid.prop_flat_map(|text| {
        let bare = text[..text.len() - 1].to_vec();
        prop_oneof![Just(text), Just(bare)]
    });
    (without_suffix, damages(TOKENS)).prop_map(|(text, damages)| damaged(text, &damages))
}

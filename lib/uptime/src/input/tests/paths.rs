//! The fast paths and the sizes of pieces do not change the result.
//!
//! Files are made of a few short parts, so that quotes, line ends and limits often occur together.

use proptest::prelude::*;

use super::*;

/// Parts of a file. The long parts reach the limits of fields and records.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let short = [
        "7,2023-01-24 09:06:42,active",
        "7,2099-01-24 09:06:42,active\n",
        "7,1999-12-31 23:59:59,inactive\n",
        "7,2023-01-24 09:06:42+00,active\n",
        "7,2023-01-24 09:06:42.605777+00:00,inactive\r\n",
        "7,2023-01-24 09:06:42+00:30,active\n",
        "7,2023-01-24\u{a0}09:06:42 +0000 UTC,active\n",
        "\"7\",\"2023-01-24 09:06:42.605777 UTC\",\"active\"\n",
        "\"7\",\"2023-01-24 09:06:42\",\"inactive\"\r\n",
        "7,\"2023-01-24 09:06:42\",\"active\"\n",
        "\"7\",\"2099-01-24 09:06:42\",\"active\"\n",
        "\"7\",\"2023-01-24 09:06:42\",\"active\n",
        "\"7\"x,\"2023-01-24 09:06:42\",active\n",
        "\"7\"\"\",\"2023-01-24 09:06:42\",active\n",
        "\" 7\" ,\"2023-01-24 09:06:42\", \"active\"\n",
        "\"active\",\"2023-01-24 09:06:42\",\"8\"\n",
        "8,0,09:00:00,17:30:00\n",
        "\"8\",\"1\",\"09:00:00\",\"24:00:00\"\r\n",
        "8,\"7\",09:00:00,\"24:00:00\"\n",
        "8,2,24:00:00,09:00:00\n",
        "8,2,09:00:00,09:00:60\n",
        "\"7\",\"America/Chicago\"\n",
        "\"7,8\",\"UTC\"\n",
        "\"\",\"\"\n",
        "8,6,09:00:00.000000,24:00:00.0\n",
        "8,0,,\n",
        "8,,,\n",
        "8,7,closed,CLOSED\n",
        "7,\\N\n",
        "\\N",
        ",,\n",
        ",, ,\t\r\n",
        "\u{a0}",
        "\u{a0}\"",
        "+00",
        "closed",
        "sep=,\n",
        "\u{feff}",
        "2023-01-24T09:06:42.5Z",
        "inactive",
        "7",
        "",
        ",",
        ",",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\"",
        "\"",
        "\"\"",
        " ",
        "\t",
        "\0",
        "\u{7f}",
        "é",
        "store_id",
        "x;y",
    ];
    prop_oneof![
        40 => prop::sample::select(short.map(|text| text.as_bytes().to_vec()).to_vec()),
        1 => Just(b"\xc3".to_vec()),
        1 => (1020_usize..1030).prop_map(|length| vec![b'x'; length]),
        1 => (8160_usize..8200).prop_map(|length| vec![b'y'; length]),
        1 => (500_usize..1000).prop_map(|count| b"z\n".repeat(count * 4)),
    ]
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    let starts = [
        POLLS,
        POLLS,
        "\u{feff}store_id,timestamp_utc,status,x\r\n",
        "\u{feff}\u{feff}sep=,\r\n\u{a0}store_id\u{a0},timezone_str\n",
        ",,\nstore_id,status,timestamp_utc\n",
        ZONES,
        HOURS,
        HOURS,
        "",
    ];
    let start = prop::sample::select(starts.map(|text| text.as_bytes().to_vec()).to_vec());
    (start, prop::collection::vec(part(), 0..60))
        .prop_map(|(start, parts)| [start, parts.concat()].concat())
}

proptest! {
    #[test]
    fn any_file_gives_the_same_in_pieces_of_any_size_and_without_the_fast_paths(
        file in file(),
        lengths in prop::collection::vec(1_usize..3000, 1..20),
    ) {
        let whole = read_in_pieces(SourceReader::new(LATEST_POLL), &file, &[]);
        let slow = read_in_pieces(SourceReader::without_fast_paths(LATEST_POLL), &file, &[]);
        prop_assert_eq!(&slow, &whole);
        for lengths in [&lengths[..], &[1], &[2, 3]] {
            let pieces = read_in_pieces(SourceReader::new(LATEST_POLL), &file, lengths);
            prop_assert_eq!(&pieces, &whole);
        }
    }

    #[test]
    fn every_byte_of_a_file_is_in_a_record_or_ends_a_line(
        parts in prop::collection::vec(part(), 0..40),
    ) {
        let rows = parts.concat();
        // Lines with only blanks and commas are not records.
        let file = [ZONES.as_bytes(), &rows].concat();
        let found = read_in_pieces(SourceReader::new(LATEST_POLL), &file, &[]).unwrap();
        // Only bytes after the first 8 KiB of a record may be missing.
        if rows.len() <= MAX_RECORD_BYTES {
            let of_text = |bytes: &[u8]| {
                let is_text = |byte: &&u8| !b"\n\r \t,\xc2\xa0".contains(byte);
                bytes.iter().filter(is_text).count()
            };
            let in_records: usize = found.records[1..].iter().map(|record| of_text(record)).sum();
            prop_assert_eq!(in_records, of_text(&rows));
        }
    }
}

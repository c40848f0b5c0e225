//! Gzip files that are intact, damaged or malicious.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const ROW: &str = "7,2023-01-24 09:00:00,active\n";

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Many rows that do not compress well.
fn many_rows() -> String {
    let row = |number: u32| {
        let mixed = number.wrapping_mul(2_654_435_761);
        format!("{mixed},2023-01-24 09:00:{:02}.{:05},active\n", number % 60, mixed % 100_000)
    };
    POLLS.to_owned() + &(0..2000).map(row).collect::<String>()
}

#[test]
fn a_gzip_file_gives_the_same_as_its_text() {
    let text = many_rows();
    assert_eq!(load(packed(text.as_bytes())), load(&text));
}

#[test]
fn gzip_is_recognised_by_its_first_bytes_and_several_members_are_one_file() {
    let text = many_rows();
    let (first, second) = text.as_bytes().split_at(1000);
    let members = [packed(first), packed(b""), packed(second)].concat();
    assert_eq!(load(members), load(&text));
}

#[test]
fn a_truncated_gzip_file_is_damaged_and_keeps_the_rows_before_the_break() {
    let file = packed(many_rows().as_bytes());
    for length in [file.len() - 1, file.len() - 8, file.len() / 2, 20, 2] {
        let loaded = check_damaged(&file[..length], "damaged, truncated");
        // An incomplete row could look like a complete one, so it is neither loaded nor rejected.
        assert_eq!(loaded.counts.rejected, 0);
        assert_eq!(loaded.counts.rows > 0, length > 1000, "{length}");
    }
}

#[test]
fn an_incomplete_row_is_not_loaded_as_a_complete_one() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(format!("{HOURS}7,0,9:00,17:00\n8,0,9:00,12:30").as_bytes()).unwrap();
    encoder.flush().unwrap();
    let loaded = check_damaged(encoder.get_ref(), "damaged, truncated");
    assert_eq!(stored(&loaded.segments), ["7 Mon 32400-61200"]);
}

#[test]
fn other_data_after_a_gzip_file_is_damage_and_the_rows_are_kept() {
    for garbage in ["x", "garbage behind the last member", "\0\0\0\0", "\u{1f}"] {
        let file = [packed(format!("{POLLS}{ROW}").as_bytes()), garbage.into()].concat();
        let loaded = check_damaged(&file, "followed by other data");
        assert_eq!(loaded.counts, counts(1, 0, 0, 0));
        assert_eq!(stored(&loaded.segments).len(), 1);
    }
}

#[test]
fn a_wrong_checksum_is_damage() {
    let mut file = packed(format!("{POLLS}{ROW}").as_bytes());
    let checksum = file.len() - 8;
    file[checksum] ^= 1;
    check_damaged(&file, "damaged, truncated");
}

#[test]
fn bytes_that_do_not_unpack_are_damage() {
    check_damaged(b"\x1f\x8bnothing of the kind", "damaged, truncated");
    let mut file = packed(many_rows().as_bytes());
    let middle = file.len() / 2;
    file[middle..middle + 50].fill(0xff);
    check_damaged(&file, "damaged, truncated");
}

#[test]
fn a_file_that_unpacks_beyond_the_ratio_has_its_own_error_and_keeps_the_rows_before() {
    let bomb = [POLLS.as_bytes(), &ROW.repeat(200_000).into_bytes()].concat();
    let loaded = load_in_pieces(settings(), &packed(&bomb), 4096);
    assert_eq!(loaded.result, Err(IngestError::Packed(GzipError::OverRatio(100))));
    assert!(loaded.counts.rows < 100_000 && loaded.counts.rows > 0, "{:?}", loaded.counts);
    assert_eq!(stored(&loaded.segments).len(), 1);
    assert_eq!(load_in_pieces(settings(), &packed(&bomb), 1), loaded);
    let patient = IngestSettings { gzip_ratio_limit: 2000, batch_bytes: 1 << 24, ..settings() };
    assert_eq!(load_in_pieces(patient, &packed(&bomb), 4096).counts, counts(1, 199_999, 0, 0));
}

#[test]
fn a_small_file_of_repeated_rows_may_exceed_the_ratio() {
    let text = [POLLS, &ROW.repeat(30_000)].concat();
    let strict = IngestSettings { gzip_ratio_limit: 2, ..settings() };
    assert_eq!(load_in_pieces(strict, &packed(text.as_bytes()), 4096).result, Ok(()));
}

#[test]
fn a_gzip_file_is_refused_if_its_text_is() {
    let loaded = load(packed(b"nothing\n"));
    assert!(matches!(loaded.result, Err(IngestError::Refused(_))));
}

#[track_caller]
fn check_damaged(file: &[u8], expected: &str) -> Loaded {
    let loaded = load(file);
    match &loaded.result {
        Err(IngestError::Packed(error @ GzipError::Damaged(_))) => {
            assert!(error.to_string().contains(expected), "{error}");
        }
        other => panic!("{other:?}"),
    }
    loaded
}

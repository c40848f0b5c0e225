//! Rows of unknown hours, closed days and unknown zones, files that are refused at their end, and
//! warnings.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

#[test]
fn a_row_of_hours_without_effect_counts_as_a_duplicate() {
    check_hours("7,,,", "7 unknown", (1, 0));
    check_hours("7,,,|7,,,", "7 unknown", (1, 1));
    check_hours("7,,,|7,0,9:00,17:00|7,\\N,,", "7 Mon 32400-61200", (1, 2));
    check_hours("7,0,,|7,,,", "7 Mon closed", (1, 1));
    check_hours("7,0,closed,closed|7,0,,|7,1,,", "7 Mon closed, Tue closed", (2, 1));
    check_hours("7,0,,|7,0,9:00,17:00|7,1,,", "7 Mon 32400-61200, Tue closed", (2, 1));
}

#[test]
fn a_row_of_special_days_without_effect_counts_as_a_duplicate() {
    check_special_days("7,,,", "7 unknown", (1, 0));
    check_special_days("7,,,|7,2026-11-26,,", "7 2026-11-26 closed", (1, 1));
    let (opens, closed) = ("7,2026-11-26,9:00,12:00", "7,2026-11-26,closed,closed");
    for rows in [format!("{opens}|{closed}"), format!("{closed}|{opens}|7,,,")] {
        let duplicate = rows.split('|').count() as u64 - 1;
        check_special_days(&rows, "7 2026-11-26 32400-43200", (1, duplicate));
    }
}

#[test]
fn the_order_of_rows_of_special_days_changes_no_byte() {
    let rows = ["7,2026-12-25,,", "7,2000-01-01,9:00,17:00", "7,,,", "7,2026-12-25,9:00,9:01"];
    let file = |rows: &[&str]| load(format!("{SPECIAL_DAYS}{}\n", rows.join("\n"))).segments;
    let mut others = rows;
    for _ in 0..rows.len() {
        others.rotate_left(1);
        assert_eq!(file(&others), file(&rows));
    }
}

#[test]
fn the_order_of_rows_of_hours_changes_no_byte() {
    let rows = ["7,0,,", "7,0,9:00,17:00", "7,,,", "7,6,closed,closed", "8,,,", "8,3,,"];
    let file = |rows: &[&str]| load(format!("{HOURS}{}\n", rows.join("\n"))).segments;
    let mut others = rows;
    for _ in 0..rows.len() {
        others.rotate_left(1);
        assert_eq!(file(&others), file(&rows));
    }
}

#[test]
fn a_row_without_a_zone_is_a_duplicate_of_any_other_row_and_no_conflict() {
    check_zones("7,", "7 unknown", counts(1, 0, 0, 0));
    check_zones("7,|7,\\N", "7 unknown", counts(1, 1, 0, 0));
    check_zones("7,|7,UTC", "7 UTC", counts(1, 1, 0, 0));
    check_zones("7,UTC|7,", "7 UTC", counts(1, 1, 0, 0));
    check_zones("7,UTC|7,|7,Asia/Tokyo|7,", "7 Asia/Tokyo", counts(1, 3, 1, 0));
    check_zones("7,|7,UTC|7,|7,UTC", "7 UTC", counts(1, 3, 0, 0));
}

#[test]
fn a_file_that_counts_days_from_1_stores_nothing_and_leaves_no_rejects() {
    let file = format!("{HOURS}8,1,9:00,17:00\n8,9,9:00,17:00\n8,7,9:00,17:00\n1.0,x,,\n");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(file.as_bytes()).unwrap();
    let whole = packed.finish().unwrap();
    let broken_off = whole[..whole.len() - 4].to_vec();
    for file in [file.into_bytes(), whole, broken_off] {
        let mut ingest = Ingest::new(settings());
        let loaded = load(&file);
        let refused = IngestError::Refused(RefusedFile::DaysFromOne { line: 4 });
        assert_eq!(loaded.result, Err(refused));
        assert_eq!((loaded.counts, loaded.segments.len()), (Counts::default(), 0));
        assert_eq!((loaded.rejects.as_str(), loaded.rejected_rows.len()), ("", 0));
        let _ = ingest.feed(&file);
        let _ = ingest.finish(&source());
        assert_eq!(ingest.warnings(), Warnings::default());
    }
}

#[test]
fn another_format_within_gzip_is_named_too() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(b"PK\x03\x04\x14\0\x06\0[Content_Types].xml").unwrap();
    let loaded = load(packed.finish().unwrap());
    let name = "a zip archive or an Excel workbook (.xlsx)";
    assert_eq!(loaded.result, Err(IngestError::Refused(RefusedFile::OtherFormat(name))));
}

#[test]
fn rejects_of_a_file_with_lines_before_its_header_have_the_right_line_numbers() {
    let loaded =
        load("\u{feff}\u{feff}sep=,\r\nstore_id,timezone_str\r\n,\r\n7,x\r\n ,\u{a0}\r\n8,y");
    let lines: Vec<&str> = loaded.rejects.lines().skip(1).map(|line| &line[..2]).collect();
    assert_eq!(lines, ["4,", "6,"]);
    assert_eq!(loaded.rejected_rows, b"store_id,timezone_str\n7,x\n8,y\n");
    assert_eq!(loaded.counts, counts(0, 0, 0, 2));
}

#[test]
fn stores_named_only_in_rejected_rows_are_counted() {
    let poll = |store: &str, status: &str| format!("{store},2023-01-24 09:00:00,{status}\n");
    let polls = [("7", "x"), ("8", "active"), ("8", "x"), ("9", "x"), ("9", "active"), ("7", "y")]
        .map(|(store, status)| poll(store, status))
        .concat();
    check_warnings(&settings(), &format!("{POLLS}{polls},x,y\n"), (1, 0));
    // Each batch holds one poll, so accepted polls are already packed.
    let small = IngestSettings { batch_bytes: 0, ..settings() };
    check_warnings(&small, &format!("{POLLS}{polls}"), (1, 0));
    let hours = format!("{HOURS}7,9,9:00,17:00\n8,0,9:00,17:00\n8,9,9:00,17:00\n9,0,x,y\n");
    check_warnings(&settings(), &hours, (2, 0));
    let special_days = format!("{SPECIAL_DAYS}7,26.11.2026,,\n8,2026-11-26,,\n8,2026-11-27,x,\n");
    check_warnings(&settings(), &special_days, (1, 0));
    check_warnings(&settings(), &format!("{ZONES}7,UTC\n7,x\n8,x\n9,\n"), (1, 0));
    check_warnings(&settings(), &format!("{ZONES}7,UTC\n"), (0, 0));
}

#[test]
fn a_row_whose_fields_are_uncertain_adds_no_store_to_a_warning() {
    let file = "note,store_id,timezone_str\nJoe's, 1.48E+18,7,UTC\n7\n\"x,8,UTC\n";
    let loaded = load(file);
    assert_eq!(loaded.counts.rejected, 3);
    check_warnings(&settings(), file, (0, 0));
}

#[test]
fn ids_that_a_spreadsheet_has_changed_are_counted_each_once() {
    let rows = "1.48E+18,2023-01-24 09:00:00,active\n1.48E+18,2023-01-24 10:00:00,active\n\
                257000000000000.0,2023-01-24 09:00:00,active\n7,2023-01-24 09:00:00,active\n\
                1.5E+17,2023-01-24 09:00:00,x\n";
    check_warnings(&settings(), &format!("{POLLS}{rows}"), (1, 3));
    let small = IngestSettings { batch_bytes: 0, ..settings() };
    check_warnings(&small, &format!("{POLLS}{rows}"), (1, 3));
    check_warnings(&settings(), &format!("{ZONES}1.48E+18,UTC\n7.5,UTC\n"), (0, 1));
    check_warnings(&settings(), &format!("{HOURS}7.0,0,9:00,17:00\n"), (0, 1));
    check_warnings(&settings(), &format!("{SPECIAL_DAYS}7.0,2026-11-26,,\n"), (0, 1));
}

#[track_caller]
fn check_hours(rows: &str, expected: &str, counts: (u64, u64)) {
    check_openings(HOURS, rows, expected, counts);
}

#[track_caller]
fn check_special_days(rows: &str, expected: &str, counts: (u64, u64)) {
    check_openings(SPECIAL_DAYS, rows, expected, counts);
}

/// Loads the rows of one store, separated by bars, and checks how many are loaded and how many are
/// duplicates.
#[track_caller]
fn check_openings(header: &str, rows: &str, expected: &str, (loaded, duplicate): (u64, u64)) {
    let file = load(format!("{header}{}\n", rows.replace('|', "\n")));
    assert_eq!(stored(&file.segments), [expected]);
    assert_eq!(file.counts, counts(loaded, duplicate, 0, 0), "{rows}");
}

#[track_caller]
fn check_zones(rows: &str, expected: &str, counts: Counts) {
    let file = load(format!("{ZONES}{}\n", rows.replace('|', "\n")));
    assert_eq!(stored(&file.segments), [expected]);
    assert_eq!(file.counts, counts, "{rows}");
}

#[track_caller]
fn check_warnings(
    settings: &IngestSettings,
    file: &str,
    (only_rejected_stores, spreadsheet_ids): (u64, u64),
) {
    let mut ingest = Ingest::new(*settings);
    ingest.feed(file.as_bytes()).unwrap();
    ingest.finish(&source()).unwrap();
    assert_eq!(ingest.warnings(), Warnings { only_rejected_stores, spreadsheet_ids }, "{file}");
}

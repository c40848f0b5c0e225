//! `rejects.csv` and `rejected_rows.csv`.

use super::*;
use crate::ingest::reject_tables::RejectTables;
use crate::input::{Reject, RejectCode};

#[test]
fn rejects_csv_gives_line_column_code_and_message() {
    let loaded =
        load(format!("{POLLS}7,2023-01-24 09:00:00,gone\n\n8,2023-01-24 09:00:00,active\n9,\"x\n"));
    assert_eq!(loaded.counts, counts(1, 0, 0, 2));
    assert_eq!(
        loaded.rejects,
        "line,column,code,message\n\
         2,status,bad_status,\"status must be active or inactive; found \"\"gone\"\"\"\n\
         5,,unclosed_quote,\"a quoted field is not closed within 8192 bytes or before the file \
         ends, or it is closed on a later line and text follows the quote; reading continues on \
         the next line\"\n"
    );
}

#[test]
fn without_rejected_rows_both_files_are_empty() {
    let loaded = load(format!("{HOURS}7,0,9:00,17:00\n"));
    assert_eq!((loaded.rejects.as_str(), loaded.rejected_rows.len()), ("", 0));
}

#[test]
fn rejected_rows_csv_has_the_header_of_the_source_file_and_the_unchanged_records() {
    let file = b"\xef\xbb\xbf Status,\"store_id\",timestamp_utc,x\r\n gone ,7,1,\"a\r\nb\"\r\n\r\n\
                 active,8,2023-01-24 09:00:00,\r\nactive,\xff,2023-01-24 09:00:00,=1\r";
    let expected = b" Status,\"store_id\",timestamp_utc,x\n gone ,7,1,\"a\r\nb\"\n\
                     active,\xff,2023-01-24 09:00:00,=1\n";
    assert_eq!(load(file).rejected_rows, expected);
}

#[test]
fn rejected_rows_csv_of_hours_also_has_the_good_rows_of_the_same_stores() {
    let loaded = load(format!(
        "{HOURS}7,0,9:00,17:00\n8,0,9:00,17:00\n7,9,9:00,17:00\n,1,9:00,17:00\n7,1,9:00,17:00\n\
         9,1,9:00,25:00\n8,1,9:00,17:00\n"
    ));
    let expected = format!(
        "{HOURS}7,0,9:00,17:00\n7,9,9:00,17:00\n,1,9:00,17:00\n7,1,9:00,17:00\n9,1,9:00,25:00\n"
    );
    assert_eq!(String::from_utf8(loaded.rejected_rows).unwrap(), expected);
    assert_eq!(loaded.counts, counts(4, 0, 0, 3));
}

#[test]
fn good_rows_beside_rejected_ones_are_unchanged_whatever_their_form() {
    let header = "day,end_time_local,store_id,start_time_local\n";
    let rows = [
        "0,24:00:00,8198365566255469721,09:05:07\n",
        "\"1\",\"17:00:00\",\"8198365566255469721\",\"09:00:00\"\n",
        "2,17:00:00, 8198365566255469721,9:00\n",
        "8,17:00:00,8198365566255469721,09:00:00\n",
        "3,02:00:00,8198365566255469721,22:00:00\n",
    ];
    let other = "0,17:00:00,92de860e-1d6f-49d1-985a-f004e52d7317,09:00:00\n".repeat(3);
    let file = rows.map(|row| format!("{row}{other}")).concat();
    let loaded = load(format!("{header}{file}"));
    assert_eq!(
        String::from_utf8(loaded.rejected_rows).unwrap(),
        header.to_owned() + &rows.concat()
    );
    assert_eq!(loaded.counts, counts(5, 14, 0, 1));
}

#[test]
fn rejected_rows_csv_of_special_days_also_has_the_good_rows_of_the_same_stores() {
    let loaded = load(format!(
        "{SPECIAL_DAYS}7,2026-11-26,,\n8,2026-11-26,,\n7,2026-11-31,,\n,2026-11-26,,\n"
    ));
    let expected = format!("{SPECIAL_DAYS}7,2026-11-26,,\n7,2026-11-31,,\n,2026-11-26,,\n");
    assert_eq!(String::from_utf8(loaded.rejected_rows).unwrap(), expected);
    assert_eq!(loaded.counts, counts(2, 0, 0, 2));
}

#[test]
fn a_row_that_is_too_long_still_names_its_store() {
    let long = "x".repeat(10_000);
    let loaded = load(format!("{HOURS}7,0,9:00,17:00\n8,0,9:00,17:00\n7,1,{long}\n"));
    let kept = format!("7,1,{long}");
    let expected = format!("{HOURS}7,0,9:00,17:00\n{}\n", &kept[..8193]);
    assert_eq!(String::from_utf8(loaded.rejected_rows).unwrap(), expected);
}

#[test]
fn rows_with_an_open_quote_are_each_rejected_again_when_they_are_loaded_unchanged() {
    // The third column is ignored and may have several lines: the row of store 7 would include that
    // of store 8 and be accepted.
    let good = "9,UTC,\n".repeat(2_000);
    for bad in ["7,UTC,\"note", "7,\"UTC,", "\"7,UTC,"] {
        let other = bad.replace('7', "8");
        let first = load(format!("store_id,timezone,x\n{bad}\n{good}{other}\n{good}{bad}\n"));
        assert_eq!(first.counts.rejected, 3);

        let again = load(&first.rejected_rows);

        assert_eq!(again.counts, counts(0, 0, 0, 3), "{bad}");
        assert_eq!(again.rejected_rows, first.rejected_rows);
        let corrected = String::from_utf8(first.rejected_rows).unwrap().replace('"', "");
        assert_eq!(load(corrected).counts, counts(2, 1, 0, 0), "{bad}");
    }
}

#[test]
fn corrected_rejected_rows_load_the_whole_store() {
    let loaded = load(format!("{HOURS}7,0,9:00,17:00\n7,9,9:00,17:00\n"));
    let corrected = String::from_utf8(loaded.rejected_rows).unwrap().replace(",9,", ",6,");
    assert_eq!(stored(&load(corrected).segments), ["7 Mon 32400-61200, Sun 32400-61200"]);
}

#[test]
fn a_cell_that_looks_like_a_formula_is_guarded() {
    let mut files = RejectTables::default();
    let code = RejectCode::BadDay;
    let message = "=1+1".to_owned();
    files.add_reject(&Reject { line: 1, column: Some("@x"), code, message, store: None });
    assert_eq!(files.take_rejects(), b"line,column,code,message\n1,'@x,bad_day,'=1+1\n");
}

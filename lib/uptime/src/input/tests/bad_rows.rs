//! Every reason to reject a row, and the effect on the rows around it.

use crate::input::record::looks;

use super::*;

#[test]
fn a_row_with_too_few_or_too_many_fields_is_rejected() {
    check_bad_row("7,2023-01-24 09:06:42", "field_count row of 7");
    check_bad_row("7,2023-01-24 09:06:42,active,", "field_count row of 7");
    check_bad_row("\"\"", "field_count row of no store");
    check_bad_row("\"\",\"\",", "bad_store_id store_id of no store");
    check_bad_row("\"\",,,", "field_count row of no store");
    check_message("7", "the row must have 3 fields, as many as the header; found 1");
}

#[test]
fn a_field_over_1_kib_is_rejected_one_of_1_kib_is_not() {
    let long = "x".repeat(1024);
    check_bad_row(
        format!("{long}x,2023-01-24 09:06:42,active"),
        "field_too_long store_id of no store",
    );
    check_bad_row(
        format!("{long},2023-01-24 09:06:42,active"),
        "bad_store_id store_id of no store",
    );
    let note = |note: &str| format!("note,{ZONES}{note},7,utc\n");
    check(note(&long), &["7 UTC"]);
    check(note(&format!("\"{long}\"")), &["7 UTC"]);
    check(note(&format!("{long}x")), &["2: field_too_long row of 7"]);
}

#[test]
fn a_record_over_8_kib_is_rejected_one_of_8_kib_is_not() {
    check_long_record(8192, "7 UTC");
    check_long_record(8193, "2: record_too_long row of 7");
    check_long_record(3_000_000, "2: record_too_long row of 7");
}

#[test]
fn a_field_of_any_length_is_rejected_in_constant_memory() {
    check_memory(b"x", "2: record_too_long row of no store");
    check_memory(b",", "2: record_too_long row of no store");
    check_memory(b"\"\"", "2: unclosed_quote row of no store");
    check_memory(b"\x00", "2: record_too_long row of no store");
}

#[test]
fn each_byte_of_a_hostile_file_is_read_only_a_few_times_even_in_pieces_of_one_byte() {
    let quiet = "x".repeat(MAX_RECORD_BYTES);
    let patterns =
        ["\"\n", "\"", "\"\"", "\"\"\n", "7,\"\n", "\n", "\r", " ", "x", &format!("\"\n{quiet}\n")];
    for kind in [POLLS, HOURS] {
        for pattern in patterns {
            let file = format!("{kind}{}", pattern.repeat((1 << 19) / pattern.len()));
            looks::taken();
            read_in_pieces(SourceReader::new(LATEST_POLL), file.as_bytes(), &[1]).unwrap();
            let looks = looks::taken();
            assert!(looks <= 8 * file.len(), "{:?}: {looks}", &pattern[..pattern.len().min(9)]);
        }
    }
}

#[test]
fn the_kept_part_of_a_record_that_is_too_long_is_again_too_long() {
    let file = format!("{ZONES}7,{}\n", "x".repeat(20_000));
    let found = read(file.as_bytes()).unwrap();
    assert_eq!(found.records[1], &file.as_bytes()[ZONES.len()..][..8193]);
    assert!(found.rejects[0].message.contains("at most 8192 bytes"));
    let again = [ZONES.as_bytes(), &found.records[1], b"\n"].concat();
    check(again, &["2: record_too_long row of 7"]);
}

#[test]
fn lines_are_counted_correctly_after_a_record_that_is_too_long() {
    let long = "x".repeat(20_000);
    let note = format!("note,{ZONES}\"a\r\n\rb\",{long}\r\n7,7,nowhere\n");
    check(note, &["2: record_too_long row of no store", "5: unknown_zone timezone_str of 7"]);
}

#[test]
fn invalid_utf_8_rejects_only_its_row() {
    check_bad_row(b"\xff,2023-01-24 09:06:42,active", "not_utf8 store_id of no store");
    check_bad_row(b"7,2023-01-24 09:06:42,act\xc3", "not_utf8 status of 7");
    // Two halves of a character in two fields are not a character.
    check(b"store_id,timezone_str,x,y\n7,utc,\xc3,\xa9\n", &["2: not_utf8 row of 7"]);
}

#[test]
fn a_control_character_rejects_only_its_row() {
    for control in ["\0", "\x1b", "\x7f", "\u{85}"] {
        let row = format!("7{control}7,2023-01-24 09:06:42,active");
        check_bad_row(&row, "control_character store_id of no store");
        let row = format!("7,2023-01-24{control}09:06:42,active");
        check_bad_row(&row, "control_character timestamp_utc of 7");
        let row = format!("7,2023-01-24 09:06:42,active{control}");
        check_bad_row(&row, "control_character status of 7");
        check(format!("{},x\n7,utc,{control}\n", ZONES.trim()), &["2: control_character row of 7"]);
    }
    check_bad_row("7\t7,2023-01-24 09:06:42,active", "control_character store_id of no store");
    check(
        format!("{ZONES}\"7\n\",utc\n8,utc\n"),
        &["2: control_character store_id of no store", "8 UTC"],
    );
}

#[test]
fn a_store_id_that_is_empty_or_over_128_bytes_is_rejected() {
    check_bad_row(",2023-01-24 09:06:42,active", "bad_store_id store_id of no store");
    check_bad_row(" ,2023-01-24 09:06:42,active", "bad_store_id store_id of no store");
    let long = "x".repeat(129);
    check_bad_row(
        format!("{long},2023-01-24 09:06:42,active"),
        "bad_store_id store_id of no store",
    );
}

#[test]
fn a_timestamp_of_another_form_is_rejected() {
    for timestamp in ["", "1674551202", "24.01.2023 09:06", "2023-01-24", "2023-01-24 24:00:00"] {
        check_bad_row(format!("7,{timestamp},active"), "bad_timestamp timestamp_utc of 7");
    }
    check_message(
        "7,1674551202,active",
        "timestamp_utc must be YYYY-MM-DD HH:MM:SS[.ffffff], with a date that exists and a time \
         from 00:00:00 to 23:59:59, then nothing, UTC, Z, or an offset +hh, +hhmm or +hh:mm of at \
         most 14 hours; found \"1674551202\"",
    );
}

#[test]
fn a_poll_before_2000_is_rejected() {
    for timestamp in ["1999-12-31 23:59:59.999999999", "0001-01-01 00:00:00"] {
        check_bad_row(format!("7,{timestamp},active"), "timestamp_too_early timestamp_utc of 7");
    }
}

#[test]
fn a_poll_after_the_latest_instant_is_rejected() {
    for timestamp in ["2023-02-01 00:00:00.000001", "9999-12-31 23:59:59"] {
        check_bad_row(format!("7,{timestamp},active"), "timestamp_too_late timestamp_utc of 7");
    }
}

#[test]
fn a_status_is_active_or_inactive_and_nothing_else() {
    for status in ["", "1", "actve", "activeinactive"] {
        check_bad_row(format!("7,2023-01-24 09:06:42,{status}"), "bad_status status of 7");
    }
    check_message(
        "7,2023-01-24 09:06:42,act\"ve",
        "status must be active or inactive; found \"act\\\"ve\"",
    );
}

#[test]
fn a_message_shortens_a_long_value() {
    let status = "é".repeat(200);
    let shown = "é".repeat(40);
    let message = format!("status must be active or inactive; found \"{shown}\"... (400 bytes)");
    check_message(&format!("7,2023-01-24 09:06:42,{status}"), &message);
}

#[test]
fn a_day_is_one_digit_of_0_to_6() {
    for day in ["8", "-1", "Mon", "", "00", "1.0", "7.0", "closed"] {
        check(format!("{HOURS}7,{day},9:00,17:00\n"), &["2: bad_day dayOfWeek of 7"]);
    }
}

#[test]
fn a_date_of_another_form_or_out_of_range_is_rejected() {
    let dates = [
        "",
        "2026-11-31",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-11-00",
        "26-11-26",
        "2026-1-26",
        "2026/11/26",
        "11/26/2026",
        "20261126",
        "+026-11-26",
        "2026-11-26 00:00:00",
        "1999-12-31",
        "2100-01-01",
        "2",
        "closed",
    ];
    for date in dates {
        check(format!("{SPECIAL_DAYS}7,{date},9:00,17:00\n"), &["2: bad_date date of 7"]);
        check(format!("{SPECIAL_DAYS}7,{date},closed,closed\n"), &["2: bad_date date of 7"]);
    }
    let found = read(format!("{SPECIAL_DAYS}7,26.11.2026,,\n").as_bytes()).unwrap();
    assert_eq!(
        found.rejects[0].message,
        "date must be YYYY-MM-DD, a date that exists, from 2000-01-01 to 2099-12-31, or empty if \
         both times are empty; found \"26.11.2026\""
    );
}

#[test]
fn the_times_of_a_special_day_are_those_of_business_hours() {
    for times in ["9:00,", "closed,17:00", "24:00,24:00", "25:00,26:00"] {
        let column = if times == "9:00," { "end_time_local" } else { "start_time_local" };
        let expected = format!("2: bad_time {column} of 7");
        check(format!("{SPECIAL_DAYS}7,2026-11-26,{times}\n"), &[&expected]);
    }
}

#[test]
fn a_local_time_of_another_form_is_rejected() {
    let times = [
        "",
        "9",
        "9:0",
        "009:00",
        "25:00",
        "-1:00",
        "9:60",
        "23:59:60",
        "9:00:00:00",
        "09:00:000",
        "09:00:00Z",
        "9:00 am",
        "9:00:",
        ":00",
        "24:00:01",
        "24:01",
        "+9:00",
        "9:00.0",
        "09:00:00.",
        "09:00:00.1",
        "09:00:00.0000001",
        "24:00:00.1",
        ".0",
        "closed",
        "close",
    ];
    for time in times {
        check(format!("{HOURS}7,0,{time},17:00\n"), &["2: bad_time start_time_local of 7"]);
        check(format!("{HOURS}7,0,9:00,{time}\n"), &["2: bad_time end_time_local of 7"]);
    }
}

#[test]
fn only_an_end_may_be_24_00() {
    check(
        format!("{HOURS}7,0,24:00,17:00\n7,0,24:00:00,24:00\n"),
        &["2: bad_time start_time_local of 7", "3: bad_time start_time_local of 7"],
    );
}

#[test]
fn a_day_without_opening_has_both_times_empty_or_both_closed() {
    for (times, column) in [
        (",17:00", "start_time_local"),
        ("9:00,", "end_time_local"),
        ("closed,17:00", "start_time_local"),
        ("9:00,closed", "end_time_local"),
        (",closed", "start_time_local"),
        ("closed,", "start_time_local"),
        ("close,close", "start_time_local"),
        ("24:00,24:00", "start_time_local"),
    ] {
        check(format!("{HOURS}7,0,{times}\n"), &[&format!("2: bad_time {column} of 7")]);
    }
    for times in ["closed,closed", "9:00,17:00", ",17:00", "9:00,"] {
        check(format!("{HOURS}7,,{times}\n"), &["2: bad_day dayOfWeek of 7"]);
    }
    check(format!("{HOURS}7,8,,\n"), &["2: bad_day dayOfWeek of 7"]);
    check(format!("{HOURS},0,,\n"), &["2: bad_store_id store_id of no store"]);
    check(format!("{HOURS},,,x\n"), &["2: bad_store_id store_id of no store"]);
}

#[test]
fn the_message_of_a_bad_time_says_what_is_accepted() {
    let message =
        |row: &str| read(format!("{HOURS}{row}\n").as_bytes()).unwrap().rejects[0].message.clone();
    assert_eq!(
        message("7,0,9am,17:00"),
        "start_time_local must be a local time before 24:00, H:MM or HH:MM, then optionally :SS \
         and a fraction of zeros; on a day when the store does not open, both times must be empty \
         or closed; found \"9am\""
    );
    assert!(
        message("7,0,9:00,24:01").starts_with("end_time_local must be a local time up to 24:00,")
    );
}

#[test]
fn an_empty_value_or_null_is_rejected_with_the_code_of_its_column() {
    for empty in ["", "\\N", " \\N\t", "\"\\N\"", "\u{a0}"] {
        check_bad_row(
            format!("{empty},2023-01-24 09:06:42,active"),
            "bad_store_id store_id of no store",
        );
        check_bad_row(format!("7,{empty},active"), "bad_timestamp timestamp_utc of 7");
        check_bad_row(format!("7,2023-01-24 09:06:42,{empty}"), "bad_status status of 7");
    }
    check_message(
        "\\N,2023-01-24 09:06:42,active",
        "store_id is empty; 1 to 128 bytes are accepted",
    );
}

#[test]
fn an_unknown_zone_is_rejected() {
    for zone in ["America/Springfield", "UTC+5", "America Chicago"] {
        check(format!("{ZONES}7,{zone}\n"), &["2: unknown_zone timezone_str of 7"]);
    }
}

/// Checks that the rows around the bad row are accepted and that its record is passed on unchanged.
/// Enough rows follow it that the fastest path reads it as well.
#[track_caller]
fn check_bad_row(row: impl AsRef<[u8]>, expected: &str) {
    let row = row.as_ref();
    let (good, behind) = (GOOD_LINE.as_bytes(), GOOD_LINE.repeat(5));
    let file = [POLLS.as_bytes(), good, row, b"\n", behind.as_bytes()].concat();
    let found = read(&file).unwrap();
    assert_eq!(found.lines[1..3], [GOOD, &format!("3: {expected}")]);
    assert_eq!(found.lines[3..], [GOOD; 5]);
    assert_eq!(found.records[2], row);
}

#[track_caller]
fn check_message(row: &str, expected: &str) {
    let found = read(format!("{POLLS}{row}").as_bytes()).unwrap();
    assert_eq!(found.rejects[0].message, expected);
}

/// Checks a record of eleven fields. With so many fields, none of them is too long in 8 KiB.
#[track_caller]
fn check_long_record(length: usize, expected: &str) {
    let header = format!("{}{}", ZONES.trim(), ",x".repeat(9));
    let mut row = format!("7,utc,{}", format!("{},", "x".repeat(1000)).repeat(8));
    row.push_str(&"x".repeat(length - row.len()));
    let found = read_in_pieces(
        SourceReader::new(LATEST_POLL),
        format!("{header}\n{row}\n8,utc{}\n", ",".repeat(9)).as_bytes(),
        &[4096],
    );
    assert_eq!(found.unwrap().lines[1..], [expected, "8 UTC"]);
}

/// Checks that reading a line of 50 MB keeps at most four records' worth of memory.
#[track_caller]
fn check_memory(unit: &[u8], expected: &str) {
    let mut reader = SourceReader::new(LATEST_POLL);
    let mut found = Found::default();
    reader.feed(ZONES.as_bytes(), &mut found).unwrap();
    let piece = unit.repeat(64 * 1024 / unit.len());
    for _ in 0..800 {
        reader.feed(&piece, &mut found).unwrap();
        assert!(reader.kept_capacity() <= 4 * MAX_RECORD_BYTES);
    }
    reader.feed(b"\n7,utc\n", &mut found).unwrap();
    reader.finish(&mut found).unwrap();
    assert_eq!(found.lines[1..], [expected, "7 UTC"]);
}

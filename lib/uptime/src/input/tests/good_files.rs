//! What spec section 2 says is fine.

use super::*;

const ROW: &str = "7 2023-01-24T09:06:42Z Active";

#[test]
fn the_three_kinds_are_told_by_their_columns_alone() {
    check_kind("store_id,status,timestamp_utc", FileKind::Polls);
    check_kind("end_time_local,start_time_local,day,store_id", FileKind::BusinessHours);
    check_kind("timezone_str,store_id", FileKind::TimeZones);
}

#[test]
fn kinds_have_stable_names() {
    let names = [FileKind::Polls, FileKind::BusinessHours, FileKind::TimeZones].map(FileKind::name);
    assert_eq!(names, ["polls", "business_hours", "time_zones"]);
}

#[test]
fn names_are_matched_without_regard_to_case_and_blanks() {
    check_kind(" STORE_ID ,\tTimestamp_UTC, Status", FileKind::Polls);
    check_kind("\"store_id\",\" status \", \"timestamp_utc\" ", FileKind::Polls);
}

#[test]
fn columns_have_aliases() {
    for day in ["dayOfWeek", "day", "day_of_week", "DAYOFWEEK"] {
        let header = format!("store_id,{day},start_time_local,end_time_local");
        check_kind(&header, FileKind::BusinessHours);
    }
    check_kind("store_id,timezone", FileKind::TimeZones);
}

#[test]
fn column_order_is_free_and_further_columns_are_ignored() {
    let file = "note,status,x,store_id,timestamp_utc\n\
                \"one, two\nlines\t\",active,,7,2023-01-24 09:06:42\n";
    check(file, &[ROW]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_header() {
    check(format!("\u{feff}{POLLS}7,2023-01-24 09:06:42,active\n"), &[ROW]);
    check("\u{feff}\"store_id\",timestamp_utc,status\n7,2023-01-24 09:06:42,active\n", &[ROW]);
    check(format!("\u{feff}\n{POLLS}"), &[]);
}

#[test]
fn lines_end_with_lf_crlf_or_cr_and_the_last_one_need_not_end() {
    for end in ["\n", "\r\n", "\r"] {
        let lines = ["store_id,timestamp_utc,status", "7,2023-01-24 09:06:42,active"];
        check(lines.join(end), &[ROW]);
        check(lines.join(end) + end, &[ROW]);
    }
}

#[test]
fn blank_lines_are_no_rows() {
    check(format!("\n \t\n{POLLS}\n   \n\n7,2023-01-24 09:06:42,active\n\n \n"), &[ROW]);
}

#[test]
fn a_file_of_a_header_alone_has_no_rows() {
    check(POLLS, &[]);
    check(HOURS.trim(), &[]);
}

#[test]
fn lines_are_numbered_right_whatever_ends_them() {
    let bad = "8: bad_status status of 7";
    for end in ["\n", "\r\n", "\r"] {
        let text = "store_id,note,timestamp_utc,status|||7,\"a|b||c\",2023-01-24 09:06:42,active|\
                    7,,2023-01-24 09:06:42,gone";
        check(text.replace('|', end), &[ROW, bad]);
    }
    let mixed = "\r\nstore_id,note,timestamp_utc,status\r\n\r7,\"a\r\r\nb\n\",2023-01-24 \
                 09:06:42,active\n7,,2023-01-24 09:06:42,gone";
    check(mixed, &[ROW, bad]);
}

#[test]
fn quoted_fields_may_hold_commas_quotes_and_line_ends() {
    check(
        format!("{ZONES}\"a,b\",utc\n\"a\"\"b\",\"utc\"\n\"\",utc\n"),
        &["a,b UTC", "a\"b UTC", "4: bad_store_id store_id of no store"],
    );
    check(format!("note,{ZONES}\"a\nb\r\nc\rd\",7,utc\n,8,utc\n"), &["7 UTC", "8 UTC"]);
}

#[test]
fn a_quote_inside_an_unquoted_field_and_text_behind_a_quoted_one_stand_as_they_are() {
    check(format!("{ZONES}a\"b\",utc\n\"a\"b\"c,utc\n"), &["a\"b\" UTC", "ab\"c UTC"]);
}

#[test]
fn blanks_around_a_value_are_ignored_also_around_and_inside_quotes() {
    check(format!("{ZONES} 7\t, \tAsia/Tokyo \n"), &["7 Asia/Tokyo"]);
    check(format!("{ZONES} \" 7 \"\t,\t\"Asia/Tokyo\" \n"), &["7 Asia/Tokyo"]);
    check(format!("{ZONES}a  b,utc\n"), &["a  b UTC"]);
}

#[test]
fn a_timestamp_has_its_documented_forms() {
    let at = |text: &str| format!("{POLLS}7,{text},active");
    check(at("2023-01-24 09:06:42.1234569 UTC"), &["7 2023-01-24T09:06:42.123456Z Active"]);
    check(at("2023-01-24T10:06:42+01:00"), &[ROW]);
    check(at("2023-01-24t09:06:42z"), &[ROW]);
    check(at("2000-01-01 00:00:00"), &["7 2000-01-01T00:00:00Z Active"]);
    check(at("2023-02-01 00:00:00.000000999"), &["7 2023-02-01T00:00:00Z Active"]);
}

#[test]
fn a_status_may_be_of_any_case() {
    check(format!("{POLLS}7,2023-01-24 09:06:42,ACTIVE\n"), &[ROW]);
    check(
        format!("{POLLS}7,2023-01-24 09:06:42, InActive\n"),
        &["7 2023-01-24T09:06:42Z Inactive"],
    );
}

#[test]
fn local_times_have_one_or_two_digits_of_the_hour_and_may_have_seconds() {
    check(format!("{HOURS}7,0,9:00,17:30\n"), &["7 Mon 32400-63000"]);
    check(format!("{HOURS}7,6,09:00:01,23:59:59\n"), &["7 Sun 32401-86399"]);
    check(format!("{HOURS}7,3,00:00:00,0:00\n"), &["7 Thu 0-0"]);
}

#[test]
fn the_day_may_end_at_24_00() {
    check(
        format!("{HOURS}7,0,9:00,24:00\n7,0,9:00,24:00:00\n"),
        &["7 Mon 32400-86400", "7 Mon 32400-86400"],
    );
}

#[test]
fn a_zone_may_be_of_any_case_and_an_alias() {
    check(
        format!("{ZONES}7,america/chicago\n7,US/Central\n7,EST\n"),
        &["7 America/Chicago", "7 US/Central", "7 EST"],
    );
}

#[test]
fn a_store_id_is_any_text_of_1_to_128_bytes() {
    let longest = "x".repeat(128);
    check(
        format!("{ZONES}007,utc\n-7,utc\nü 店,utc\n__proto__,utc\n{longest},utc\n"),
        &["007 UTC", "-7 UTC", "ü 店 UTC", "__proto__ UTC", &format!("{longest} UTC")],
    );
}

#[test]
fn records_are_handed_on_unaltered() {
    let file = format!("\u{feff}{ZONES} \"7\" ,utc\r\n\r\n\"a\r\nb\",utc\n");
    let records = read(file.as_bytes()).unwrap().records;
    let expected = ["store_id,timezone_str", " \"7\" ,utc", "\"a\r\nb\",utc"];
    assert_eq!(records, expected.map(|record| record.as_bytes().to_vec()));
}

#[track_caller]
fn check_kind(header: &str, expected: FileKind) {
    assert_eq!(read(header.as_bytes()).unwrap().lines, [expected.name()]);
}

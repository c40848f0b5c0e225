//! Everything that `RULES.md`, "Source files", accepts.

use super::*;

const ROW: &str = "7 2023-01-24T09:06:42Z Active";

#[test]
fn the_columns_alone_decide_the_kind_of_a_file() {
    check_kind("store_id,status,timestamp_utc", FileKind::Polls);
    check_kind(
        "end_time_local,start_time_local,day,store_id",
        FileKind::Replacing(ReplacingKind::Hours),
    );
    check_kind("timezone_str,store_id", FileKind::Replacing(ReplacingKind::Zones));
    check_kind(
        "note,store_id,date,start_time_local,end_time_local",
        FileKind::Replacing(ReplacingKind::SpecialDays),
    );
}

#[test]
fn kinds_have_stable_names() {
    let replacing = [ReplacingKind::Hours, ReplacingKind::Zones, ReplacingKind::SpecialDays];
    let names = replacing.map(|kind| FileKind::Replacing(kind).name());
    assert_eq!(names, ["business_hours", "time_zones", "special_days"]);
    assert_eq!(FileKind::Polls.name(), "polls");
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
        check_kind(&header, FileKind::Replacing(ReplacingKind::Hours));
    }
    check_kind("store_id,timezone", FileKind::Replacing(ReplacingKind::Zones));
}

#[test]
fn column_order_is_free_and_further_columns_are_ignored() {
    let file = "note,status,x,store_id,timestamp_utc\n\
                \"one, two\nlines\t\",active,,7,2023-01-24 09:06:42\n";
    check(file, &[ROW]);
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_header() {
    check(format!("\u{feff}{POLLS}7,2023-01-24 09:06:42,active\n"), &[ROW]);
    check("\u{feff}\"store_id\",timestamp_utc,status\n7,2023-01-24 09:06:42,active\n", &[ROW]);
    check(format!("\u{feff}\n{POLLS}"), &[]);
}

#[test]
fn a_file_may_start_with_two_byte_order_marks() {
    check(format!("\u{feff}\u{feff}{POLLS}7,2023-01-24 09:06:42,active\n"), &[ROW]);
    check("\u{feff}\u{feff}\"store_id\",timezone\n8,x\n", &["2: unknown_zone timezone_str of 8"]);
    check(format!("\u{feff}\u{feff}\n{POLLS}"), &[]);
    let thrice = read(format!("\u{feff}\u{feff}\u{feff}{ZONES}").as_bytes()).unwrap_err();
    assert!(thrice.to_string().contains(r#"the header read is "\u{feff}store_id"#), "{thrice}");
}

#[test]
fn the_first_line_may_set_the_comma_as_separator() {
    for line in [
        "sep=,",
        "SEP=,",
        "sep=,,,",
        "sep=, ",
        "\"sep=,\"",
        "\u{feff}sep=,",
        "\u{feff}\u{feff}sep=,",
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let rows = "8,2023-01-24 09:06:42,x\n7,2023-01-24 09:06:42,active\n";
            check(format!("{line}{end}{POLLS}{rows}"), &["3: bad_status status of 8", ROW]);
        }
    }
    check(format!("sep=,\n\n,,\n{ZONES}7,x\n"), &["5: unknown_zone timezone_str of 7"]);
}

#[test]
fn lines_with_only_commas_and_blanks_are_not_rows() {
    let bad = "9: bad_status status of 8";
    check(
        format!(
            ",,,\n{POLLS},,\n,\n , \t,\u{a0}\n,,,,,,,,,,,,,,,,,,,,,,,,,,\r\n\u{a0}\n\
             7,2023-01-24 09:06:42,active\n8,2023-01-24 09:06:42,x\n,,"
        ),
        &[ROW, bad],
    );
    check(format!("{ZONES},\n,,\n7,utc\n,\n"), &["7 UTC"]);
    check(format!("{HOURS},,,\n\t,,,\n7,0,,\n,,,\n"), &["7 Mon closed"]);
}

#[test]
fn lines_end_with_lf_crlf_or_cr_and_the_last_line_needs_no_end() {
    for end in ["\n", "\r\n", "\r"] {
        let lines = ["store_id,timestamp_utc,status", "7,2023-01-24 09:06:42,active"];
        check(lines.join(end), &[ROW]);
        check(lines.join(end) + end, &[ROW]);
    }
}

#[test]
fn blank_lines_are_not_rows() {
    check(format!("\n \t\n{POLLS}\n   \n\n7,2023-01-24 09:06:42,active\n\n \n"), &[ROW]);
}

#[test]
fn lines_are_numbered_correctly_with_any_line_end() {
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
fn a_quote_in_an_unquoted_field_and_text_after_a_quoted_field_are_kept() {
    check(format!("{ZONES}a\"b\",utc\n\"a\"b\"c,utc\n"), &["a\"b\" UTC", "ab\"c UTC"]);
}

#[test]
fn blanks_around_a_value_are_ignored_also_around_and_inside_quotes() {
    check(format!("{ZONES} 7\t, \tAsia/Tokyo \n"), &["7 Asia/Tokyo"]);
    check(format!("{ZONES} \" 7 \"\t,\t\"Asia/Tokyo\" \n"), &["7 Asia/Tokyo"]);
    check(format!("{ZONES}a  b,utc\n"), &["a  b UTC"]);
}

#[test]
fn no_break_spaces_are_blanks() {
    let nbsp = "\u{a0}";
    check(format!("{ZONES}{nbsp}7{nbsp} ,{nbsp}{nbsp}Asia/Tokyo\t{nbsp}\n"), &["7 Asia/Tokyo"]);
    check(format!("{ZONES}{nbsp} \"{nbsp}7,8{nbsp}\"{nbsp},utc\n"), &["7,8 UTC"]);
    check(format!("{ZONES}a{nbsp}b,utc\n"), &["a\u{a0}b UTC"]);
    check(format!("{HOURS}7,{nbsp}0,9:00{nbsp},{nbsp}17:00\n"), &["7 Mon 32400-61200"]);
    check(
        format!(
            "{nbsp}store_id,timestamp_utc{nbsp},\"{nbsp}status\"\n7,2023-01-24{nbsp}09:06:42{nbsp}UTC,active{nbsp}\n"
        ),
        &[ROW],
    );
    // Other characters start with the same byte as a no-break space.
    check(format!("{ZONES}\u{a1}\"a,utc\n\u{a9},utc\n"), &["\u{a1}\"a UTC", "\u{a9} UTC"]);
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
fn a_timestamp_is_read_as_databases_and_languages_print_it() {
    for text in [
        "2023-01-24 09:06:42+00",             // PostgreSQL
        "2023-01-24 09:06:42 UTC",            // BigQuery
        "2023-01-24 09:06:42.0000000 +00:00", // SQL Server
        "2023-01-24 09:06:42 +0000 UTC",      // Go
        "2023-01-24 09:06:42 +0000",          // Ruby
        "2023-01-24 09:06:42 UTC",            // Ruby
        "2023-01-24 09:06:42+00:00",          // Python
        "2023-01-24T09:06:42Z",               // JavaScript
        "2023-01-24 14:36:42+05:30",          // PostgreSQL in India
        "2023-01-24 03:06:42-06",             // PostgreSQL in Chicago
        "2023-01-24\t09:06:42\tutc",
    ] {
        check(format!("{POLLS}7,{text},active\n"), &[ROW]);
        // Enough rows that the fastest path reads the first ones.
        check(format!("{POLLS}{}", format!("7,{text},active\n").repeat(9)), &[ROW; 9]);
        check(format!("{POLLS}7,\" {text}\u{a0}\",active\r\n"), &[ROW]);
    }
}

#[test]
fn the_fastest_path_does_not_read_a_longer_offset_as_zero() {
    for (offset, expected) in
        [("+00:30", "2023-01-24T08:36:42Z"), ("+0030", "2023-01-24T08:36:42Z")]
    {
        let row = format!("7,2023-01-24 09:06:42{offset},active\n");
        check(format!("{POLLS}{}", row.repeat(9)), &[format!("7 {expected} Active").as_str(); 9]);
    }
}

#[test]
fn a_status_may_be_in_any_case() {
    check(format!("{POLLS}7,2023-01-24 09:06:42,ACTIVE\n"), &[ROW]);
    check(
        format!("{POLLS}7,2023-01-24 09:06:42, InActive\n"),
        &["7 2023-01-24T09:06:42Z Inactive"],
    );
}

#[test]
fn local_times_have_an_hour_of_one_or_two_digits_and_may_have_seconds() {
    check(format!("{HOURS}7,0,9:00,17:30\n"), &["7 Mon 32400-63000"]);
    check(format!("{HOURS}7,6,09:00:01,23:59:59\n"), &["7 Sun 32401-86399"]);
    check(format!("{HOURS}7,3,00:00:00,0:00\n"), &["7 Thu 0-0"]);
}

#[test]
fn local_times_may_have_a_fraction_of_zeros() {
    check(format!("{HOURS}7,0,09:00:00.000000,17:30:00.000000\n"), &["7 Mon 32400-63000"]); // MySQL
    check(format!("{HOURS}7,0,9:00:00.0,17:30:00.0000000\n"), &["7 Mon 32400-63000"]); // SQL Server
    check(format!("{HOURS}7,0,09:00:10.000,24:00:00.0000000\n"), &["7 Mon 32410-86400"]);
}

#[test]
fn a_row_with_both_times_empty_or_closed_is_a_closed_day() {
    for times in
        [",", " ,\t", "closed,closed", "Closed,\u{a0}CLOSED", "\"\",\"\"", "\\N,\\N", ",\\N"]
    {
        let file = format!("{HOURS}7,6,{times}\n8,0,9:00,17:00\n");
        check(file, &["7 Sun closed", "8 Mon 32400-61200"]);
    }
}

#[test]
fn a_row_of_hours_without_day_and_times_means_unknown_hours() {
    for row in ["7,,,", "7, ,\t,\u{a0}", "7,\"\",\"\",\"\"", "7,\\N,\\N,\\N"] {
        check(format!("{HOURS}{row}\n8,0,9:00,17:00\n"), &["7 unknown", "8 Mon 32400-61200"]);
    }
}

#[test]
fn a_row_of_special_days_opens_or_closes_a_store_on_a_date() {
    check(
        format!("{SPECIAL_DAYS}7,2026-11-27,9:00,14:30\n7,2026-12-31,18:00:00.0,24:00\n"),
        &["7 2026-11-27 32400-52200", "7 2026-12-31 64800-86400"],
    );
    for times in [",", "closed,Closed", "\\N,\\N", " ,\u{a0}"] {
        check(format!("{SPECIAL_DAYS}7, 2026-11-26 ,{times}\n"), &["7 2026-11-26 closed"]);
    }
    let noted = "date,note,end_time_local,store_id,start_time_local\n\
                 2028-02-29,\"Leap day, closed\",,7,\n";
    check(noted, &["7 2028-02-29 closed"]);
}

#[test]
fn a_special_day_is_a_date_from_2000_to_2099() {
    check(
        format!("{SPECIAL_DAYS}7,2000-01-01,,\n7,2099-12-31,,\n"),
        &["7 2000-01-01 closed", "7 2099-12-31 closed"],
    );
}

#[test]
fn a_row_of_special_days_without_date_and_times_means_that_there_are_none() {
    for row in ["7,,,", "7,\\N,\\N,\\N"] {
        check(format!("{SPECIAL_DAYS}{row}\n"), &["7 unknown"]);
    }
}

#[test]
fn an_empty_zone_means_an_unknown_zone() {
    for zone in ["", " ", "\u{a0}", "\\N", " \\N ", "\"\""] {
        check(format!("{ZONES}7,{zone}\n8,utc\n"), &["7 unknown", "8 UTC"]);
    }
}

#[test]
fn a_value_is_null_only_if_it_is_exactly_backslash_n() {
    check(format!("{ZONES}a\\N,utc\n\\n,utc\n"), &["a\\N UTC", "\\n UTC"]);
}

#[test]
fn the_day_may_end_at_24_00() {
    check(
        format!("{HOURS}7,0,9:00,24:00\n7,0,9:00,24:00:00\n"),
        &["7 Mon 32400-86400", "7 Mon 32400-86400"],
    );
}

#[test]
fn a_zone_may_be_in_any_case_and_may_be_an_alias() {
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
fn records_are_passed_on_unchanged() {
    let file = format!("\u{feff}{ZONES} \"7\" ,utc\r\n\r\n\"a\r\nb\",utc\n");
    let records = read(file.as_bytes()).unwrap().records;
    let expected = ["store_id,timezone_str", " \"7\" ,utc", "\"a\r\nb\",utc"];
    assert_eq!(records, expected.map(|record| record.as_bytes().to_vec()));
}

#[track_caller]
fn check_kind(header: &str, expected: FileKind) {
    assert_eq!(read(header.as_bytes()).unwrap().lines, [expected.name()]);
}

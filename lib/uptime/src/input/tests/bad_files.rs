//! Files that are refused whole.

use super::*;

#[test]
fn an_empty_file_is_refused() {
    for file in ["", "\n", "\u{feff}", " \r\n\t\r\n"] {
        check_refused(file, "the file has no usable header: the file is empty");
    }
}

#[test]
fn a_missing_column_is_named() {
    check_header(
        "store_id,timestamp_utc",
        "a file of polls needs the column status, which is missing",
    );
    check_header(
        "timestamp_utc,status",
        "a file of polls needs the column store_id, which is missing",
    );
    check_header(
        "store_id,day,start",
        "a file of business hours needs the columns start_time_local, end_time_local, which are \
         missing",
    );
    check_header(
        "zone,timezone",
        "a file of time zones needs the column store_id, which is missing",
    );
    check_header(
        "store_id,start_time_local,end_time_local",
        "a file of business hours needs the column dayOfWeek, which is missing; a file of special \
         days needs the column date, which is missing",
    );
}

#[test]
fn for_a_header_of_no_kind_the_error_lists_the_columns_of_all_kinds() {
    let reason = "it fits no kind of file; accepted are polls (store_id, timestamp_utc, status), \
                  or business hours (store_id, dayOfWeek, start_time_local, end_time_local), or \
                  time zones (store_id, timezone_str), or special days (store_id, date, \
                  start_time_local, end_time_local)";
    for header in ["a,b,c", "store_id", "1,2023-01-24 09:06:42,active"] {
        check_header(header, reason);
    }
}

#[test]
fn two_columns_that_mean_the_same_are_named() {
    check_header(
        "store_id,timezone,Timezone_Str",
        "columns 2 and 3, \"timezone\" and \"Timezone_Str\", both mean timezone_str; only one is \
         accepted",
    );
    check_header(
        "store_id,status,timestamp_utc,STORE_ID",
        "columns 1 and 4, \"store_id\" and \"STORE_ID\", both mean store_id; only one is accepted",
    );
}

#[test]
fn ignored_columns_may_have_the_same_name() {
    check(format!("x,x,day,dayofweek,{POLLS}"), &[]);
}

#[test]
fn a_header_that_fits_two_kinds_is_refused() {
    check_header(
        "store_id,timestamp_utc,status,timezone_str",
        "it has the columns of a file of polls and of a file of time zones; only one kind is \
         accepted",
    );
    check_header(
        "store_id,day,date,start_time_local,end_time_local",
        "it has the columns of a file of business hours and of a file of special days; only one \
         kind is accepted",
    );
}

#[test]
fn the_error_names_a_wrong_delimiter() {
    let reason = |shown: &str| {
        format!("it is a single field that contains {shown}; fields must be separated by commas")
    };
    check_header("store_id;timestamp_utc;status", &reason("\";\""));
    check_header("store_id\ttimestamp_utc\tstatus", &reason("\"\\t\""));
    check_header("store_id|timestamp_utc|status", &reason("\"|\""));
}

#[test]
fn a_header_over_8_kib_is_refused() {
    let header = format!("{POLLS},{}", "x,".repeat(5000)).replace('\n', "");
    check_header(&header, "its first line is too long; at most 8192 bytes are accepted");
}

#[test]
fn a_name_over_1_kib_is_refused() {
    let header = format!("{},{}", POLLS.trim(), "x".repeat(1025));
    check_header(&header, "a column name in it is too long; at most 1024 bytes are accepted");
}

#[test]
fn an_unclosed_quote_in_the_header_is_refused() {
    let reason = "a quoted field in it is not closed within 8192 bytes, or is closed on a later \
                  line and text follows the quote";
    check_header("store_id,\"timestamp_utc,status", reason);
    check_header(&format!("\"{POLLS}{}", "7,x,y\n".repeat(5000)), reason);
}

#[test]
fn utf_16_and_utf_32_are_refused_with_a_mark_or_without() {
    let refused = "the file is in UTF-16 or UTF-32, or not text; only UTF-8 is accepted";
    for end in ["\n", "\r\n"] {
        for start in ["\u{feff}", "", "\n"] {
            let text = format!("{start}{POLLS}7,2023-01-24 09:06:42,active\n").replace('\n', end);
            let units: Vec<u16> = text.encode_utf16().collect();
            let characters: Vec<u32> = text.chars().map(u32::from).collect();
            check_refused(
                units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>(),
                refused,
            );
            check_refused(
                units.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<_>>(),
                refused,
            );
            check_refused(
                characters.iter().flat_map(|c| c.to_le_bytes()).collect::<Vec<_>>(),
                refused,
            );
            check_refused(
                characters.iter().flat_map(|c| c.to_be_bytes()).collect::<Vec<_>>(),
                refused,
            );
        }
    }
    check_refused(b"\xff\xfe", refused);
    check_refused(b"\xfe\xff", refused);
}

#[test]
fn a_header_that_is_not_utf_8_is_refused() {
    check_refused(
        b"store_id,timezone_str,gr\xf6\xdfe\n",
        "the file is in another encoding, such as Windows-1252; only UTF-8 is accepted",
    );
}

#[test]
fn the_error_names_another_format() {
    for (first_bytes, name) in [
        (&b"PK\x03\x04"[..], "a zip archive or an Excel workbook (.xlsx)"),
        (b"PK\x05\x06", "an empty zip archive"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "an Excel workbook (.xls) or another old Office file",
        ),
        (b"PAR1", "in Parquet"),
        (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
        (b"BZh91AY&SY", "compressed by bzip2"),
        (b"\xfd7zXZ\0", "compressed by xz"),
        (b"\x1f\x8b\x08", "compressed twice by gzip"),
    ] {
        let accepted = "only CSV in UTF-8, plain or compressed once by gzip, is accepted";
        let expected = format!("the file is {name}; {accepted}");
        for rest in [&b""[..], b"\x24\x0f\x79\0\0store_id,timezone_str\n", &[0x55; 9_000], b"\n"] {
            check_refused([first_bytes, rest].concat(), &expected);
        }
    }
}

#[test]
fn a_usable_header_may_start_with_the_letters_of_another_format() {
    check(format!("PAR1,{ZONES}x,7,utc\n"), &["7 UTC"]);
    check(format!("BZh,{ZONES}x,7,utc\n"), &["7 UTC"]);
}

#[test]
fn the_error_names_a_git_lfs_pointer() {
    check_refused(
        "version https://git-lfs.github.com/spec/v1\n\
         oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n",
        "the file is a Git LFS pointer and not the file it stands for; only CSV in UTF-8, plain or \
         compressed once by gzip, is accepted",
    );
}

#[test]
fn a_first_line_with_another_separator_is_refused() {
    for (separator, shown) in [(";", ";"), ("\t", "\\t"), ("|", "|")] {
        let file = format!("sep={separator}\r\n{POLLS}");
        let reason =
            format!("its first line sets \"{shown}\" as the separator; only commas are accepted");
        let shown = format!("the header read is \"sep={shown}\"");
        check_refused(file, &format!("the file has no usable header: {reason}; {shown}"));
    }
}

#[test]
fn any_other_separator_line_is_read_as_a_header() {
    for file in ["\nsep=,\n", "sep=,\nsep=,\n", "sep=;;\n", "sep=ab\n", "sep=\n", "\"sep=,\n"] {
        let refused = read(format!("{file}{POLLS}").as_bytes()).unwrap_err().to_string();
        assert!(refused.contains("; the header read is \""), "{file}: {refused}");
    }
}

#[test]
fn the_error_shows_the_header_as_read_escaped_and_shortened() {
    let refused = |header: &str| read(format!("\u{feff}{header}\n").as_bytes()).unwrap_err();
    let shown = |header: &str| {
        let refused = refused(header).to_string();
        refused.split_once("the header read is ").unwrap().1.to_owned()
    };
    assert_eq!(
        shown(" Store ID,\"a\nb\",\u{a0}\t\u{7f}"),
        r#"" Store ID,\"a\nb\",\u{a0}\t\u{7f}""#
    );
    assert_eq!(shown(&"x".repeat(100)), format!("\"{}\"", "x".repeat(100)));
    assert_eq!(shown(&"x".repeat(101)), format!("\"{}\"... (101 bytes)", "x".repeat(100)));
    assert_eq!(shown(&"\u{1}".repeat(50)), format!("\"{}\"... (50 bytes)", "\\u{1}".repeat(20)));
}

#[test]
fn a_file_of_hours_that_counts_days_from_1_is_refused_whole() {
    let refused = |line| {
        format!(
            "the file counts days from 1: line {line} has the day 7 and no row has the day 0; days \
             are accepted from 0 (Monday) to 6 (Sunday)"
        )
    };
    let days = |days: &str| {
        let row = |day: char| format!("8,{day},9:00,17:00\n");
        format!("{HOURS}{}", days.chars().map(row).collect::<String>())
    };
    check_refused(days("7"), &refused(2));
    check_refused(days("1234567"), &refused(8));
    check_refused(days("77123"), &refused(2));
    check_refused(format!("{HOURS}\"8\",1,9:00,17:00\n8, \"7\" ,,\n"), &refused(3));
    check_refused(format!("{HOURS},7,closed,closed\n"), &refused(2));
}

#[test]
fn a_day_7_beside_a_day_0_is_an_ordinary_rejected_row() {
    let rejected = "bad_day dayOfWeek of 8";
    check(
        format!("{HOURS}8,7,9:00,17:00\n8,0,9:00,17:00\n"),
        &[&format!("2: {rejected}"), "8 Mon 32400-61200"],
    );
    check(format!("{HOURS}8,0,,\n8,7,,\n"), &["8 Mon closed", &format!("3: {rejected}")]);
    // A day 0 counts even if its row is rejected because of its time.
    check(
        format!("{HOURS}8,0,25:00,17:00\n8,7,9:00,17:00\n"),
        &["2: bad_time start_time_local of 8", &format!("3: {rejected}")],
    );
}

#[test]
fn only_the_day_column_decides_whether_days_count_from_1() {
    check(format!("{ZONES}7,utc\n7,7\n"), &["7 UTC", "3: unknown_zone timezone_str of 7"]);
    check(format!("x,{HOURS}7,7,1,9:00,17:00\n"), &["7 Tue 32400-61200"]);
}

#[track_caller]
fn check_header(header: &str, expected: &str) {
    let file = format!("{header}\n7,2023-01-24 09:06:42,active\n");
    let refused = read(file.as_bytes()).unwrap_err().to_string();
    let start = format!("the file has no usable header: {expected}; the header read is \"");
    assert!(refused.starts_with(&start), "{refused}");
}

//! What is refused whole.

use super::*;

#[test]
fn an_empty_file_is_refused() {
    for file in ["", "\n", "\u{feff}", " \r\n\t\r\n"] {
        check_refused(file, "the file has no usable header: the file is empty");
    }
}

#[test]
fn a_missing_column_is_named() {
    check_header("store_id,timestamp_utc", "a file of polls needs the missing column status");
    check_header("timestamp_utc,status", "a file of polls needs the missing column store_id");
    check_header(
        "store_id,day,start",
        "a file of business hours needs the missing column start_time_local, end_time_local",
    );
    check_header("zone,timezone", "a file of time zones needs the missing column store_id");
}

#[test]
fn a_header_of_no_kind_is_told_all_columns() {
    let reason = "the columns of a file are missing: polls (store_id, timestamp_utc, status), or \
                  business hours (store_id, dayOfWeek, start_time_local, end_time_local), or time \
                  zones (store_id, timezone_str)";
    for header in ["a,b,c", "store_id", "1,2023-01-24 09:06:42,active"] {
        check_header(header, reason);
    }
}

#[test]
fn two_columns_that_mean_the_same_are_named() {
    check_header(
        "store_id,timezone,Timezone_Str",
        "columns 2 and 3, \"timezone\" and \"Timezone_Str\", both mean timezone_str; one is \
         accepted",
    );
    check_header(
        "store_id,status,timestamp_utc,STORE_ID",
        "columns 1 and 4, \"store_id\" and \"STORE_ID\", both mean store_id; one is accepted",
    );
}

#[test]
fn columns_of_no_meaning_may_be_there_twice() {
    check(format!("x,x,day,dayofweek,{POLLS}"), &[]);
}

#[test]
fn a_header_that_fits_two_kinds_is_refused() {
    check_header(
        "store_id,timestamp_utc,status,timezone_str",
        "it has the columns of a file of polls and of one of time zones; only one of them is \
         accepted",
    );
}

#[test]
fn another_delimiter_is_pointed_out() {
    let reason =
        |shown: &str| format!("it is one field that holds {shown}; fields are separated by commas");
    check_header("store_id;timestamp_utc;status", &reason("\";\""));
    check_header("store_id\ttimestamp_utc\tstatus", &reason("\"\\t\""));
    check_header("store_id|timestamp_utc|status", &reason("\"|\""));
}

#[test]
fn a_header_over_8_kib_is_refused() {
    let header = format!("{POLLS},{}", "x,".repeat(5000)).replace('\n', "");
    check_header(&header, "its first line is over 8192 bytes");
}

#[test]
fn a_name_over_1_kib_is_refused() {
    let header = format!("{},{}", POLLS.trim(), "x".repeat(1025));
    check_header(&header, "a name in it is over 1024 bytes");
}

#[test]
fn an_unclosed_quote_in_the_header_is_refused() {
    let reason = "a quote in it is not closed within 8192 bytes";
    check_header("store_id,\"timestamp_utc,status", reason);
    check_header(&format!("\"{POLLS}{}", "7,x,y\n".repeat(5000)), reason);
}

#[test]
fn utf_16_and_utf_32_are_refused_with_a_mark_or_without() {
    let refused = "the file is in UTF-16 or UTF-32, or no text; only UTF-8 is accepted";
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
        "the file is in another encoding, as its header shows; only UTF-8 is accepted",
    );
}

#[test]
fn a_file_that_zstd_packed_is_refused_by_that_name() {
    for rest in [&b""[..], b"\x24\x0f\x79\0\0store_id,timezone_str\n", &[0x55; 9_000]] {
        check_refused(
            [b"\x28\xb5\x2f\xfd", rest].concat(),
            "the file is packed by zstd, where gzip is what is unpacked; only UTF-8 is accepted",
        );
    }
}

#[track_caller]
fn check_header(header: &str, expected: &str) {
    let file = format!("{header}\n7,2023-01-24 09:06:42,active\n");
    check_refused(file, &format!("the file has no usable header: {expected}"));
}

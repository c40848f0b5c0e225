//! Quotes that are not closed, or closed by another stray quote. Only their own lines are rejected.

use super::*;

#[test]
fn a_quote_open_at_the_end_of_the_file_rejects_its_record_from_the_opening_line() {
    check(
        format!("{POLLS}7,\"2023-01-24 09:06:42,active\n{GOOD_LINE}\n7,1,gone"),
        &["2: unclosed_quote row of 7", GOOD, "5: bad_timestamp timestamp_utc of 7"],
    );
    check(format!("{POLLS}\"7"), &["2: unclosed_quote row of no store"]);
    check(format!("{POLLS}\""), &["2: unclosed_quote row of no store"]);
}

#[test]
fn two_stray_quotes_reject_their_own_lines_and_not_the_lines_between_them() {
    const NOTES: &str = "store_id,timestamp_utc,status,note\n";
    let good = |store| format!("{store},2023-01-24 09:06:42,active,\n");
    let bad = |store, note| format!("{store},2023-01-24 09:06:42,active,{note}\n");
    for (opening, closing) in [("\"Bob", "\"Al"), (" \"Bob", "\" \t Al"), ("\"", "\"\u{a0}")] {
        let lines = [bad(1, opening), good(2), bad(3, closing), good(4)];
        check(
            format!("{NOTES}{}", lines.concat()),
            &[
                "2: unclosed_quote row of 1",
                "2 2023-01-24T09:06:42Z Active",
                "4: unclosed_quote row of 3",
                "4 2023-01-24T09:06:42Z Active",
            ],
        );
    }
}

#[test]
fn blanks_may_follow_a_quoted_field_of_several_lines() {
    check(
        "store_id,note,timestamp_utc,status\n7,\"a\nb\" \t,2023-01-24 09:06:42,active\n",
        &["7 2023-01-24T09:06:42Z Active"],
    );
}

#[test]
fn a_quote_open_after_8_kib_rejects_its_record_from_the_opening_line() {
    let good_lines = GOOD_LINE.repeat(1000);
    let mut expected = vec!["2: unclosed_quote row of 7"];
    expected.resize(1001, GOOD);
    expected.push("1003: bad_status status of 7");
    // The second ending has a quote that would close the field.
    for end in ["7,2023-01-24 09:06:42,gone", "7,2023-01-24 09:06:42,gone\n\"7\",\"x\",y"] {
        let rows = format!("7,\"2023-01-24 09:06:42,active\n{good_lines}{end}\n");
        let found = read(format!("{POLLS}{rows}").as_bytes()).unwrap();
        assert_eq!(found.lines[1..=1002], expected);
        assert_eq!(found.records[1], b"7,\"2023-01-24 09:06:42,active");
    }
}

#[test]
fn an_open_quote_in_a_line_of_about_8_kib_rejects_only_that_line() {
    for length in MAX_RECORD_BYTES - 3..=MAX_RECORD_BYTES + 3 {
        let opening_line = format!("7,\"{}", "x".repeat(length - 3));
        let file = format!("{POLLS}{opening_line}\n{GOOD_LINE}");
        check(file, &["2: unclosed_quote row of 7", GOOD]);
    }
}

#[test]
fn a_store_id_after_the_opening_line_does_not_belong_to_the_rejected_row() {
    check(
        format!("note,{ZONES}\"a\nb\",7,\"utc\n"),
        &["2: unclosed_quote row of no store", "3: unclosed_quote row of 7"],
    );
}

#[test]
fn a_quoted_field_closed_within_8_kib_is_not_an_unclosed_quote() {
    let filler = |length: usize| "x\n".repeat(length / 2);
    // The row has nine bytes more than its note: 7,utc,"...", and the quotes.
    let file = |length| format!("{},note\n7,utc,\"{}\"\nx", ZONES.trim(), filler(length));
    check(file(8184), &["2: field_too_long row of 7", "4095: field_count row of x"]);
    let found = read(file(8186).as_bytes()).unwrap();
    assert_eq!(found.lines[1], "2: unclosed_quote row of 7");
    assert_eq!(found.lines[2], "3: field_count row of x");
    assert_eq!(found.lines.len(), 1 + 1 + 4092 + 1 + 1);
}

#[test]
fn an_opening_line_over_8_kib_is_skipped_to_its_end() {
    let long = "x".repeat(20_000);
    check(
        format!("{POLLS}7,\"{long}\n{GOOD_LINE}7,1,x"),
        &["2: unclosed_quote row of 7", GOOD, "4: bad_timestamp timestamp_utc of 7"],
    );
}

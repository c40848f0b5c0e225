//! Quotes that are not closed, or closed by another stray quote: they cost their own lines alone.

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
fn two_stray_quotes_cost_their_own_lines_and_not_those_between_them() {
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
fn a_quoted_field_of_several_lines_may_have_blanks_behind_it() {
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
    // The quote far behind would close it.
    for end in ["7,2023-01-24 09:06:42,gone", "7,2023-01-24 09:06:42,gone\n\"7\",\"x\",y"] {
        let rows = format!("7,\"2023-01-24 09:06:42,active\n{good_lines}{end}\n");
        let found = read(format!("{POLLS}{rows}").as_bytes()).unwrap();
        assert_eq!(found.lines[1..=1002], expected);
        assert_eq!(found.records[1], b"7,\"2023-01-24 09:06:42,active");
    }
}

#[test]
fn a_quote_open_from_a_line_of_about_8_kib_costs_that_line_alone() {
    for length in MAX_RECORD_BYTES - 3..=MAX_RECORD_BYTES + 3 {
        let opening_line = format!("7,\"{}", "x".repeat(length - 3));
        let file = format!("{POLLS}{opening_line}\n{GOOD_LINE}");
        check(file, &["2: unclosed_quote row of 7", GOOD]);
    }
}

#[test]
fn a_store_named_behind_the_opening_line_is_not_that_of_the_rejected_line() {
    check(
        format!("note,{ZONES}\"a\nb\",7,\"utc\n"),
        &["2: unclosed_quote row of no store", "3: unclosed_quote row of 7"],
    );
}

#[test]
fn a_quoted_field_closed_within_8_kib_is_no_unclosed_quote() {
    let filler = |length: usize| "x\n".repeat(length / 2);
    // 7,utc," ... " takes nine bytes more than its note.
    let file = |length| format!("{},note\n7,utc,\"{}\"\nx", ZONES.trim(), filler(length));
    check(file(8184), &["2: field_too_long row of 7", "4095: field_count row of x"]);
    let found = read(file(8186).as_bytes()).unwrap();
    assert_eq!(found.lines[1], "2: unclosed_quote row of 7");
    assert_eq!(found.lines[2], "3: field_count row of x");
    assert_eq!(found.lines.len(), 1 + 1 + 4092 + 1 + 1);
}

#[test]
fn an_opening_line_over_8_kib_is_passed_over_to_its_end() {
    let long = "x".repeat(20_000);
    check(
        format!("{POLLS}7,\"{long}\n{GOOD_LINE}7,1,x"),
        &["2: unclosed_quote row of 7", GOOD, "4: bad_timestamp timestamp_utc of 7"],
    );
}

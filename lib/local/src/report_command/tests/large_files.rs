//! Files that are read on several cores.

use super::*;

#[test]
fn a_large_file_gives_the_same_as_its_gzip_which_is_read_in_order() {
    let rows = large(&["a,2023-01-23 17:20:00 UTC,open\n"]);
    check_as_gzip(&rows, "line 60004, column status");
}

#[test]
fn a_large_file_with_line_ends_in_a_field_gives_the_same_as_its_gzip() {
    let poll = "a,2023-01-23 18:00:00 UTC,active\n";
    let long = format!("\"b\n{}\",2023-01-23 17:20:00 UTC,active\n", poll.repeat(20));
    let rows = large(&[&long, "a,2023-01-23 17:20:00 UTC,open\n"]);
    check_as_gzip(&rows, "line 60004, column");
}

/// Returns polls of many pieces with these rows between them.
fn large(odd_rows: &[&str]) -> String {
    let some = |first: u32| {
        let poll =
            |number| format!("{},2023-01-23 17:{:02}:00 UTC,active\n", number % 97, number % 60);
        (first..first + 60_000).map(poll).collect::<String>()
    };
    let mut rows = POLLS.to_owned();
    for (row, first) in odd_rows.iter().zip((0..).step_by(60_000)) {
        rows += &some(first);
        rows += row;
    }
    rows + &some(9)
}

#[track_caller]
fn check_as_gzip(polls: &str, expected: &str) {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(polls.as_bytes()).unwrap();
    let [plain, gzip] = [polls.as_bytes(), &gzip.finish().unwrap()].map(|content| {
        let folder = files(&[HOURS, ZONES]);
        fs::write(folder.path().join("2"), content).unwrap();
        let outcome = report_of(&folder, 3, AS_OF_NOON).unwrap();
        let prefix = format!("{}/", folder.path().display());
        (outcome.figures, outcome.notes.replace(&prefix, ""), outcome.shortcomings)
    });
    assert_eq!(plain, gzip);
    assert!(plain.1.contains(expected), "{}", plain.1);
}

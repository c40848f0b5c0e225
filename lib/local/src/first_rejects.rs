//! Shows the first rejected rows of a file with their reasons, in the form that all commands use.

/// How many rejected rows are shown.
const SHOWN: usize = 5;
/// Enough of a `rejects.csv` for its header and the rejected rows that are shown. A message shows
/// 40 characters of a value, so a row has well under 2 KiB.
pub const ENOUGH_BYTES: usize = 16 << 10;

/// Returns a line for each of the first rejected rows, and a line with the number of the others.
///
/// `csv` is a `rejects.csv`, or at least its first [`ENOUGH_BYTES`]. `rejected` is the number of
/// all rejected rows.
pub fn lines(csv: &[u8], rejected: u64) -> Vec<String> {
    let records = csv::Reader::from_reader(csv).into_records().map_while(Result::ok).take(SHOWN);
    let mut lines: Vec<String> = records.map(|record| line(&record)).collect();
    let shown = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    if rejected > shown {
        lines.push(format!("and {} more", rejected - shown));
    }
    lines
}

/// Formats one row. The columns are line, column, code and message. If the reason is about a whole
/// row, the column is empty.
fn line(reject: &csv::StringRecord) -> String {
    let cell = |index| reject.get(index).unwrap_or_default();
    let column = match cell(1) {
        "" => String::new(),
        column => format!(", column {column}"),
    };
    format!("line {}{column}: {}", cell(0), cell(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "line,column,code,message\n";

    #[test]
    fn a_rejected_row_is_shown_with_its_line_its_column_and_the_reason() {
        let csv = "4,status,bad_status,\"status must be active; found \"\"x, y\"\"\"\n\
                   7,,field_count,it has 2 fields\n";
        let expected = [
            "line 4, column status: status must be active; found \"x, y\"",
            "line 7: it has 2 fields",
        ];
        check(csv, 2, &expected);
    }

    #[test]
    fn only_the_first_five_are_shown_with_the_number_of_the_others() {
        let csv = "4,,x,no\n".repeat(8);
        let shown = ["line 4: no"; 5];
        check(&csv, 8, &[&shown[..], &["and 3 more"]].concat());
        check(&csv, 1_005, &[&shown[..], &["and 1000 more"]].concat());
        check(&csv, 5, &shown);
    }

    #[test]
    fn the_start_of_a_file_is_enough() {
        let longest = format!("18446744073709551615,timestamp_utc,x,{}\n", "\u{fffd}".repeat(600));
        let csv = HEADER.to_owned() + &longest.repeat(20);
        let whole = lines(csv.as_bytes(), 20);
        assert_eq!(lines(&csv.as_bytes()[..ENOUGH_BYTES], 20), whole);
    }

    #[test]
    fn without_rejects_there_is_nothing_to_show() {
        assert_eq!(lines(b"", 0), [] as [String; 0]);
    }

    #[track_caller]
    fn check(rejects: &str, rejected: u64, expected: &[&str]) {
        assert_eq!(lines((HEADER.to_owned() + rejects).as_bytes(), rejected), expected);
    }
}

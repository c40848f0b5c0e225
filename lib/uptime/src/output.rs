//! Writes report rows as CSV (`RULES.md`, "The report"). Only this module knows the columns, their
//! units, the rounding and the guard against formulas.

use crate::interval::{HOUR, MINUTE};
use crate::parameters::Window;
use crate::report::ReportRow;
use crate::timeline::Uptime;

/// The columns of `report.csv`.
pub const HEADER: &str = "store_id,uptime_last_hour_minutes,uptime_last_day_hours,\
uptime_last_week_hours,downtime_last_hour_minutes,downtime_last_day_hours,\
downtime_last_week_hours\n";

/// The usual length of a line, to reserve memory.
const USUAL_LINE_BYTES: usize = 80;

/// Writes `report.csv`: RFC 4180 with LF, in bytewise order of the raw store ids.
pub fn report_csv(rows: &[ReportRow]) -> Vec<u8> {
    let mut csv = Vec::with_capacity(HEADER.len() + rows.len() * USUAL_LINE_BYTES);
    csv.extend_from_slice(HEADER.as_bytes());
    for row in in_order(rows) {
        row.store.with_text(|store| write_text(&mut csv, store));
        let uptimes = row.uptimes.each_ref();
        write_figures(&mut csv, uptimes.map(|uptime: &Uptime| uptime.up_micros));
        write_figures(&mut csv, uptimes.map(|uptime: &Uptime| uptime.down_micros));
        csv.push(b'\n');
    }
    csv
}

/// Sorts rows by store id. The first bytes of nearly all ids differ, so they are read once per row
/// and compared first.
fn in_order(rows: &[ReportRow]) -> impl Iterator<Item = &ReportRow> {
    let mut order: Vec<_> = rows.iter().map(|row| (row.store.first_bytes(), row)).collect();
    order.sort_unstable_by(|(these, this), (those, that)| {
        these.cmp(those).then_with(|| this.store.cmp(&that.store))
    });
    order.into_iter().map(|(_, row)| row)
}

/// Returns the text of a cell in parts. Puts `'` first if a spreadsheet would otherwise read the
/// text as a formula.
pub fn guarded(text: &str) -> impl Iterator<Item = &str> {
    let looks_like_a_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    looks_like_a_formula.then_some("'").into_iter().chain([text])
}

/// Writes a cell of text, in quotes only where needed.
fn write_text(csv: &mut Vec<u8>, text: &str) {
    let needs_quotes = text.contains([',', '"', '\n', '\r']);
    if needs_quotes {
        csv.push(b'"');
    }
    for part in guarded(text) {
        if needs_quotes {
            csv.extend_from_slice(part.replace('"', "\"\"").as_bytes());
        } else {
            csv.extend_from_slice(part.as_bytes());
        }
    }
    if needs_quotes {
        csv.push(b'"');
    }
}

/// Writes a comma and a figure for each window.
fn write_figures(csv: &mut Vec<u8>, figures_micros: [i64; Window::ALL.len()]) {
    for (micros, window) in figures_micros.into_iter().zip(Window::ALL) {
        let unit = match window {
            Window::LastHour => MINUTE,
            Window::LastDay | Window::LastWeek => HOUR,
        };
        csv.push(b',');
        write_hundredths(csv, rounded(micros, unit / 100));
    }
}

/// Divides and rounds half away from zero. `micros` is never negative.
fn rounded(micros: i64, hundredth: i64) -> u64 {
    ((micros + hundredth / 2) / hundredth).unsigned_abs()
}

/// Writes `1234` as `12.34`.
fn write_hundredths(csv: &mut Vec<u8>, mut hundredths: u64) {
    // The largest figure has 18 digits before the point.
    let mut digits = [b'0'; 21];
    let mut start = digits.len();
    while hundredths > 0 || start > digits.len() - 4 {
        start -= 1;
        if start == digits.len() - 3 {
            digits[start] = b'.';
            continue;
        }
        digits[start] = b'0' + (hundredths % 10) as u8;
        hundredths /= 10;
    }
    csv.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreId;

    #[test]
    fn the_header_names_the_columns_of_the_rules() {
        let header = "store_id,uptime_last_hour_minutes,uptime_last_day_hours,uptime_last_week_hours,downtime_last_hour_minutes,downtime_last_day_hours,downtime_last_week_hours\n";
        assert_eq!(report_csv(&[]), header.as_bytes());
    }

    #[test]
    fn a_row_has_as_many_cells_as_the_header() {
        let csv = String::from_utf8(report_csv(&[row("1", [0; 3])])).unwrap();
        let cells: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(cells, [HEADER.split(',').count(); 2]);
    }

    #[test]
    fn the_last_hour_is_in_minutes_and_the_last_day_and_week_are_in_hours() {
        check_figures([30 * MINUTE, 12 * HOUR, 100 * HOUR], "30.00,12.00,100.00");
    }

    #[test]
    fn figures_have_two_decimals_rounded_half_away_from_zero() {
        check_figures([0, 0, 0], "0.00,0.00,0.00");
        check_figures([300_000, 18_000_000, 17_999_999], "0.01,0.01,0.00");
        check_figures([299_999, 54_000_000, 53_999_999], "0.00,0.02,0.01");
        check_figures([MINUTE, HOUR - 1, 168 * HOUR], "1.00,1.00,168.00");
    }

    #[test]
    fn the_largest_figure_is_written_whole() {
        let mut csv = Vec::new();
        write_hundredths(&mut csv, u64::MAX);
        assert_eq!(csv, b"184467440737095516.15");
    }

    #[test]
    fn rows_are_in_bytewise_order_of_the_raw_ids() {
        let ids = ["b", "10", "9", "-1", "'z", "ab", "ü", "a"];
        let rows = ids.map(|id| row(id, [0; 3]));
        assert_eq!(written_ids(&rows), ["'z", "'-1", "10", "9", "a", "ab", "b", "ü"]);
    }

    #[test]
    fn a_text_that_starts_like_a_formula_gets_a_quote_mark_in_front() {
        for (id, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-5", "'-5"),
            ("@x", "'@x"),
            ("a=b", "a=b"),
            ("'=1", "'=1"),
        ] {
            assert_eq!(written_ids(&[row(id, [0; 3])]), [written]);
        }
    }

    #[test]
    fn fields_are_quoted_only_where_needed() {
        for (id, written) in [("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a b", "a b")] {
            let csv = String::from_utf8(report_csv(&[row(id, [0; 3])])).unwrap();
            assert!(
                csv.ends_with(&format!("\n{written},0.00,0.00,0.00,0.00,0.00,0.00\n")),
                "{csv}"
            );
        }
        let csv = String::from_utf8(report_csv(&[row("=a,\"b", [0; 3])])).unwrap();
        assert!(csv.contains("\n\"'=a,\"\"b\",0.00"), "{csv}");
    }

    #[track_caller]
    fn check_figures(up_micros: [i64; 3], expected: &str) {
        let csv = String::from_utf8(report_csv(&[row("1", up_micros)])).unwrap();
        assert_eq!(csv.lines().nth(1), Some(format!("1,{expected},0.00,0.00,0.00").as_str()));
    }

    fn row(id: &str, up_micros: [i64; 3]) -> ReportRow {
        let uptimes = up_micros.map(|up_micros| Uptime { up_micros, ..Uptime::default() });
        ReportRow { store: StoreId::new(id).unwrap(), uptimes }
    }

    fn written_ids(rows: &[ReportRow]) -> Vec<String> {
        let csv = String::from_utf8(report_csv(rows)).unwrap();
        csv.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
    }
}

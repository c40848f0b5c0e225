//! Writes `report.csv` (`RULES.md`, "The report" and "Periods"): the uptime and the downtime of each
//! store in each window.

use std::borrow::Cow;

use super::cells::{Unit, write_text};
use super::files::{FileName, Table};
use crate::parameters::{ReportParameters, Window};
use crate::report::ReportRow;
use crate::timeline::Uptime;

/// The columns of `report.csv` about the last hour, day and week.
pub const HEADER: &str = "store_id,uptime_last_hour_minutes,uptime_last_day_hours,\
uptime_last_week_hours,downtime_last_hour_minutes,downtime_last_day_hours,\
downtime_last_week_hours\n";
/// The columns of `report.csv` about a period.
pub const PERIOD_HEADER: &str = "store_id,uptime_hours,downtime_hours\n";

/// The usual length of a line, to reserve memory.
const USUAL_LINE_BYTES: usize = 80;

/// Writes `report.csv`: RFC 4180 with LF, in bytewise order of the raw store ids.
pub fn report_csv<'a>(
    parameters: &ReportParameters,
    rows: impl IntoIterator<Item = &'a ReportRow>,
) -> Vec<u8> {
    let (rows, header) = (in_order(rows), header(parameters));
    let mut csv = Vec::with_capacity(header.len() + rows.len() * USUAL_LINE_BYTES);
    csv.extend_from_slice(header.as_bytes());
    for row in rows {
        write_row(&mut csv, row, parameters.windows());
    }
    csv
}

/// Begins `report.csv`. `rows` must be in bytewise order of the raw store ids.
pub(super) fn table<'a>(
    parameters: &ReportParameters,
    rows: impl Iterator<Item = Cow<'a, ReportRow>> + Send + 'a,
) -> Table<'a> {
    let windows = parameters.windows();
    Table::new(FileName::ReportCsv, header(parameters), rows, |csv, row| {
        write_row(csv, &row, windows);
    })
}

fn header(parameters: &ReportParameters) -> &'static str {
    match parameters.method.period() {
        None => HEADER,
        Some(_) => PERIOD_HEADER,
    }
}

fn write_row(csv: &mut Vec<u8>, row: &ReportRow, windows: &[Window]) {
    row.store.with_text(|store| write_text(csv, store));
    write_figures(csv, row, windows);
    csv.push(b'\n');
}

/// Sorts rows by store id. The first bytes of nearly all ids differ, so they are read once per row
/// and compared first.
pub(super) fn in_order<'a>(
    rows: impl IntoIterator<Item = &'a ReportRow>,
) -> impl ExactSizeIterator<Item = &'a ReportRow> {
    let mut order: Vec<_> = rows.into_iter().map(|row| (row.store.first_bytes(), row)).collect();
    order.sort_unstable_by(|(these, this), (those, that)| {
        these.cmp(those).then_with(|| this.store.cmp(&that.store))
    });
    order.into_iter().map(|(_, row)| row)
}

/// Writes the uptime of each window and then the downtime of each, each after a comma.
pub(super) fn write_figures(csv: &mut Vec<u8>, row: &ReportRow, windows: &[Window]) {
    let of_status: [fn(&Uptime) -> i64; 2] =
        [|uptime| uptime.up_micros, |uptime| uptime.down_micros];
    for micros in of_status {
        for window in windows {
            unit_of(*window).write(csv, micros(&row.uptimes[window.place()]));
        }
    }
}

/// The last hour is given in minutes, the other windows in hours.
pub(super) fn unit_of(window: Window) -> Unit {
    match window {
        Window::LastHour => Unit::Minutes,
        Window::LastDay | Window::LastWeek | Window::Period => Unit::Hours,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::write_hundredths;
    use super::*;
    use crate::interval::{HOUR, MINUTE};
    use crate::parameters::Method;
    use crate::{StoreId, Timestamp};

    #[test]
    fn the_header_names_the_columns_of_the_rules() {
        let header = "store_id,uptime_last_hour_minutes,uptime_last_day_hours,uptime_last_week_hours,downtime_last_hour_minutes,downtime_last_day_hours,downtime_last_week_hours\n";
        assert_eq!(csv_of(&[]), header.as_bytes());
    }

    #[test]
    fn a_row_has_as_many_cells_as_the_header() {
        let csv = String::from_utf8(csv_of(&[row("1", [0; 3])])).unwrap();
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
            let csv = String::from_utf8(csv_of(&[row(id, [0; 3])])).unwrap();
            assert!(
                csv.ends_with(&format!("\n{written},0.00,0.00,0.00,0.00,0.00,0.00\n")),
                "{csv}"
            );
        }
        let csv = String::from_utf8(csv_of(&[row("=a,\"b", [0; 3])])).unwrap();
        assert!(csv.contains("\n\"'=a,\"\"b\",0.00"), "{csv}");
    }

    #[track_caller]
    fn check_figures(up_micros: [i64; 3], expected: &str) {
        let csv = String::from_utf8(csv_of(&[row("1", up_micros)])).unwrap();
        assert_eq!(csv.lines().nth(1), Some(format!("1,{expected},0.00,0.00,0.00").as_str()));
    }

    fn csv_of(rows: &[ReportRow]) -> Vec<u8> {
        let as_of = Timestamp::from_micros(0);
        report_csv(&ReportParameters { as_of, method: Method::PollCount }, rows)
    }

    fn row(id: &str, up_micros: [i64; 3]) -> ReportRow {
        let uptimes = up_micros.map(|up_micros| Uptime { up_micros, ..Uptime::default() });
        ReportRow { store: StoreId::new(id).unwrap(), uptimes }
    }

    fn written_ids(rows: &[ReportRow]) -> Vec<String> {
        let csv = String::from_utf8(csv_of(rows)).unwrap();
        csv.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
    }
}

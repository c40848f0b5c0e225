//! Report rows -> CSV: columns, units, rounding, formula guard (spec section 6). The one place.

use crate::report::ReportRow;

/// Writes `report.csv`: sorts the rows bytewise by store id first.
pub fn report_csv(_rows: Vec<ReportRow>) -> Vec<u8> {
    todo!()
}

//! The section "All stores" and the data that the script draws it from.

use super::data;
use super::html::Html;
use crate::fleet::MeasuredReport;

/// Writes the section.
pub(super) fn section(html: &mut Html, report: &MeasuredReport) {
    html.raw("<section id=\"all-stores\"><h2>All stores</h2></section>\n");
    data::write_blocks(html, report);
}

//! Writes `report.html`: one page to look at the report, by itself and offline. Everything above
//! "All stores" is written here in full, so it can be read without JavaScript.

mod axis;
mod data;
mod day_columns;
mod day_sums;
mod digits;
mod down_at_end;
mod figures;
mod flags;
mod hours;
mod hours_text;
mod html;
mod marks;
mod method;
mod outage_figures;
mod overview;
mod silences;
mod stores;
mod subject;
mod tape;
#[cfg(test)]
mod tests;
mod top;
mod week;
mod words;
mod worst;
mod zone_days;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use crate::fleet::MeasuredReport;
use crate::times::ZoneClocks;
use html::Html;
use overview::Overview;
use subject::Subject;

/// The colours, the type and the tables of the page. Other pages of this system look the same with it.
pub const BASE_STYLE: &str = include_str!("page/base.css");
/// The style of the page. `stores.css` styles the section "All stores".
const STYLE: &str = concat!(
    include_str!("page/base.css"),
    include_str!("page/page.css"),
    include_str!("page/stores.css")
);
/// The script of the page. `heat_map.js` moves the focus in the heat map. `page.js` draws the
/// section "All stores".
const SCRIPT: &str = concat!(include_str!("page/heat_map.js"), include_str!("page/page.js"));

/// Writes `report.html`: UTF-8, without a reference to anything outside the page.
pub(super) fn report_html(report: &MeasuredReport) -> Vec<u8> {
    let mut html = Html::new();
    let mut clocks = ZoneClocks::new(report.about.parameters);
    let subject = Subject::of(report, &mut clocks);
    let overview = Overview::of(report, subject, &mut clocks);
    write_head(&mut html, subject);
    html.raw("<body>\n");
    marks::write_hatches(&mut html);
    top::write_top(&mut html, report, subject, &mut clocks);
    html.raw("<main id=\"content\">\n");
    top::write_headline(&mut html, report, &overview, subject);
    figures::write_figures(&mut html, report, subject);
    if subject.ends_at_as_of() {
        html.raw("<div class=\"side-by-side\">\n");
        silences::write_silences(&mut html, report, subject);
        let as_of = report.about.parameters.as_of;
        down_at_end::write_down_at_end(&mut html, &overview, as_of, subject, &mut clocks);
        html.raw("</div>\n");
    } else {
        silences::write_silences(&mut html, report, subject);
    }
    worst::write_worst(&mut html, report, subject, &mut clocks);
    hours::write_hours(&mut html, report, subject);
    stores::section(&mut html, report, subject, &mut clocks);
    method::write_method(&mut html, report);
    html.raw("</main>\n<script>");
    html.raw(SCRIPT);
    html.raw("</script>\n</body>\n</html>\n");
    html.into_bytes()
}

/// Writes everything before the body. The policy lets the browser run this style and this script
/// only, and load nothing.
fn write_head(html: &mut Html, subject: Subject) {
    let title = subject.title();
    let foot = page_foot(&title);
    let style_hash = source_hash(&[STYLE, &foot]);
    let script_hash = source_hash(&[SCRIPT]);
    writeln!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         base-uri 'none'; form-action 'none'; script-src '{script_hash}'; \
         style-src '{style_hash}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Store uptime, {title}</title>\n<style>{STYLE}{foot}</style>\n</head>"
    );
}

/// Returns the rule that prints a foot on every page.
fn page_foot(title: &str) -> String {
    format!(
        "@page{{@bottom-left{{content:\"Store uptime, {title}\"}}\
         @bottom-right{{content:\"Page \" counter(page) \" of \" counter(pages)}}}}\n"
    )
}

/// Returns the source expression that allows an inline element of this content, given in parts.
fn source_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    format!("sha256-{}", BASE64_STANDARD.encode(hash.finalize()))
}

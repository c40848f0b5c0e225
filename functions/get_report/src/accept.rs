//! What the caller wants: the status as JSON, the CSV or the page, by the `Accept` header (RFC 9110,
//! section 12.5.1).
//!
//! Without the header the answer is JSON. A file is sent only if the header **names** `text/csv` or
//! `text/html` and prefers neither JSON nor a wildcard. `*/*` and `text/*` do not count as a name,
//! because tools send them with every request; a browser names `text/html`. At equal weights, JSON
//! comes before CSV, CSV before the page, and each of them before a wildcard.

use lambda_http::http::HeaderMap;
use lambda_http::http::header::ACCEPT;

/// A weight in thousandths; zero means "not acceptable".
type Weight = u16;
const FULL: Weight = 1000;

/// What the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Json,
    Csv,
    Page,
}

/// Returns what the caller prefers.
pub(crate) fn wanted(headers: &HeaderMap) -> Wanted {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let ranges: Vec<(String, Weight)> =
        lines.flat_map(|line| line.split(',')).filter_map(media_range).collect();
    let weight_of = |wanted: &str| {
        ranges.iter().filter(|(range, _)| range == wanted).map(|&(_, weight)| weight).max()
    };

    let (csv, page) = (weight_of("text/csv"), weight_of("text/html"));
    let (csv, page) = (csv.unwrap_or_default(), page.unwrap_or_default());
    let (file, weight) = if page > csv { (Wanted::Page, page) } else { (Wanted::Csv, csv) };
    let is_preferred = if let Some(json) = weight_of("application/json") {
        weight > json
    } else {
        let any = weight_of("application/*").or_else(|| weight_of("*/*")).unwrap_or_default();
        weight > 0 && weight >= any
    };
    if is_preferred { file } else { Wanted::Json }
}

/// Reads `type/subtype;q=0.5` and ignores other parameters. A weight that cannot be read counts as
/// the full weight.
fn media_range(text: &str) -> Option<(String, Weight)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let weight = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .and_then(|(_, value)| weight(value.trim()));
    Some((range.to_ascii_lowercase(), weight.unwrap_or(FULL)))
}

/// `0`, `1`, or either with up to three decimals.
fn weight(text: &str) -> Option<Weight> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits_only = decimals.bytes().all(|byte| byte.is_ascii_digit());
    if decimals.len() > 3 || !digits_only {
        return None;
    }
    let thousandths: Weight = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(FULL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: Wanted = Wanted::Csv;
    const JSON: Wanted = Wanted::Json;
    const PAGE: Wanted = Wanted::Page;

    #[test]
    fn without_a_preference_for_a_file_the_answer_is_json() {
        check("", JSON);
        check("*/*", JSON);
        check("text/*", JSON);
        check("application/json", JSON);
    }

    #[test]
    fn a_browser_gets_the_page() {
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", PAGE);
        check("text/html", PAGE);
        check("text/html;q=0.9, text/csv;q=0.8", PAGE);
        check("text/html, application/json", JSON);
        check("text/html;q=0", JSON);
        check("text/html;q=0.5, */*", JSON);
    }

    #[test]
    fn a_caller_that_names_csv_gets_csv() {
        check("text/csv", CSV);
        check("Text/CSV; charset=utf-8; header=present", CSV);
        check("text/csv;q=0.001", CSV);
        check("text/html, text/csv", CSV);
    }

    #[test]
    fn a_weight_of_zero_refuses_csv() {
        check("text/csv;q=0", JSON);
        check("text/csv; Q=0.000, */*", JSON);
    }

    #[test]
    fn the_greater_weight_wins() {
        check("text/csv, application/json;q=0.9", CSV);
        check("text/csv;q=0.8, application/json;q=0.9", JSON);
        check("text/csv;q=0.5, */*;q=0.8", JSON);
        check("text/csv;q=0.5, application/*;q=0.4, */*;q=0.8", CSV);
        check("text/csv;q=0.1, application/json;q=0", CSV);
    }

    #[test]
    fn at_equal_weights_a_name_beats_a_wildcard_and_json_beats_csv() {
        check("text/csv, */*", CSV);
        check("text/csv;q=0.8, */*;q=0.8", CSV);
        check("text/csv, application/json", JSON);
        check("application/json;q=0.5, text/csv;q=0.5", JSON);
    }

    #[test]
    fn an_unreadable_weight_counts_as_full() {
        check("text/csv;q=high, application/json;q=0.9", CSV);
        check("text/csv;q=0.1234, application/json;q=0.9", CSV);
        check("text/csv;q=1.5, application/json;q=0.9", CSV);
        check(",, text/csv ,", CSV);
    }

    #[test]
    fn several_headers_count_as_one() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT, "application/json;q=0.5".parse().unwrap());
        headers.append(ACCEPT, "text/csv".parse().unwrap());
        assert_eq!(wanted(&headers), CSV);
    }

    #[track_caller]
    fn check(accept: &str, expected: Wanted) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        assert_eq!(wanted(&headers), expected, "{accept}");
    }
}

//! Whether the data of a page is that of its report.

use serde_json::Value;

use super::fleet::Sample;
use crate::output::page::digits::read_number;
use crate::output::stores_csv;

#[test]
fn every_figure_of_stores_csv_is_in_the_data() {
    // 16 times, the percentages of day and week, and the two figures of outages.
    check_figures(&sample(), 16 + 4 + 2);
    // Six times, both percentages, and the two figures of outages.
    for period in ["2023-01-24", "2023-W04", "2023-01"] {
        check_figures(&sample().period(period), 6 + 2 + 2);
    }
}

#[track_caller]
fn check_figures(sample: &Sample, expected: usize) {
    let page = sample.page();
    let csv = stores_csv::table(&sample.report()).into_file().bytes;
    let fields = block(&page, "about")["fields"].clone();
    let figures = block(&page, "figures");
    let texts: Vec<&str> = figures.as_str().unwrap().split(' ').collect();
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let names = reader.headers().unwrap().clone();
    let mut compared = 0;

    for (place, row) in reader.records().enumerate() {
        for (field, text) in fields.as_array().unwrap().iter().zip(&texts) {
            let Some(column) = names.iter().position(|name| name == field[0]) else { continue };
            let digits = usize::try_from(field[1].as_u64().unwrap()).unwrap();
            let read = read_number(&text.as_bytes()[place * digits..][..digits]);
            let figure = if field[2] == true { read.checked_sub(1) } else { Some(read) };
            let cell = row.as_ref().unwrap()[column].replace('.', "").parse().ok();
            assert_eq!(figure, cell, "{} of store {place}", field[0]);
            compared += 1;
        }
    }

    assert_eq!(compared, 4 * expected);
}

#[test]
fn ids_are_in_the_data_as_they_are_and_without_markup() {
    let ids = ["</script>", "<!--", "\"\\", "ü"];
    let page = ids.iter().fold(Sample::new(), |sample, id| sample.hourly(id, 0..1)).page();
    let mut expected = ids;
    expected.sort_unstable();
    assert_eq!(block(&page, "ids"), serde_json::json!(expected));
}

#[test]
fn each_zone_and_each_text_of_hours_is_in_the_data_once() {
    let about = block(&sample().page(), "about");
    let zones: Vec<&Value> =
        about["zones"].as_array().unwrap().iter().map(|zone| &zone["name"]).collect();
    assert_eq!(zones, ["America/Chicago", "Asia/Tokyo"]);
    assert_eq!(
        about["hours"],
        serde_json::json!([
            "hours not known, so it counts as always open",
            "open Mon 0:00 to 1:00"
        ])
    );
}

#[test]
fn a_page_without_stores_has_no_data_and_no_controls() {
    let page = Sample::new().page();
    assert!(page.contains("The report has no stores."));
    assert!(!page.contains("id=\"data-") && !page.contains("id=\"stores-controls\""));
}

#[test]
fn without_javascript_the_table_has_the_hundred_stores_with_the_most_downtime() {
    let sample = (0..102).fold(Sample::new(), |sample, store| {
        sample.poll(&format!("{store:03}"), 60, "active").poll(
            &format!("{store:03}"),
            store,
            "inactive",
        )
    });
    let words = sample.words();
    assert!(words.contains("1 to 100 of 102, most downtime first"));
    let table = words.rsplit_once("Newest poll\n").unwrap().1;
    let shown = |store: &str| table.contains(&format!("|{store}|Chicago"));
    let shown_assumed = |store: &str| table.contains(&format!("|{store}|assumed Chicago"));
    assert!(!shown("101") && shown_assumed("101"));
    assert!(shown_assumed("002") && !shown_assumed("001") && !shown_assumed("000"));
}

/// Stores that were up and down, that no poll reached while they were open, and of two zones.
fn sample() -> Sample {
    Sample::new()
        .hourly("a", 3..7)
        .hourly("b", 0..0)
        .zone("b", "Asia/Tokyo")
        .poll("c", 1_000, "inactive")
        .open_on_monday_morning("d")
        .poll("d", 10, "active")
}

fn block(page: &str, id: &str) -> Value {
    let start = format!("<script type=\"application/json\" id=\"data-{id}\">");
    let text = page.split_once(&start).unwrap().1.split_once("</script>").unwrap().0;
    serde_json::from_str(text).unwrap()
}

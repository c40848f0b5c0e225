//! What the page says of a period, and what it leaves out.

use super::fleet::Sample;

#[test]
fn a_day_that_is_over_everywhere_has_no_end_to_speak_of() {
    let fleet = Sample::new().hourly("a", 20..25).hourly("b", 0..3).period("2023-01-24");
    check(
        &fleet,
        &[
            "Store uptime 24 January 2023",
            "1 of 2 stores was down for more than 2 hours on 24 January 2023.\n",
            "Each store’s dates are those of its own clock.",
            "opening hours of all stores on the day",
            "The line is the store’s day, by its own clock.",
        ],
    );
    let page = fleet.page();
    for left_out in ["the end", "last hour", "Last hour", "last day", "Last day", "last week"] {
        assert!(!words_of_body(&page).contains(left_out), "{left_out}");
    }
}

#[test]
fn a_month_that_goes_on_says_until_when_it_is_known() {
    let fleet = Sample::new().hourly("a", 0..20).hourly("b", 0..0).period("2023-01");
    check(
        &fleet,
        &[
            "January 2023, until Wednesday 25 January 2023, 18:00 UTC (12:00 in Chicago)",
            "1 of 2 stores was down for more than 8 hours in January 2023. 1 was down at the end.",
            "1 store was down at the end",
            "Open at Wed 25 Jan 18:00 UTC, and down at its newest poll",
            "Each column is a date by the store’s own clock",
        ],
    );
}

#[test]
fn a_period_that_is_no_week_is_never_called_one() {
    let fleet = Sample::new().fleet_polled_except(&[20..22, 50..53]).hourly("a", 0..9);
    for period in ["2023-01-24", "2023-01", "2023-01-10/2023-01-24"] {
        let page = fleet.clone().period(period).page();
        let words = words_of_body(&page);
        let mut words = words.split(|letter: char| !letter.is_ascii_alphabetic());
        assert!(!words.any(|word| ["week", "weeks", "Week"].contains(&word)), "{period}");
    }
}

#[test]
fn one_store_reads_about_its_own_period() {
    check(
        &Sample::new().hourly("a", 20..25).period("2023-W04"),
        &[
            "Week 4 of 2023 (23 to 29 Jan), until Wednesday 25 January 2023, 18:00 UTC",
            "Your store was down for 5.0 of 60.0 open hours in week 4 of 2023. It was not down at the end.",
            "The week of your store",
            "The line is the store’s week, by its own clock.",
        ],
    );
}

#[test]
fn silences_of_a_period_have_dates() {
    let fleet = Sample::new().fleet_polled_except(std::slice::from_ref(&(20..22)));
    check(
        &fleet.period("2023-01"),
        &[
            "No polls for 2.0 hours",
            "No store was polled from Tue 24 Jan 20:01 to 22:02 UTC",
            "Polls a date (in UTC), all stores",
        ],
    );
}

#[test]
fn of_many_dates_the_heat_map_adds_up_those_of_a_weekday() {
    let mut fleet = Sample::new();
    for store in 0..12 {
        let id = format!("s{store}");
        fleet = fleet.hourly(&id, if store < 6 { 30..34 } else { 0..0 });
        fleet = (170..450).fold(fleet, |fleet, hour| fleet.poll(&id, hour * 60 + 10, "active"));
    }
    check(
        &fleet.clone().period("2023-01"),
        &[
            "Stores were down most on Tuesdays, 03:00 to 04:00",
            "Each row adds up all dates of a weekday.",
            "|Tue|",
            "|All dates|",
        ],
    );
    check(&fleet.period("2023-01-24"), &["|Tue 24|"]);
}

#[test]
fn an_outage_from_before_the_period_says_so() {
    check(
        &Sample::new().hourly("a", 5..55).period("2023-01-24"),
        &["|Mon 23 Jan 05:50 (began before the day)|Wed 25 Jan 07:50|24.0|"],
    );
}

#[test]
fn of_a_long_period_the_page_lists_the_longest_outages_of_a_store() {
    // 14 outages of one poll each, and one of three polls.
    let fleet = (0..160).fold(Sample::new(), |fleet, hour| {
        let is_down = hour % 10 == 5 && hour < 140 || (150..153).contains(&hour);
        fleet.poll("a", hour * 60 + 10, if is_down { "inactive" } else { "active" })
    });
    let page = fleet.clone().period("2023-01").page();
    let digits = 3 * 10;
    let outages = page.split_once("id=\"data-outages\">\"").unwrap().1;
    assert_eq!(outages.split(' ').next().unwrap().len(), digits);
    assert!(page.contains("These are the 10 longest; outages.csv has all."));
}

#[test]
fn a_store_whose_period_has_not_begun_has_a_row_and_nothing_to_draw() {
    let fleet = Sample::new()
        .hourly("a", 0..0)
        .zone("a", "Asia/Tokyo")
        .hourly("b", 0..0)
        .zone("b", "Pacific/Honolulu")
        .period("2023-01-26");
    check(
        &fleet,
        &[
            "26 January 2023, until Wednesday 25 January 2023, 18:00 UTC",
            "|b|Honolulu|assumed 0.0|",
        ],
    );
    assert!(fleet.page().contains("\"city\":\"Honolulu\",\"time\":[0,0]"));
}

#[track_caller]
fn check(fleet: &Sample, expected: &[&str]) {
    let words = fleet.words();
    for text in expected {
        assert!(words.contains(text), "{text}\n\nis missing in\n{words}");
    }
}

/// Returns the text between the tags of the page, without style, script and data.
fn words_of_body(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1.split_once("<script type").unwrap().0;
    body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect()
}

//! What the page says of fleets in different states.

use super::fleet::Sample;
use crate::certainty::Certainty;
use crate::heat_map::HeatHour;
use crate::parameters::Window;

#[test]
fn the_headline_counts_the_stores_that_were_down_for_more_than_two_hours() {
    let fleet = Sample::new().hourly("a", 20..25).hourly("b", 30..31).hourly("c", 0..0);
    check(
        &fleet,
        &[
            "1 of 3 stores was down for more than 2 hours last week. None was down when it ended.",
            "Even the lowest figure of this store is more than 2 hours.",
        ],
    );
    let fleet = fleet.hourly("d", 20..23).hourly("e", 0..5);
    check(
        &fleet,
        &[
            "3 of 5 stores were down for more than 2 hours last week. 1 was down when it ended.",
            "For 2 of the 3 stores even the lowest figure is more than 2 hours.",
        ],
    );
}

#[test]
fn a_fleet_without_long_outages_is_said_to_have_none() {
    let fleet = Sample::new().hourly("a", 0..1).hourly("b", 0..2);
    check(
        &fleet,
        &["No store was down for more than 2 hours last week. 2 were down when it ended."],
    );
}

#[test]
fn the_page_of_one_store_speaks_to_its_owner() {
    check(
        &Sample::new().hourly("a", 20..25),
        &[
            "Your store was down for 5.0 of 168.0 open hours last week. It was not down when the week ended.",
            "opening hours of the store in the week",
            "The week of your store",
            "The line is the store’s week, in UTC.",
        ],
    );
    check(
        &Sample::new().open_on_monday_morning("a"),
        &["Your store was not polled in its 1.0 open hours last week."],
    );
}

#[test]
fn a_page_without_stores_reads_well() {
    check(
        &Sample::new(),
        &[
            "This report has no stores.",
            "Only opening hours count, and no store was open in the week.",
            "Too few polls to see whether the poller paused.",
            "No open store was down when the week ended",
            "No store was seen down in its opening hours.",
            "No store was open in the week.",
        ],
    );
}

#[test]
fn a_fleet_that_no_poll_reached_is_not_said_to_have_been_up() {
    let fleet = Sample::new().open_on_monday_morning("a").open_on_monday_morning("b");
    check(
        &fleet,
        &[
            "None of the 2 stores was polled in its opening hours last week.",
            "2 stores were never polled while open",
        ],
    );
    assert!(!fleet.words().contains("None was down"));
}

#[test]
fn the_title_names_the_westernmost_the_commonest_and_the_easternmost_zone() {
    let fleet = Sample::new()
        .zone("a", "Asia/Tokyo")
        .zone("b", "Europe/Berlin")
        .zone("c", "Europe/Berlin")
        .zone("d", "Pacific/Honolulu")
        .zone("e", "Europe/London");
    check(
        &fleet,
        &[
            "Week to Wednesday 25 January 2023, 18:00 UTC (08:00 in Honolulu, 19:00 in Berlin, 03:00 in Tokyo)",
        ],
    );
    let fleet = Sample::new().zone("a", "America/New_York").zone("b", "America/Toronto");
    check(&fleet, &["18:00 UTC (13:00 in New York)"]);
}

#[test]
fn silences_of_the_poller_are_listed_with_their_sum() {
    let fleet = Sample::new().fleet_polled_except(&[20..22, 50..53]);
    check(
        &fleet,
        &[
            "No polls for 5.0 of 168 hours",
            "No store was polled in these times, so figures for them are estimates. Times are UTC.",
            "Mon 23 Jan 13:01 to 16:02|3.0 h",
            "Tue 24 Jan 20:01 to 22:02|2.0 h",
            "No downtime",
            "No store was seen down.",
        ],
    );
    check(&fleet.hourly("a", 0..9), &["In the grey bands no store was polled."]);
}

#[test]
fn one_silence_is_a_sentence_and_none_is_said_too() {
    check(
        &Sample::new().fleet_polled_except(std::slice::from_ref(&(20..22))),
        &[
            "No polls for 2.0 of 168 hours",
            "No store was polled from Tue 20:01 to 22:02 UTC: figures for that time are estimates.",
        ],
    );
    check(
        &Sample::new().fleet_polled_except(&[]),
        &["The poller never paused for 15 minutes or more."],
    );
}

#[test]
fn a_page_says_when_polling_began_if_it_began_in_its_time() {
    let fleet = Sample::new()
        .poll("a", 20 * 60, "active")
        .poll("a", 60, "active")
        .open_on_monday_morning("b")
        .max_hold(90);
    check(
        &fleet,
        &[
            "The first poll is of Tue 22:00 UTC: figures for the time before it are estimates, or nothing is known of it.",
            "That settles 0% of the open time; 97% is not observed and the rest is estimated, so figures come with a range.",
        ],
    );
    let before = Sample::new().fleet_polled_except(&[]);
    assert!(!before.words().contains("The first poll is of"));
}

#[test]
fn stores_down_at_the_end_are_listed_with_the_longest_first() {
    let fleet = Sample::new()
        .hourly("short", 0..1)
        .hourly("long", 0..3)
        .hourly("up", 0..0)
        .zone("long", "America/New_York");
    check(
        &fleet,
        &[
            "2 stores were down when the week ended",
            "Open at Wed 18:00 UTC, and down at their newest poll, at most 150 minutes old.",
            "|long|Wed 10:50 New York|130|120|190|10 min old\n|short|Wed 11:50 Chicago|10|0|70|10 min old",
        ],
    );
}

#[test]
fn a_store_whose_newest_poll_is_old_is_not_counted_as_down_at_the_end() {
    let fleet = Sample::new().poll("a", 300, "active").poll("a", 200, "inactive").hourly("b", 0..0);
    check(
        &fleet,
        &[
            "No open store was down when the week ended",
            "Last seen down, but not at the end: 1 open store last seen down 3 h before.",
        ],
    );
}

#[test]
fn an_outage_without_an_active_poll_before_it_may_have_begun_earlier() {
    let fleet = Sample::new().poll("a", 60, "inactive");
    check(&fleet, &["|a|Tue 17 Jan 12:00 or earlier Chicago|"]);
}

#[test]
fn the_worst_stores_come_with_their_outages() {
    let fleet = Sample::new().hourly("a", 20..25).hourly("b", 0..8).hourly("c", 0..0);
    check(
        &fleet,
        &[
            "The 2 stores with downtime",
            "The 2 outages of these stores",
            "|Wed 25 Jan 04:50|down at the end|7.2|7.0|8.2|8|Wed 25 Jan 03:50|–|–",
            "|Tue 24 Jan 11:50|Tue 24 Jan 16:50|5.0|4.0|6.0|5|Tue 24 Jan 10:50|Tue 24 Jan 16:50|–",
        ],
    );
}

#[test]
fn a_limit_on_how_long_a_poll_speaks_is_named() {
    let fleet = Sample::new().poll("a", 60, "active").poll("b", 60, "active").max_hold(90);
    check(
        &fleet,
        &[
            "the store is taken to stay as its last poll found it, for at most 90 minutes.",
            "more than 90 minutes from a poll",
            "Time more than 90 minutes from the poll that speaks for it counts as not observed.",
        ],
    );
}

#[test]
fn an_hour_stands_out_if_its_share_is_at_least_twice_the_share_of_the_week() {
    let mut fleet = Sample::new();
    for store in 0..12 {
        let down = if store < 6 { 30..34 } else { 0..0 };
        fleet = fleet.hourly(&format!("s{store}"), down);
    }
    check(
        &fleet,
        &[
            "Stores were down most on Tue 24 January, 03:00 to 04:00, with 50.0% of the open time down.",
        ],
    );
    let steady = (0..12).fold(Sample::new(), |fleet, store| {
        fleet.hourly(&format!("s{store}"), if store == 0 { 0..170 } else { 0..0 })
    });
    check(&steady, &["No hour stands out. The highest was Wed 18 January,", "with 8.3% of"]);
}

#[test]
fn the_heat_map_holds_exactly_the_time_of_the_week() {
    let report = Sample::new()
        .hourly("a", 20..25)
        .hourly("b", 0..70)
        .poll("c", 600, "inactive")
        .open_on_monday_morning("d")
        .zone("a", "Asia/Kathmandu")
        .zone("b", "Pacific/Kiritimati")
        .zone("c", "Pacific/Honolulu")
        .report();

    let mut sum = HeatHour::default();
    for date in report.heat_map.dates() {
        sum += date.whole_day();
    }

    let week = report.sums.totals[Window::LastWeek.place()];
    let Certainty { settled_up_micros, settled_down_micros, .. } = week.certainty;
    assert_eq!(sum.open_micros, week.scheduled_micros());
    assert_eq!(sum.down_micros, week.uptime.down_micros);
    assert_eq!(sum.settled_micros, settled_up_micros + settled_down_micros);
}

#[test]
fn a_small_fleet_has_no_heat_map() {
    check(&Sample::new().hourly("a", 0..0), &["too few to compare hours."]);
}

#[track_caller]
fn check(fleet: &Sample, expected: &[&str]) {
    let words = fleet.words();
    for text in expected {
        assert!(words.contains(text), "{text}\n\nis missing in\n{words}");
    }
}

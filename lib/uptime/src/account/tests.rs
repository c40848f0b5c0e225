use super::*;
use crate::business_hours::HoursRow;
use crate::interval::HOUR;
use crate::parameters::Method;
use crate::report::row_for_store;
use crate::test_text::{at, max_hold, minutes_text, span_text, store, time_text};

/// Open on Mondays only.
const MONDAYS: &str = "0 09:00-14:00";

#[test]
fn downtime_is_between_its_least_and_its_most() {
    let polls = "09:30 up, 10:30 up, 11:30 down, 12:30 down, 13:30 up";
    let account = account_of("UTC", MONDAYS, polls, "14:00", "");
    for window in [Window::LastDay, Window::LastWeek] {
        assert_eq!(bounds(&account.figures(window)), "least 60, down 120, most 240");
    }
}

#[test]
fn coverage_is_the_time_close_to_a_poll() {
    let account = account_of("UTC", "0 09:00-12:00", "10:14 up, 11:15 up", "12:00", "");
    let figures = account.figures(Window::LastDay);
    assert_eq!(minutes_text(figures.certainty.covered_micros), "151");
    assert_eq!(minutes_text(figures.scheduled_micros()), "180");
}

#[test]
fn a_store_without_a_counting_poll_may_have_been_down_all_the_time() {
    let account = account_of("UTC", MONDAYS, "08:00 up", "14:00", "");
    assert_eq!(bounds(&account.figures(Window::LastWeek)), "least 0, down 0, most 300");
    assert_eq!(account.last_poll, None);
    assert_eq!(account.outages, []);
}

#[test]
fn with_max_hold_the_unknown_time_counts_towards_the_most_only() {
    let polls = "09:30 up, 10:30 up, 11:30 down, 12:30 down, 13:30 up";
    let account = account_of("UTC", MONDAYS, polls, "14:00", "30");
    let figures = account.figures(Window::LastWeek);
    assert_eq!(bounds(&figures), "least 0, down 60, most 300");
    assert_eq!(minutes_text(figures.uptime.unknown_micros), "120");
}

#[test]
fn the_row_of_an_account_is_the_row_of_the_store() {
    for (hours, polls, max_hold_minutes) in [
        (MONDAYS, "09:30 up, 10:30 down, 12:30 up", ""),
        (MONDAYS, "09:30 up, 10:30 down, 12:30 up", "20"),
        ("", "22 09:30 up, 10:30 down", ""),
        (MONDAYS, "", ""),
    ] {
        let parameters = parameters("13:00", max_hold_minutes);
        let clock = ZoneClock::new(Zone::named("UTC").unwrap(), parameters.span());
        let row = row_for_store(&store("1", "UTC", hours, polls), &clock, &parameters);
        assert_eq!(account_of("UTC", hours, polls, "13:00", max_hold_minutes).row, row);
    }
}

#[test]
fn an_account_says_whether_the_zone_and_the_hours_are_given() {
    let given = |zone: &str, hours: &str| {
        let account = account_of(zone, hours, "", "14:00", "");
        (account.zone.name(), account.zone_given, account.hours_given)
    };
    assert_eq!(given("Asia/Kathmandu", MONDAYS), ("Asia/Kathmandu", true, true));
    assert_eq!(given("", ""), ("America/Chicago", false, false));
}

#[test]
fn the_last_poll_is_the_newest_one_taken_in_open_time() {
    let last = |polls: &str| {
        let account = account_of("UTC", MONDAYS, polls, "20:00", "");
        account.last_poll.map(|poll| (time_text(poll.at()), poll.status()))
    };
    let expected = |time: &str, status| Some((time.to_owned(), status));
    assert_eq!(last("10:00 up, 13:59 down, 14:00 up"), expected("13:59", Status::Inactive));
    assert_eq!(last("09:00 up, 18:00 down"), expected("09:00", Status::Active));
    assert_eq!(last("18:00 down"), None);
}

#[test]
fn a_poll_at_as_of_can_be_the_last_one() {
    let account = account_of("UTC", MONDAYS, "10:00 up, 12:00 down", "12:00", "");
    assert_eq!(account.last_poll.map(Poll::at), Some(at("12:00")));
}

#[test]
fn a_store_is_down_at_the_end_if_it_is_open_and_its_newest_poll_is_inactive_and_fresh() {
    let down = |polls: &str, as_of: &str| {
        account_of("UTC", MONDAYS, polls, as_of, "").down_at_end(at(as_of))
    };
    assert!(down("10:00 down", "12:30"));
    assert!(!down("10:00 down", "12:30:00.000001"), "the poll is older than 150 minutes");
    assert!(!down("10:00 down, 11:00 up", "12:00"), "it was active later");
    assert!(!down("", "12:00"), "nothing is known");
    assert!(down("13:30 down", "14:00"), "it is open just before its closing");
    assert!(!down("13:30 down", "14:00:00.000001"), "it has closed");
}

#[test]
fn the_runs_of_a_week_leave_no_gap_and_differ_from_their_neighbours() {
    let account = account_of("UTC", MONDAYS, "10:00 up, 11:00 up, 12:00 down", "13:00", "");
    let Some(Drawn::InFull { runs, .. }) = account.drawn() else { panic!("drawn in full") };
    let texts: Vec<String> =
        runs.iter().map(|run| format!("{} {:?}", span_text(run.span), run.status)).collect();
    assert_eq!(
        texts,
        [
            // On the Monday before, the store was open from 13:00 to 14:00 of the week.
            "16 13:00-16 14:00 Up { settled: false }",
            "16 14:00-09:00 Closed",
            "09:00-10:00 Up { settled: false }",
            "10:00-11:00 Up { settled: true }",
            "11:00-12:00 Up { settled: false }",
            "12:00-13:00 Down { settled: false }",
        ]
    );
}

#[test]
fn a_store_that_never_opens_is_closed_all_week() {
    let facts = StoreFacts {
        opening_times: OpeningTimes::weekly(vec![HoursRow::Closed(chrono::Weekday::Mon)]),
        ..store("1", "UTC", "", "10:00 up")
    };
    let account = account_from(facts, "12:00", "");
    assert_eq!(account.figures(Window::LastWeek), Figures::default());
    let Some(Drawn::InFull { runs, .. }) = account.drawn() else { panic!("drawn in full") };
    assert_eq!(
        *runs,
        [Run { span: Interval::ending_at(at("12:00"), 168 * HOUR), status: SpanStatus::Closed }]
    );
}

#[test]
fn figures_add_up() {
    let account = account_of("UTC", MONDAYS, "10:00 up, 11:00 up, 12:00 down", "13:00", "");
    let once = account.figures(Window::LastDay);
    let mut twice = once;
    twice += once;
    assert_eq!(twice.scheduled_micros(), 2 * 4 * HOUR);
    assert_eq!(twice.downtime_most_micros(), 2 * once.downtime_most_micros());
    assert_eq!(twice.certainty.covered_micros, 2 * once.certainty.covered_micros);
}

fn account_of(zone: &str, hours: &str, polls: &str, as_of: &str, max_hold: &str) -> Account {
    account_from(store("1", zone, hours, polls), as_of, max_hold)
}

fn account_from(facts: StoreFacts, as_of: &str, max_hold: &str) -> Account {
    let parameters = parameters(as_of, max_hold);
    let clock = ZoneClock::new(facts.zone.unwrap_or(Zone::DEFAULT), parameters.span());
    Account::of(facts, &clock, &parameters)
}

fn parameters(as_of: &str, minutes: &str) -> ReportParameters {
    let method = Method::TimeWeighted { max_hold: max_hold(minutes), period: None };
    ReportParameters { as_of: at(as_of), method }
}

fn bounds(figures: &Figures) -> String {
    format!(
        "least {}, down {}, most {}",
        minutes_text(figures.downtime_least_micros()),
        minutes_text(figures.uptime.down_micros),
        minutes_text(figures.downtime_most_micros())
    )
}

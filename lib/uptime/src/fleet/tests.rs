use super::*;
use crate::Zone;
use crate::test_text::{at, max_hold, minutes_text, store};

const HOURS: &str = "0 09:00-14:00";

#[test]
fn united_fleets_are_the_fleet_of_all_stores() {
    let stores = || {
        [
            store("b", "UTC", HOURS, "10:00 up, 11:00 down"),
            store("a", "", HOURS, "16:00 down"),
            store("c", "UTC", "", ""),
        ]
    };
    for method in methods() {
        let mut whole = fleet(method, stores());
        let [b, a, c] = stores();
        let mut united = fleet(method, [c]);
        united.unite(fleet(method, [a, b]));
        assert_eq!(united.about, whole.about);
        assert_eq!(content(&mut united), content(&mut whole));
    }
}

#[test]
fn stores_without_a_counting_poll_are_counted_by_both_methods() {
    for method in methods() {
        let fleet = fleet(
            method,
            [
                store("1", "UTC", HOURS, "10:00 up"),
                store("2", "UTC", HOURS, "08:00 up"),
                store("3", "UTC", HOURS, ""),
                store("4", "UTC", "", "08:00 up"),
            ],
        );
        assert_eq!(fleet.about.without_counting_poll, 2);
    }
}

#[test]
fn polls_taken_in_closed_time_show_that_the_poller_works() {
    let stores =
        [store("1", "UTC", HOURS, "08:00 down, 10:00 up"), store("2", "UTC", HOURS, "08:00 up")];
    let report = measured(fleet(Method::TIME_WEIGHTED, stores));
    let polled: Vec<_> =
        report.activity.polls_by_minute().filter(|(_, polls)| *polls > 0).collect();
    assert_eq!(polled, [(at("08:00"), 2), (at("10:00"), 1)]);
}

#[test]
fn a_report_has_its_stores_in_order_and_their_sums() {
    let report = measured(fleet(
        Method::TIME_WEIGHTED,
        [
            store("b", "UTC", HOURS, "10:00 up, 11:00 up, 12:00 down"),
            store("10", "UTC", HOURS, "10:00 down, 11:00 down"),
            store("9", "UTC", HOURS, ""),
        ],
    ));

    let ids: Vec<String> =
        report.accounts.iter().map(|account| account.row.store.to_string()).collect();
    assert_eq!(ids, ["10", "9", "b"]);
    let [hour, day, _] = report.sums.totals;
    assert_eq!(minutes_text(hour.uptime.down_micros), "120");
    assert_eq!(minutes_text(day.scheduled_micros()), "720");
    assert_eq!(minutes_text(day.uptime.unknown_micros), "240");
    assert_eq!(minutes_text(day.downtime_least_micros()), "60");
    assert_eq!(report.sums.outages, 2);
}

#[test]
fn a_report_of_over_20_000_stores_keeps_the_details_of_the_5_000_with_the_most_downtime() {
    let method = Method::TIME_WEIGHTED;
    let one = |id: usize| {
        let polls = if id < 4_000 { "10:00 down" } else { "10:00 up" };
        store(&format!("{id:05}"), "UTC", HOURS, polls)
    };
    let some = |ids: std::ops::RangeInclusive<usize>| fleet(method, ids.map(one));
    let details = |report: &MeasuredReport| -> Vec<usize> {
        let with_detail = report.accounts.iter().enumerate();
        with_detail
            .filter_map(|(place, account)| account.detail.is_some().then_some(place))
            .collect()
    };

    let mut all = some(3_000..=20_000);
    assert_eq!(details(&measured(all.clone())).len(), 17_001);
    all.unite(some(0..=2_999));
    let all = measured(all);

    // The rest, without downtime, is in the order of the ids.
    assert_eq!(details(&all), (0..5_000).collect::<Vec<_>>());
    let twenty_thousand = measured(some(1..=20_000));
    assert_eq!(details(&twenty_thousand).len(), 20_000);
    assert_eq!(details(&measured(some(0..=20_000))), details(&all));
}

fn methods() -> [Method; 2] {
    [Method::TimeWeighted { max_hold: max_hold("90"), period: None }, Method::PollCount]
}

fn fleet(method: Method, stores: impl IntoIterator<Item = StoreFacts>) -> Fleet {
    let parameters = ReportParameters { as_of: at("13:00"), method };
    let clock = ZoneClock::new(Zone::named("UTC").unwrap(), parameters.span());
    let mut fleet = Fleet::new(parameters);
    for facts in stores {
        fleet.add(facts, &clock);
    }
    fleet
}

fn measured(fleet: Fleet) -> MeasuredReport {
    match fleet.stores {
        Stores::Measured { accounts, activity, heat_map } => {
            MeasuredReport::new(fleet.about, accounts, activity, heat_map)
        }
        Stores::Counted(_) => panic!("the method measures"),
    }
}

/// Returns all that a fleet holds, in the order of the stores.
fn content(fleet: &mut Fleet) -> String {
    match &mut fleet.stores {
        Stores::Measured { accounts, activity, heat_map } => {
            let mut accounts: Vec<_> = accounts.iter().collect();
            accounts.sort_by(|this, that| this.row.store.cmp(&that.row.store));
            format!("{accounts:?} {activity:?} {heat_map:?}")
        }
        Stores::Counted(rows) => {
            rows.sort_by(|this, that| this.store.cmp(&that.store));
            format!("{rows:?}")
        }
    }
}

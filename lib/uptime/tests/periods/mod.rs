//! Properties of periods that say more than that each one agrees with the model.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uptime::account::{Account, Drawn, Figures};
use uptime::interval::DAY;
use uptime::parameters::{ReportParameters, Window};
use uptime::timeline::Uptime;
use uptime::{Interval, Timestamp};

use crate::generator::{Scenario, scenario_of_period, store_polled_daily};
use crate::model;
use crate::{CASES, account_of, known, parameters_of, random_cases};

/// Monday, 2023-10-23, in days since 1970. Clocks change in this week and in the next ones.
const MONDAY: i64 = 19_653;

proptest! {
    #![proptest_config(random_cases())]

    #[test]
    fn the_days_of_a_week_and_of_a_month_add_up_to_it_where_no_store_is_silent_for_over_a_day(
        scenario in polled_daily(),
    ) {
        if model::is_silent_for_over_a_day(&scenario.store, &scenario.subject()) {
            return Ok(());
        }

        let mut sum = Figures::default();
        let mut sums_of_days = Vec::new();
        for day in days_of(&scenario) {
            let figures = account_of(&day).figures(Window::Period);
            sums_of_days.push(figures);
            sum += figures;
        }

        let whole = account_of(&scenario);
        prop_assert_eq!(known(&sum), known(&whole.figures(Window::Period)));
        if let Some(Drawn::Days(days)) = whole.drawn() {
            let uptimes: Vec<_> = days.iter().map(|day| day.uptime).collect();
            let expected = sums_of_days.iter().filter(|day| day.scheduled_micros() > 0);
            let with_time = uptimes.iter().filter(|uptime| uptime.scheduled_micros() > 0);
            prop_assert!(with_time.eq(expected.map(|day| &day.uptime)));
        }
    }

    #[test]
    fn a_day_is_the_last_day_before_its_end_where_no_store_is_silent_for_over_a_day(
        scenario in polled_daily(),
    ) {
        for day in days_of(&scenario) {
            let parameters = parameters_of(&day.subject());
            let zone = uptime::Zone::named(day.store.zone).expect("the zone is known");
            let Some(span) = parameters.times(&parameters.clock(zone)).main() else { continue };
            let day = Scenario { as_of: span.end().micros(), ..day };
            if span.micros() != DAY
                || model::is_silent_for_over_a_day(&day.store, &day.subject())
            {
                continue;
            }

            let last_day = account_of(&Scenario { dates: None, ..day.clone() });

            let of_day = account_of(&day);
            prop_assert_eq!(of_day.figures(Window::Period), last_day.figures(Window::LastDay));
            prop_assert_eq!(of_day.last_poll, last_day.last_poll);
        }
    }

    #[test]
    fn the_sums_of_the_dates_add_up_to_their_period(scenario in scenario_of_period()) {
        let account = account_of(&scenario);
        if let Some(Drawn::Days(days)) = account.drawn() {
            let period = account.figures(Window::Period);
            let (mut uptime, mut least, mut most) = (Uptime::default(), 0, 0);
            for day in days {
                uptime += day.uptime;
                least += day.downtime_least_micros;
                most += day.downtime_most_micros;
            }
            prop_assert_eq!(uptime, period.uptime);
            prop_assert_eq!(least, period.downtime_least_micros());
            prop_assert_eq!(most, period.downtime_most_micros());
        }
    }

    #[test]
    fn a_store_is_down_at_the_end_only_of_a_period_that_ends_at_as_of(
        scenario in scenario_of_period(),
    ) {
        let parameters = parameters_of(&scenario.subject());
        let account = account_of(&scenario);
        if account.open_at_end {
            prop_assert_eq!(end_of_period(&account, &parameters), Some(parameters.as_of));
        }
    }
}

/// If these cases were rare, the properties of periods would prove little.
#[test]
fn the_hard_cases_of_periods_are_frequent_among_the_random_ones() {
    let mut runner = TestRunner::deterministic();
    let mut seen = [0; 7];
    for _ in 0..CASES {
        let scenario = scenario_of_period().new_tree(&mut runner).unwrap().current();
        let daily = polled_daily().new_tree(&mut runner).unwrap().current();
        let subject = scenario.subject();
        let account = account_of(&scenario);
        let parameters = parameters_of(&subject);
        let end = end_of_period(&account, &parameters);
        let any = |state| account.outages.iter().any(|outage| outage.state.name() == state);
        let kinds = [
            end.is_none(),
            end == Some(parameters.as_of),
            account.open_at_end,
            any("end_unknown"),
            any("ongoing"),
            matches!(account.drawn(), Some(Drawn::Days(_))),
            !model::is_silent_for_over_a_day(&daily.store, &daily.subject()),
        ];
        for (count, is_of_kind) in seen.iter_mut().zip(kinds) {
            *count += u32::from(is_of_kind);
        }
    }
    let [not_begun, cut, open_at_end, end_unknown, ongoing, long, polled_daily] = seen;
    assert!(
        [not_begun, end_unknown, ongoing].iter().all(|count| *count >= CASES / 50)
            && [cut, open_at_end, long].iter().all(|count| *count >= CASES / 20)
            && polled_daily >= CASES / 4,
        "no time, ends at as_of, open at the end, end unknown, ongoing, long, polled daily: {seen:?}"
    );
}

/// Returns a scenario about a week or a month, of a store that is polled daily. The report is about a
/// later instant.
fn polled_daily() -> impl Strategy<Value = Scenario> {
    prop_oneof![4 => Just(7), 1 => Just(31)].prop_flat_map(|days: i64| {
        store_polled_daily(MONDAY, days).prop_map(move |(store, max_hold_minutes)| {
            let as_of = (MONDAY + days + 3) * DAY;
            let dates = Some((MONDAY, MONDAY + days - 1));
            Scenario { store, as_of, max_hold_minutes, dates }
        })
    })
}

/// Returns the same scenario about each day of its period.
fn days_of(scenario: &Scenario) -> impl Iterator<Item = Scenario> {
    let (first, last) = scenario.dates.unwrap_or_default();
    (first..=last).map(|date| Scenario { dates: Some((date, date)), ..scenario.clone() })
}

/// Returns where the time of the period ends for a store, if it has any.
fn end_of_period(account: &Account, parameters: &ReportParameters) -> Option<Timestamp> {
    let times = parameters.times(&parameters.clock(account.zone));
    times.main().map(Interval::end)
}

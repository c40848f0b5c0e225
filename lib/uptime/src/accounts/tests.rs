use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::string::string_regex;
use smallvec::SmallVec;

use super::*;
use crate::certainty::Certainty;
use crate::outage::{Outage, OutageState};
use crate::parameters::Method;
use crate::report::ReportRow;
use crate::test_text::at;
use crate::timeline::Uptime;
use crate::{Interval, Poll, Status, Timestamp};

proptest! {
    #[test]
    fn an_account_without_details_is_unpacked_as_it_was(accounts in vec(account(), 0..5)) {
        let mut expected = accounts.clone();
        expected.sort_by(|this, that| this.row.store.cmp(&that.row.store));

        let packed = PackedAccounts::pack(at("12:00"), accounts);

        let ids: Vec<StoreId> = packed.ids().collect();
        prop_assert_eq!(ids, expected.iter().map(|it| it.row.store.clone()).collect::<Vec<_>>());
        prop_assert_eq!(packed.iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn packed_accounts_and_whole_ones_are_merged_in_order_of_their_ids() {
    let parameters = ReportParameters { as_of: at("12:00"), method: Method::TIME_WEIGHTED };
    // One store in three was down, so the page shows stores from everywhere in the order.
    let of_store = |number: usize| {
        let down_micros = if number.is_multiple_of(3) { 1_000_000 } else { 0 };
        let uptime = Uptime { down_micros, ..Uptime::default() };
        let id = if number.is_multiple_of(2) { format!("{number}") } else { format!("n{number}") };
        bare(&id, [uptime; Window::MOST])
    };
    let mut united = Accounts::new(parameters);
    for numbers in [0..15_000, 15_000..18_000, 18_000..36_000, 36_000..36_001] {
        let mut part = Accounts::new(parameters);
        numbers.map(of_store).for_each(|account| part.push(account));
        united.unite(part);
    }
    let mut ids: Vec<String> =
        (0..36_001).map(|number| of_store(number).row.store.to_string()).collect();
    ids.sort();

    let (ordered, sums) = united.in_order();

    let in_order: Vec<String> = ordered.iter().map(|it| it.row.store.to_string()).collect();
    assert_eq!(in_order, ids);
    assert_eq!((ordered.len(), ordered.shown().len()), (36_001, WORST_ON_PAGE));
    assert!(ordered.shown().iter().all(|it| it.row.uptimes[0].down_micros > 0));
    assert_eq!(sums.totals[0].uptime.down_micros, 12_001 * 1_000_000);
    assert_eq!(sums.stores_in[&Zone::DEFAULT], 36_001);
}

#[test]
fn a_packed_account_of_a_week_takes_less_than_200_bytes() {
    let outage = |start: &str, end: &str| Outage {
        span: Interval::new(at(start), at(end)).unwrap(),
        down: SmallVec::from([Interval::new(at(start), at(end)).unwrap()]),
        least_micros: 3_612_345_678,
        most_micros: 10_812_345_678,
        inactive_polls: 2,
        last_active_before: Some(at(start).plus(-3_598_765_432)),
        first_active_after: Some(at(end).plus(3_601_234_567)),
        state: OutageState::Ended,
    };
    let uptime = |hours: i64| Uptime {
        up_micros: hours * 3_000_123_456,
        down_micros: hours * 300_123_456,
        unknown_micros: 0,
    };
    let certainty = |hours: i64| Certainty {
        settled_up_micros: hours * 2_900_123_456,
        settled_down_micros: hours * 100_123_456,
        covered_micros: hours * 3_200_123_456,
    };
    let mut account =
        bare("00000000-0000-4000-8000-000000000000", [uptime(1), uptime(24), uptime(168)]);
    account.certainty = [certainty(1), certainty(24), certainty(168)];
    account.last_poll = Some(Poll::new(at("11:12:13.141516"), Status::Active));
    account.outages =
        vec![outage("20 10:00:01.2", "20 12:00:00.3"), outage("22 10:00", "22 11:00")];

    let packed = PackedAccounts::pack(at("12:00"), vec![account]);

    assert!(packed.bytes().len() < 200, "{}", packed.bytes().len());
}

fn bare(id: &str, uptimes: [Uptime; Window::MOST]) -> Account {
    Account {
        row: ReportRow { store: StoreId::new(id).unwrap(), uptimes },
        certainty: [Certainty::default(); Window::MOST],
        zone: Zone::DEFAULT,
        zone_given: false,
        hours_given: false,
        last_poll: None,
        open_at_end: false,
        outages: Vec::new(),
        detail: None,
    }
}

fn account() -> impl Strategy<Value = Account> {
    let id = prop_oneof![
        any::<u64>().prop_map(|number| number.to_string()),
        any::<u128>().prop_map(|number| {
            let digits = format!("{number:032x}");
            let groups =
                [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
            groups.join("-")
        }),
        string_regex("[a-zé-]{1,40}").unwrap(),
    ];
    let figures = || prop::array::uniform3((duration(), duration(), duration()));
    let zone = prop::sample::select(vec!["America/Chicago", "UTC", "Asia/Kathmandu"]);
    let given = (any::<bool>(), any::<bool>(), any::<bool>());
    let poll = option::of((instant(), status()));
    (id, figures(), figures(), zone, given, poll, vec(outage(), 0..4)).prop_map(
        |(id, uptimes, certainty, zone, given, poll, outages)| Account {
            zone: Zone::named(zone).unwrap(),
            zone_given: given.0,
            hours_given: given.1,
            open_at_end: given.2,
            last_poll: poll.map(|(at, status)| Poll::new(at, status)),
            outages,
            certainty: certainty.map(|(settled_up_micros, settled_down_micros, covered_micros)| {
                Certainty { settled_up_micros, settled_down_micros, covered_micros }
            }),
            ..bare(
                &id,
                uptimes.map(|(up_micros, down_micros, unknown_micros)| Uptime {
                    up_micros,
                    down_micros,
                    unknown_micros,
                }),
            )
        },
    )
}

fn outage() -> impl Strategy<Value = Outage> {
    let down = prop_oneof![Just(None), vec((instant(), 1_i64..1 << 50), 0..3).prop_map(Some),];
    let polls = (option::of(instant()), option::of(instant()), any::<u32>());
    let state = prop::sample::select(vec![
        OutageState::Ended,
        OutageState::Ongoing,
        OutageState::EndUnknown,
    ]);
    ((instant(), 1_i64..1 << 50), down, duration(), duration(), polls, state).prop_map(
        |(span, down, least_micros, most_micros, polls, state)| {
            let of = |(start, micros): (Timestamp, i64)| {
                Interval::new(start, start.plus(micros)).unwrap()
            };
            let (last_active_before, first_active_after, inactive_polls) = polls;
            Outage {
                span: of(span),
                down: down.unwrap_or_else(|| vec![span]).into_iter().map(of).collect(),
                least_micros,
                most_micros,
                inactive_polls,
                last_active_before,
                first_active_after,
                state,
            }
        },
    )
}

fn instant() -> impl Strategy<Value = Timestamp> {
    let near = -1_000_000_i64..1_000_000;
    prop_oneof![
        near.prop_map(|micros| at("12:00").plus(micros)),
        (0..i64::MAX / 4).prop_map(Timestamp::from_micros),
    ]
}

fn duration() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), 0..1_i64 << 40, 0..i64::MAX]
}

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(vec![Status::Active, Status::Inactive])
}

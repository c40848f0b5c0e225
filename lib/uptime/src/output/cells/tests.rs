use super::*;
use crate::test_text::at;
use crate::{Interval, Zone};

#[test]
fn percentages_are_rounded_down_so_that_100_means_all() {
    for (part, whole, written) in [
        (151, 180, ",83.88"),
        (2, 3, ",66.66"),
        (99_999, 100_000, ",99.99"),
        (i64::MAX - 1, i64::MAX, ",99.99"),
        (i64::MAX, i64::MAX, ",100.00"),
        (1, 100_000, ",0.00"),
        (0, 7, ",0.00"),
        (0, 0, ","),
    ] {
        let mut csv = Vec::new();
        write_percent(&mut csv, part, whole);
        assert_eq!(String::from_utf8(csv).unwrap(), written, "{part} of {whole}");
    }
}

#[test]
fn an_absent_value_is_an_empty_cell() {
    let mut csv = Vec::new();
    write_plain(&mut csv, Some(7));
    write_plain(&mut csv, None::<i32>);
    assert_eq!(csv, b",7,");
}

#[test]
fn local_times_have_the_offset_of_the_zone_and_never_z() {
    for (zone, expected) in [
        ("UTC", "2023-01-23T12:00:00+00:00"),
        ("America/Chicago", "2023-01-23T06:00:00-06:00"),
        ("America/St_Johns", "2023-01-23T08:30:00-03:30"),
        ("Asia/Kathmandu", "2023-01-23T17:45:00+05:45"),
        ("Pacific/Kiritimati", "2023-01-24T02:00:00+14:00"),
    ] {
        assert_eq!(local_text(at("12:00"), &clock(zone, at("12:00"))), expected);
    }
}

#[test]
fn a_local_time_keeps_its_microseconds() {
    let late = at("12:00:00.000001");
    assert_eq!(local_text(late, &clock("UTC", late)), "2023-01-23T12:00:00.000001+00:00");
}

#[test]
fn the_offset_of_a_local_time_is_that_of_the_instant() {
    let instant = |text: &str| Timestamp::from_rfc3339(text).unwrap();
    let clock = clock("America/New_York", instant("2023-11-05T12:00:00Z"));
    let local = |text: &str| local_text(instant(text), &clock);
    assert_eq!(local("2023-11-05T05:30:00Z"), "2023-11-05T01:30:00-04:00");
    assert_eq!(local("2023-11-05T06:30:00Z"), "2023-11-05T01:30:00-05:00");
}

fn clock(zone: &str, at: Timestamp) -> ZoneClock {
    ZoneClock::new(Zone::named(zone).unwrap(), Interval::ending_at(at, 24 * HOUR))
}

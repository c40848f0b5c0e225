use super::*;

#[test]
fn a_source_timestamp_keeps_its_microseconds() {
    check("2023-01-24 09:06:42.605777 UTC", "2023-01-24T09:06:42.605777Z");
    check("2023-01-24 09:06:42.6 UTC", "2023-01-24T09:06:42.600000Z");
    check("2023-01-24 09:06:42", "2023-01-24T09:06:42Z");
    check("2023-01-24t09:06:42z", "2023-01-24T09:06:42Z");
    check("2023-01-24 09:06:42 utc", "2023-01-24T09:06:42Z");
}

#[test]
fn digits_after_the_sixth_are_dropped_not_rounded() {
    check("2023-01-24 09:06:42.123456999 UTC", "2023-01-24T09:06:42.123456Z");
    check("2023-01-24 09:06:42.000000999", "2023-01-24T09:06:42Z");
    check("2023-01-24 09:06:42.1234567890", "no");
}

#[test]
fn an_offset_is_subtracted() {
    check("2023-01-24T09:06:42+05:30", "2023-01-24T03:36:42Z");
    check("2023-01-24T09:06:42.5-10:00", "2023-01-24T19:06:42.500000Z");
    check("2023-01-01 00:00:00+00:01", "2022-12-31T23:59:00Z");
    check("2023-01-24T09:06:42-00:00", "2023-01-24T09:06:42Z");
}

#[test]
fn every_date_of_ten_thousand_years_agrees_with_chrono() {
    for year in 0..10_000 {
        for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
            let date = chrono::NaiveDate::from_ymd_opt(year, month, day);
            let days = date.map(|date| i64::from(date.to_epoch_days()));
            let year = u32::try_from(year).unwrap();
            assert_eq!(days_since_1970(year, month, day), days, "{year}-{month}-{day}");
        }
    }
}

#[test]
fn dates_that_the_calendar_lacks_are_refused() {
    check("2024-02-29 00:00:00", "2024-02-29T00:00:00Z");
    for date in ["2023-02-29", "2023-04-31", "2023-00-10", "2023-13-10", "2023-01-00"] {
        check(&format!("{date} 00:00:00"), "no");
    }
}

#[test]
fn hours_minutes_and_seconds_have_their_limits() {
    check("2023-01-24 23:59:59", "2023-01-24T23:59:59Z");
    for time in ["24:00:00", "00:60:00", "00:00:60", "23:59:60", "-1:00:00", "+1:00:00"] {
        check(&format!("2023-01-24 {time}"), "no");
    }
}

#[test]
fn an_offset_of_a_source_file_has_two_or_four_digits_and_at_most_14_hours() {
    for (offset, expected) in [
        ("+05", "2023-01-24T04:06:42Z"),
        ("+0530", "2023-01-24T03:36:42Z"),
        ("+05:30", "2023-01-24T03:36:42Z"),
        ("-05:30", "2023-01-24T14:36:42Z"),
        ("+14", "2023-01-23T19:06:42Z"),
        ("+14:00", "2023-01-23T19:06:42Z"),
        ("-1400", "2023-01-24T23:06:42Z"),
        ("+00", "2023-01-24T09:06:42Z"),
        ("-00:00", "2023-01-24T09:06:42Z"),
    ] {
        check(&format!("2023-01-24 09:06:42{offset}"), expected);
        check(&format!("2023-01-24T09:06:42 {offset}"), expected);
    }
    for offset in [
        "+14:01",
        "-15",
        "+24:00",
        "+05:60",
        "+0560",
        "+5",
        "+5:30",
        "+05:3",
        "+053",
        "+05300",
        "+05:30:00",
        "+",
        "-",
        "05:30",
        "+-5",
        "+0x",
        "+00:",
        "--05",
    ] {
        check(&format!("2023-01-24 09:06:42{offset}"), "no");
        check(&format!("2023-01-24 09:06:42 {offset}"), "no");
    }
}

#[test]
fn the_suffix_may_follow_one_blank_and_the_time_must_follow_one_blank_or_t() {
    for blank in [" ", "\t", "\u{a0}"] {
        for suffix in ["UTC", "utc", "Utc", "Z", "z", "+00", "+0000", "+00:00", "-00:00", ""] {
            for separator in [blank, "T", "t"] {
                let time = format!("2023-01-24{separator}09:06:42.5");
                check(&format!("{time}{suffix}"), "2023-01-24T09:06:42.500000Z");
                check(&format!("{time}{blank}{suffix}"), "2023-01-24T09:06:42.500000Z");
            }
            check(&format!("2023-01-24{blank}{blank}09:06:42{suffix}"), "no");
            check(&format!("2023-01-24 09:06:42{blank}{blank}{suffix}"), "no");
        }
    }
    check("2023-01-24\u{2003}09:06:42", "no");
    check("2023-01-2409:06:42", "no");
}

#[test]
fn utc_may_follow_only_an_offset_of_zero() {
    for offset in ["+00", "+0000", "+00:00", "-0000", " +0000", " -00:00", "\u{a0}+00"] {
        check(&format!("2023-01-24 09:06:42.5{offset} UTC"), "2023-01-24T09:06:42.500000Z");
        check(&format!("2023-01-24 09:06:42.5{offset}\tutc"), "2023-01-24T09:06:42.500000Z");
        check(&format!("2023-01-24 09:06:42.5{offset}UTC"), "no");
        check(&format!("2023-01-24 09:06:42.5{offset} Z"), "no");
        check(&format!("2023-01-24 09:06:42.5{offset} UTC m=+0.1"), "no");
    }
    for offset in ["+01", "-0100", "+00:01", " +05:30"] {
        check(&format!("2023-01-24 09:06:42{offset} UTC"), "no");
    }
    check("2023-01-24 09:06:42Z UTC", "no");
    check("2023-01-24 09:06:42 UTC UTC", "no");
}

#[test]
fn other_forms_are_refused() {
    for text in [
        "",
        "2023-01-24",
        "1674551202",
        "24.01.2023 09:06:42",
        "2023-1-24 09:06:42",
        "2023-01-24 9:06:42",
        "2023-01-24_09:06:42",
        "2023-01-24  09:06:42",
        "2023-01-24 09:06:42.",
        "2023-01-24 09:06:42. UTC",
        "2023-01-24 09:06:42,5",
        "2023-01-24 09:06:42 CET",
        "2023-01-24 09:06:42 GMT",
        "2023-01-24 09:06:42 U",
        "2023/01/24 09:06:42",
        "2023-01-24 09:06",
        "\u{0662}023-01-24 09:06:42",
    ] {
        check(text, "no");
    }
}

#[test]
fn rfc_3339_needs_an_offset() {
    let read = |text: &str| Timestamp::from_rfc3339(text).map(|at| at.to_string());
    assert_eq!(read("2023-01-24T09:06:42.5Z"), Ok("2023-01-24T09:06:42.500000Z".to_owned()));
    assert_eq!(read("2023-01-24 09:06:42+01:00"), Ok("2023-01-24T08:06:42Z".to_owned()));
    assert_eq!(read("2023-01-24T09:06:42"), Err(TimestampError));
    assert_eq!(read("2023-01-24T09:06:42 UTC"), Err(TimestampError));
    assert_eq!(read("now"), Err(TimestampError));
}

#[test]
fn what_source_files_may_write_besides_is_no_rfc_3339() {
    for time in ["2023-01-24T09:06:42", "2023-01-24 09:06:42.5"] {
        for suffix in
            ["+00", "+0000", " Z", " +00:00", "+00:00 UTC", " UTC", "UTC", "+05", "+0530", " "]
        {
            let text = format!("{time}{suffix}");
            assert_eq!(Timestamp::from_rfc3339(&text), Err(TimestampError), "{text}");
        }
    }
    for text in ["2023-01-24\t09:06:42Z", "2023-01-24\u{a0}09:06:42Z"] {
        assert_eq!(Timestamp::from_rfc3339(text), Err(TimestampError), "{text}");
    }
    let far = Timestamp::from_rfc3339("2023-01-24T09:06:42+23:59").unwrap();
    assert_eq!(far.to_string(), "2023-01-23T09:07:42Z");
}

#[test]
fn every_instant_can_be_displayed() {
    let last = Timestamp::from_micros(i64::MAX).to_string();
    assert_eq!(last, "9223372036854775807 microseconds since 1970");
    assert_eq!(Timestamp::from_micros(-1).to_string(), "1969-12-31T23:59:59.999999Z");
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let read = Timestamp::from_source(text.as_bytes());
    assert_eq!(read.map_or("no".to_owned(), |at| at.to_string()), expected, "{text}");
}

#[test]
fn every_date_of_four_digits_is_written_as_chrono_writes_it() {
    let first = days_since_1970(0, 1, 1).unwrap();
    let last = days_since_1970(9_999, 12, 31).unwrap();
    for days in first..=last {
        let at = Timestamp::from_micros(days * DAY + 86_399_999_999);
        let expected = chrono::DateTime::from_timestamp_micros(at.micros()).unwrap();
        let text = at.date_and_time().unwrap();
        assert_eq!(text.as_str(), expected.naive_utc().format("%FT%T.%6f").to_string());
    }
    for outside in [first - 1, last + 1] {
        assert!(Timestamp::from_micros(outside * DAY).date_and_time().is_none());
    }
}

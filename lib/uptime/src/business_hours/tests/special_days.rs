//! Special days: `check_special(zone, hours, special days, span, expected)`.

use super::*;

#[test]
fn a_date_with_special_days_opens_by_their_rows_alone() {
    let hours = "Mon 09:00-12:00, Mon 14:00-16:00, Tue 09:00-12:00";
    for (special, expected) in [
        ("2023-01-23 closed", "Tue 09:00 - Tue 12:00"),
        ("2023-01-23 10:00-11:00", "Mon 10:00 - Mon 11:00, Tue 09:00 - Tue 12:00"),
        (
            "2023-01-23 18:00-20:00, 2023-01-23 10:00-11:00, 2023-01-23 closed",
            "Mon 10:00 - Mon 11:00, Mon 18:00 - Mon 20:00, Tue 09:00 - Tue 12:00",
        ),
        (
            "2023-01-24 closed, 2023-01-27 08:00-09:00",
            "Mon 09:00 - Mon 12:00, Mon 14:00 - Mon 16:00, Fri 08:00 - Fri 09:00",
        ),
    ] {
        check_special("UTC", hours, special, WEEK, expected);
    }
}

#[test]
fn the_end_of_a_special_day_means_what_it_means_in_business_hours() {
    let into_normal_day = "Mon 20:00 - Tue 11:00";
    check_special("UTC", "Tue 02:00-11:00", "2023-01-23 20:00-03:00", WEEK, into_normal_day);
    for end in ["23:59", "24:00", "00:00"] {
        let special = format!("2023-01-23 20:00-{end}");
        check_special("UTC", "Tue 00:00-11:00", &special, WEEK, into_normal_day);
    }
}

#[test]
fn what_began_on_the_date_before_a_special_day_and_lasts_past_midnight_stays() {
    let nights = "Mon 22:00-02:00, Tue 22:00-02:00";
    check_special("UTC", nights, "2023-01-24 closed", WEEK, "Mon 22:00 - Tue 02:00");
    let shorter = "Mon 22:00 - Tue 02:00, Tue 10:00 - Tue 11:00";
    check_special("UTC", nights, "2023-01-24 10:00-11:00", WEEK, shorter);
}

#[test]
fn special_days_out_of_sight_or_without_a_date_change_nothing() {
    for special in ["unknown", "2023-01-09 closed, 2023-03-01 closed", "2099-12-31 closed"] {
        check_special("UTC", "", special, WEEK, "Mon 00:00 - Mon 00:00");
        let mondays = "Mon 09:00-12:00";
        check_special("UTC", mondays, special, WEEK, "Mon 09:00 - Mon 12:00");
    }
}

#[test]
fn a_store_that_is_always_open_is_open_on_all_other_dates_without_a_break() {
    for hours in ["", "unknown"] {
        let closed = "Mon 00:00 - Wed 00:00, Thu 00:00 - Mon 00:00";
        check_special("UTC", hours, "2023-01-25 closed", WEEK, closed);
        let shorter = "Mon 00:00 - Wed 00:00, Wed 10:00 - Wed 11:00, Thu 00:00 - Mon 00:00";
        check_special("UTC", hours, "2023-01-25 10:00-11:00", WEEK, shorter);
        let until_late = "Mon 00:00 - Wed 00:00, Wed 22:00 - Mon 00:00";
        check_special("UTC", hours, "2023-01-25 22:00-02:00", WEEK, until_late);
        check_special("UTC", hours, "2023-01-25 00:00-24:00", WEEK, "Mon 00:00 - Mon 00:00");
    }
}

#[test]
fn a_store_that_is_always_open_has_no_break_at_a_clock_change_at_midnight() {
    // The special day is within reach, but not in the span. In Beirut the clocks went from 00:00 to
    // 01:00 on 2022-03-27, and from 00:00 to 23:00 on 2022-10-29. Newfoundland's changed at 00:01
    // until 2011. Samoa skipped 2011-12-30.
    for (zone, special, span, expected) in [
        (
            "Asia/Beirut",
            "2022-03-29 closed",
            "2022-03-26 12:00 - 2022-03-28 12:00",
            "Sat 12:00 - Mon 12:00",
        ),
        (
            "Asia/Beirut",
            "2022-10-31 closed",
            "2022-10-28 12:00 - 2022-10-30 12:00",
            "Fri 12:00 - Sun 12:00",
        ),
        (
            "America/St_Johns",
            "2010-11-09 closed",
            "2010-11-06 12:00 - 2010-11-08 12:00",
            "Sat 12:00 - Mon 12:00",
        ),
        (
            "America/St_Johns",
            "2010-03-16 closed",
            "2010-03-13 12:00 - 2010-03-15 12:00",
            "Sat 12:00 - Mon 12:00",
        ),
        (
            "Pacific/Apia",
            "2012-01-02 closed",
            "2011-12-29 12:00 - 2012-01-01 09:00",
            "Thu 12:00 - Sun 09:00",
        ),
    ] {
        check_special(zone, "", special, span, expected);
    }
}

#[test]
fn a_special_day_is_as_long_as_its_date() {
    let (spring, autumn) =
        ("2023-03-11 12:00 - 2023-03-13 12:00", "2023-11-04 12:00 - 2023-11-06 12:00");
    // 23 and 25 hours are closed.
    let zone = "America/New_York";
    check_special(
        zone,
        "",
        "2023-03-12 closed",
        spring,
        "Sat 12:00 - Sun 05:00, Mon 04:00 - Mon 12:00",
    );
    check_special(
        zone,
        "",
        "2023-11-05 closed",
        autumn,
        "Sat 12:00 - Sun 04:00, Mon 05:00 - Mon 12:00",
    );
    check_special(zone, "Sun 00:00-24:00", "2023-03-12 closed", spring, "");
}

#[test]
fn local_times_of_a_special_day_in_a_gap_or_fold_are_read_as_those_of_business_hours() {
    let (spring, autumn) =
        ("2023-03-11 12:00 - 2023-03-13 12:00", "2023-11-04 12:00 - 2023-11-06 12:00");
    let zone = "America/New_York";
    let hours = "Sun 09:00-17:00";
    check_special(zone, hours, "2023-03-12 02:10-02:50", spring, "Sun 07:10 - Sun 07:50");
    // 02:30 is read as 07:30 UTC, 03:00 as 07:00 UTC.
    check_special(zone, hours, "2023-03-12 02:30-03:00", spring, "");
    // 01:30 comes twice and means the first one. 02:30 comes once.
    check_special(zone, hours, "2023-11-05 01:30-02:30", autumn, "Sun 05:30 - Sun 07:30");
}

#[test]
fn a_special_day_on_a_date_that_the_zone_skipped_replaces_its_hours() {
    let (fridays, span) = ("Fri 09:00-17:00", "2011-12-29 00:00 - 2012-01-02 00:00");
    check_special("Pacific/Apia", fridays, "2011-12-30 closed", span, "");
    check_special("Pacific/Apia", fridays, "2011-12-30 09:00-10:00", span, "Fri 19:00 - Fri 20:00");
}

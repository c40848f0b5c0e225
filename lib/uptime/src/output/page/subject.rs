//! What the page is about, and how it names that in words: the week that ends at `as_of`, or a period.

use chrono::{Datelike as _, NaiveDate};

use super::words::Moment;
use crate::fleet::MeasuredReport;
use crate::interval::DAY;
use crate::period::{Form, Period};
use crate::times::ZoneClocks;
use crate::zone_clock::{LocalDate, ZoneClock};
use crate::{Interval, Timestamp};

/// What the page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subject {
    as_of: Timestamp,
    /// `None` means the week that ends at `as_of`.
    period: Option<Period>,
    /// Whether only the sums of each date are drawn.
    is_long: bool,
    /// Whether the time of some store ends at `as_of`. Otherwise the period was over for all of them.
    ends_at_as_of: bool,
    /// From where the first store's time begins to where the last one's ends, none after `as_of`.
    time: Interval,
}

impl Subject {
    /// Returns what the page of a report is about.
    pub(super) fn of(report: &MeasuredReport, clocks: &mut ZoneClocks) -> Subject {
        let parameters = &report.about.parameters;
        let (as_of, period) = (parameters.as_of, parameters.method.period());
        let Some(of_period) = period else {
            let time = Interval::ending_at(as_of, 7 * DAY);
            return Subject { as_of, period, is_long: false, ends_at_as_of: true, time };
        };
        let zones = report.sums.stores_in.keys();
        let wholes: Vec<Interval> =
            zones.filter_map(|zone| of_period.by(clocks.of(*zone))).collect();
        let ends_at_as_of = wholes.iter().any(|whole| as_of <= whole.end());
        let shared = wholes.into_iter().reduce(|one, other| {
            let start = one.start().min(other.start());
            Interval::new(start, one.end().max(other.end())).unwrap_or(one)
        });
        let shared = shared.unwrap_or(of_period.in_utc());
        let time = Interval::new(shared.start(), shared.end().min(as_of)).unwrap_or(shared);
        let is_long = !parameters.draws_in_full();
        Subject { as_of, period, is_long, ends_at_as_of, time }
    }

    /// Returns the period, if it is one.
    pub(super) fn period(self) -> Option<Period> {
        self.period
    }

    /// Returns the time from where the first store's begins to where the last one's ends, none after
    /// `as_of`.
    pub(super) fn time(self) -> Interval {
        self.time
    }

    /// Returns whether only the sums of each date are drawn.
    pub(super) fn is_long(self) -> bool {
        self.is_long
    }

    /// Returns the places of the dates of a zone in the period, the first date being 0. Dates that the
    /// zone skipped and those that begin after `as_of` have none.
    pub(super) fn date_places(self, clock: &ZoneClock) -> Vec<i64> {
        let Some(period) = self.period else { return Vec::new() };
        let whole = period.by(clock);
        let drawn = whole.and_then(|it| Interval::new(it.start(), it.end().min(self.as_of)));
        let dates = drawn.map(|drawn| clock.dates_in(drawn)).unwrap_or_default();
        let first = period.first().days_since_1970();
        dates.iter().map(|date| clock.local(date.start()).date.days_since_1970() - first).collect()
    }

    /// Returns the name of a figure in the data and in `stores.csv`: `scheduled*_hours` becomes
    /// `scheduled_last_week_hours`, or for a period `scheduled_hours`.
    pub(super) fn figure_name(self, name: &str) -> String {
        name.replace('*', if self.is_period() { "" } else { "_last_week" })
    }

    /// Returns a moment: its weekday and time in the week, and its date besides in a period.
    pub(super) fn day_time(self, at: Moment) -> String {
        if self.is_period() { at.date_time().to_string() } else { at.weekday_time().to_string() }
    }

    /// Returns whether it is a period.
    pub(super) fn is_period(self) -> bool {
        self.period.is_some()
    }

    /// Returns whether the time of some store ends at `as_of`. Only then are there stores that were
    /// down at the end.
    pub(super) fn ends_at_as_of(self) -> bool {
        self.ends_at_as_of
    }

    /// Returns whether the time of the stores of a zone has begun, and lasts to `as_of`.
    pub(super) fn lasts_to_as_of(self, clock: &ZoneClock) -> bool {
        let whole = self.whole(clock);
        whole.is_some_and(|whole| whole.start() < self.as_of && self.as_of <= whole.end())
    }

    /// Returns its whole time by a clock, also the part after `as_of`. `None` if the zone skipped all
    /// of it.
    pub(super) fn whole(self, clock: &ZoneClock) -> Option<Interval> {
        match self.period {
            None => Some(Interval::ending_at(self.as_of, 7 * DAY)),
            Some(period) => period.by(clock),
        }
    }

    /// Returns how many dates a period has. The week takes as much time as 7.
    pub(super) fn days(self) -> i64 {
        self.period.map_or(7, |period| period.days())
    }

    /// Returns its name for titles: "week to Wednesday 25 January 2023, 18:13 UTC" or "October 2026".
    pub(super) fn title(self) -> String {
        match self.period {
            None => format!("week to {}", self.end()),
            Some(period) if self.is_cut() => format!("{}, until {}", name_of(period), self.end()),
            Some(period) => name_of(period),
        }
    }

    /// Returns whether it is a period that was not over for some store at `as_of`.
    fn is_cut(self) -> bool {
        self.is_period() && self.ends_at_as_of
    }

    /// Returns `as_of`, such as "Wednesday 25 January 2023, 18:13 UTC".
    fn end(self) -> String {
        let end = Moment::in_utc(self.as_of);
        format!("{}, {} UTC", end.full_date(), end.time())
    }

    /// Returns when something happened: "last week" or "in October 2026".
    pub(super) fn when(self) -> String {
        let Some(period) = self.period else { return "last week".to_owned() };
        match form_of(period) {
            Form::Day => format!("on {}", name_of(period)),
            Form::Week => format!("in {}", name_of(period).split(" (").next().unwrap_or_default()),
            Form::Month => format!("in {}", name_of(period)),
            Form::Range => format!("from {}", name_of(period)),
        }
    }

    /// Returns what it is: "week", "day", "month" or "period".
    pub(super) fn noun(self) -> &'static str {
        match self.period.map(form_of) {
            None | Some(Form::Week) => "week",
            Some(Form::Day) => "day",
            Some(Form::Month) => "month",
            Some(Form::Range) => "period",
        }
    }

    /// Returns "in the week" or "on the day".
    pub(super) fn within(self) -> String {
        let preposition = if self.noun() == "day" { "on" } else { "in" };
        format!("{preposition} the {}", self.noun())
    }

    /// Returns when its end was: "when the week ended", or for a period "at the end".
    pub(super) fn at_its_end(self) -> &'static str {
        if self.is_period() { "at the end" } else { "when the week ended" }
    }
}

/// Returns the form that names the period best: a range of one date is a day.
fn form_of(period: Period) -> Form {
    if period.days() == 1 { Form::Day } else { period.form() }
}

/// Returns "24 October 2026", "week 43 of 2026 (19 to 25 Oct)", "October 2026" or "1 to 15 October
/// 2026".
fn name_of(period: Period) -> String {
    let [first, last] = [period.first(), period.last()].map(LocalDate::in_calendar);
    match form_of(period) {
        Form::Day => first.format("%-d %B %Y").to_string(),
        Form::Month => first.format("%B %Y").to_string(),
        Form::Range => from_to(first, last, "%B", true),
        Form::Week => {
            let (year, week) = (first.iso_week().year(), first.iso_week().week());
            // The first and the last week of a year may reach into another one.
            let with_year = first.year() != last.year();
            format!("week {week} of {year} ({})", from_to(first, last, "%b", with_year))
        }
    }
}

/// Returns two dates. What they share stands once.
fn from_to(first: NaiveDate, last: NaiveDate, month: &str, with_year: bool) -> String {
    let text = |date: NaiveDate, with_month: bool, with_year: bool| {
        let mut text = date.day().to_string();
        if with_month {
            text += &date.format(&format!(" {month}")).to_string();
        }
        if with_year {
            text += &date.format(" %Y").to_string();
        }
        text
    };
    let is_year_shared = first.year() == last.year();
    let is_month_shared = is_year_shared && first.month() == last.month();
    let from = text(first, !is_month_shared, !is_year_shared);
    format!("{from} to {}", text(last, true, with_year))
}

/// Of at most so many dates, each Monday has room for a label.
const LABEL_EACH_MONDAY: usize = 35;

/// Returns the Mondays among some dates that have room for a label such as "5 Oct", with their places.
pub(super) fn labelled_mondays(first: LocalDate, days: i64) -> impl Iterator<Item = (i64, String)> {
    let step = usize::try_from(days).unwrap_or_default().div_ceil(LABEL_EACH_MONDAY);
    let mondays = (0..days).filter(move |place| first.plus(*place).weekday() == 0);
    mondays.step_by(step).map(move |place| {
        let monday = first.plus(place).in_calendar();
        (place, monday.format("%-d %b").to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_a_name_and_a_sentence_can_say_when_it_was() {
        check("2026-10-24", "24 October 2026", "on 24 October 2026", "on the day");
        check("2026-W43", "week 43 of 2026 (19 to 25 Oct)", "in week 43 of 2026", "in the week");
        check("2026-10", "October 2026", "in October 2026", "in the month");
        check(
            "2026-10-01/2026-10-15",
            "1 to 15 October 2026",
            "from 1 to 15 October 2026",
            "in the period",
        );
    }

    #[test]
    fn two_dates_share_their_month_and_year_if_they_can() {
        let name = |text: &str| name_of(text.parse().unwrap());
        assert_eq!(name("2026-09-28/2026-10-02"), "28 September to 2 October 2026");
        assert_eq!(name("2026-12-28/2027-01-03"), "28 December 2026 to 3 January 2027");
        assert_eq!(name("2026-10-01/2026-10-01"), "1 October 2026");
        assert_eq!(name("2026-W40"), "week 40 of 2026 (28 Sep to 4 Oct)");
        assert_eq!(name("2026-W53"), "week 53 of 2026 (28 Dec 2026 to 3 Jan 2027)");
    }

    #[track_caller]
    fn check(period: &str, name: &str, when: &str, within: &str) {
        let period: Period = period.parse().unwrap();
        let as_of = period.anywhere().end();
        let time = period.in_utc();
        let period = Some(period);
        let subject = Subject { as_of, period, is_long: false, ends_at_as_of: false, time };
        assert_eq!((subject.title(), subject.when()), (name.to_owned(), when.to_owned()));
        assert_eq!(subject.within(), within);
    }
}

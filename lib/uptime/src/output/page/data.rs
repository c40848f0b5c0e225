//! The data of `report.html` for its script: everything that the page shows of each store. The script
//! draws it and computes no figure.
//!
//! Each block is JSON: first what concerns all stores, then the ids, then long texts. Figures of
//! stores and of outages are a text each figure, with blanks between the figures and none between the
//! stores or outages: numbers of one kind side by side are packed best. In all other texts a blank
//! ends each store. Most numbers have fixed-width digits of base 89 ([`super::digits`]), because that
//! halves the page. Figures are hundredths of the units of `stores.csv`. Instants are whole minutes
//! since the UTC hour of the first instant considered, rounded down.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

use super::day_sums::write_day_sums;
use super::digits::{DIGITS, write_number, write_optional};
use super::flags::flags_of;
use super::hours_text::opening_text;
use super::html::Html;
use super::outage_figures::{OutageFigures, listed, most_listed};
use super::subject::Subject;
use super::tape::write_tape;
use super::words::{Moment, age_minutes, city, hours};
use super::zone_days::{dates_of, write_zone};
use crate::account::{Account, Detail, Drawn, Figures};
use crate::business_hours::{HoursRow, OpeningTimes, SpecialRow};
use crate::day_sums::day_sums;
use crate::fleet::MeasuredReport;
use crate::interval::{HOUR, MINUTE};
use crate::outage::Outage;
use crate::output::cells::{Unit, percent_hundredths};
use crate::parameters::Window;
use crate::timeline::Uptime;
use crate::times::ZoneClocks;
use crate::{Interval, Timestamp, Zone};

/// A figure of a store: its name, its digits, and whether it can be missing. Where `stores.csv` has the
/// figure, it has the same name there.
type Field = (String, u32, bool);

/// The figures of a store before those of the windows.
const FIRST_FIELDS: [(&str, u32, bool); 4] =
    [("zone", 2, false), ("hours", 3, false), ("flags", 1, false), ("newest_poll_at", 3, true)];
/// The figures of the last hour.
const HOUR_FIELDS: [(&str, u32, bool); 5] = [
    ("newest_poll_age_minutes", 3, true),
    ("uptime_last_hour_minutes", 2, false),
    ("downtime_last_hour_minutes", 2, false),
    ("scheduled_last_hour_minutes", 2, false),
    ("unknown_last_hour_minutes", 2, false),
];
/// The figures of every other window. `*` stands for the window.
const WINDOW_FIELDS: [(&str, bool); 8] = [
    ("uptime*_hours", false),
    ("downtime*_hours", false),
    ("scheduled*_hours", false),
    ("unknown*_hours", false),
    ("downtime_least*_hours", false),
    ("downtime_most*_hours", false),
    ("uptime*_percent", true),
    ("coverage*_percent", true),
];
/// The figures of a store after those of the windows.
const LAST_FIELDS: [(&str, u32, bool); 3] = [
    ("outages*", 2, true),
    ("longest_outage*_minutes", 4, true),
    ("longest_outage_tenths_of_hours", 3, true),
];

/// Returns the figures of a store in their order.
fn fields_of(report: &MeasuredReport, subject: Subject) -> Vec<Field> {
    let named = |(name, digits, is_optional): (&str, u32, bool)| {
        (subject.figure_name(name), digits, is_optional)
    };
    let mut fields: Vec<Field> = FIRST_FIELDS.map(named).into();
    for window in report.about.parameters.windows() {
        let (infix, digits) = match window {
            Window::LastHour => {
                fields.extend(HOUR_FIELDS.map(named));
                continue;
            }
            Window::LastDay => ("_last_day", 2),
            Window::LastWeek => ("_last_week", 3),
            Window::Period => ("", 3),
        };
        // A share needs three digits in any window.
        let digits = |is_share: bool| if is_share { 3 } else { digits };
        let of_window =
            |(name, is_share): (&str, bool)| (name.replace('*', infix), digits(is_share), is_share);
        fields.extend(WINDOW_FIELDS.map(of_window));
    }
    fields.extend(LAST_FIELDS.map(named));
    fields
}

/// How many bytes a store usually takes in each block, to reserve memory.
const USUAL_ID_BYTES: usize = 34;
const USUAL_DAYS_BYTES: usize = 52;
const USUAL_POLLS_BYTES: usize = 184;
const USUAL_CHANGES_BYTES: usize = 88;

/// Where minutes are counted from, and what they are rounded to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minutes {
    origin_micros: i64,
}

impl Minutes {
    /// Counts from the hour of an instant.
    pub(super) fn since(start: Timestamp) -> Minutes {
        Minutes { origin_micros: start.micros().div_euclid(HOUR) * HOUR }
    }

    /// Returns the whole minutes from that hour to the instant; 0 for earlier instants.
    pub(super) fn of(self, at: Timestamp) -> u64 {
        let micros = (at.micros() - self.origin_micros).max(0);
        micros.unsigned_abs() / MINUTE.unsigned_abs()
    }
}

/// The data of all stores that the page shows, while it is gathered.
struct Blocks<'a> {
    report: &'a MeasuredReport,
    minutes: Minutes,
    subject: Subject,
    clocks: &'a mut ZoneClocks,
    zones: Vec<Days>,
    zone_places: HashMap<Zone, usize, FixedState>,
    zone_table: Vec<u8>,
    hours: HashMap<(&'a [HoursRow], Vec<SpecialRow>), u64, FixedState>,
    hours_table: Vec<u8>,
    ids: Vec<u8>,
    fields: Vec<Field>,
    figures: Vec<Vec<u8>>,
    values: Vec<Option<u64>>,
    days: Vec<u8>,
    outages: OutageFigures,
    polls: Vec<u8>,
    changes: Vec<u8>,
}

/// The spans of the local dates of a zone within the time of the page.
type Days = Vec<Interval>;

/// Writes the blocks of data as `script` elements.
pub(super) fn write_blocks(
    html: &mut Html,
    report: &MeasuredReport,
    subject: Subject,
    clocks: &mut ZoneClocks,
) {
    let mut blocks = Blocks::new(report, subject, clocks);
    blocks.add_zones();
    for account in report.accounts.shown() {
        if let Some(detail) = &account.detail {
            blocks.add(account, detail);
        }
    }
    let about = blocks.about();
    let Blocks { ids, figures, days, outages, polls, changes, .. } = blocks;
    write_block(html, "about", '{', about, '}');
    write_block(html, "ids", '[', ids, ']');
    for (id, text) in [
        ("figures", figures.join(&b' ')),
        ("days", days),
        ("outages", outages.into_text()),
        ("polls", polls),
        ("changes", changes),
    ] {
        write_block(html, id, '"', text, '"');
    }
}

/// Writes a block between the marks that begin and end it.
#[expect(clippy::expect_used, reason = "ids are UTF-8, and everything else is ASCII")]
fn write_block(html: &mut Html, id: &str, begin: char, content: Vec<u8>, end: char) {
    let content = String::from_utf8(content).expect("ids are UTF-8");
    write!(html, "<script type=\"application/json\" id=\"data-{id}\">{begin}");
    html.raw(&content);
    writeln!(html, "{end}</script>");
}

impl<'a> Blocks<'a> {
    fn new(report: &'a MeasuredReport, subject: Subject, clocks: &'a mut ZoneClocks) -> Blocks<'a> {
        let stores = report.accounts.shown().len();
        let fields = fields_of(report, subject);
        let reserved = |(_, digits, _): &Field| Vec::with_capacity(stores * *digits as usize);
        Blocks {
            report,
            minutes: Minutes::since(report.about.parameters.span().start()),
            subject,
            clocks,
            zones: Vec::new(),
            zone_places: HashMap::default(),
            zone_table: Vec::new(),
            hours: HashMap::default(),
            hours_table: Vec::new(),
            ids: Vec::with_capacity(stores * USUAL_ID_BYTES),
            figures: fields.iter().map(reserved).collect(),
            fields,
            values: Vec::new(),
            days: Vec::with_capacity(stores * USUAL_DAYS_BYTES),
            outages: OutageFigures::new(subject),
            polls: Vec::with_capacity(stores * USUAL_POLLS_BYTES),
            changes: Vec::with_capacity(stores * USUAL_CHANGES_BYTES),
        }
    }

    fn add(&mut self, account: &Account, detail: &'a Detail) {
        let zone = self.zone_places.get(&account.zone).copied().unwrap_or_default();
        let opening = self.hours_place(&detail.opening_times, account.zone);
        account.row.store.with_text(|store| write_text(separated(&mut self.ids), store));
        let mut values = std::mem::take(&mut self.values);
        self.figures_of(&mut values, account, zone as u64, opening);
        for ((text, value), (_, digits, is_optional)) in
            self.figures.iter_mut().zip(values.drain(..)).zip(&self.fields)
        {
            if *is_optional {
                write_optional(text, value, *digits);
            } else {
                write_number(text, value.unwrap_or_default(), *digits);
            }
        }
        self.values = values;
        for outage in listed(&account.outages, self.subject) {
            let silent = self.report.poller.silent_micros(&outage.down);
            self.outages.add(outage, silent, self.minutes);
        }
        match &detail.drawn {
            Drawn::InFull { runs, polls } => {
                write_day_sums(&mut self.days, day_sums(&self.zones[zone], runs));
                let polls = polls.as_slice();
                write_tape(&mut self.polls, &mut self.changes, polls, runs, self.minutes);
                self.polls.push(b' ');
                self.changes.push(b' ');
            }
            Drawn::Days(sums) => write_day_sums(&mut self.days, sums.iter().copied()),
        }
        self.days.push(b' ');
    }

    /// Writes the table of the zones of the stores that the page shows, in the order of their cities.
    fn add_zones(&mut self) {
        let shown = self.report.accounts.shown().iter();
        let zones: HashSet<Zone, FixedState> = shown.map(|account| account.zone).collect();
        let mut zones: Vec<(String, &str, Zone)> =
            zones.into_iter().map(|zone| (city(zone), zone.name(), zone)).collect();
        zones.sort_unstable_by(|(city, name, _), (other_city, other, _)| {
            (city, name).cmp(&(other_city, other))
        });
        for (place, (_, _, zone)) in zones.into_iter().enumerate() {
            let clock = self.clocks.of(zone);
            let time = self.report.about.parameters.times(clock).main();
            let days = time.map(|time| clock.dates_in(time)).unwrap_or_default();
            let table = separated(&mut self.zone_table);
            write_zone(table, zone, clock, (time, &days), self.subject, self.minutes);
            self.zone_places.insert(zone, place);
            self.zones.push(days);
        }
    }

    /// Returns the place of business hours, with the special days of the time shown, in the table of their
    /// texts.
    fn hours_place(&mut self, times: &'a OpeningTimes, zone: Zone) -> u64 {
        let special_days: Vec<SpecialRow> = if times.special_days.is_empty() {
            Vec::new()
        } else {
            let clock = self.clocks.of(zone);
            let time = self.report.about.parameters.times(clock).main();
            let dates = time.map(|time| dates_of(clock, time));
            let rows = dates.into_iter().flat_map(|dates| times.special_days_on(dates));
            rows.map(|(_, row)| row).collect()
        };
        let next = self.hours.len() as u64;
        *self.hours.entry((&times.hours, special_days)).or_insert_with_key(
            |(hours, special_days)| {
                write_text(separated(&mut self.hours_table), &opening_text(hours, special_days));
                next
            },
        )
    }

    /// Puts the figures of a store into `values`, in the order of [`fields_of`].
    fn figures_of(
        &self,
        values: &mut Vec<Option<u64>>,
        account: &Account,
        zone: u64,
        opening: u64,
    ) {
        let parameters = &self.report.about.parameters;
        let newest = account.last_poll.map(|poll| self.minutes.of(poll.at()));
        values.extend([Some(zone), Some(opening), Some(flags_of(account, parameters)), newest]);
        for &window in parameters.windows() {
            let figures = account.figures(window);
            if window == Window::LastHour {
                values.push(account.last_poll.map(|poll| age_minutes(parameters.as_of, poll)));
                values.extend(times_of(&figures, Unit::Minutes));
                continue;
            }
            let (up, down) = (figures.uptime.up_micros, figures.uptime.down_micros);
            let (covered, open) = (figures.certainty.covered_micros, figures.scheduled_micros());
            let least_and_most = [figures.downtime_least_micros(), figures.downtime_most_micros()];
            values.extend(times_of(&figures, Unit::Hours));
            values.extend(least_and_most.map(|micros| Some(Unit::Hours.hundredths(micros))));
            values.extend([percent_hundredths(up, up + down), percent_hundredths(covered, open)]);
        }
        let longest = account.outages.iter().map(Outage::down_micros).max();
        values.extend([
            account.last_poll.map(|_| account.outages.len() as u64),
            account.last_poll.map(|_| Unit::Minutes.hundredths(longest.unwrap_or(0))),
            longest.map(|longest| hours(longest).0),
        ]);
    }

    /// Returns the dates of a long period as JSON texts. Each zone refers to them.
    fn dates(&self) -> Vec<String> {
        let long = self.subject.period().filter(|_| self.subject.is_long());
        let dates = long
            .into_iter()
            .flat_map(|period| (0..period.days()).map(move |place| period.first().plus(place)));
        dates
            .map(|date| format!("\"{}\"", Moment::in_utc(date.midnight_as_if_utc()).weekday_date()))
            .collect()
    }

    /// Returns the members of the block that concerns all stores.
    fn about(&self) -> Vec<u8> {
        let mut silences = Vec::new();
        for silence in self.report.poller.silences() {
            let (start, end) = (self.minutes.of(silence.start()), self.minutes.of(silence.end()));
            separated(&mut silences).extend_from_slice(format!("[{start},{end}]").as_bytes());
        }
        let mut fields = Vec::new();
        for (name, digits, is_optional) in &self.fields {
            let field = format!("[\"{name}\",{digits},{is_optional}]");
            separated(&mut fields).extend_from_slice(field.as_bytes());
        }
        let times = self.subject.figure_name("*_hours");
        let numbers = format!(
            "\"origin\":{},\"isLong\":{},\"mostHours\":{},\"time\":\"{}\",\"times\":\"{}\",\
             \"dates\":[{}],\"mostOutages\":{},\"outageDigits\":{:?},\"digits\":\"{}\",\"fields\":[",
            self.minutes.origin_micros / MINUTE,
            self.subject.is_long(),
            24 * self.subject.days(),
            self.subject.noun(),
            times.trim_start_matches('_'),
            self.dates().join(","),
            most_listed(self.subject),
            self.outages.digits(),
            String::from_utf8_lossy(DIGITS),
        );
        let mut about = numbers.into_bytes();
        about.extend_from_slice(&fields);
        for (name, list) in
            [("silences", &silences), ("zones", &self.zone_table), ("hours", &self.hours_table)]
        {
            about.extend_from_slice(b"],\n\"");
            about.extend_from_slice(name.as_bytes());
            about.extend_from_slice(b"\":[");
            about.extend_from_slice(list);
        }
        about.push(b']');
        about
    }
}

/// Returns the time up, down, open and not observed.
fn times_of(figures: &Figures, unit: Unit) -> [Option<u64>; 4] {
    let Uptime { up_micros, down_micros, unknown_micros } = figures.uptime;
    [up_micros, down_micros, figures.scheduled_micros(), unknown_micros]
        .map(|micros| Some(unit.hundredths(micros)))
}

/// Begins the next element of a list.
fn separated(list: &mut Vec<u8>) -> &mut Vec<u8> {
    if !list.is_empty() {
        list.push(b',');
    }
    list
}

/// Writes a JSON text in which no markup can begin or end. `text` has no control characters.
fn write_text(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', byte]),
            b'<' => json.extend_from_slice(b"\\u003c"),
            _ => json.push(byte),
        }
    }
    json.push(b'"');
}

//! The data of `report.html` for its script: everything that the page shows of each store. The script
//! draws it and computes no figure.
//!
//! Each block is JSON: first what concerns all stores, then the ids, then long texts. Figures of
//! stores and of outages are a text each figure, with blanks between the figures and none between the
//! stores or outages: numbers of one kind side by side are packed best. In all other texts a blank
//! ends each store. Most numbers have fixed-width digits of base 89 ([`super::digits`]), because that
//! halves the page. Figures are hundredths of the units of `stores.csv`. Instants are whole minutes
//! since the UTC hour of the first instant considered, rounded down.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::day_sums::write_day_sums;
use super::digits::{DIGITS, write_number, write_optional};
use super::flags::flags_of;
use super::hours_text::hours_text;
use super::html::Html;
use super::tape::write_tape;
use super::words::{age_minutes, hours};
use super::zone_days::write_zone;
use crate::account::{Account, Detail, Drawn};
use crate::business_hours::HoursRow;
use crate::day_sums::day_sums;
use crate::fleet::{MeasuredReport, STORES_ON_PAGE};
use crate::interval::{HOUR, MINUTE};
use crate::outage::Outage;
use crate::output::cells::{Unit, percent_hundredths};
use crate::parameters::Window;
use crate::times::ZoneClocks;
use crate::{Interval, Timestamp, Zone};

/// The figures of a store in their order: name, digits, whether it can be missing. Where `stores.csv`
/// has the figure, it has the same name there.
const FIELDS: [(&str, u32, bool); 27] = [
    ("zone", 2, false),
    ("hours", 3, false),
    ("flags", 1, false),
    ("newest_poll_age_minutes", 3, true),
    ("uptime_last_hour_minutes", 2, false),
    ("downtime_last_hour_minutes", 2, false),
    ("scheduled_last_hour_minutes", 2, false),
    ("unknown_last_hour_minutes", 2, false),
    ("uptime_last_day_hours", 2, false),
    ("downtime_last_day_hours", 2, false),
    ("scheduled_last_day_hours", 2, false),
    ("unknown_last_day_hours", 2, false),
    ("downtime_least_last_day_hours", 2, false),
    ("downtime_most_last_day_hours", 2, false),
    ("uptime_last_day_percent", 3, true),
    ("coverage_last_day_percent", 3, true),
    ("uptime_last_week_hours", 3, false),
    ("downtime_last_week_hours", 3, false),
    ("scheduled_last_week_hours", 3, false),
    ("unknown_last_week_hours", 3, false),
    ("downtime_least_last_week_hours", 3, false),
    ("downtime_most_last_week_hours", 3, false),
    ("uptime_last_week_percent", 3, true),
    ("coverage_last_week_percent", 3, true),
    ("outages_last_week", 2, true),
    ("longest_outage_last_week_minutes", 4, true),
    ("longest_outage_tenths_of_hours", 3, true),
];

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
    week: Interval,
    clocks: ZoneClocks,
    zones: Vec<Days>,
    zone_places: HashMap<Zone, usize, FixedState>,
    zone_table: Vec<u8>,
    hours: HashMap<&'a [HoursRow], u64, FixedState>,
    hours_table: Vec<u8>,
    ids: Vec<u8>,
    figures: [Vec<u8>; FIELDS.len()],
    days: Vec<u8>,
    outages: [Vec<u8>; OUTAGE_FIELDS],
    polls: Vec<u8>,
    changes: Vec<u8>,
}

/// The spans of the local dates of a zone within the week.
type Days = Vec<Interval>;

/// Writes the blocks of data as `script` elements.
pub(super) fn write_blocks(html: &mut Html, report: &MeasuredReport) {
    let mut blocks = Blocks::new(report);
    for account in &report.accounts {
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
        ("outages", outages.join(&b' ')),
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
    fn new(report: &'a MeasuredReport) -> Blocks<'a> {
        let parameters = &report.about.parameters;
        let [.., week] = parameters.last_windows();
        let stores = report.accounts.len().min(STORES_ON_PAGE);
        Blocks {
            report,
            minutes: Minutes::since(parameters.span().start()),
            week,
            clocks: ZoneClocks::new(*parameters),
            zones: Vec::new(),
            zone_places: HashMap::default(),
            zone_table: Vec::new(),
            hours: HashMap::default(),
            hours_table: Vec::new(),
            ids: Vec::with_capacity(stores * USUAL_ID_BYTES),
            figures: FIELDS.map(|(_, digits, _)| Vec::with_capacity(stores * digits as usize)),
            days: Vec::with_capacity(stores * USUAL_DAYS_BYTES),
            outages: Default::default(),
            polls: Vec::with_capacity(stores * USUAL_POLLS_BYTES),
            changes: Vec::with_capacity(stores * USUAL_CHANGES_BYTES),
        }
    }

    fn add(&mut self, account: &Account, detail: &'a Detail) {
        let zone = self.zone_place(account.zone);
        let opening = self.hours_place(&detail.hours);
        account.row.store.with_text(|store| write_text(separated(&mut self.ids), store));
        let figures = self.figures_of(account, zone as u64, opening);
        for ((text, figure), (_, digits, is_optional)) in
            self.figures.iter_mut().zip(figures).zip(FIELDS)
        {
            if is_optional {
                write_optional(text, figure, digits);
            } else {
                write_number(text, figure.unwrap_or_default(), digits);
            }
        }
        let (runs, polls) = match &detail.drawn {
            Drawn::InFull { runs, polls } => (&runs[..], polls.as_slice()),
            Drawn::Days(_) => (&[][..], &[][..]),
        };
        write_day_sums(&mut self.days, day_sums(&self.zones[zone], runs));
        self.days.push(b' ');
        for outage in &account.outages {
            let silent = self.report.poller.silent_micros(&outage.down);
            write_outage(&mut self.outages, outage, silent, self.minutes);
        }
        write_tape(&mut self.polls, &mut self.changes, polls, runs, self.minutes);
        self.polls.push(b' ');
        self.changes.push(b' ');
    }

    /// Returns the place of a zone in the table of zones.
    fn zone_place(&mut self, zone: Zone) -> usize {
        if let Some(place) = self.zone_places.get(&zone) {
            return *place;
        }
        let place = self.zones.len();
        self.zone_places.insert(zone, place);
        let clock = self.clocks.of(zone);
        let days = clock.dates_in(self.week);
        write_zone(separated(&mut self.zone_table), zone, clock, &days, self.minutes);
        self.zones.push(days);
        place
    }

    /// Returns the place of business hours in the table of their texts.
    fn hours_place(&mut self, rows: &'a [HoursRow]) -> u64 {
        let next = self.hours.len() as u64;
        *self.hours.entry(rows).or_insert_with(|| {
            write_text(separated(&mut self.hours_table), &hours_text(rows));
            next
        })
    }

    /// Returns the figures of a store in the order of [`FIELDS`].
    fn figures_of(
        &self,
        account: &Account,
        zone: u64,
        opening: u64,
    ) -> [Option<u64>; FIELDS.len()] {
        let as_of = self.report.about.parameters.as_of;
        let age = account.last_poll.map(|poll| age_minutes(as_of, poll));
        let longest = account.outages.iter().map(Outage::down_micros).max();
        let outages = account.last_poll.map(|_| account.outages.len() as u64);
        let [hour, day, week] = Window::LAST.map(|window| account.figures(window));
        let minutes = |micros: i64| Some(Unit::Minutes.hundredths(micros));
        let hours_of = |micros: i64| Some(Unit::Hours.hundredths(micros));
        let up_percent = |up: i64, down: i64| percent_hundredths(up, up + down);
        [
            Some(zone),
            Some(opening),
            Some(flags_of(account, as_of)),
            age,
            minutes(hour.uptime.up_micros),
            minutes(hour.uptime.down_micros),
            minutes(hour.scheduled_micros()),
            minutes(hour.uptime.unknown_micros),
            hours_of(day.uptime.up_micros),
            hours_of(day.uptime.down_micros),
            hours_of(day.scheduled_micros()),
            hours_of(day.uptime.unknown_micros),
            hours_of(day.downtime_least_micros()),
            hours_of(day.downtime_most_micros()),
            up_percent(day.uptime.up_micros, day.uptime.down_micros),
            percent_hundredths(day.certainty.covered_micros, day.scheduled_micros()),
            hours_of(week.uptime.up_micros),
            hours_of(week.uptime.down_micros),
            hours_of(week.scheduled_micros()),
            hours_of(week.uptime.unknown_micros),
            hours_of(week.downtime_least_micros()),
            hours_of(week.downtime_most_micros()),
            up_percent(week.uptime.up_micros, week.uptime.down_micros),
            percent_hundredths(week.certainty.covered_micros, week.scheduled_micros()),
            outages,
            account.last_poll.map(|_| Unit::Minutes.hundredths(longest.unwrap_or(0))),
            longest.map(|longest| hours(longest).0),
        ]
    }

    /// Returns the members of the block that concerns all stores.
    fn about(&self) -> Vec<u8> {
        let mut silences = Vec::new();
        for silence in self.report.poller.silences() {
            let (start, end) = (self.minutes.of(silence.start()), self.minutes.of(silence.end()));
            separated(&mut silences).extend_from_slice(format!("[{start},{end}]").as_bytes());
        }
        let mut fields = Vec::new();
        for (name, digits, is_optional) in FIELDS {
            let field = format!("[\"{name}\",{digits},{is_optional}]");
            separated(&mut fields).extend_from_slice(field.as_bytes());
        }
        let (start, end) = (self.minutes.of(self.week.start()), self.minutes.of(self.week.end()));
        let numbers = format!(
            "\"origin\":{},\"week\":[{start},{end}],\"digits\":\"{}\",\
             \"fields\":[",
            self.minutes.origin_micros / MINUTE,
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

/// How many figures an outage has.
const OUTAGE_FIELDS: usize = 9;

/// Writes the figures of an outage, three digits each: its start, its length, how long before it the
/// last active poll was and how long after it the first one; its downtime with least and most in
/// tenths of hours; its inactive polls; the tenths of hours in silences.
fn write_outage(
    texts: &mut [Vec<u8>; OUTAGE_FIELDS],
    outage: &Outage,
    silent: Option<i64>,
    minutes: Minutes,
) {
    let (start, end) = (minutes.of(outage.span.start()), minutes.of(outage.span.end()));
    let tenths = |micros: i64| hours(micros).0;
    let [starts, lengths, before, after, down, least, most, polls, silences] = texts;
    write_number(starts, start, 3);
    write_number(lengths, end - start, 3);
    write_optional(before, outage.last_active_before.map(|at| start - minutes.of(at)), 3);
    write_optional(after, outage.first_active_after.map(|at| minutes.of(at) - end), 3);
    write_number(down, tenths(outage.down_micros()), 3);
    write_number(least, tenths(outage.least_micros), 3);
    write_number(most, tenths(outage.most_micros), 3);
    write_number(polls, u64::from(outage.inactive_polls), 3);
    write_optional(silences, silent.map(tenths), 3);
}

//! A second, slow and obvious implementation of the rules, with plain numbers (microseconds,
//! seconds). It shares no code with the library. It cuts time at every instant at which anything
//! could change, and determines for each piece whether the store is open and which poll speaks.
//! [`account`] determines more of each piece.

pub(crate) mod account;
pub(crate) mod poller;
pub(crate) mod zone;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// How far beyond what is considered open time is cut into pieces: far more than a usual interval.
const HORIZON: i64 = 12 * DAY;
const WINDOWS: [i64; 3] = [HOUR, 24 * HOUR, 168 * HOUR];
const CONSIDERED: i64 = 192 * HOUR;

/// What a report by `time_weighted` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) as_of: i64,
    pub(crate) max_hold: Option<i64>,
    /// The first and the last date of a period, as days since 1970.
    pub(crate) dates: Option<(i64, i64)>,
}

/// What a subject means in one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Times {
    /// Start and end of each window. A window without time ends where it starts, or before.
    windows: Vec<(i64, i64)>,
    /// The first and the last instant whose poll is considered.
    considered: (i64, i64),
}

impl Subject {
    /// The last hour, day and week.
    pub(crate) fn last(as_of: i64) -> Subject {
        Subject { as_of, max_hold: None, dates: None }
    }

    fn times(&self, zone: &str) -> Times {
        let as_of = self.as_of;
        let Some((first, last)) = self.dates else {
            let windows = WINDOWS.map(|window| (as_of - window, as_of)).to_vec();
            return Times { windows, considered: (as_of - CONSIDERED, as_of) };
        };
        let [start, end] = [first, last + 1].map(|date| zone::instant(zone, date * DAY));
        let considered = (start - DAY, as_of.min(end + DAY));
        Times { windows: vec![(start, as_of.min(end))], considered }
    }
}

impl Times {
    /// The last week, or the period.
    fn main(&self) -> (i64, i64) {
        self.windows[self.windows.len() - 1]
    }
}

/// A row of business hours: the weekday (0 is Monday) and the times in seconds since midnight, as
/// the source file has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) day: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// A row of special days: its date in days since 1970, and its times as those of a [`Row`]. Without
/// times, the store does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpecialDay {
    pub(crate) date: i64,
    pub(crate) times: Option<(i64, i64)>,
}

/// A store as loaded. Its polls are in any order, with repeats; `true` means active.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) zone: &'static str,
    pub(crate) rows: Vec<Row>,
    /// The weekdays of rows that say that the store does not open.
    pub(crate) closed_days: Vec<i64>,
    /// Whether a row says that the hours are not known.
    pub(crate) says_unknown: bool,
    pub(crate) special_days: Vec<SpecialDay>,
    pub(crate) polls: Vec<(i64, bool)>,
}

/// The open time of a window by status, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shares {
    pub(crate) up: i64,
    pub(crate) down: i64,
    pub(crate) unknown: i64,
}

/// A piece of time in which nothing changes.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: i64,
    end: i64,
    open: bool,
    /// The number of its open interval. Pieces of one interval have no closed piece between them.
    interval: usize,
}

impl Piece {
    fn length(&self) -> i64 {
        self.end - self.start
    }
}

/// A considered poll that was taken in open time.
#[derive(Debug, Clone, Copy)]
struct CountingPoll {
    at: i64,
    active: bool,
    /// The number of its open interval.
    interval: usize,
}

impl Store {
    /// Returns whether the hours are unknown: no row opens the store or says that it is closed.
    fn has_no_hours(&self) -> bool {
        self.rows.is_empty() && self.closed_days.is_empty()
    }

    /// Returns the rows that open the store on a date. A store that is always open opens every day
    /// from 0:00 to 24:00: nothing else is known of it here.
    fn rows_on(&self, date: i64) -> Vec<Row> {
        let day = weekday(date);
        let special = self.special_days.iter().filter(|special| special.date == date);
        let special: Vec<_> = special.map(|special| special.times).collect();
        if !special.is_empty() {
            let times = special.into_iter().flatten();
            return times.map(|(start, end)| Row { day, start, end }).collect();
        }
        if self.has_no_hours() {
            return vec![Row { day, start: 0, end: 24 * 3600 }];
        }
        self.rows.iter().copied().filter(|row| row.day == day).collect()
    }
}

impl Row {
    /// Returns the interpreted end of the row in seconds since the midnight before its start, up to
    /// 48 hours.
    fn meant_end(self) -> i64 {
        let end = if self.end >= 23 * 3600 + 59 * 60 { 24 * 3600 } else { self.end };
        if end <= self.start { end + 24 * 3600 } else { end }
    }
}

/// Returns the considered polls as a set. If two polls have the same instant, inactive wins.
pub(crate) fn considered(store: &Store, subject: &Subject) -> BTreeMap<i64, bool> {
    let (first, last) = subject.times(store.zone).considered;
    let mut polls = BTreeMap::new();
    for &(at, active) in &store.polls {
        if first <= at && at <= last {
            let all_active = polls.entry(at).or_insert(true);
            *all_active = *all_active && active;
        }
    }
    polls
}

/// Implements `RULES.md`, "Method `time_weighted`" and "Periods". Returns the shares of each window.
pub(crate) fn time_weighted(store: &Store, subject: &Subject) -> Vec<Shares> {
    let polls = considered(store, subject);
    let times = subject.times(store.zone);
    let pieces = pieces(store, &times, &polls, subject.max_hold);
    let counting = counting_polls(&polls, &pieces);
    let mut shares = vec![Shares::default(); times.windows.len()];
    for piece in pieces.iter().filter(|piece| piece.open) {
        let status = status(piece, speaker(piece, &counting), subject.max_hold);
        for (share, (start, end)) in shares.iter_mut().zip(&times.windows) {
            if *start <= piece.start && piece.end <= *end {
                let length = piece.length();
                match status {
                    Some(true) => share.up += length,
                    Some(false) => share.down += length,
                    None => share.unknown += length,
                }
            }
        }
    }
    shares
}

fn counting_polls(polls: &BTreeMap<i64, bool>, pieces: &[Piece]) -> Vec<CountingPoll> {
    let counting = polls.iter().filter_map(|(&at, &active)| {
        let piece = pieces.iter().find(|piece| piece.start == at)?;
        piece.open.then_some(CountingPoll { at, active, interval: piece.interval })
    });
    counting.collect()
}

/// Returns the poll that speaks for a piece of open time.
fn speaker(piece: &Piece, counting: &[CountingPoll]) -> Option<CountingPoll> {
    let inside: Vec<CountingPoll> =
        counting.iter().copied().filter(|poll| poll.interval == piece.interval).collect();
    let candidates = if inside.is_empty() { counting } else { &inside };
    let earlier = candidates.iter().rfind(|poll| poll.at <= piece.start);
    earlier.or(candidates.first()).copied()
}

fn status(piece: &Piece, speaker: Option<CountingPoll>, max_hold: Option<i64>) -> Option<bool> {
    let CountingPoll { at, active, .. } = speaker?;
    let distance = (piece.start - at).abs().max((piece.end - at).abs());
    max_hold.is_none_or(|max_hold| distance <= max_hold).then_some(active)
}

fn pieces(
    store: &Store,
    times: &Times,
    polls: &BTreeMap<i64, bool>,
    max_hold: Option<i64>,
) -> Vec<Piece> {
    let (first, last) = times.considered;
    let (from, to) = (first.min(last) - HORIZON, last + HORIZON);
    let covered = covered(store, from, to);
    let mut cuts = BTreeSet::from([from, to]);
    cuts.extend(times.windows.iter().flat_map(|&(start, end)| [start, end]));
    cuts.extend(covered.iter().flat_map(|&(start, end)| [start, end]));
    cuts.extend(polls.keys());
    for at in polls.keys() {
        cuts.extend([at - 45 * MINUTE, at + 45 * MINUTE]);
        cuts.extend(max_hold.into_iter().flat_map(|max_hold| [at - max_hold, at + max_hold]));
    }
    let cuts: Vec<i64> = cuts.into_iter().collect();
    let mut interval = 0;
    cuts.windows(2)
        .map(|cut| {
            let open = covered.iter().any(|&(start, end)| start <= cut[0] && cut[1] <= end);
            interval += usize::from(!open);
            Piece { start: cut[0], end: cut[1], open, interval }
        })
        .collect()
}

/// Returns the span that each row covers on each date of some time. The spans may overlap.
fn covered(store: &Store, from: i64, to: i64) -> Vec<(i64, i64)> {
    let mut covered = Vec::new();
    for (row, date) in rows_on_dates(store, from, to) {
        let start = zone::instant(store.zone, date + row.start * SECOND);
        let end = zone::instant(store.zone, date + row.meant_end() * SECOND);
        if start < end {
            covered.push((start, end));
        }
    }
    covered
}

/// Returns each row with each local midnight of a date on which it opens the store, as if these were
/// in UTC.
fn rows_on_dates(store: &Store, from: i64, to: i64) -> Vec<(Row, i64)> {
    let dates = from.div_euclid(DAY)..=to.div_euclid(DAY);
    dates
        .flat_map(|date| store.rows_on(date).into_iter().map(move |row| (row, date * DAY)))
        .collect()
}

/// 1970-01-01 was a Thursday.
fn weekday(days_since_1970: i64) -> i64 {
    (days_since_1970 + 3).rem_euclid(7)
}

/// Returns whether a start or end of a row falls in a gap or fold within the considered time.
pub(crate) fn has_edge_in_gap_or_fold(store: &Store, as_of: i64) -> bool {
    rows_on_dates(store, as_of - CONSIDERED, as_of).into_iter().any(|(row, date)| {
        [row.start, row.meant_end()]
            .into_iter()
            .any(|time| zone::occurrences(store.zone, date + time * SECOND).len() != 1)
    })
}

/// Returns whether a store is silent for over 24 hours between the start of its period and its end: no
/// counting poll is near enough to the start, to the next counting poll or to the end.
pub(crate) fn is_silent_for_over_a_day(store: &Store, subject: &Subject) -> bool {
    let polls = considered(store, subject);
    let times = subject.times(store.zone);
    let (start, end) = times.main();
    let counting = counting_polls(&polls, &pieces(store, &times, &polls, None));
    let within = counting.iter().map(|poll| poll.at).filter(|at| *at <= end);
    let marks: Vec<i64> = within.chain([end]).collect();
    start < marks[0] || marks.windows(2).any(|pair| pair[1] - pair[0] > DAY)
}

/// Returns whether the clock changes within the considered time.
pub(crate) fn has_clock_change(store: &Store, as_of: i64) -> bool {
    let offset = |hours_ago| zone::offset(store.zone, as_of - hours_ago * HOUR);
    (1..=CONSIDERED / HOUR).any(|hours_ago| offset(hours_ago) != offset(0))
}

/// Returns whether an open interval in the last week has no poll although the store has a counting
/// poll.
pub(crate) fn has_empty_interval(store: &Store, as_of: i64) -> bool {
    let subject = Subject::last(as_of);
    let polls = considered(store, &subject);
    let pieces = pieces(store, &subject.times(store.zone), &polls, None);
    let with_poll: BTreeSet<usize> = pieces
        .iter()
        .filter(|piece| piece.open && polls.contains_key(&piece.start))
        .map(|piece| piece.interval)
        .collect();
    let in_the_week = |piece: &&Piece| as_of - 168 * HOUR <= piece.start && piece.end <= as_of;
    !with_poll.is_empty()
        && pieces
            .iter()
            .filter(in_the_week)
            .any(|piece| piece.open && !with_poll.contains(&piece.interval))
}

/// Implements `RULES.md`, "Method `poll_count`". Each poll counts as one hour, in microseconds.
pub(crate) fn poll_count(store: &Store, as_of: i64) -> [Shares; 3] {
    let polls = considered(store, &Subject::last(as_of));
    let (today, time) = clock(store.zone, as_of);
    let yesterday = (today + 6) % 7;
    let asked = [vec![today], vec![today, yesterday], (0..7).collect()];
    let mut shares = [Shares::default(); 3];
    for ((share, window), days) in shares.iter_mut().zip(WINDOWS).zip(asked) {
        if !days.into_iter().any(|day| is_open_by_the_clock(store, day, time)) {
            continue;
        }
        for (&at, &active) in polls.range(as_of - window..=as_of) {
            let (day, time) = clock(store.zone, at);
            if is_open_by_the_clock(store, day, time) {
                *(if active { &mut share.up } else { &mut share.down }) += HOUR;
            }
        }
    }
    shares
}

fn clock(zone: &str, at: i64) -> (i64, i64) {
    let local = at + zone::offset(zone, at);
    (weekday(local.div_euclid(DAY)), local.rem_euclid(DAY))
}

fn is_open_by_the_clock(store: &Store, day: i64, time: i64) -> bool {
    let covers = |row: &Row| {
        let since_row_day = [(row.day, time), ((row.day + 1) % 7, time + DAY)];
        since_row_day.into_iter().any(|(of_day, time)| {
            of_day == day && row.start * SECOND <= time && time <= row.meant_end() * SECOND
        })
    };
    store.has_no_hours() || store.rows.iter().any(covers)
}

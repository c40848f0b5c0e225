//! Poller silences (`RULES.md`, "Poller silences"): times in which the whole fleet was not polled.

use std::ops::RangeInclusive;

use crate::interval::{DAY, MINUTE};
use crate::store::polls_between;
use crate::{Interval, Poll, Timestamp};

/// How many polls all stores have in each UTC minute that is considered. Its memory does not grow
/// with polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollerActivity {
    /// Both ends included.
    considered: RangeInclusive<Timestamp>,
    /// Counted in minutes since 1970.
    first_minute: i64,
    polls_in_minute: Vec<u32>,
    stores_polled: u64,
}

/// What the polls of all stores say about the poller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poller {
    /// There are too few stores or polls to find silences.
    NotJudged,
    /// Silences were sought.
    Judged {
        /// The length from which a gap between polls is a silence.
        threshold_minutes: i64,
        /// The silences, in order, in whole UTC minutes.
        silences: Vec<Interval>,
    },
}

/// With fewer stores polled, silences are not judged.
const LEAST_STORES: u64 = 20;
/// If the median of the longest gaps is longer, silences are not judged.
const LONGEST_MEDIAN: i64 = 60;
/// The least and the greatest threshold.
const THRESHOLDS: (i64, i64) = (15, 90);
/// How many medians a gap has to last.
const MEDIANS: i64 = 3;
const MINUTES_A_DAY: i64 = DAY / MINUTE;

impl PollerActivity {
    /// Begins without polls. Silences will be sought in those of `considered`.
    pub(crate) fn new(considered: RangeInclusive<Timestamp>) -> PollerActivity {
        let first_minute = minute_of(*considered.start());
        let minutes = minute_of(*considered.end()) - first_minute + 1;
        PollerActivity {
            considered,
            first_minute,
            polls_in_minute: vec![0; usize::try_from(minutes).unwrap_or_default()],
            stores_polled: 0,
        }
    }

    /// Adds the polls of one store that are considered. `polls` are in order.
    pub(crate) fn add_store(&mut self, polls: &[Poll]) {
        let polls = polls_between(polls, &self.considered);
        self.stores_polled += u64::from(!polls.is_empty());
        for poll in polls {
            let place = usize::try_from(minute_of(poll.at()) - self.first_minute);
            if let Some(count) = place.ok().and_then(|place| self.polls_in_minute.get_mut(place)) {
                *count += 1;
            }
        }
    }

    /// Adds the polls of other stores of the same report.
    pub(crate) fn unite(&mut self, other: &PollerActivity) {
        self.stores_polled += other.stores_polled;
        for (count, other) in self.polls_in_minute.iter_mut().zip(&other.polls_in_minute) {
            *count += other;
        }
    }

    /// Returns each minute's start with the number of polls in it, in order.
    pub fn polls_by_minute(&self) -> impl Iterator<Item = (Timestamp, u32)> {
        let minutes = self.first_minute..;
        minutes.zip(&self.polls_in_minute).map(|(minute, &polls)| (start_of(minute), polls))
    }

    /// Finds the silences.
    pub fn judge(&self) -> Poller {
        let gaps = self.gaps();
        let median = self.median_of_days(&gaps).filter(|median| *median <= LONGEST_MEDIAN);
        let Some(median) = median.filter(|_| self.stores_polled >= LEAST_STORES) else {
            return Poller::NotJudged;
        };
        let threshold_minutes = (MEDIANS * median).clamp(THRESHOLDS.0, THRESHOLDS.1);
        let silences = gaps.into_iter().filter(|gap| gap.micros() / MINUTE >= threshold_minutes);
        Poller::Judged { threshold_minutes, silences: silences.collect() }
    }

    /// Returns the runs of minutes without a poll after the first minute with one.
    fn gaps(&self) -> Vec<Interval> {
        let mut gaps = Vec::new();
        let mut last_polled = None;
        let polled =
            (self.first_minute..).zip(&self.polls_in_minute).filter(|(_, polls)| **polls > 0);
        let whole_minutes_end = minute_of(*self.considered.end());
        for minute in polled.map(|(minute, _)| minute).chain([whole_minutes_end]) {
            let after_last = last_polled.map(|last: i64| start_of(last + 1));
            gaps.extend(after_last.and_then(|after| Interval::new(after, start_of(minute))));
            last_polled = Some(minute);
        }
        gaps
    }

    /// Returns the median, over the UTC days from the first poll's to the last's, of the longest gap
    /// that begins in the day, in minutes. Of an even number of days, it is the lower middle one.
    fn median_of_days(&self, gaps: &[Interval]) -> Option<i64> {
        let is_polled = |polls: &u32| *polls > 0;
        let first = self.polls_in_minute.iter().position(is_polled)?;
        let last = self.polls_in_minute.iter().rposition(is_polled)?;
        let day = |place: usize| {
            let place = i64::try_from(place).unwrap_or_default();
            (self.first_minute + place).div_euclid(MINUTES_A_DAY)
        };
        let longest_of = |day: i64| {
            let begins_in = |gap: &&Interval| gap.start().micros().div_euclid(DAY) == day;
            gaps.iter().filter(begins_in).map(|gap| gap.micros() / MINUTE).max().unwrap_or(0)
        };
        let mut longest: Vec<i64> = (day(first)..=day(last)).map(longest_of).collect();
        longest.sort_unstable();
        longest.get((longest.len() - 1) / 2).copied()
    }
}

impl Poller {
    /// Returns the silences; none if they are not judged.
    pub fn silences(&self) -> &[Interval] {
        match self {
            Poller::NotJudged => &[],
            Poller::Judged { silences, .. } => silences,
        }
    }

    /// Returns how much of `spans` lies within silences, in microseconds. `None` if silences are
    /// not judged.
    pub fn silent_micros(&self, spans: &[Interval]) -> Option<i64> {
        let Poller::Judged { silences, .. } = self else { return None };
        let shared = |span: &Interval| -> i64 {
            silences
                .iter()
                .filter_map(|silence| silence.intersection(*span))
                .map(Interval::micros)
                .sum()
        };
        Some(spans.iter().map(shared).sum())
    }
}

fn minute_of(at: Timestamp) -> i64 {
    at.micros().div_euclid(MINUTE)
}

fn start_of(minute: i64) -> Timestamp {
    Timestamp::from_micros(minute * MINUTE)
}

#[cfg(test)]
mod tests;

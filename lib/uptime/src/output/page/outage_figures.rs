//! The figures of outages in the data of the page: a text each figure. Of a long period, the page lists
//! the longest outages of each store only: all of them would be half of the page.

use super::data::Minutes;
use super::digits::{DIGITS, write_number, write_optional};
use super::subject::Subject;
use super::words::hours;
use crate::outage::Outage;

/// How many outages of a store the page of a long period lists.
const MOST_OF_LONG: usize = 10;

/// The greatest number of two digits, which also limits the number of a store's outages in the data.
const MOST_OF_TWO_DIGITS: usize = DIGITS.len() * DIGITS.len() - 1;

/// Returns how many outages of a store the page lists at most.
pub(super) fn most_listed(subject: Subject) -> usize {
    if subject.is_long() { MOST_OF_LONG } else { MOST_OF_TWO_DIGITS }
}

/// Returns the outages of a store that the page lists, in their order.
pub(super) fn listed(outages: &[Outage], subject: Subject) -> impl Iterator<Item = &Outage> {
    let mut places: Vec<usize> = (0..outages.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(outages[*place].down_micros()));
    places.truncate(most_listed(subject));
    places.sort_unstable();
    places.into_iter().map(|place| &outages[place])
}

/// The texts of the figures: the start, the length, how long before it the last active poll was and
/// how long after it the first one; the downtime with least and most in tenths of hours; the inactive
/// polls; the tenths of hours in silences.
#[derive(Debug, Default)]
pub(super) struct OutageFigures {
    texts: [Vec<u8>; 9],
    digits_of_hours: u32,
}

impl OutageFigures {
    /// Begins without outages.
    pub(super) fn new(subject: Subject) -> OutageFigures {
        // A date has 25 hours where clocks go back.
        let most_tenths = subject.days() * 250;
        let fit_two = usize::try_from(most_tenths).is_ok_and(|most| most <= MOST_OF_TWO_DIGITS);
        OutageFigures { digits_of_hours: if fit_two { 2 } else { 3 }, ..OutageFigures::default() }
    }

    /// Returns the digits of each figure.
    pub(super) fn digits(&self) -> [u32; 9] {
        let hours = self.digits_of_hours;
        [3, 3, 3, 3, hours, hours, hours, 3, hours]
    }

    /// Adds an outage with its time in silences.
    pub(super) fn add(&mut self, outage: &Outage, silent: Option<i64>, minutes: Minutes) {
        let (start, end) = (minutes.of(outage.span.start()), minutes.of(outage.span.end()));
        let tenths = |micros: i64| hours(micros).0;
        let digits = self.digits_of_hours;
        let [starts, lengths, before, after, down, least, most, polls, silences] = &mut self.texts;
        write_number(starts, start, 3);
        write_number(lengths, end - start, 3);
        write_optional(before, outage.last_active_before.map(|at| start - minutes.of(at)), 3);
        write_optional(after, outage.first_active_after.map(|at| minutes.of(at) - end), 3);
        write_number(down, tenths(outage.down_micros()), digits);
        write_number(least, tenths(outage.least_micros), digits);
        write_number(most, tenths(outage.most_micros), digits);
        write_number(polls, u64::from(outage.inactive_polls), 3);
        write_optional(silences, silent.map(tenths), digits);
    }

    /// Returns all texts, with blanks between them.
    pub(super) fn into_text(self) -> Vec<u8> {
        self.texts.join(&b' ')
    }
}

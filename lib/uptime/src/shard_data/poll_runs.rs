//! Collects the polls of many stores.
//!
//! Polls arrive in runs: the polls of one store in one segment. They are appended to one list and
//! grouped by store at the end. Growing a list for each store would take more time and memory.

use crate::buckets::{in_buckets, starts_of_counts};
use crate::{Poll, PollSet};

/// The polls of numbered stores, in no order and with repeats.
#[derive(Debug, Default)]
pub(super) struct PollRuns {
    polls: Vec<Poll>,
    runs: Vec<(usize, Run)>,
}

/// Consecutive polls in [`PollRuns::polls`].
#[derive(Debug, Clone, Copy)]
struct Run {
    start: usize,
    length: usize,
}

impl PollRuns {
    /// Adds polls of the store with this number.
    #[inline]
    pub(super) fn add(&mut self, store: usize, polls: &[Poll]) {
        self.runs.push((store, Run { start: self.polls.len(), length: polls.len() }));
        self.polls.extend_from_slice(polls);
    }

    /// Returns the polls of one store.
    pub(super) fn of(&self, store: usize) -> PollSet {
        let runs = self.runs.iter().filter(|(of_run, _)| *of_run == store);
        self.set(&runs.map(|(_, run)| *run).collect::<Vec<_>>())
    }

    /// Returns the polls of each store, in the order of the stores' numbers from 0 to `stores` - 1.
    pub(super) fn into_sets(self, stores: usize) -> impl Iterator<Item = PollSet> {
        let mut ends = vec![0; stores];
        for (store, _) in &self.runs {
            ends[*store] += 1;
        }
        let total = starts_of_counts(&mut ends);
        let runs = in_buckets(self.runs.iter().copied(), &mut ends, total);
        let mut start = 0;
        ends.into_iter().map(move |end| {
            let of_store = &runs[start..end as usize];
            start = end as usize;
            self.set(of_store)
        })
    }

    fn set(&self, runs: &[Run]) -> PollSet {
        let mut polls = Vec::with_capacity(runs.iter().map(|run| run.length).sum());
        for Run { start, length } in runs {
            polls.extend_from_slice(&self.polls[*start..start + length]);
        }
        PollSet::new(polls)
    }
}

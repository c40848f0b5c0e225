//! The states of the system that schedules reach, and the steps that lead to them.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Coverage is printed each time this many schedules have run.
const PRINTED_EVERY: u64 = 50_000;

/// Hashes of the states and transitions reached.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    pub(crate) schedules: u64,
    pub(crate) steps: u64,
    pub(crate) states: HashSet<u64>,
    /// A transition: a state, a step and the next state.
    pub(crate) transitions: HashSet<u64>,
}

impl Coverage {
    pub(crate) fn add(&mut self, before: u64, step: &str, after: u64) {
        self.states.insert(after);
        self.transitions.insert(hash_of(&(before, step, after)));
    }

    /// Prints what was reached, and how fast.
    pub(crate) fn print(&self, time: Duration) {
        let Coverage { schedules, steps, states, transitions } = self;
        let rate =
            (u128::from(*schedules) * 1_000).checked_div(time.as_millis()).unwrap_or_default();
        eprintln!("{schedules} schedules in {time:.1?}, {rate} per second, {steps} steps");
        eprintln!("{} states, {} transitions", states.len(), transitions.len());
    }

    /// Moves this thread's coverage into the total of all threads. Long runs print it now and then.
    pub(crate) fn add_to(&mut self, all: &Mutex<Coverage>, begun: Instant) {
        let mut all = all.lock().unwrap();
        let before = all.schedules;
        all.merge(std::mem::take(self));
        if before / PRINTED_EVERY < all.schedules / PRINTED_EVERY {
            all.print(begun.elapsed());
        }
    }

    fn merge(&mut self, other: Coverage) {
        self.schedules += other.schedules;
        self.steps += other.steps;
        self.states.extend(other.states);
        self.transitions.extend(other.transitions);
    }
}

/// A hash that is the same in every run.
pub(crate) fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

//! The slow way to poller silences: it walks from minute to minute.

use std::collections::BTreeSet;

use super::{DAY, MINUTE, Store, considered};

const MINUTES_A_DAY: i64 = DAY / MINUTE;

/// Silences as their first minutes and the minutes after their last, counted since 1970, with the
/// least length of a silence.
pub(crate) type Silences = (i64, Vec<(i64, i64)>);

/// Implements `RULES.md`, "Poller silences". `None`: they are not judged.
pub(crate) fn silences(stores: &[&Store], as_of: i64) -> Option<Silences> {
    let polled = stores.iter().filter(|store| !considered(store, as_of).is_empty()).count();
    if polled < 20 {
        return None;
    }
    let minutes: BTreeSet<i64> = stores
        .iter()
        .flat_map(|store| considered(store, as_of).into_keys())
        .map(|at| at.div_euclid(MINUTE))
        .collect();
    let (first, last) = (*minutes.first()?, *minutes.last()?);
    let mut gaps: Vec<(i64, i64)> = Vec::new();
    for minute in first..as_of.div_euclid(MINUTE) {
        match gaps.last_mut() {
            _ if minutes.contains(&minute) => {}
            Some(gap) if gap.1 == minute => gap.1 += 1,
            _ => gaps.push((minute, minute + 1)),
        }
    }
    let days = first.div_euclid(MINUTES_A_DAY)..=last.div_euclid(MINUTES_A_DAY);
    let mut longest: Vec<i64> = days
        .map(|day| {
            let of_the_day =
                gaps.iter().filter(|(start, _)| start.div_euclid(MINUTES_A_DAY) == day);
            of_the_day.map(|(start, end)| end - start).max().unwrap_or(0)
        })
        .collect();
    longest.sort_unstable();
    while longest.len() > 2 {
        longest.pop();
        longest.remove(0);
    }
    let median = longest[0];
    let threshold = (3 * median).clamp(15, 90);
    gaps.retain(|(start, end)| end - start >= threshold);
    (median <= 60).then_some((threshold, gaps))
}

//! The slow way to poller silences: it walks from minute to minute.

use std::collections::BTreeSet;

use super::{CONSIDERED, DAY, MINUTE, Store, Subject};

const MINUTES_A_DAY: i64 = DAY / MINUTE;

/// Silences as their first minutes and the minutes after their last, counted since 1970, with the
/// least length of a silence.
pub(crate) type Silences = (i64, Vec<(i64, i64)>);

/// Implements `RULES.md`, "Poller silences" and "Periods". `None`: they are not judged.
pub(crate) fn silences(stores: &[&Store], subject: &Subject) -> Option<Silences> {
    let (from, to) = match subject.dates {
        None => (subject.as_of - CONSIDERED, subject.as_of),
        Some((first, last)) => ((first - 1) * DAY, subject.as_of.min((last + 2) * DAY)),
    };
    let polls_of = |store: &Store| -> Vec<i64> {
        store.polls.iter().map(|(at, _)| *at).filter(|at| from <= *at && *at <= to).collect()
    };
    if stores.iter().filter(|store| !polls_of(store).is_empty()).count() < 20 {
        return None;
    }
    let minutes: BTreeSet<i64> =
        stores.iter().flat_map(|store| polls_of(store)).map(|at| at.div_euclid(MINUTE)).collect();
    let (first, last) = (*minutes.first()?, *minutes.last()?);
    let mut gaps: Vec<(i64, i64)> = Vec::new();
    for minute in first..to.div_euclid(MINUTE) {
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

//! Sorting by counting: where each bucket starts is known, so every item goes straight to its place.

/// Turns how many items each bucket has into where it starts, and returns how many there are.
pub(super) fn starts_of_counts(counts: &mut [u32]) -> u32 {
    let mut total = 0;
    for count in counts {
        total += std::mem::replace(count, total);
    }
    total
}

/// Puts `total` items in the order of their buckets, otherwise as they came. Where buckets start
/// becomes where they end.
pub(super) fn in_buckets<T: Copy>(
    items: impl Iterator<Item = (usize, T)> + Clone,
    starts: &mut [u32],
    total: u32,
) -> Vec<T> {
    let filler = items.clone().next();
    let mut ordered = filler.map_or_else(Vec::new, |(_, item)| vec![item; total as usize]);
    items.for_each(|(bucket, item)| {
        let place = &mut starts[bucket];
        ordered[*place as usize] = item;
        *place += 1;
    });
    ordered
}

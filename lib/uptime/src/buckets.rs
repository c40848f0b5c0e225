//! Counting sort: the start of each bucket is known, so each item is moved only once.

/// Replaces the number of items in each bucket by the index at which the bucket starts. Returns the
/// total number of items.
pub(crate) fn starts_of_counts(counts: &mut [u32]) -> u32 {
    let mut total = 0;
    for count in counts {
        total += std::mem::replace(count, total);
    }
    total
}

/// Sorts `total` items by bucket and keeps the order of items within a bucket. Afterwards `starts`
/// holds the end of each bucket.
pub(crate) fn in_buckets<T: Copy>(
    items: impl Iterator<Item = (usize, T)> + Clone,
    starts: &mut [u32],
    total: u32,
) -> Vec<T> {
    let filler = items.clone().next();
    let mut ordered = filler.map_or_else(Vec::new, |(_, item)| vec![item; total as usize]);
    into_buckets(items, starts, &mut ordered);
    ordered
}

/// Like [`in_buckets`], into a slice that has room for all items.
pub(crate) fn into_buckets<T>(
    items: impl Iterator<Item = (usize, T)>,
    starts: &mut [u32],
    ordered: &mut [T],
) {
    items.for_each(|(bucket, item)| {
        let place = &mut starts[bucket];
        ordered[*place as usize] = item;
        *place += 1;
    });
}

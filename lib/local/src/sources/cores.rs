//! Divides work among all cores.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::{panic, thread};

/// Returns how many threads can run at the same time.
pub(super) fn count() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Calls `work` on every core at the same time, and returns what each call returned.
pub(super) fn on_each<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let others: Vec<_> = (1..count()).map(|_| scope.spawn(&work)).collect();
        let mut results = vec![work()];
        for other in others {
            results.push(other.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        }
        results
    })
}

/// Works on all items. Each core begins a sum with `begin` and adds items to it with `add`, whichever
/// item is next. Returns the sums.
pub(super) fn divide<Item: Send, Sum: Send, E: Send>(
    items: Vec<Item>,
    begin: impl Fn() -> Sum + Sync,
    add: impl Fn(&mut Sum, Item) -> Result<(), E> + Sync,
) -> Result<Vec<Sum>, E> {
    let items = Mutex::new(items.into_iter());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let sums = on_each(|| {
        let mut sum = begin();
        while let Some(item) = next() {
            add(&mut sum, item)?;
        }
        Ok(sum)
    });
    sums.into_iter().collect()
}

//! The open connections of one port, at most as many as it takes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use super::pace::Pace;

/// A connection that has waited for less is not ended: its client may only be slow.
const WAITED_LONG_ENOUGH: Duration = Duration::from_secs(5);
/// How soon a full port looks again for a connection that has waited long enough.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// All of them end when this value is dropped.
pub(super) struct Connections {
    tasks: JoinSet<()>,
    open: HashMap<Id, Arc<Pace>>,
    most: usize,
}

impl Connections {
    pub(super) fn new(most: usize) -> Connections {
        Connections { tasks: JoinSet::new(), open: HashMap::new(), most }
    }

    pub(super) fn add(
        &mut self,
        connection: impl Future<Output = ()> + Send + 'static,
        pace: Arc<Pace>,
    ) {
        let task = self.tasks.spawn(connection);
        self.open.insert(task.id(), pace);
    }

    /// Waits until there is room for one more. `is_full` is true meanwhile.
    pub(super) async fn make_room(&mut self, is_full: &AtomicBool) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.forget(&ended);
        }
        while self.open.len() >= self.most {
            is_full.store(true, Ordering::Relaxed);
            self.close_longest_waiting();
            let ended = tokio::time::timeout(LOOK_AGAIN, self.tasks.join_next_with_id()).await;
            if let Ok(Some(ended)) = ended {
                self.forget(&ended);
            }
        }
        is_full.store(false, Ordering::Relaxed);
    }

    /// Closes the connection that has waited longest for a request, if any has waited long enough.
    pub(super) fn close_longest_waiting(&self) {
        let waiting = self.open.values().filter_map(|pace| Some((pace.waited()?, pace)));
        let longest = waiting.max_by_key(|(waited, _)| *waited);
        if let Some((_, pace)) = longest.filter(|(waited, _)| *waited >= WAITED_LONG_ENOUGH) {
            pace.ask_to_end();
        }
    }

    fn forget(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            // A panic has been printed and costs its connection only.
            Err(error) => error.id(),
        };
        self.open.remove(&id);
    }
}

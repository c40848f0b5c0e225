//! The open connections of one port, up to its limit.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use super::pace::Pace;

/// How often a full port looks for connections that have waited long enough.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// All connections end when this value is dropped.
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

    /// Waits until there is room for one more. Meanwhile, and when at least three quarters are
    /// taken, `is_full` is true, so that clients do not keep connections while they wait for
    /// another port.
    pub(super) async fn make_room(&mut self, is_full: &AtomicBool) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.forget(&ended);
        }
        while self.open.len() >= self.most {
            is_full.store(true, Ordering::Relaxed);
            self.ask_idle_ones_to_end();
            let ended = tokio::time::timeout(LOOK_AGAIN, self.tasks.join_next_with_id()).await;
            if let Ok(Some(ended)) = ended {
                self.forget(&ended);
            }
        }
        is_full.store(4 * self.open.len() >= 3 * self.most, Ordering::Relaxed);
    }

    /// Ends connections that have waited for a request for a while.
    pub(super) fn ask_idle_ones_to_end(&self) {
        self.open.values().for_each(|pace| pace.ask_to_end());
    }

    fn forget(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            // A panic has been printed and costs only its own connection.
            Err(error) => error.id(),
        };
        self.open.remove(&id);
    }
}

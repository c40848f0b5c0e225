//! Runs many schedules on all processors until one breaks a promise.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::coverage::Coverage;
use crate::functions::Functions;
use crate::promises::Promises;
use crate::report_files::undisturbed_files;
use crate::schedule::Schedule;
use crate::sources::{self, Reading, Undisturbed};
use crate::world::World;

/// After this many schedules, a thread adds its coverage to the total of all threads.
const ADDED_EVERY: u64 = 500;

/// The results that schedules are compared with.
#[derive(Debug)]
pub(crate) struct Runner {
    undisturbed: Arc<Undisturbed>,
}

impl Runner {
    /// Loads every file without faults.
    pub(crate) fn new() -> Runner {
        let functions = Rc::new(Functions::new());
        Runner { undisturbed: Arc::new(block_on(load_undisturbed(&functions))) }
    }

    /// Runs this number of schedules and prints their coverage.
    pub(crate) fn run_all(&self, first_seed: u64, schedules: u64) {
        let (next, stopped) = (AtomicU64::new(first_seed), AtomicBool::new(false));
        let (failed, coverage) = (Mutex::new(Vec::new()), Mutex::new(Coverage::default()));
        let begun = Instant::now();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let functions = Rc::new(Functions::new());
                    let mut own = Coverage::default();
                    while !stopped.load(Ordering::Relaxed) {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= first_seed + schedules {
                            break;
                        }
                        if let Err(broken) = self.run(seed, &functions, &mut own, &mut None) {
                            stopped.store(true, Ordering::Relaxed);
                            failed.lock().unwrap().push((seed, broken));
                        }
                        own.schedules += 1;
                        if own.schedules >= ADDED_EVERY {
                            own.add_to(&coverage, begun);
                        }
                    }
                    own.add_to(&coverage, begun);
                });
            }
        });
        coverage.into_inner().unwrap().print(begun.elapsed());
        let failed = failed.into_inner().unwrap().into_iter().min();
        if let Some((seed, broken)) = failed {
            let lines = self.traced(seed);
            let last = lines[lines.len().saturating_sub(60)..].join("\n");
            panic!(
                "{last}\nseed {seed}: {broken}\nSIMULATION_SEED={seed} SIMULATION_SCHEDULES=1 replays it"
            );
        }
    }

    /// Runs one schedule with freshly started functions. Returns its trace.
    pub(crate) fn traced(&self, seed: u64) -> Vec<String> {
        self.traced_with(&Rc::new(Functions::new()), seed)
    }

    /// Runs one schedule. Returns its trace.
    pub(crate) fn traced_with(&self, functions: &Rc<Functions>, seed: u64) -> Vec<String> {
        let mut trace = Some(Vec::new());
        let ended = self.run(seed, functions, &mut Coverage::default(), &mut trace);
        let mut trace = trace.unwrap_or_default();
        trace.push(format!("{ended:?}"));
        trace
    }

    fn run(
        &self,
        seed: u64,
        functions: &Rc<Functions>,
        coverage: &mut Coverage,
        trace: &mut Option<Vec<String>>,
    ) -> Result<(), String> {
        let mut schedule = Schedule::new(seed, functions, &self.undisturbed, coverage);
        schedule.trace = trace.take();
        let ended = catch_unwind(AssertUnwindSafe(|| block_on(schedule.run())));
        *trace = schedule.trace.take();
        ended.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(format!("a panic: {}", text.unwrap_or_default()))
        })
    }
}

async fn load_undisturbed(functions: &Rc<Functions>) -> Undisturbed {
    let (_, direct) = load_each(functions, |schedule, place, version| {
        schedule.load_directly(place, version);
    })
    .await;
    let (world, announced) = load_each(functions, |schedule, place, version| {
        schedule.announce(place, version);
    })
    .await;
    let files = undisturbed_files();
    Undisturbed { data: world.data, buckets: world.buckets, announced, direct, files }
}

/// Loads the files one after the other. Returns the items that each adds.
async fn load_each(
    functions: &Rc<Functions>,
    begin: impl Fn(&mut Schedule, usize, &str),
) -> (World, Vec<Reading>) {
    let mut coverage = Coverage::default();
    let mut schedule = Schedule::idle(functions, Promises::new(None), &mut coverage);
    let versions = sources::put_all(&mut schedule.world.buckets);
    let mut readings = Vec::new();
    for (place, version) in versions.iter().enumerate() {
        let before = schedule.world.data.clone();
        begin(&mut schedule, place, version);
        schedule.come_to_rest().await.unwrap();
        readings.push(Reading::added(place, &before, &schedule.world.data));
    }
    (schedule.world, readings)
}

/// Runs a future while time stands still, unless the future moves it.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // A schedule is a single task, which tokio's budget must not interrupt.
    runtime
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(tokio::task::unconstrained(future))
}

/// Reads a whole number from an environment variable.
pub(crate) fn number_from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |number| number.parse().expect("a whole number"))
}

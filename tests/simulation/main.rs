//! The deployed handlers under seeded schedules of faults: no work is lost, doubled or stuck.
//!
//! - [`wire`]: replaces the SDK's connector; [`models`]: the three services in memory.
//! - [`callers`]: callers of the API; [`functions`]: the handlers and their invocations;
//!   [`clock`]: their clock; [`sources`]: the source files.
//! - [`schedule`], [`steps`]: the choices of a seed; [`simulated_faults`]: the faults;
//!   [`world`]: stored data; [`promises`], [`report_files`]: checks after every step; [`state`], [`coverage`]: the
//!   states that were reached.
//! - [`runner`]: runs many seeds.
//!
//! `SIMULATION_SCHEDULES` sets the number of schedules, `SIMULATION_SEED` the seed of the first
//! one. A failure prints its seed and what happened. The same seed replays it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed setup stops the test")]

mod callers;
mod clock;
mod coverage;
mod functions;
mod models;
mod promises;
mod report_files;
mod runner;
mod schedule;
mod simulated_faults;
mod sources;
mod state;
mod steps;
mod wire;
mod world;

use std::rc::Rc;

use functions::Functions;
use runner::{Runner, number_from_env};

#[test]
fn whatever_goes_wrong_every_promise_is_kept_after_every_step() {
    let schedules = number_from_env("SIMULATION_SCHEDULES", 2_000);
    let first_seed = number_from_env("SIMULATION_SEED", 0);
    Runner::new().run_all(first_seed, schedules);
}

#[test]
fn a_seed_replays_its_schedule_whatever_ran_before_it() {
    let (runner, functions) = (Runner::new(), Rc::new(Functions::new()));
    for seed in 0..40 {
        let (amid_others, alone) = (runner.traced_with(&functions, seed), runner.traced(seed));
        assert_eq!(amid_others, alone, "seed {seed}");
    }
}

//! What the stories share.
//!
//! - [`story`]: the whole system in a folder of its own, and what its users can do with it.
//! - [`http`]: a plain HTTP client; [`until`]: waiting for a condition, with a deadline.
//! - [`engine`]: the command line's `generate` and `report`, run on texts.
//! - [`child`]: the system in a process of its own, to be killed; [`phase`]: when.
//! - [`adapters`]: the cloud's stand-ins alone.
//! - [`fault_injection`]: calls that fail, are lost or kill the process; [`faulty_system`]: the functions of
//!   reports amid them.
//! - [`proxies`]: what breaks calls between the functions and the stores; [`dice`]: choices that a
//!   seed repeats.
//! - [`request_meter`]: counts what clients ask of AWS, as AWS bills it; [`metered_system`]: a
//!   system used through it.
//! - [`paused_time`]: a clock for the SDK that stands where the test's does.
//! - [`undisturbed`]: what a disturbed run is compared with.
//! - [`data_folder`]: what a kill may leave on the disk.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed setup stops the test")]

pub mod adapters;
pub mod child;
pub mod data_folder;
pub mod dice;
pub mod engine;
pub mod fault_injection;
pub mod faulty_system;
pub mod http;
pub mod metered_system;
pub mod paused_time;
pub mod phase;
pub mod proxies;
pub mod request_meter;
pub mod story;
pub mod story_data;
pub mod undisturbed;
pub mod until;

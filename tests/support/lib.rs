//! Shared code of the tests.
//!
//! - [`story`]: the whole system in a folder of its own, and the actions of its users.
//! - [`report_files`]: the files of reports.
//! - [`http`]: a plain HTTP client; [`until`]: waits for a condition, with a deadline.
//! - [`engine`]: the `generate` and `report` commands, run on texts.
//! - [`child`]: the system in a process of its own that can be killed; [`phase`]: the moments to
//!   kill it.
//! - [`adapters`]: the emulators alone.
//! - [`fault_injection`]: calls that fail, lose their response or kill the process;
//!   [`faulty_system`]: the functions that make reports, hit by these faults.
//! - [`proxies`]: break calls between the functions and the stores; [`dice`]: random choices that a
//!   seed repeats.
//! - [`invocation`]: events as AWS sends them.
//! - [`request_meter`]: counts the requests to AWS as AWS bills them; [`metered_system`]: a system
//!   whose requests are counted.
//! - [`paused_time`]: a clock for the SDK that follows the test's paused clock.
//! - [`undisturbed`]: the result of an undisturbed run, to compare with.
//! - [`data_folder`]: changes to a stopped system's files, as a kill may leave them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed setup stops the test")]

pub mod adapters;
pub mod child;
pub mod data_folder;
pub mod dice;
pub mod engine;
pub mod fault_injection;
pub mod faulty_system;
pub mod http;
pub mod invocation;
pub mod metered_system;
pub mod paused_time;
pub mod phase;
pub mod proxies;
pub mod report_files;
pub mod request_meter;
pub mod story;
pub mod story_data;
pub mod undisturbed;
pub mod until;

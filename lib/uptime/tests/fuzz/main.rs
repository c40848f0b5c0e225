//! Foreign bytes, random and hostile: source files, gzip files, segments and timestamps are read
//! or refused, never a crash, and what is promised of every file holds of these.
//!
//! Some seconds as a test like any other; `PROPTEST_CASES=1000000` makes it run for long. Inputs
//! are valid ones that were damaged, for random bytes get nowhere; that every reason to reject a
//! row is reached is a test of its own. What fails is made small and becomes a named test.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod damage;
mod file;
mod files;
mod instants;
mod segments;

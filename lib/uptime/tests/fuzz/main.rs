//! Random and hostile input: source files, gzip files, segments and timestamps are read or refused
//! without a crash, and the promises for all files hold for these as well.
//!
//! The test takes some seconds. `PROPTEST_CASES=1000000` makes it run much longer. Inputs are valid
//! ones that were damaged, because purely random bytes are refused at once. A separate test checks
//! that every reason to reject a row is reached. An input that fails is reduced and becomes a named
//! test.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod damage;
mod file;
mod files;
mod instants;
mod segments;
